"""One serving process: from its sockets to a stop that breaks nothing off."""

import asyncio
import contextlib
import signal
import socket
import time
from collections.abc import Callable, Sequence
from typing import Final

from aiohttp import web

from souspli_mailbox.app import listen_for_bounces, make_app
from souspli_mailbox.heartbeat import BEAT_SECONDS
from souspli_mailbox.jobs import HANDLER_SECONDS
from souspli_mailbox.listening import BoundedSite, address_of, bind
from souspli_mailbox.metrics_server import serve_metrics
from souspli_mailbox.settings import Settings
from souspli_mailbox.state import DRAIN, METRICS, SETTINGS, WORKER
from souspli_mailbox.tls import ServerTls, server_tls
from souspli_mailbox.workers import Place

# A segment under way at a usual line's speed still arrives.
SHUTDOWN_SECONDS: Final = 20.0

# Requests, then the jobs that were begun, then what is left to close. A service manager
# waits longer than this before it kills (docs/deploy/souspli.service: TimeoutStopSec).
STOP_SECONDS: Final = SHUTDOWN_SECONDS + HANDLER_SECONDS + 10.0

# The longest request line and header field, and how many fields: several times what our
# clients, any browser and any proxy send; a parser's memory for each connection.
MAX_LINE_BYTES: Final = 8_190
MAX_FIELD_BYTES: Final = 8_190
MAX_HEADERS: Final = 64

_STOP: Final = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


async def run(
    settings: Settings,
    *,
    sockets: Sequence[socket.socket] | None = None,
    place: Place | None = None,
    ready: Callable[[str], None] | None = None,
    clock: Callable[[], float] = time.time,
) -> None:
    """Serve until told to stop, by a signal or by the parent's end; then finish.

    `sockets`: those of the parent, else they are bound here, as the settings say.
    Raises SettingsError, StorageError or OSError if it can't start.
    """
    stop, orphaned = asyncio.Event(), asyncio.Event()
    _hear_stop(place, stop, orphaned)
    app = make_app(settings, clock=clock)
    if place is not None:
        app[METRICS].count_replaced(place.replaced)
    tls = server_tls(settings)
    async with contextlib.AsyncExitStack() as running:
        runner = make_runner(app)
        running.push_async_callback(runner.cleanup)
        await runner.setup()
        metrics: web.AppRunner | None = None
        if settings.metrics.listen_port:
            number = 0 if place is None else place.number
            metrics = await serve_metrics(app, worker=number)
            # Ended first, and so after the drain: somebody may want to see it come down.
            running.push_async_callback(metrics.cleanup)
        await _take_bounces(app, place, running)
        if sockets is None:
            sockets = bind(settings.listen_host, settings.listen_port)
        for one in sockets:
            await _site(runner, one, settings, tls).start()
        if tls is not None:
            watching = asyncio.create_task(tls.watch(settings.tls))
            running.callback(watching.cancel)
        # Until the loop's very end: one that is slow to stop does not stand still.
        beating = None if place is None else asyncio.create_task(_beat(place))
        if ready is not None:
            ready(address_of(sockets, tls=tls is not None))
        await stop.wait()
        if orphaned.is_set():
            # Whoever starts the service again needs the addresses now, not when the last
            # upload has arrived.
            for site in list(runner.sites):
                await site.stop()
            if metrics is not None:
                await metrics.cleanup()
        # No further job is begun while the last requests are answered.
        app[WORKER].stop()
        await app[DRAIN].finish(timeout=SHUTDOWN_SECONDS)
    del beating  # nobody else held it


async def _take_bounces(
    app: web.Application, place: Place | None, running: contextlib.AsyncExitStack
) -> None:
    """Listen for mails that come back, in one process: it is one address."""
    if place is not None and place.number != 0:
        return
    listener = await listen_for_bounces(app)
    if listener is not None:
        running.push_async_callback(listener.close)


async def _beat(place: Place) -> None:
    """Tell the parent again and again that this event loop runs."""
    while True:
        place.beat()
        await asyncio.sleep(BEAT_SECONDS)


def _hear_stop(place: Place | None, stop: asyncio.Event, orphaned: asyncio.Event) -> None:
    """Have `stop` set by a signal or the parent's end; by the latter `orphaned` as well."""
    loop = asyncio.get_running_loop()
    for number in _STOP:
        if signal.getsignal(number) is not signal.SIG_IGN:
            loop.add_signal_handler(number, stop.set)
    if place is None:
        return
    parent = place.parent

    def parent_gone() -> None:
        # It stays readable for ever.
        loop.remove_reader(parent)
        orphaned.set()
        stop.set()

    loop.add_reader(parent, parent_gone)


def make_runner(app: web.Application) -> web.AppRunner:
    """Return a runner that keeps no log of its own: `middlewares` write one line a request."""
    return web.AppRunner(
        app,
        access_log=None,
        # Bodies are taken as they are: nothing is unpacked before it is counted.
        auto_decompress=False,
        # Also how long a client may take to send a request's header.
        keepalive_timeout=app[SETTINGS].limits.idle_seconds,
        max_line_size=MAX_LINE_BYTES,
        max_field_size=MAX_FIELD_BYTES,
        max_headers=MAX_HEADERS,
        # By then nothing is under way, or it has had its time.
        shutdown_timeout=1.0,
    )


async def start(runner: web.AppRunner, settings: Settings) -> str:
    """Set the runner up and let it listen, for a test or the demo; return the address."""
    await runner.setup()
    tls = server_tls(settings)
    sockets = bind(settings.listen_host, settings.listen_port)
    for one in sockets:
        await _site(runner, one, settings, tls).start()
    return address_of(sockets, tls=tls is not None)


def _site(
    runner: web.AppRunner, bound: socket.socket, settings: Settings, tls: ServerTls | None
) -> BoundedSite:
    context = None if tls is None else tls.context
    return BoundedSite(runner, bound, most=settings.limits.connections, tls=context)
