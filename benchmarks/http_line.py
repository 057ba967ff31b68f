"""One connection to the service, as lean as Python allows.

What drives the load shares the cores with the service: every millisecond that the real
client spends on being careful would be counted as the service's.
"""

from __future__ import annotations

import asyncio
from typing import Final, Self

# More than any head of ours; bodies are read by their length.
HEAD_BYTES: Final = 65_536


class BrokenLineError(Exception):
    """The service hung up, or did not answer in HTTP."""


class Line:
    """A kept connection: one request at a time, each answered in full."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def __aenter__(self) -> Self:
        self._streams = await asyncio.open_connection("127.0.0.1", self._port, limit=HEAD_BYTES)
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._streams is not None:
            self._streams[1].close()
            await self._streams[1].wait_closed()

    async def ask(
        self, method: str, path: str, *, token: str, body: bytes = b"", more: str = ""
    ) -> tuple[int, bytes]:
        """Send a request and return status and body; `more` are header lines of its own.

        Raises BrokenLineError.
        """
        if self._streams is None:
            raise BrokenLineError("not open")
        reader, writer = self._streams
        head = (
            f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{self._port}\r\n"
            f"Authorization: Bearer {token}\r\nContent-Length: {len(body)}\r\n{more}\r\n"
        )
        try:
            writer.write(head.encode("ascii") + body)
            await writer.drain()
            answer = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
            length = int(answer.partition("\r\ncontent-length:")[2].partition("\r\n")[0] or 0)
            return int(answer[9:12]), await reader.readexactly(length)
        except (OSError, EOFError, ValueError, asyncio.LimitOverrunError) as broken:
            raise BrokenLineError(type(broken).__name__) from broken

    async def ask_json(
        self, method: str, path: str, *, token: str, body: bytes = b""
    ) -> tuple[int, bytes]:
        """Do the same with a body of JSON."""
        return await self.ask(
            method, path, token=token, body=body, more="Content-Type: application/json\r\n"
        )
