"""Lines that are slow, reset, half-open, cut short: everything arrives in the end, once."""

from __future__ import annotations

import contextlib
import functools
import socket
import threading
from typing import TYPE_CHECKING

import pytest
from crash import network_story
from crash.chosen import LINES
from crash.proxy import SLOW_DOWN, Fault, Proxy, Trouble, Way
from crash.saboteur import READ_SECONDS, TOTAL_SECONDS

from souspli_mailbox.client import transport

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crash.engines import Engines
    from crash.matrix import Matrix
    from crash.network_story import Weather
    from crash.template import Template


@pytest.fixture(scope="module", autouse=True)
def impatient_reader() -> Iterator[None]:
    """The reader, in this process, gives a silent line up as soon as the sender does."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(transport, "READ_SECONDS", READ_SECONDS)
        patch.setattr(transport, "TOTAL_SECONDS", TOTAL_SECONDS)
        yield


@pytest.mark.parametrize(("engines", "weather"), [(one.engines, one) for one in LINES], ids=str)
def test_a_line_that_fails_breaks_no_promise(
    made: Template, matrix: Matrix, engines: Engines, weather: Weather
) -> None:
    matrix.begin(
        (one, functools.partial(network_story.tell, made, one.engines, weather=one))
        for one in LINES
    )
    outcome = matrix.outcome(weather)
    assert outcome.struck, "the line never failed"
    assert outcome.broken == []


@pytest.fixture
def upstream() -> Iterator[int]:
    """Answers each line with the same line."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve(one: socket.socket) -> None:
        with one, contextlib.suppress(ConnectionError):
            while piece := one.recv(100):
                one.sendall(piece)

    def listen() -> None:
        while True:
            try:
                one, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=serve, args=(one,), daemon=True).start()

    threading.Thread(target=listen, daemon=True).start()
    yield listener.getsockname()[1]
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()


@pytest.mark.parametrize(
    ("fault", "heard"),
    [
        (Fault.RESET, ConnectionResetError),
        (Fault.TRUNCATED, b""),
        (Fault.HALF_OPEN, TimeoutError),
        (Fault.LATENCY, b"second"),
    ],
)
def test_the_proxy_does_what_it_says(
    upstream: int, fault: Fault, heard: bytes | type[Exception]
) -> None:
    with Proxy(upstream, trouble=Trouble(fault, Way.DOWN, first=2, offset=0)) as proxy:
        with socket.create_connection(("127.0.0.1", proxy.port)) as line:
            line.settimeout(1)
            line.sendall(b"first")
            assert line.recv(100) == b"first"
            line.sendall(b"second")
            if isinstance(heard, bytes):
                assert line.recv(100) == heard
            else:
                with pytest.raises(heard):
                    line.recv(100)
        # Whoever comes back finds a line that works.
        with socket.create_connection(("127.0.0.1", proxy.port)) as line:
            line.sendall(b"third")
            assert line.recv(100) == b"third"


def test_the_proxy_answers_slow_down_as_s3_does(upstream: int) -> None:
    trouble = Trouble(Fault.SLOW_DOWN, Way.UP)
    with (
        Proxy(upstream, trouble=trouble) as proxy,
        socket.create_connection(("127.0.0.1", proxy.port)) as line,
    ):
        line.sendall(b"GET / HTTP/1.1\r\n\r\n")
        assert line.makefile("rb").read() == SLOW_DOWN
