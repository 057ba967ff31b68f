"""One service of a run: started, killed, started again; and somebody who watches it."""

from __future__ import annotations

import contextlib
import json
import resource
import signal
import socket
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from crash import programs
from crash.programs import PATIENCE_SECONDS, Program
from product.world import until

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping
    from pathlib import Path

    from crash.saboteur import Sabotage

# Between two looks at whether the service is still there.
LOOK_SECONDS = 0.02
# Between a last answer, or a last row, and the death of who gave it: milliseconds.
DYING_SECONDS = 10


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@dataclass
class Node:
    """`souspli serve` on a data folder, at one port for all its lives."""

    folder: Path
    """Its log and words, and files of its own."""
    data: Path
    environment: Mapping[str, str]
    port: int = field(default_factory=free_port)
    lives: int = 0
    _program: Program | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> Path:
        return self.folder / "service.log"

    @property
    def alive(self) -> bool:
        return self._program is not None and self._program.alive

    def start(self, sabotage: Sabotage, *, attempts: int = 3) -> dict[str, Any]:
        """Start, and again if it was killed before it listened; return what it announced."""
        for _ in range(attempts):
            self.lives += 1
            arguments = ["serve", "--data", str(self.data), "--json"]
            self._program = program = programs.start(
                [*arguments, "--listen", f"127.0.0.1:{self.port}"],
                environment=self.environment,
                out=self.folder / "service.out",
                err=self.log,
                sabotage=sabotage,
            )
            until(lambda: program.said().endswith("\n") or not program.alive)  # noqa: B023  (waited for here)
            if program.said().endswith("\n"):
                announced: dict[str, Any] = json.loads(program.said())
                return announced
            assert sabotage.struck.exists(), self.log.read_text()
            sabotage = sabotage.spent
        raise AssertionError("it never listened")

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Stop it as an operator does, or with another signal; return its exit code."""
        if self._program is None:
            return 0
        if self._program.alive:
            self._program.send_signal(number)
        code = self._program.wait()
        self._program = None
        return code

    def kill(self) -> None:
        self.stop(signal.SIGKILL)

    def freeze(self) -> None:
        assert self._program is not None
        self._program.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        assert self._program is not None
        self._program.send_signal(signal.SIGCONT)

    def limit_file_size(self, bytes_: int | None) -> None:
        """Let the process write no file beyond this size; None: any."""
        assert self._program is not None
        wanted = resource.RLIM_INFINITY if bytes_ is None else bytes_
        pid = self._program.process.pid
        assert pid is not None
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (wanted, resource.RLIM_INFINITY))

    def end(self) -> None:
        """Leave no process."""
        if self._program is not None:
            with contextlib.suppress(ProcessLookupError, AssertionError):
                self.thaw()
            self._program.end()
            self._program = None

    def outlive(self, sabotage: Sabotage, *, lives: int, ended: bool) -> None:
        """Wait, if it was struck, until it has begun more than so many `lives`.

        `ended`: its last answer or row is out, and its death may come a moment later.
        """
        if ended:
            settle(sabotage.struck.exists, seconds=DYING_SECONDS)
        if sabotage.struck.exists():
            until(lambda: self.lives > lives)

    @contextlib.contextmanager
    def kept(self, sabotage: Sabotage, died: Callable[[], None]) -> Generator[None]:
        """Start it again whenever it was killed, unharmed from then on.

        `died` is called in between, while nothing runs. What goes wrong in the
        watcher is raised at the end.
        """
        over = threading.Event()
        failures: list[BaseException] = []

        def watch() -> None:
            try:
                while not over.wait(LOOK_SECONDS):
                    if not self.alive:
                        died()
                        self.start(sabotage.spent)
            except BaseException as failure:  # noqa: BLE001  (raised below)
                failures.append(failure)

        watcher = threading.Thread(target=watch)
        watcher.start()
        try:
            yield
        finally:
            over.set()
            watcher.join(PATIENCE_SECONDS)
        if failures:
            raise failures[0]


def settle(fact: Callable[[], object], *, seconds: float, pause: float = 0.1) -> bool:
    """Wait until something is true, for a while; say whether it is."""
    limit = time.monotonic() + seconds
    while not fact():
        if time.monotonic() > limit:
            return False
        time.sleep(pause)
    return True
