"""What the command line starts: the service's processes, and the operator's admission codes."""

import asyncio
import hashlib
import time
from collections.abc import Callable
from typing import Final

import structlog

from souspli_keys.codes import draw_admission_code, format_admission_code
from souspli_mailbox.app import make_app, smtp_relay
from souspli_mailbox.database import open_database
from souspli_mailbox.listening import address_of, bind
from souspli_mailbox.logs import configure_logging
from souspli_mailbox.process import STOP_SECONDS, make_runner, run, start
from souspli_mailbox.records.organisations import count_organisations, keep_admission_code
from souspli_mailbox.settings import Settings
from souspli_mailbox.tls import server_tls
from souspli_mailbox.workers import Place, Workers
from souspli_storage.database import Database

__all__ = [
    "ADMISSION_CODE_SECONDS",
    "admission_code",
    "is_empty",
    "make_admission_code",
    "make_runner",
    "serve",
    "start",
]

# Long enough to hand a code over by telephone or letter, short enough that one that
# was forgotten in a drawer admits nobody.
ADMISSION_CODE_SECONDS: Final = 7 * 86_400


def serve(
    settings: Settings,
    *,
    ready: Callable[[str], None] | None = None,
    clock: Callable[[], float] = time.time,
) -> None:
    """Run the service until SIGTERM, SIGINT or SIGHUP; requests and jobs under way finish.

    `ready` is called once with the address, when all processes listen there. Raises
    SettingsError before anything is opened, StorageError or OSError if the service
    can't start, WorkersFailedError if its processes can't go on.
    """
    configure_logging(settings.log_level)
    if settings.workers == 1:
        asyncio.run(run(settings, ready=ready, clock=clock))
    else:
        _serve_by_workers(settings, ready, clock)


def _serve_by_workers(
    settings: Settings, ready: Callable[[str], None] | None, clock: Callable[[], float]
) -> None:
    # What is wrong with the settings is said here, once, and in the setting's words.
    make_app(settings)
    smtp_relay(settings)
    tls = server_tls(settings)
    # Migrated before anybody serves. The workers, each opening it for itself, find that
    # done; nothing of this connection is left when they are made.
    open_database(settings).close()
    sockets = bind(settings.listen_host, settings.listen_port)

    def work(place: Place) -> None:
        structlog.contextvars.bind_contextvars(worker=place.number)
        asyncio.run(run(settings, sockets=sockets, place=place, clock=clock))

    def all_ready() -> None:
        if ready is not None:
            ready(address_of(sockets, tls=tls is not None))

    try:
        Workers(
            settings.workers,
            work,
            stop_seconds=STOP_SECONDS,
            silent_seconds=settings.hang_seconds,
        ).run(ready=all_ready)
    finally:
        for one in sockets:
            one.close()


def make_admission_code(database: Database, now: int) -> str:
    """Draw a code that admits one organisation, keep its hash, return it as it is written."""
    code = draw_admission_code()
    database.write_now(
        keep_admission_code,
        code_hash=hashlib.sha256(code.encode("ascii")).hexdigest(),
        now=now,
        expires_at=now + ADMISSION_CODE_SECONDS,
    )
    return format_admission_code(code)


def admission_code(settings: Settings, *, now: int) -> str:
    """Do the same for the service of these settings, which may be running."""
    with open_database(settings) as database:
        return make_admission_code(database, now)


def is_empty(settings: Settings) -> bool:
    """Say whether no organisation has been admitted yet."""
    with open_database(settings) as database:
        return database.read_now(count_organisations) == 0
