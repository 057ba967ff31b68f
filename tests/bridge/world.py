"""A laboratory at a service, its bridge in this process, and what its software does."""

from __future__ import annotations

import asyncio
import contextlib
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import aiosmtplib
from bridge import plain_reader

from souspli_cli import account as profiles
from souspli_cli import keyfile, profile
from souspli_cli.bridge import ledger
from souspli_cli.bridge.ledger import open_ledger
from souspli_cli.bridge.ledger_rows import State
from souspli_cli.bridge.letters.policy import Invitations
from souspli_cli.bridge.routing import Allow
from souspli_cli.bridge.running import Bridge
from souspli_cli.bridge.settings import Folder, Limits, Settings, Tls
from souspli_cli.bridge.smtp import accounts
from souspli_keys.statements import How

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from cli_world import Service

    from souspli_cli.account import Account
    from souspli_cli.addressbook import SentDocument
    from souspli_cli.bridge.accepting.submission import Reader
    from souspli_cli.bridge.ledger_rows import Row

PATIENCE_SECONDS = 60.0
DOMAIN = "pont.labo.example"
MAILBOX = f"patients@{DOMAIN}"
# Threads instead of processes: they start at once, and tests see what they do. No PDF is
# examined but where a test says so: its process would start a hundred times.
SETTINGS = Settings(
    listen="127.0.0.1:0",
    domain=DOMAIN,
    tls=Tls.NONE,
    limits=Limits(processes=0, examiners=0),
)


def inviting(letters: Path, allow: Allow = Allow.ADDRESS_BOOK) -> Invitations:
    """A policy that lets the bridge invite, with letters in a folder."""
    return Invitations(allow=allow, consent=How.ORAL, letters=str(letters))


@dataclass
class Laboratory:
    """A founded profile with patients, and its bridge's folder."""

    service: Service
    profile: Path
    letters: Path
    password: str = ""
    settings: Settings = SETTINGS
    reader: Reader = plain_reader.read
    port: int = 0
    clock: Callable[[], float] = field(default=time.time)
    forward: Callable[[], float] = field(default=time.monotonic)

    @property
    def account(self) -> Account:
        """Its account, opened anew."""
        found = profile.find(self.profile)
        return profiles.load(found, keyfile.decode(profile.read_device_key(found), None))

    @property
    def folder(self) -> Folder:
        """The bridge's folder."""
        return Folder.of(profile.find(self.profile))

    def add_account(self, name: str = "sil", senders: tuple[str, ...] = ()) -> str:
        """Add a source system; give its password."""
        return accounts.add(self.folder.accounts, name, senders, now=1)

    @contextlib.asynccontextmanager
    async def bridge(self) -> AsyncIterator[Bridge]:
        """Run the bridge in this loop."""
        running = Bridge(
            self.account,
            self.folder,
            self.settings,
            reader=self.reader,
            clock=self.clock,
            forward=self.forward,
        )
        ready: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        task = asyncio.create_task(running.run(ready=ready.set_result))
        await asyncio.wait([ready, task], return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            task.result()
        self.port = ready.result()
        try:
            yield running
        finally:
            running.stop()
            await task

    def client(self, **options: object) -> aiosmtplib.SMTP:
        """A client that signs in when it is entered."""
        usual = {"hostname": "127.0.0.1", "use_tls": False, "start_tls": False, "timeout": 60}
        signing_in = {"username": "sil", "password": self.password}
        return aiosmtplib.SMTP(port=self.port, **(usual | signing_in | options))

    async def send(self, content: bytes, *recipients: str) -> str:
        """Hand in one mail; give the answer's text."""
        async with self.client() as client:
            _, text = await client.sendmail("labo@labo.example", recipients, content)
        return text

    def rows(self) -> list[Row]:
        """The documents of the ledger, in order."""
        with open_ledger(self.folder.ledger) as database:
            return database.read_now(ledger.rows, tuple(State), 100_000)

    async def recorded(self, count: int) -> list[Row]:
        """Wait until so many documents have been recorded."""
        until = time.monotonic() + PATIENCE_SECONDS
        while len(rows := await asyncio.to_thread(self.rows)) < count:
            assert time.monotonic() < until
            await asyncio.sleep(0.05)
        return rows

    async def settled(self, count: int) -> list[Row]:
        """Wait until so many documents have been recorded, and none waits any more."""
        until = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < until:
            rows = await asyncio.to_thread(self.rows)
            if len(rows) >= count and not any(row.state is State.WAITING for row in rows):
                return rows
            await asyncio.sleep(0.05)
        raise AssertionError([(row.state, row.reason) for row in rows])

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until something is so, looked at in a thread."""
        until = time.monotonic() + PATIENCE_SECONDS
        while not await asyncio.to_thread(condition):
            assert time.monotonic() < until
            await asyncio.sleep(0.05)

    async def emptied(self) -> bool:
        """Wait until the spool holds no file any more."""
        until = time.monotonic() + PATIENCE_SECONDS
        while list(self.folder.spool.iterdir()):
            assert time.monotonic() < until
            await asyncio.sleep(0.05)
        return True

    def sent(self, document_id: str) -> SentDocument | None:
        """What the address book knows of a document."""
        return self.account.book.document(document_id)


def queue_id(answer: str) -> str:
    """The id in an answer."""
    return answer.rpartition(" ")[2]
