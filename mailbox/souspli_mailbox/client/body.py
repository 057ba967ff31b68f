"""A request's body: bytes that go out piece by piece, and are in memory once."""

import asyncio
from typing import Final

import aiohttp
from aiohttp.abc import AbstractStreamWriter

# Small enough that answers to other requests are read in between.
PIECE_BYTES: Final = 65_536


class Body(aiohttp.Payload):
    """`value`, as often as the request is written.

    Not aiohttp's own payloads: the one for bytes writes them in one piece, while nothing
    else runs, and keeps what the socket does not take at once; the one for BytesIO has
    them copied (`getbuffer` does). Either is 8 MiB more for each segment under way.
    """

    _value: bytes

    def __init__(self, value: bytes) -> None:
        """Take the bytes; they are not copied."""
        super().__init__(value)
        self._size = len(value)

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        """Return the bytes as text, as aiohttp asks of a payload."""
        return self._value.decode(encoding, errors)

    async def write(self, writer: AbstractStreamWriter) -> None:
        """Write all of it."""
        await self.write_with_length(writer, None)

    async def write_with_length(
        self, writer: AbstractStreamWriter, content_length: int | None
    ) -> None:
        """Write the first `content_length` bytes, or all."""
        rest = memoryview(self._value)[:content_length]
        while rest:
            await writer.write(rest[:PIECE_BYTES])
            rest = rest[PIECE_BYTES:]
            # A line that takes everything at once would let nothing else run.
            await asyncio.sleep(0)
