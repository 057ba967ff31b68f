"""The port that Prometheus asks: apart from the service's, so that no proxy leads to it."""

import asyncio
from typing import Final

import structlog
from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST

from souspli_mailbox.listening import bind
from souspli_mailbox.records.backlog import read_backlog
from souspli_mailbox.state import (
    CLOCK,
    DATABASE,
    DRAIN,
    METRICS,
    READINESS,
    SETTINGS,
)

# Prometheus waits ten by default. Without the database the rest is still worth having.
BACKLOG_SECONDS: Final = 2.0

_log: structlog.typing.FilteringBoundLogger = structlog.get_logger("souspli.mailbox")


async def serve_metrics(service: web.Application, *, worker: int) -> web.AppRunner:
    """Serve the metrics of a running service, at the port of this worker.

    Raises OSError if the port is taken. Ended by the runner's `cleanup`.
    """
    settings = service[SETTINGS].metrics

    async def get_metrics(_: web.Request) -> web.Response:
        await _look(service)
        return web.Response(
            body=service[METRICS].text(), headers={"Content-Type": CONTENT_TYPE_LATEST}
        )

    app = web.Application()
    app.router.add_get("/metrics", get_metrics)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        for bound in bind(settings.listen_host, settings.listen_port + worker):
            await web.SockSite(runner, bound).start()
    except BaseException:
        await runner.cleanup()
        raise
    return runner


async def _look(service: web.Application) -> None:
    """Read what nobody counts as it happens."""
    metrics, now = service[METRICS], int(service[CLOCK]())
    metrics.requests_under_way.set(service[DRAIN].under_way)
    metrics.set_parts(service[READINESS].states())
    try:
        async with asyncio.timeout(BACKLOG_SECONDS):
            metrics.set_backlog(await service[DATABASE].read(read_backlog, now=now), now=now)
    except Exception as failed:  # noqa: BLE001  (the other metrics say that it is away)
        _log.warning("backlog-unknown", failure=type(failed).__name__)
