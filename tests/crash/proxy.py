"""A line that fails: TCP passed on, until a turn of the dialogue at which it is not.

A *turn* is one side's speaking after the other's: the n-th request on its way up, the
n-th answer on its way down, counted over all connections. What speaks the protocol
stays as it is: HTTP, SMTP, PostgreSQL's, S3's.
"""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
import time
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Self

PIECE_BYTES: Final = 65_536
# SO_LINGER on, for no time: closing sends RST, and the other side loses what it
# has not read.
_ABORT: Final = struct.pack("ii", 1, 0)


class Way(StrEnum):
    """Which direction."""

    UP = "request"
    DOWN = "answer"


class Fault(StrEnum):
    """What happens to the line."""

    LATENCY = "latency"
    RESET = "reset"
    HALF_OPEN = "half-open"
    """Nothing more comes, and nobody says that it is over."""
    TRUNCATED = "truncated"
    """An orderly end in the middle."""
    SLOW_DOWN = "503 SlowDown"
    """S3's answer to who asks too often, in the place of the upstream's."""


@dataclass(frozen=True)
class Trouble:
    """Strikes at turn `first`, then at every `every`-th one, `times` in all."""

    fault: Fault
    way: Way = Way.DOWN
    first: int = 1
    every: int = 1
    times: int = 1
    offset: int = 20
    """So many bytes of that turn still come through."""
    seconds: float = 0.05
    """Of latency, for each piece."""

    def __str__(self) -> str:
        if self.fault is Fault.LATENCY:
            return self.fault
        often = f", then every {self.every}, {self.times} in all" if self.times > 1 else ""
        return f"{self.fault} in {self.way} {self.first}{often}, after {self.offset} bytes"


_SLOW_DOWN_BODY: Final = (
    b"<?xml version='1.0'?><Error><Code>SlowDown</Code>"
    b"<Message>Please reduce your request rate</Message></Error>"
)
SLOW_DOWN: Final = (
    b"HTTP/1.1 503 Slow Down\r\nContent-Type: application/xml\r\nConnection: close\r\n"
    b"Content-Length: %d\r\n\r\n%s" % (len(_SLOW_DOWN_BODY), _SLOW_DOWN_BODY)
)


class Proxy:
    """Stands at a port of its own before an upstream, which may change. A context.

    `upstream`: a port of this machine, or the path of a socket.
    """

    def __init__(self, upstream: int | str, *, trouble: Trouble | None = None) -> None:
        self.upstream = upstream
        self.trouble = trouble
        self.struck = 0
        self._turns = dict.fromkeys(Way, 0)
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._listen, daemon=True)

    @property
    def port(self) -> int:
        return int(self._listener.getsockname()[1])

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):
            # Closing alone would not wake who waits in accept().
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()
        self.cut()

    def begin(self, trouble: Trouble) -> None:
        """Count turns from here on, for this trouble."""
        with self._lock:
            self.trouble = trouble
            self._turns = dict.fromkeys(Way, 0)

    def cut(self) -> None:
        """Break all connections off."""
        with self._lock:
            open_ones = list(self._open)
        for one in open_ones:
            self._close(one, abort=True)

    def _listen(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            try:
                server = self._connect()
            except OSError:
                client.close()
                continue
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            line = _Line(self, client, server)
            with self._lock:
                self._open |= {client, server}
            for way in Way:
                threading.Thread(target=line.pump, args=(way,), daemon=True).start()

    def _connect(self) -> socket.socket:
        if isinstance(self.upstream, int):
            server = socket.create_connection(("127.0.0.1", self.upstream))
            server.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return server
        server = socket.socket(socket.AF_UNIX)
        server.connect(self.upstream)
        return server

    def turn(self, way: Way) -> Trouble | None:
        """Count a turn; return the trouble if it strikes at this one."""
        with self._lock:
            self._turns[way] += 1
            trouble, after = self.trouble, self._turns[way]
            if trouble is None or trouble.way is not way or self.struck >= trouble.times:
                return None
            since = after - trouble.first
            if trouble.fault is Fault.LATENCY or since < 0 or since % trouble.every:
                return None
            self.struck += 1
            return trouble

    def _close(self, one: socket.socket, *, abort: bool) -> None:
        with self._lock:
            if one not in self._open:
                return
            self._open.discard(one)
        with contextlib.suppress(OSError):
            if abort:
                one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _ABORT)
                # Wakes the other thread, which would otherwise keep the socket open;
                # tells the other side nothing.
                one.shutdown(socket.SHUT_RD)
            else:
                one.shutdown(socket.SHUT_RDWR)
        one.close()


@dataclass
class _Line:
    """One connection, with a thread for each direction."""

    proxy: Proxy
    client: socket.socket
    server: socket.socket
    speaking: Way | None = None

    def pump(self, way: Way) -> None:
        source, target = (self.client, self.server) if way is Way.UP else (self.server, self.client)
        try:
            while piece := source.recv(PIECE_BYTES):
                trouble = None
                if self.speaking is not way:
                    self.speaking = way
                    trouble = self.proxy.turn(way)
                if trouble is not None:
                    self._strike(trouble, piece, target)
                    return
                every = self.proxy.trouble
                if every is not None and every.fault is Fault.LATENCY:
                    time.sleep(every.seconds)
                    self.proxy.struck += 1
                target.sendall(piece)
            self._end(abort=False)
        except OSError:
            self._end(abort=True)

    def _strike(self, trouble: Trouble, piece: bytes, target: socket.socket) -> None:
        if trouble.fault is Fault.SLOW_DOWN:
            self.client.sendall(SLOW_DOWN)
            self._end(abort=False)
            return
        target.sendall(piece[: trouble.offset])
        if trouble.fault is not Fault.HALF_OPEN:
            # Time for what did come through to be read.
            time.sleep(0.02)
            self._end(abort=trouble.fault is Fault.RESET)

    def _end(self, *, abort: bool) -> None:
        for one in (self.client, self.server):
            self.proxy._close(one, abort=abort)
