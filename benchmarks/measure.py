"""Two things timed side by side, interleaved: the ratio is what counts."""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

# Fewer rounds and one background job decides the median.
ROUNDS = 9


def _environment(more: dict[str, str] | None) -> dict[str, str]:
    """This process's environment for a program that is measured, with its modules compiled.

    As pip leaves them. Told not to keep what it compiles, Python does it again at every
    start: measured so, `souspli seal` took a third longer than it takes anybody.
    """
    mine = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    return mine | (more or {})


@dataclass(frozen=True)
class Measured:
    """Seconds of both sides, round by round."""

    what: str
    yardstick: str
    ours: tuple[float, ...]
    theirs: tuple[float, ...]
    bytes_each: int | None = None
    target: float | None = None
    """The ratio that was aimed for; None where nothing was."""

    @property
    def ratios(self) -> list[float]:
        """Theirs over ours, each round: above 1 we are faster."""
        return [theirs / ours for ours, theirs in zip(self.ours, self.theirs, strict=True)]

    def row(self) -> str:
        """One row of the table in docs/performance.md."""
        low, middle, high = min(self.ratios), statistics.median(self.ratios), max(self.ratios)
        target = f"≥ {self.target:g}" if self.target is not None else "–"
        return (
            f"| {self.what} | {self._say(self.ours)} | {self.yardstick} | {self._say(self.theirs)} "
            f"| **{middle:.2f}** | {low:.2f} | {high:.2f} | {target} |"
        )

    def _say(self, seconds: tuple[float, ...]) -> str:
        low, middle, high = (f(seconds) * 1e3 for f in (min, statistics.median, max))
        rate = f", {self.bytes_each / middle / 1e3:.0f} MB/s" if self.bytes_each else ""
        return f"{middle:.2f} ms ({low:.2f}–{high:.2f}{rate})"


def side_by_side(
    what: str,
    *,
    ours: Callable[[], object],
    yardstick: str,
    theirs: Callable[[], object],
    bytes_each: int | None = None,
    target: float | None = None,
    tidy: Callable[[], object] = lambda: None,
    clock: Callable[[], float] = time.perf_counter,
) -> Measured:
    """Time both, in turn, `ROUNDS` times after one round that warms both up.

    `tidy` removes what either left, before every call and outside the time.
    """
    times = interleaved([ours, theirs], tidy=tidy, clock=clock)
    return Measured(what, yardstick, times[0], times[1], bytes_each, target)


def interleaved(
    works: Sequence[Callable[[], object]],
    *,
    rounds: int = ROUNDS,
    tidy: Callable[[], object] = lambda: None,
    clock: Callable[[], float] = time.perf_counter,
) -> list[tuple[float, ...]]:
    """Time all of them in every round; the seconds of each, in the order given."""
    for work in works:
        tidy()
        work()
    times: list[list[float]] = [[] for _ in works]
    for number in range(rounds):
        # Whoever goes first finds colder caches: take turns.
        order = list(enumerate(works))
        for index, work in order if number % 2 else reversed(order):
            tidy()
            began = clock()
            work()
            times[index].append(clock() - began)
    tidy()
    return [tuple(some) for some in times]


def processor_time() -> float:
    """A clock that runs while programs that we started and waited for do, on every core.

    Others' work on the same machine changes it by tenths, and waiting times by hundreds.
    """
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def run(*line: str | Path, environment: dict[str, str] | None = None) -> None:
    """Run a program to its end; CalledProcessError if it fails."""
    subprocess.run(  # noqa: S603  (our own lines)
        line,
        check=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=_environment(environment),
    )


# A child's figure begins with what its parent had at the fork: a small parent, then.
_MEASURE = """
import os, sys
child = os.fork()
if not child:
    nothing = os.open(os.devnull, os.O_RDWR)
    for descriptor in range(3):
        os.dup2(nothing, descriptor)
    os.execvp(sys.argv[1], sys.argv[1:])
_, status, usage = os.wait4(child, 0)
print(usage.ru_maxrss)
sys.exit(os.waitstatus_to_exitcode(status))
"""


def peak_memory(*line: str | Path, environment: dict[str, str] | None = None) -> int:
    """Run a program to its end and return the most bytes that it had resident.

    Programs of less than some 9 MiB are not told apart.
    """
    done = subprocess.run(  # noqa: S603  (our own lines)
        [sys.executable, "-I", "-S", "-c", _MEASURE, *line],
        check=True,
        stdout=subprocess.PIPE,
        env=_environment(environment),
    )
    return int(done.stdout) * 1024
