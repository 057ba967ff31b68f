"""What the command line starts: the service's run loop, and the operator's admission codes."""

import asyncio
import contextlib
import hashlib
import io
import logging
import signal
import sys
import time
from collections.abc import Callable
from typing import Final, TextIO, cast

import structlog
from aiohttp import web

from souspli_keys.codes import draw_admission_code, format_admission_code
from souspli_mailbox.app import make_app, open_database
from souspli_mailbox.records.organisations import count_organisations, keep_admission_code
from souspli_mailbox.settings import Settings
from souspli_mailbox.state import DRAIN
from souspli_storage.database import Database

log: structlog.typing.FilteringBoundLogger = structlog.get_logger("souspli.mailbox")

# Long enough to hand a code over by telephone or letter, short enough that one that
# was forgotten in a drawer admits nobody.
ADMISSION_CODE_SECONDS: Final = 7 * 86_400

# A segment under way at a usual line's speed still arrives; a service manager waits
# longer than this before it kills.
SHUTDOWN_SECONDS: Final = 20.0

# Idle connections cost a proxy nothing to open again.
KEEP_ALIVE_SECONDS: Final = 75.0


def serve(settings: Settings, *, ready: Callable[[str], None] | None = None) -> None:
    """Run the service until SIGTERM or SIGINT; requests and jobs under way finish.

    `ready` is called once with the address it listens at. Raises SettingsError
    before anything is opened, StorageError or OSError if it can't start.
    """
    configure_logging()
    asyncio.run(_serve(settings, ready))


async def _serve(settings: Settings, ready: Callable[[str], None] | None) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    app = make_app(settings)
    runner = make_runner(app)
    try:
        address = await start(runner, settings)
        if ready is not None:
            ready(address)
        await stop.wait()
        for site in list(runner.sites):
            await site.stop()
        await app[DRAIN].finish(timeout=SHUTDOWN_SECONDS)
    finally:
        await runner.cleanup()


def make_runner(app: web.Application) -> web.AppRunner:
    """Return a runner that keeps no log of its own: `middlewares` write one line a request."""
    return web.AppRunner(
        app,
        access_log=None,
        # Bodies are taken as they are: nothing is unpacked before it is counted.
        auto_decompress=False,
        keepalive_timeout=KEEP_ALIVE_SECONDS,
        # By then nothing is under way, or it has had its time.
        shutdown_timeout=1.0,
    )


async def start(runner: web.AppRunner, settings: Settings) -> str:
    """Start listening; return the address, with the port that was really taken."""
    await runner.setup()
    site = web.TCPSite(runner, settings.listen_host, settings.listen_port)
    await site.start()
    host, port = runner.addresses[0][:2]
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


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


def admission_code(settings: Settings) -> str:
    """Do the same for the service of these settings, which may be running."""
    with open_database(settings) as database:
        return make_admission_code(database, int(time.time()))


def is_empty(settings: Settings) -> bool:
    """Say whether no organisation has been admitted yet."""
    with open_database(settings) as database:
        return database.read_now(count_organisations) == 0


def configure_logging() -> None:
    """Write JSON lines to stderr, Python's own logging included: of that, only types."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.EventRenamer("message"),
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        # Of a TextIO, a WriteLogger uses these two methods.
        logger_factory=structlog.WriteLoggerFactory(cast(TextIO, _Stderr())),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(handlers=[_WithoutValues()], level=logging.WARNING, force=True)


class _Stderr(io.TextIOBase):
    """Loses lines rather than requests: a log that can't be written stops nothing.

    The disk that is full of documents is often the log's as well; raised here, its
    error would leave every request without an answer.
    """

    def write(self, text: str, /) -> int:
        with contextlib.suppress(OSError):
            sys.stderr.write(text)
        return len(text)

    def flush(self) -> None:
        with contextlib.suppress(OSError):
            sys.stderr.flush()


class _WithoutValues(logging.Handler):
    """Passes on which library complains of what type of failure, and nothing else.

    aiohttp would log the peer's address, and a traceback with the line it sent.
    """

    def emit(self, record: logging.LogRecord) -> None:
        kind = record.exc_info[0] if record.exc_info else None
        log.warning(
            "library",
            logger=record.name,
            level_there=record.levelname,
            failure=None if kind is None else kind.__name__,
        )
