"""A relay that takes every mail and forgets it, in a process of its own.

`python -m benchmarks.mail_sink` prints its port and runs until its standard input ends.
The demo's mail catcher keeps each mail in a file, which is work of its own.
"""

from __future__ import annotations

import asyncio
import sys

GREETING = b"220 sink\r\n"
GOOD, GO_ON, BYE = b"250 ok\r\n", b"354 go on\r\n", b"221 bye\r\n"


async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """One connection, of a client that is polite and in no hurry."""
    writer.write(GREETING)
    try:
        while line := await reader.readline():
            match line[:4].upper():
                case b"DATA":
                    writer.write(GO_ON)
                    await reader.readuntil(b"\r\n.\r\n")
                    writer.write(GOOD)
                case b"QUIT":
                    writer.write(BYE)
                    break
                case _:
                    writer.write(GOOD)
    except (OSError, EOFError):
        pass  # the service was stopped
    writer.close()


async def main() -> None:
    """Listen on a free port, say which, and stop with whoever started this."""
    server = await asyncio.start_server(take, "127.0.0.1", 0, limit=1 << 20)
    async with server:
        sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
        sys.stdout.flush()
        await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main())
