"""The service on a socket of this machine, with its own SQLite file and disk store."""

from __future__ import annotations

import contextlib
import socket
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from aiohttp import web
from sqlalchemy import select

from souspli_keys.address import Origin
from souspli_mailbox import entry
from souspli_mailbox.app import make_app
from souspli_mailbox.client import MailboxClient
from souspli_mailbox.onetime import one_time_code
from souspli_mailbox.records.service_secrets import SecretPurpose, service_secret
from souspli_mailbox.schema import tables
from souspli_mailbox.settings import Settings
from souspli_mailbox.state import DATABASE
from souspli_storage.database import Database

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

ORIGIN = Origin("souspli.localhost")
START = 1_800_000_000


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> float:
        return float(self.now)

    def pass_seconds(self, seconds: int) -> None:
        self.now += seconds


@dataclass
class Service:
    """A running service, and what a test needs to look behind it."""

    settings: Settings
    clock: Clock
    app: web.Application
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

    def admission_code(self) -> str:
        return entry.make_admission_code(self.database, self.clock.now)

    def mailed_code(self, invitation_id: str) -> str:
        """Return the newest one-time code, as the job that mails it computes it."""
        key = self.database.write_now(service_secret, purpose=SecretPurpose.ONE_TIME_CODES)
        session = tables.claim_sessions.c
        row = self.database.read_now(
            lambda connection: connection.execute(
                select(session.claim_session_id, session.code_counter)
                .where(session.invitation_id == invitation_id, session.code_counter > 0)
                .order_by(session.code_expires_at.desc())
            ).first()
        )
        assert row is not None
        return one_time_code(
            key=key, claim_session_id=row.claim_session_id, counter=row.code_counter
        )

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
    folder: Path, *, clock: Clock | None = None, **changed: Any
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
    clock = clock or Clock()
    app = make_app(settings, clock=clock)
    runner = entry.make_runner(app)
    service = Service(settings=settings, clock=clock, app=app)
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
