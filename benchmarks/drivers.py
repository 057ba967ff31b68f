"""The processes that drive a load together, and what they found, put together."""

from __future__ import annotations

import subprocess
import sys
import time
from collections import Counter
from collections.abc import Generator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from benchmarks.driver import Made, Report, Task, ToCollect, ToDeposit
from benchmarks.letters import Letter
from benchmarks.processes import cpu_seconds

# For every process to have read its task and opened its connections.
START_SECONDS: Final = 0.15


@dataclass(frozen=True)
class Driven:
    """What all of them did together."""

    begin: float
    end: float
    seconds: tuple[float, ...]
    errors: dict[str, int]
    made: tuple[Made, ...]
    processor: float
    """Seconds that the drivers themselves used."""

    @property
    def rate(self) -> float:
        """Successes per second, from the first request to the last answer."""
        return len(self.seconds) / (self.end - self.begin)


class Drivers:
    """Processes that wait for tasks."""

    def __init__(self, processes: Sequence[subprocess.Popen[bytes]]) -> None:
        self._processes = processes

    def drive(
        self, items: Sequence[ToDeposit | ToCollect], *, ports: Sequence[int], connections: int
    ) -> Driven:
        """Let `connections` connections, spread over processes and nodes, do all items."""
        count = min(len(self._processes), connections)
        working = self._processes[:count]
        used = sum(cpu_seconds(process.pid) for process in working)
        begin_at = time.monotonic() + START_SECONDS
        for number, process in enumerate(working):
            task = Task(
                # Turned, so that the processes' first connections are not all to one node.
                ports=[ports[(number + turn) % len(ports)] for turn in range(len(ports))],
                connections=connections // count + (number < connections % count),
                begin_at=begin_at,
                items=list(items[number::count]),
            )
            assert process.stdin is not None  # noqa: S101  (as it was started)
            process.stdin.write(msgspec.json.encode(task) + b"\n")
            process.stdin.flush()
        reports = [_report(process) for process in working]
        errors: Counter[str] = Counter()
        for report in reports:
            errors.update(report.errors)
        return Driven(
            begin=min(report.begin for report in reports),
            end=max(report.end for report in reports),
            seconds=tuple(one for report in reports for one in report.seconds),
            errors=dict(errors),
            made=tuple(
                msgspec.structs.replace(made, item=made.item * count + number)
                for number, report in enumerate(reports)
                for made in report.made
            ),
            processor=sum(cpu_seconds(process.pid) for process in working) - used,
        )


def _report(process: subprocess.Popen[bytes]) -> Report:
    assert process.stdout is not None  # noqa: S101  (as it was started)
    line = process.stdout.readline()
    if not line:
        raise RuntimeError("a driver ended")
    return msgspec.json.decode(line, type=Report)


@contextmanager
def started(folder: Path, letters: Sequence[Letter], *, processes: int) -> Generator[Drivers]:
    """Start so many drivers with these letters to send."""
    pool = folder / "letters.bin"
    pool.write_bytes(msgspec.msgpack.encode(list(letters)))
    with ExitStack() as stack:
        running = [
            stack.enter_context(
                subprocess.Popen(  # noqa: S603  (our own program)
                    [sys.executable, "-m", "benchmarks.driver", str(pool)],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                )
            )
            for _ in range(processes)
        ]
        try:
            yield Drivers(running)
        finally:
            for process in running:
                process.terminate()
