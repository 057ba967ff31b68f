"""Gateways for text messages: one in memory, one real HTTP server; both answer as told."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING

from aiohttp import web

from souspli_mailbox.errors import TextDelayedError, TextRefusedError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@dataclass
class SimulatedGateway:
    """`TextGateway` in memory."""

    refuses: bool = False
    away: bool = False
    taken: list[tuple[str, str]] = field(default_factory=list)

    async def send(self, *, to: str, text: str) -> None:
        if self.away:
            raise TextDelayedError("away")
        if self.refuses:
            raise TextRefusedError("refused", status=HTTPStatus.UNPROCESSABLE_ENTITY)
        self.taken.append((to, text))

    async def close(self) -> None:
        """Nothing is kept."""


@dataclass
class GatewayServer:
    """A provider's side, over HTTP."""

    status: int = HTTPStatus.ACCEPTED
    silent: bool = False
    """Takes the message, and never answers."""
    location: str | None = None
    taken: list[tuple[str, str]] = field(default_factory=list)
    authorizations: list[str | None] = field(default_factory=list)
    url: str = ""
    _ended: asyncio.Event = field(default_factory=asyncio.Event)

    async def answer(self, request: web.Request) -> web.Response:
        body = await request.json()
        self.authorizations.append(request.headers.get("Authorization"))
        if self.status < HTTPStatus.MULTIPLE_CHOICES:
            self.taken.append((body["to"], body["text"]))
        if self.silent:
            await self._ended.wait()
        headers = {} if self.location is None else {"Location": self.location}
        return web.Response(status=self.status, headers=headers, text=f"about {body['to']}")

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[GatewayServer]:
        app = web.Application()
        app.router.add_post("/send", self.answer)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}/send"
        try:
            yield self
        finally:
            self._ended.set()
            await runner.cleanup()
