"""Stopping without breaking anything off: requests under way finish, new ones are sent away.

aiohttp stops reading a connection the moment it shuts down, and with it an upload in
the middle of its body. So the service waits for its requests before it lets aiohttp
shut down. Until then it goes on listening: a proxy that still sends somebody here gets
an answer that says when to come back, not a connection refused.
"""

import asyncio
from collections.abc import Awaitable, Callable

from aiohttp import web

from souspli_mailbox.errors import Refusal
from souspli_mailbox.protocol.problems import ProblemKind

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Drain:
    """How many requests are under way, and whether more are let in."""

    def __init__(self, *, most: int) -> None:
        """`most`: requests at a time, so that each one under way gets its share."""
        self._most = most
        self._under_way = 0
        self._stopping = False
        self._idle = asyncio.Event()
        self._idle.set()

    @property
    def stopping(self) -> bool:
        """Whether nobody is let in any more."""
        return self._stopping

    @property
    def under_way(self) -> int:
        """How many requests are being answered."""
        return self._under_way

    async def follow(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Answer a request and count it.

        Refusal `unavailable` once the service stops, or while it has `most` already.
        """
        if self._stopping or self._under_way >= self._most:
            raise Refusal(ProblemKind.UNAVAILABLE)
        self._under_way += 1
        self._idle.clear()
        try:
            return await handler(request)
        finally:
            self._under_way -= 1
            if not self._under_way:
                self._idle.set()

    async def finish(self, *, timeout: float) -> None:  # noqa: ASYNC109  (the grace itself)
        """Let nobody in any more; return when nobody is left, or after `timeout` seconds."""
        self._stopping = True
        try:
            await asyncio.wait_for(self._idle.wait(), timeout)
        except TimeoutError:
            return
