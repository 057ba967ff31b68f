"""A service that lies: the real one, with chosen answers replaced by anything at all."""

from __future__ import annotations

import http.client
import re
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from types import TracebackType

HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "host"}


@dataclass
class Lie:
    """An answer, sent as it stands; a body that never ends is an endless iterable."""

    status: int = 200
    body: bytes | Iterable[bytes] = b""
    headers: dict[str, str] = field(default_factory=dict)


Twist = Callable[[bytes], bytes]
"""Changes a genuine answer's body."""


class HostileService:
    """Stands at a port of its own before a real service. A context.

    `lies` and `twists`: by a pattern that `METHOD /path` has to match.
    """

    def __init__(self, behind: str = "") -> None:
        self.lies: dict[str, Lie] = {}
        self.twists: dict[str, Twist] = {}
        self.heard: list[tuple[str, dict[str, str]]] = []
        self._behind = urlsplit(behind).netloc
        hostile = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_one(self) -> None:
                hostile._answer(self)

            do_GET = do_POST = do_PUT = handle_one  # noqa: N815  (http.server's names)

            def log_message(self, *_: Any) -> None:
                return

        self._server = _Server(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _answer(self, request: BaseHTTPRequestHandler) -> None:
        asked = f"{request.command} {request.path}"
        self.heard.append((asked, dict(request.headers)))
        body = request.rfile.read(int(request.headers.get("Content-Length") or 0))
        if request.headers.get("Transfer-Encoding") == "chunked":
            body = _read_chunks(request)
        lie = _matching(self.lies, asked)
        if lie is None:
            lie = self._genuine(request, body)
            if (twist := _matching(self.twists, asked)) is not None:
                assert isinstance(lie.body, bytes)
                lie.body = twist(lie.body)
        try:
            _send(request, lie)
        except OSError:
            request.close_connection = True  # it had heard enough

    def _genuine(self, request: BaseHTTPRequestHandler, body: bytes) -> Lie:
        connection = http.client.HTTPConnection(self._behind, timeout=60)
        headers = {k: v for k, v in request.headers.items() if k.lower() not in HOP_BY_HOP}
        headers["Content-Length"] = str(len(body))
        connection.request(request.command, request.path, body, headers)
        answer = connection.getresponse()
        kept = {k: v for k, v in answer.getheaders() if k.lower() not in HOP_BY_HOP}
        kept.pop("Content-Length", None)
        lie = Lie(answer.status, answer.read(), kept)
        connection.close()
        return lie


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: Any) -> None:
        return  # clients that hang up are what is tested


def _matching(table: dict[str, Any], asked: str) -> Any:
    return next((value for key, value in table.items() if re.fullmatch(key, asked)), None)


def _read_chunks(request: BaseHTTPRequestHandler) -> bytes:
    body = b""
    while size := int(request.rfile.readline(), 16):
        body += request.rfile.read(size)
        request.rfile.readline()
    request.rfile.readline()
    return body


def _send(request: BaseHTTPRequestHandler, lie: Lie) -> None:
    request.send_response(lie.status)
    for name, value in lie.headers.items():
        request.send_header(name, value)
    if isinstance(lie.body, bytes):
        if lie.status != 204:
            request.send_header("Content-Length", str(len(lie.body)))
        request.end_headers()
        request.wfile.write(lie.body)
        return
    request.send_header("Connection", "close")
    request.end_headers()
    for piece in lie.body:
        request.wfile.write(piece)
    request.close_connection = True
