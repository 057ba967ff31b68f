"""What was measured again and again, round by round, and rows of tables of it."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Timed:
    """One round."""

    rate: float
    """Done per second, all connections together."""
    seconds: tuple[float, ...]
    """Of each that was done."""
    undone: int = 0
    """How often a database undid what then was done again."""


@dataclass
class Series:
    """All rounds of one thing."""

    what: str
    rounds: list[Timed] = field(default_factory=list)
    errors: Counter[str] = field(default_factory=Counter)

    @property
    def rates(self) -> list[float]:
        return [one.rate for one in self.rounds]

    def say_rate(self) -> str:
        """`112 (98–120)`: median, minimum, maximum, per second."""
        low, middle, high = spread(self.rates)
        return f"{figure(middle)} ({figure(low)}–{figure(high)})"

    def say_latency(self) -> str:
        """`8.1 / 12 / 25 / 40`: percentiles 50, 90, 99 and the longest of all rounds, in ms."""
        every = sorted(one for timed in self.rounds for one in timed.seconds)
        if not every:
            return "–"
        picked = [every[min(len(every) - 1, len(every) * p // 100)] for p in (50, 90, 99, 100)]
        return " / ".join(figure(1e3 * seconds) for seconds in picked)

    def say_errors(self) -> str:
        """How many, and of which kinds."""
        total = sum(self.errors.values())
        kinds = ", ".join(f"{count} × {kind}" for kind, count in self.errors.most_common())
        undone = sum(one.undone for one in self.rounds)
        again = f", {undone} undone and repeated" if undone else ""
        return (f"{total} ({kinds})" if total else "0") + again


def ratios(ours: Sequence[float], theirs: Sequence[float]) -> list[float]:
    """Ours over theirs, each round."""
    return [mine / other for mine, other in zip(ours, theirs, strict=True)]


def spread(values: Sequence[float]) -> tuple[float, float, float]:
    """Minimum, median, maximum."""
    return min(values), statistics.median(values), max(values)


def say_ratio(values: Sequence[float]) -> str:
    """`**0.61** (0.55–0.70)`."""
    low, middle, high = spread(values)
    return f"**{middle:.2f}** ({low:.2f}–{high:.2f})"


def figure(value: float) -> str:
    """Three digits that mean something: 0.123, 1.23, 12.3, 1,234."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"
