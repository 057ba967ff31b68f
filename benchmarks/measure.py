"""Two things timed side by side, interleaved: the ratio is what counts."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

# Fewer rounds and one background job decides the median.
ROUNDS = 9


@dataclass(frozen=True)
class Measured:
    """Seconds of both sides, round by round."""

    what: str
    yardstick: str
    ours: tuple[float, ...]
    theirs: tuple[float, ...]
    bytes_each: int | None = None

    @property
    def ratios(self) -> list[float]:
        """Theirs over ours, each round: above 1 we are faster."""
        return [theirs / ours for ours, theirs in zip(self.ours, self.theirs, strict=True)]

    def row(self) -> str:
        """One row of the table in docs/performance.md."""
        low, middle, high = min(self.ratios), statistics.median(self.ratios), max(self.ratios)
        ours, theirs = statistics.median(self.ours), statistics.median(self.theirs)
        rate = f" ({self.bytes_each / ours / 1e6:.0f} MB/s)" if self.bytes_each else ""
        return (
            f"| {self.what} | {ours * 1e3:.2f} ms{rate} | {self.yardstick} | {theirs * 1e3:.2f} ms "
            f"| {middle:.2f} | {low:.2f} | {high:.2f} |"
        )


def side_by_side(
    what: str,
    *,
    ours: Callable[[], object],
    yardstick: str,
    theirs: Callable[[], object],
    bytes_each: int | None = None,
) -> Measured:
    """Time both, in turn, `ROUNDS` times after one round that warms both up."""
    ours()
    theirs()
    first: list[float] = []
    second: list[float] = []
    for number in range(ROUNDS):
        pair = [(ours, first), (theirs, second)]
        # Whoever goes first finds colder caches: take turns.
        for work, times in pair if number % 2 else reversed(pair):
            began = time.perf_counter()
            work()
            times.append(time.perf_counter() - began)
    return Measured(what, yardstick, tuple(first), tuple(second), bytes_each)
