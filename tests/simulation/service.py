"""The service on a socket of this machine, with its own SQLite file and disk store."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import socket
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path
from typing import TYPE_CHECKING, Any

import aiohttp
import msgspec
from aiohttp import web
from multidict import CIMultiDict
from sqlalchemy import select

from souspli_keys.address import Origin
from souspli_mailbox import entry
from souspli_mailbox.app import make_app
from souspli_mailbox.client import MailboxClient
from souspli_mailbox.protocol.problems import KINDS_BY_URI
from souspli_mailbox.schema import tables
from souspli_mailbox.settings import Settings
from souspli_mailbox.state import DATABASE
from souspli_storage.database import Database

from .databases import begin_migrated

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from souspli_storage.blobs import BlobStore

ORIGIN = Origin("souspli.localhost")
# As mails.md §2 writes it.
_CODE = re.compile(r"Votre code : ([0-9]{6})")

START = 1_800_000_000


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> float:
        return float(self.now)

    def pass_seconds(self, seconds: int) -> None:
        self.now += seconds


@dataclass(frozen=True)
class Answer:
    """An answer, whatever it is."""

    status: int
    headers: CIMultiDict[str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def problem(self) -> str:
        """Return the problem's name, after checking that it is one in every respect."""
        assert self.headers["Content-Type"] == "application/problem+json"
        kind = KINDS_BY_URI[self.json["type"]]
        assert (self.status, self.json["status"]) == (kind.value.status, kind.value.status)
        assert (self.json["title"], self.json["detail"]) == (kind.value.title, kind.value.detail)
        assert self.headers["Cache-Control"] == "no-store"
        return kind.value.name


@dataclass
class Postbox:
    """A relay on this machine that takes every mail at once and keeps it to be read."""

    mails: list[tuple[str, EmailMessage]] = field(default_factory=list)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)

    async def send(self, message: EmailMessage, *, return_path: str, to: str) -> None:  # noqa: ARG002  (the port's)
        self.mails.append((to, message))
        self.arrived.set()

    async def probe(self) -> None:
        """Answer, as a relay does that would take a mail."""

    async def close(self) -> None:
        """Nothing is kept."""


@dataclass
class Service:
    """A running service, and what a test needs to look behind it."""

    settings: Settings
    clock: Clock
    app: web.Application
    postbox: Postbox
    clients: contextlib.AsyncExitStack = field(default_factory=contextlib.AsyncExitStack)

    @property
    def page(self) -> str:
        return self.settings.page

    @property
    def database(self) -> Database:
        return self.app[DATABASE]

    @property
    def documents(self) -> Path:
        return self.settings.data / "documents"

    async def client(self) -> MailboxClient:
        """Open a client that is closed with the service."""
        return await self.clients.enter_async_context(MailboxClient(self.page, origin=ORIGIN))

    async def ask(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        as_: MailboxClient | None = None,
        headers: Mapping[str, str] | None = None,
        data: bytes | None = None,
    ) -> Answer:
        """Send a request as it stands, with the session of `as_`; follow nothing."""
        sent = CIMultiDict(headers or {})
        if as_ is not None:
            sent["Authorization"] = f"Bearer {as_._transport._token}"
        async with (
            aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session,
            session.request(
                method,
                self.page.rstrip("/") + path,
                json=body,
                data=data,
                headers=sent,
                allow_redirects=False,
            ) as response,
        ):
            return Answer(response.status, response.headers.copy(), await response.read())

    def admission_code(self) -> str:
        return entry.make_admission_code(self.database, self.clock.now)

    def codes(self, address: str) -> list[str]:
        """Return the one-time codes that were mailed to the address, oldest first."""
        return [
            found[1]
            for to, mail in self.postbox.mails
            if to == address
            and (plain := mail.get_body(("plain",))) is not None
            and (found := _CODE.search(str(plain.get_content())))
        ]

    async def mailed_code(self, address: str, *, sent: int) -> str:
        """Wait for the `sent`-th one-time code that is mailed to the address."""
        while len(codes := self.codes(address)) < sent:
            self.postbox.arrived.clear()
            await self.postbox.arrived.wait()
        return codes[sent - 1]

    def rows(self, table: str) -> list[dict[str, Any]]:
        """Return all rows of a table."""
        return self.database.read_now(
            lambda connection: [
                dict(row)
                for row in connection.execute(select(tables.metadata.tables[table])).mappings()
            ]
        )


@contextlib.asynccontextmanager
async def running(
    folder: Path,
    *,
    clock: Clock | None = None,
    postbox: Postbox | None = None,
    blobs: BlobStore | None = None,
    **changed: Any,
) -> AsyncIterator[Service]:
    """Run the service in `folder`; `changed` are settings other than the usual ones."""
    port = free_port()
    settings = Settings(
        data=folder,
        origin=ORIGIN,
        page=f"http://127.0.0.1:{port}/",
        listen_port=port,
        serve_page=False,
    )
    settings = msgspec.structs.replace(settings, **changed)
    begin_migrated(settings)
    clock = clock or Clock()
    postbox = postbox or Postbox()
    opened = {} if blobs is None else {"open_blobs": lambda _: blobs}
    app = make_app(settings, clock=clock, open_relay=lambda _: postbox, **opened)
    runner = entry.make_runner(app)
    service = Service(settings=settings, clock=clock, app=app, postbox=postbox)
    try:
        await entry.start(runner, settings)
        yield service
    finally:
        await service.clients.aclose()
        await runner.cleanup()


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
