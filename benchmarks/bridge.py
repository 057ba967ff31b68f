"""How many mails the bridge accepts in a second, beside others: ``python -m benchmarks.bridge``.

Beside aiosmtpd that only reads, and beside Postfix that accepts, queues with fsync and
discards, where it is installed (as root). The target (design: half of Postfix's rate for
200 KiB over 10 connections) is about a quiet machine.
"""

from __future__ import annotations

import base64
import contextlib
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.bridge_servers import PATIENT, SYSTEM, make_profile

SIZES = {"1 KB": 1_024, "200 KiB": 200 * 1_024}
CONNECTIONS = (1, 10)
ROUNDS = 7
SECONDS = 3.0
"""Of one round; the first second of a server's life is not measured."""

ROOT = Path(__file__).parents[1]


def body(size: int) -> bytes:
    """A mail of about this size with one attachment; a line is left to be filled."""
    content = base64.encodebytes(b"%PDF-1.4\n" + os.urandom(size * 3 // 4)).replace(b"\n", b"\r\n")
    return (
        b"From: labo@labo.example\r\nSubject: x\r\nMIME-Version: 1.0\r\n"
        b'Content-Type: application/pdf; name="a.pdf"\r\n'
        b'Content-Disposition: attachment; filename="a.pdf"\r\n'
        b"Content-Transfer-Encoding: base64\r\nMessage-ID: <%s@labo>\r\n\r\n" + content
    )


class Client(threading.Thread):
    """One connection that hands in mails until it is told to stop."""

    def __init__(self, port: int, mail: bytes, password: str | None, until: float) -> None:
        super().__init__()
        self._port = port
        self._mail = mail
        self._password = password
        self._until = until
        self.count = 0

    def run(self) -> None:
        with socket.create_connection(("127.0.0.1", self._port)) as line:
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            heard = line.makefile("rb")
            say(heard, line, None)
            say(heard, line, b"EHLO labo")
            if self._password is not None:
                plain = base64.b64encode(f"\0{SYSTEM}\0{self._password}".encode())
                say(heard, line, b"AUTH PLAIN " + plain)
            while time.monotonic() < self._until:
                say(heard, line, b"MAIL FROM:<labo@labo.example>")
                say(heard, line, f"RCPT TO:<{PATIENT}>".encode())
                say(heard, line, b"DATA")
                say(heard, line, self._mail.replace(b"%s", os.urandom(8).hex().encode(), 1) + b".")
                self.count += 1


def say(heard: Iterator[bytes], line: socket.socket, command: bytes | None) -> None:
    """Say a line and hear the answer out; anything but 2xx and 3xx ends the measurement."""
    if command is not None:
        line.sendall(command + b"\r\n")
    while True:
        answer = next(heard)
        if answer[3:4] != b"-":
            break
    if answer[:1] not in b"23":
        raise RuntimeError(answer.decode())


def rate(port: int, mail: bytes, connections: int, password: str | None) -> float:
    """Mails in a second."""
    began = time.monotonic()
    clients = [Client(port, mail, password, began + SECONDS) for _ in range(connections)]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    return sum(client.count for client in clients) / (time.monotonic() - began)


@contextlib.contextmanager
def server(kind: str, folder: Path) -> Iterator[int]:
    """Run one of ours in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.bridge_servers", kind, str(folder)]
    with subprocess.Popen(  # noqa: S603  (our own interpreter and module)
        command,
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as running:
        yield int(running.stdout.readline() if running.stdout else "")
        if running.stdin:
            running.stdin.close()
        running.wait(60)


@contextlib.contextmanager
def postfix() -> Iterator[int]:
    """Run Postfix as the tests do: queued with fsync, then discarded."""
    sys.path.insert(0, str(ROOT / "tests"))
    from relays import postfix as relays  # noqa: PLC0415  (only where it is installed)

    with relays.postfix("/./ discard:") as relay:
        yield relay.port


def measure(told: Callable[[str], None]) -> None:
    """Measure and print a table."""
    told("| mail | connections | bridge /s | aiosmtpd reading /s | Postfix /s | bridge : Postfix |")
    told("|---|---|---|---|---|---|")
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="souspli-bridge-")))
        password = make_profile(folder / "profile")
        ports: dict[str, tuple[int, str | None]] = {
            "bridge": (stack.enter_context(server("bridge", folder / "profile")), password),
            "reading": (stack.enter_context(server("reading", folder)), None),
        }
        if shutil.which("postfix", path="/usr/sbin:/usr/bin") and os.geteuid() == 0:
            ports["postfix"] = (stack.enter_context(postfix()), None)
        for port, secret in ports.values():
            rate(port, body(1_024), 4, secret)  # modules, processes and files are warm then
        for size, length in SIZES.items():
            mail = body(length)
            for connections in CONNECTIONS:
                found: dict[str, list[float]] = {name: [] for name in ports}
                for _ in range(ROUNDS):
                    for name, (port, secret) in ports.items():
                        found[name].append(rate(port, mail, connections, secret))
                told(_row(size, connections, found))


def _row(size: str, connections: int, found: dict[str, list[float]]) -> str:
    cells = [
        f"{statistics.median(rates):.0f} ({min(rates):.0f}–{max(rates):.0f})"
        if (rates := found.get(name))
        else "–"
        for name in ("bridge", "reading", "postfix")
    ]
    ratio = "–"
    if "postfix" in found:
        pairs = zip(found["bridge"], found["postfix"], strict=True)
        ratio = f"**{statistics.median(ours / theirs for ours, theirs in pairs):.2f}**"
    return f"| {size} | {connections} | {' | '.join(cells)} | {ratio} |"


if __name__ == "__main__":
    measure(lambda line: print(line, flush=True))  # noqa: T201  (the result)
