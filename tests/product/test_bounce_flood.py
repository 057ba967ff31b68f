"""Whoever reaches the listener for bounces can send it anything: the service goes on."""

from __future__ import annotations

import contextlib
import socket
import threading
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest
from cli_world import clean_environment, command
from product.world import RecordedService, until

from souspli_mailbox.bounce_listener import MOST_CONNECTIONS, MOST_RECIPIENTS

if TYPE_CHECKING:
    from collections.abc import Iterator

MIB: Final = 1_048_576
FLOOD_BYTES: Final = 100 * MIB
# What a flood may cost beyond what the service has anyway: a third of it.
MOST_MEMORY: Final = 32 * MIB


class Flooded:
    """A service, the port of its listener, and its memory."""

    def __init__(self, service: RecordedService, port: int) -> None:
        self.service = service
        self.port = port

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=60)

    @property
    def most_memory(self) -> int:
        """Of the process, since it began, in bytes."""
        assert self.service._process is not None
        status = Path(f"/proc/{self.service._process.pid}/status").read_text()
        (line,) = (line for line in status.splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) * 1_024

    def answers(self) -> bool:
        with urllib.request.urlopen(f"{self.service.url}/readyz", timeout=60) as answer:
            return bool(answer.status == 200)


@pytest.fixture(scope="module")
def flooded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flooded]:
    folder = tmp_path_factory.mktemp("service")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = clean_environment(folder) | {
        "SOUSPLI_MAILBOX_BOUNCES_LISTEN_PORT": str(port),
    }
    with RecordedService(folder, environment, command()) as service:
        yield Flooded(service, port)  # type: ignore[arg-type]  # Service.__enter__ gives itself


def began(connection: socket.socket) -> bytes:
    """The first line of whoever listens."""
    with connection.makefile("rb") as lines:
        return lines.readline()


def test_more_connections_than_a_relay_has_are_sent_away_and_slow_ones_cost_nothing(
    flooded: Flooded,
) -> None:
    before = flooded.most_memory
    with contextlib.ExitStack() as stack:
        held = [stack.enter_context(flooded.connect()) for _ in range(300)]
        greeted = [one for one in held if began(one).startswith(b"220")]
        assert len(greeted) == MOST_CONNECTIONS
        for one in greeted:
            one.sendall(b"EHLO a.example\r\nMAIL FROM:<>\r\nRCPT TO:<x@a.example>\r\nDATA\r\n")
            # A line that never ends, letter by letter.
            one.sendall(b"x")
        assert flooded.answers()
        assert flooded.most_memory - before < MOST_MEMORY

    # Their places are free again.
    def is_free() -> bool:
        with flooded.connect() as one:
            return began(one).startswith(b"220")

    until(is_free)


@pytest.mark.parametrize("line", [b"x" * 70 + b"\r\n", b"x" * 65_536, b"\r\n"], ids=len)
def test_a_hundred_megabytes_are_not_kept_and_others_are_answered_meanwhile(
    flooded: Flooded, line: bytes
) -> None:
    before = flooded.most_memory
    piece = line * (MIB // len(line))

    def flood() -> None:
        # Hung up on, or told that it is too much: both are right.
        with contextlib.suppress(OSError), flooded.connect() as one:
            one.sendall(b"EHLO a.example\r\nMAIL FROM:<>\r\nRCPT TO:<x@a.example>\r\nDATA\r\n")
            for _ in range(FLOOD_BYTES // len(piece)):
                one.sendall(piece)
            one.sendall(b"\r\n.\r\nQUIT\r\n")
            while one.recv(65_536):
                pass

    sender = threading.Thread(target=flood)
    sender.start()
    assert flooded.answers()
    sender.join()
    assert flooded.answers()
    assert flooded.most_memory - before < MOST_MEMORY


def test_thousands_of_recipients_and_commands_are_not_kept(flooded: Flooded) -> None:
    before = flooded.most_memory
    with flooded.connect() as one, one.makefile("rb") as lines:
        one.sendall(b"EHLO a.example\r\nMAIL FROM:<>\r\n")
        taken = 0
        for number in range(5_000):
            one.sendall(b"RCPT TO:<no-reply+%d@souspli.example>\r\n" % number)
        one.sendall(b"QUIT\r\n")
        for answer in lines:
            taken += answer.startswith(b"250 2.1.5")
        assert taken == MOST_RECIPIENTS
    with contextlib.suppress(OSError), flooded.connect() as one:
        for _ in range(8):
            one.sendall(b"x" * MIB)  # a command without an end
    assert flooded.answers()
    assert flooded.most_memory - before < MOST_MEMORY
