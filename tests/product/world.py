"""A practice, a service and a patient, as programs on this machine: nothing is simulated.

The practice types commands, the service is a process of its own, the patient is the
Python twin of the page. All of it lives in one folder, which tests search afterwards.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import pathlib
import signal
import sqlite3
import subprocess
import time
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import psycopg
from cli_world import ORIGIN, Ended, Service, clean_environment, command
from forked import programs

from souspli_cli.letter_reading import read_letter
from souspli_exchange.claim import Claiming, Letter, Person, claim
from souspli_exchange.receive import (
    Receiving,
    all_deliveries,
    fetch_cover,
    open_into_folder,
    reseal_waiting,
    sign_receipt,
)
from souspli_exchange.sealed import Reader
from souspli_keys.codes import AccountNumber
from souspli_keys.unlockers import from_password
from souspli_mailbox.client import MailboxClient

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence
    from pathlib import Path

    from souspli_exchange.ports.claim import MailedCode
    from souspli_exchange.ports.recipient import ReceivedDelivery
    from souspli_exchange.sealed import VerifiedCover
    from souspli_keys.vault_contents import Vault
    from souspli_mailbox.settings import DatabaseSettings

PASSWORD: Final = "lavabo piano givre humble tortue zinc bocal laitue"
# Nothing of the person is in the address: it is what the service may know.
ADDRESS: Final = "boite.4711@courriel.example"
SURNAME: Final = "Lebœuf-Kerguélen"
GIVEN_NAMES: Final = "Marie-Thérèse Zoé"
BIRTH_DATE: Final = "1948-03-07"
TRAITS: Final[dict[str, Any]] = {
    "birth_name": SURNAME,
    "used_name": None,
    "given_names": GIVEN_NAMES,
    "birth_date": BIRTH_DATE,
    "sex": "F",
    "postal_address": ["Résidence des Goélands, bât. C", "29200 BREST"],
}
DATABASE_URL: Final = "SOUSPLI_MAILBOX_DATABASE_URL"
PASSWORD_FILE: Final = "SOUSPLI_MAILBOX_DATABASE_PASSWORD_FILE"
# Long beyond what any step takes; a hang becomes a failure.
PATIENCE_SECONDS: Final = 60


def until(fact: Callable[[], object], *, pause: float = 0.01) -> None:
    """Wait until something is true; AssertionError if it never is."""
    limit = time.monotonic() + PATIENCE_SECONDS
    while not fact():
        assert time.monotonic() < limit, "it never came to be"
        time.sleep(pause)


class RecordedService(Service):
    """A service of which every word is kept: stderr in `service.log`, stdout in `service.out`."""

    def stop(self, number: int = signal.SIGTERM) -> int:
        process, self._process = self._process, None
        if process is None:
            return 0
        process.send_signal(number)
        code = process.wait(PATIENCE_SECONDS)
        assert process.stdout is not None
        with process.stdout, (self.folder / "service.out").open("a") as kept:
            kept.write(process.stdout.read())
        return code

    def kill(self) -> None:
        """End it without a chance to tidy up: `kill -9`."""
        self.stop(signal.SIGKILL)

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def running(self) -> bool:
        return self._process is not None

    @property
    def said(self) -> int:
        """How long its log is."""
        return self.folder.joinpath("service.log").stat().st_size

    def limit_file_size(self, bytes_: int | None) -> None:
        """Fill the disk for this process alone (or make room again).

        Python ignores SIGXFSZ: writing fails with EFBIG where a full disk says ENOSPC.
        """
        assert self._process is not None
        wanted = "unlimited" if bytes_ is None else str(bytes_)
        line = ["prlimit", f"--pid={self._process.pid}", f"--fsize={wanted}:unlimited"]
        subprocess.run(line, check=True)

    def parts(self) -> dict[str, str]:
        """Every kept part of the store: its place among the others, and its SHA-256."""
        found: dict[str, str] = {}
        for path in (self.data / "documents").glob("*/*/*/*"):
            number, _, digest = path.name.split("-")
            found[f"{path.parent.name}/{number}"] = digest
        return found

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """What the database says to somebody who looks into it."""
        if url := self.environment.get(DATABASE_URL):
            file = self.environment.get(PASSWORD_FILE)
            password = pathlib.Path(file).read_text() if file else None
            with psycopg.connect(url, password=password) as connection:
                return connection.execute(query).fetchall()  # type: ignore[arg-type]  # a literal of a test
        with closing(sqlite3.connect(self.data / "mailbox.sqlite")) as database:
            return database.execute(query).fetchall()

    def let_leases_end(self) -> None:
        """Have the two minutes pass after which a killed worker's jobs are another's."""
        with closing(sqlite3.connect(self.data / "mailbox.sqlite")) as database, database:
            database.execute("UPDATE jobs SET lease_until = 0, run_at = 0 WHERE lease IS NOT NULL")
            database.execute("UPDATE notifications SET sending_until = 0")


@dataclass(frozen=True)
class Practice:
    """A practice whose member works at a command line, with a key file without passphrase."""

    service: Service
    folder: Path
    program: Sequence[str] = field(default_factory=command)
    """What the member types before a verb."""

    @property
    def profile(self) -> Path:
        return self.folder / "profile"

    @property
    def environment(self) -> dict[str, str]:
        return self.service.environment | {"SOUSPLI_PROFILE": str(self.profile)}

    def run(self, *arguments: str | Path, environment: dict[str, str] | None = None) -> Ended:
        """Run a command to its end."""
        ended = programs.run(
            [*self.program, *map(str, arguments)],
            env=environment or self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            timeout=120,
            check=False,
        )
        return Ended(ended.returncode, ended.stdout, ended.stderr)

    def start(self, *arguments: str | Path) -> subprocess.Popen[str]:
        """Start a command and go on."""
        # A shell that started the tests in the background had SIGINT ignored, by children too.
        before = signal.signal(signal.SIGINT, signal.default_int_handler)
        try:
            return programs.Popen(
                [*self.program, *map(str, arguments)],
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                encoding="utf-8",
            )
        finally:
            signal.signal(signal.SIGINT, before)

    def found(self) -> None:
        """`souspli org create`."""
        lines = ["--phone", "02 00 00 00 01", "--postal-line", "29200 BREST"]
        ended = self.run(
            "org", "create", "--service", self.service.url, "--origin", ORIGIN,
            "--code", self.service.code, "--no-passphrase", "--name", "Cabinet des Tilleuls",
            "--member-name", "Dr Camille Martin", "--address", "martin@cabinet.example",
            *lines, "--json",
        )  # fmt: skip
        assert ended.code == 0, ended.err

    def invite(self, address: str = ADDRESS) -> Path:
        """`souspli invite`; the letter's path."""
        traits, letter = self.folder / "traits.json", self.folder / f"{address}.pdf"
        traits.write_text(json.dumps(TRAITS), encoding="utf-8")
        options = ["--patient", traits, "--consent", "oral", "--letter", letter, "--json"]
        ended = self.run("invite", address, *options)
        traits.unlink()
        assert ended.code == 0, ended.err
        return letter

    def sending(self, *files: Path, to: Sequence[str] = (ADDRESS,)) -> list[str | Path]:
        """The words of `souspli send`."""
        recipients = [word for address in to for word in ("--to", address)]
        return ["send", *files, *recipients, "--yes", "--json"]

    def send(self, *files: Path, to: Sequence[str] = (ADDRESS,)) -> Ended:
        return self.run(*self.sending(*files, to=to))

    def file(self, name: str, content: bytes) -> Path:
        """A file to send."""
        path = self.folder / name
        path.write_bytes(content)
        return path

    def outbox(self) -> list[Path]:
        """Everything in the outbox but locks."""
        return sorted(path for path in self.profile.glob("outbox/*/*") if path.name != "lock")

    def segments(self) -> dict[str, str]:
        """Names and SHA-256 of the sealed segments that wait."""
        return {
            f"{path.parent.name}/{path.name}": hashlib.sha256(path.read_bytes()).hexdigest()
            for path in self.outbox()
            if path.name.startswith("segment-")
        }


@dataclass(frozen=True)
class Read:
    """A document that a patient opened: verified to its end."""

    document_id: str
    cover: VerifiedCover
    files: dict[str, bytes]


@dataclass
class Patient:
    """Somebody with a letter, then with an account."""

    url: str
    vault: Vault
    tokens: set[str] = field(default_factory=set)
    """Of every session there was: what must rest nowhere."""
    codes: set[str] = field(default_factory=set)

    @classmethod
    def with_letter(cls, service: Service, letter: Path, *, url: str | None = None) -> Patient:
        """Take a letter through the three gates; an account is open then."""
        codes: set[str] = set()
        tokens: set[str] = set()
        seen = len(service.mails.mails())

        async def ask_code(_: MailedCode) -> str:
            tokens.add(str(client._transport._token))
            while True:
                for mail in service.mails.mails()[seen:]:
                    if code := mail.one_time_code():
                        codes.add(code)
                        return code
                await asyncio.sleep(0.05)

        async def run() -> Vault:
            paper = read_letter(letter)
            async with client:
                answer = await client.look_up_letter(paper.letter_number.replace(" ", ""))
                claimed = await claim(
                    Claiming(client, ORIGIN, ask_code),
                    Letter.from_typed(answer, paper.code),
                    Person(SURNAME, BIRTH_DATE),
                    password=PASSWORD,
                    now=int(time.time()),
                )
                tokens.add(str(client._transport._token))
                return claimed.vault

        client = MailboxClient(url or service.url, origin=ORIGIN)
        vault = asyncio.run(asyncio.wait_for(run(), PATIENCE_SECONDS))
        return cls(url or service.url, vault, tokens, codes)

    def deliveries(self) -> list[ReceivedDelivery]:
        """What the list shows."""

        async def run() -> list[ReceivedDelivery]:
            async with self._signed_in() as receiving:
                return [delivery async for delivery in all_deliveries(receiving)]

        return asyncio.run(run())

    def read_all(self, folder: Path, *, newest: int | None = None) -> list[Read]:
        """Open every document, or the newest ones, newest first; send receipts."""
        folder.mkdir(exist_ok=True)

        async def run() -> list[Read]:
            async with self._signed_in() as receiving:
                now = int(time.time())
                resealed = await reseal_waiting(receiving, self.vault.identity, now=now)
                assert resealed.failures == ()
                listed = [delivery async for delivery in all_deliveries(receiving)]
                return [
                    await self._read(receiving, delivery, folder / delivery.delivery_id, now=now)
                    for delivery in listed[:newest]
                ]

        return asyncio.run(run())

    async def _read(
        self, receiving: Receiving, delivery: ReceivedDelivery, folder: Path, *, now: int
    ) -> Read:
        fetched = await fetch_cover(receiving, delivery.delivery_id, delivery.document_id)
        opened = await open_into_folder(receiving, delivery.delivery_id, fetched.cover, folder)
        receipt = sign_receipt(opened.verified, signer=self.vault.identity, now=now)
        await receiving.mailbox.post_receipt(delivery.delivery_id, receipt)
        files = {path.name: path.read_bytes() for path in opened.paths}
        return Read(delivery.document_id, fetched.cover, files)

    @asynccontextmanager
    async def _signed_in(self) -> AsyncIterator[Receiving]:
        number = AccountNumber(self.vault.account)
        key = from_password(PASSWORD, origin=ORIGIN, account=number).login_key
        async with MailboxClient(self.url, origin=ORIGIN) as client:
            await client.sign_in(
                number, kind="password", login_public_key=key.public_key, sign=key.sign
            )
            self.tokens.add(str(client._transport._token))
            reader = Reader(
                identities=[self.vault.identity, *(kept.identity for kept in self.vault.claims)],
                origin=ORIGIN,
                organisations={pin.fingerprint for pin in self.vault.pinned},
            )
            yield Receiving(reader=reader, mailbox=client)


def start_service(
    folder: Path, home: Path, *, database: DatabaseSettings | None = None
) -> RecordedService:
    """A service in a folder of its own; the caller ends it (`with`).

    Temporary files of everybody who takes its environment go to `tmp` there.
    """
    folder.joinpath("tmp").mkdir(parents=True, exist_ok=True)
    environment = clean_environment(home) | {"TMPDIR": str(folder / "tmp")}
    if database is not None:
        environment |= at_database(database)
    return RecordedService(folder, environment, command())


def at_database(database: DatabaseSettings) -> dict[str, str]:
    """Return what tells a service where its database is; nothing for the file of its own."""
    said = {DATABASE_URL: database.url} if database.url else {}
    if database.password_file is not None:
        said |= {PASSWORD_FILE: str(database.password_file)}
    return said
