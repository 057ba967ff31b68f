"""A proxy in front of the S3 server that breaks lines and refuses, as networks and stores do."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from urllib.parse import urlsplit

SLOW_DOWN = (
    b"HTTP/1.1 503 Slow Down\r\nContent-Type: application/xml\r\nConnection: close\r\n\r\n"
    b"<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>"
)


def refusal(status: str, code: str) -> bytes:
    """Return the answer of a store that does not do what it is asked."""
    return (
        f"HTTP/1.1 {status}\r\nContent-Type: application/xml\r\nConnection: close\r\n\r\n"
        f"<Error><Code>{code}</Code><Message>No.</Message></Error>"
    ).encode()


class Proxy:
    """Passes bytes on, connection by connection, unless it is told not to."""

    def __init__(self, target: str) -> None:
        self._target = (urlsplit(target).hostname or "", urlsplit(target).port or 80)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.slow_down = 0
        """So many requests are answered with 503 SlowDown."""
        self.cut_after: int | None = None
        """So many bytes are let through towards the store; then the line is cut,"""
        self.cuts = 1
        """as often as this."""
        self.lost_answers = 0
        """So many times the line is cut when the store begins to answer."""
        self.refusal: bytes | None = None
        """The answer to everything that is to be kept (PUT), in place of the store's."""
        self.received: list[bytes] = []
        """All that went towards the store, by connection."""
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def close(self) -> None:
        # Wakes `accept`, which closing alone does not.
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client, contextlib.suppress(OSError):
            if self.slow_down > 0:
                self.slow_down -= 1
                client.recv(65_536)
                client.sendall(SLOW_DOWN)
                return
            with socket.create_connection(self._target) as store:
                back = threading.Thread(target=self._pass_back, args=(store, client), daemon=True)
                back.start()
                self._pass_on(client, store)
                with contextlib.suppress(OSError):
                    store.shutdown(socket.SHUT_WR)
                back.join()

    def _pass_on(self, client: socket.socket, store: socket.socket) -> None:
        number = len(self.received)
        self.received.append(b"")
        passed = 0
        while data := client.recv(65_536):
            passed += len(data)
            self.received[number] += data
            if self.refusal is not None and data.startswith(b"PUT "):
                client.sendall(self.refusal)
                client.shutdown(socket.SHUT_RDWR)
                return
            if self.cuts and self.cut_after is not None and passed > self.cut_after:
                self.cuts -= 1
                for one in (client, store):
                    # Not closed politely: reset, as by a router that was switched off.
                    with contextlib.suppress(OSError):
                        one.shutdown(socket.SHUT_RDWR)
                return
            store.sendall(data)

    def _pass_back(self, store: socket.socket, client: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := store.recv(65_536):
                if self.lost_answers > 0:
                    self.lost_answers -= 1
                    client.shutdown(socket.SHUT_RDWR)
                    return
                client.sendall(data)
            client.shutdown(socket.SHUT_WR)


@contextlib.contextmanager
def proxy(target: str) -> Iterator[Proxy]:
    """Run a proxy in front of `target`."""
    running = Proxy(target)
    try:
        yield running
    finally:
        running.close()
