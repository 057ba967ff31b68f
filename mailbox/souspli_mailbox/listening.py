"""Sockets that take connections: bound once, shared by all processes, bounded in number."""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Sequence
from typing import Final

from aiohttp import web

# Connections that the kernel keeps until a process takes them: a second's worth of a
# busy morning. Beyond it the kernel lets the client try again by itself.
BACKLOG: Final = 512

# A client that takes longer than this for its half of the TLS greeting is not there.
HANDSHAKE_SECONDS: Final = 10.0

# Written before anything of the request is read: it says nothing about it.
_NO_MORE: Final = (
    b"HTTP/1.1 503 Service Unavailable\r\n"
    b"Retry-After: 5\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
)


def bind(host: str, port: int) -> list[socket.socket]:
    """Return sockets that listen on every address of `host`; port 0 takes a free one.

    Raises OSError when an address is taken or forbidden; then none is left open.
    """
    # By family and address, so that a name that resolves twice is bound once.
    found = dict.fromkeys(
        (family, address[0])
        for family, _, _, _, address in socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
    )
    with contextlib.ExitStack() as opened:
        sockets: list[socket.socket] = []
        for family, address in found:
            sockets.append(
                opened.enter_context(
                    socket.create_server((str(address), port), family=family, backlog=BACKLOG)
                )
            )
            # `localhost` is two addresses and one port.
            port = port or int(sockets[0].getsockname()[1])
        opened.pop_all()
    return sockets


def address_of(sockets: Sequence[socket.socket], *, tls: bool = False) -> str:
    """Return the address of the first socket, with the port that was really taken."""
    host, port = sockets[0].getsockname()[:2]
    scheme = "https" if tls else "http"
    return f"{scheme}://[{host}]:{port}/" if ":" in host else f"{scheme}://{host}:{port}/"


class BoundedSite(web.BaseSite):
    """Serves the connections of a socket, `most` at a time in this process.

    Those beyond are told to come back, rather than left to wait for a descriptor.
    """

    def __init__(
        self,
        runner: web.AppRunner,
        bound: socket.socket,
        *,
        most: int,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        super().__init__(runner, ssl_context=tls)
        self._bound = bound
        self._most = most

    @property
    def name(self) -> str:
        """Nobody's business: aiohttp wants one."""
        return "souspli"

    async def start(self) -> None:
        """Begin; the runner's clean-up ends it."""
        await super().start()
        server = self._runner.server
        if server is None:
            raise RuntimeError("the runner has not been set up")

        def connect() -> asyncio.Protocol:
            return _Refused() if len(server.connections) >= self._most else server()

        self._server = await asyncio.get_running_loop().create_server(
            connect,
            sock=self._bound,
            ssl=self._ssl_context,
            backlog=BACKLOG,
            ssl_handshake_timeout=None if self._ssl_context is None else HANDSHAKE_SECONDS,
        )


class _Refused(asyncio.Protocol):
    """A connection too many: answered, and closed."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if isinstance(transport, asyncio.Transport):
            transport.write(_NO_MORE)
            transport.close()
