"""The loopback port that Prometheus asks."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import structlog
from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST

from souspli_cli.bridge import standing
from souspli_cli.errors import Refused
from souspli_storage.errors import StorageError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable
    from pathlib import Path

    from souspli_cli.bridge.metrics import BridgeMetrics
    from souspli_cli.bridge.spool import MailSpool
    from souspli_cli.profile import Profile
    from souspli_storage.database import Database

# A spool of 100,000 files takes a second to look through; the service is asked as seldom.
SLOW_SECONDS: Final = 60.0

_log: Final = structlog.get_logger()


@dataclass
class MetricsPage:
    """`/metrics`: counters as they are, gauges looked up when asked for."""

    metrics: BridgeMetrics
    database: Database
    spool: MailSpool
    profile: Profile
    clock: Callable[[], float]
    _slow_at: float = field(default=float("-inf"))

    def __repr__(self) -> str:
        return "MetricsPage(…)"

    async def answer(self, _: web.Request) -> web.Response:
        """Answer with all of it; what can't be looked up stays as it was."""
        try:
            await asyncio.to_thread(self._look)
            await self._look_slowly()
        except (StorageError, OSError) as failure:
            _log.warning("bridge-metrics-incomplete", failure=type(failure).__name__)
        return web.Response(body=self.metrics.text(), headers={"Content-Type": CONTENT_TYPE_LATEST})

    def _look(self) -> None:
        self.metrics.set_standing(standing.look(self.database), now=int(self.clock()))

    async def _look_slowly(self) -> None:
        now = asyncio.get_running_loop().time()
        if now - self._slow_at < SLOW_SECONDS:
            return
        self._slow_at = now
        reachable = await standing.is_reachable(self.profile)
        self.metrics.set_reachable(is_reachable=reachable)
        await asyncio.to_thread(self._look_at_spool)

    def _look_at_spool(self) -> None:
        folder: Path = self.spool.folder
        self.metrics.set_spool(
            standing.look_at_spool(self.database, self.spool),
            free_bytes=standing.free_bytes(folder),
        )


@contextlib.asynccontextmanager
async def serving(page: MetricsPage, where: tuple[str, int] | None) -> AsyncGenerator[None]:
    """Serve until the context ends; nothing happens without a place.

    Raises Refused if the port is taken.
    """
    if where is None:
        yield
        return
    app = web.Application()
    app.router.add_get("/metrics", page.answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, *where).start()
        except OSError:
            raise Refused("listen_failed", listen="{}:{}".format(*where)) from None
        yield
    finally:
        await runner.cleanup()
