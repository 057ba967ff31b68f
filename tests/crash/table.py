"""What was run, as two tables: by engines, and by step."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from crash import bug_story
from crash.bugs import Bug
from crash.network_story import Link, Weather
from crash.points import (
    CLIENT_STEPS,
    PURGE_STEPS,
    SERVICE_STEPS,
    WITHDRAW_STEPS,
    Kind,
    Point,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from crash.engines import Engines
    from crash.story import Outcome


@dataclass(frozen=True)
class Cell:
    """One run: on which engines, what happens, and which repetition of it."""

    engines: Engines
    what: Point | Weather | Bug
    seed: int | None = None
    """None: exactly what the tests do."""

    def __str__(self) -> str:
        drawn = "" if self.seed is None else f", seed {self.seed}"
        return f"{self.engines}: {self.what}{drawn}"

    @property
    def row(self) -> str:
        """In the table of steps."""
        match self.what:
            case Point(step=step):
                return f"sender: {step.name}" if step.kind is Kind.CLIENT else step.name
            case Weather(link=link):
                return f"line: {link}"
            case Bug():
                return ""

    @property
    def kills(self) -> bool:
        """Whether a program was killed."""
        return isinstance(self.what, Point) and self.what.act.kills

    def passed(self, outcome: Outcome) -> bool:
        """Whether every property held; of a bug, whether it was found out."""
        if isinstance(self.what, Bug):
            return bug_story.is_found(self.what, outcome)
        return outcome.held and (outcome.struck or self.seed is not None)


def table(outcomes: Mapping[Cell, Outcome]) -> str:
    """Return both, in Markdown."""
    # Where the drawn occurrence never came, nothing happened: that is no run of its point.
    ran = {
        cell: outcome
        for cell, outcome in outcomes.items()
        if cell.seed is None or outcome.struck or outcome.failed
    }
    engines = list(dict.fromkeys(cell.engines for cell in ran))
    return f"{_by_engines(ran, engines)}\n\n{_by_step(ran, engines)}"


def _by_engines(ran: Mapping[Cell, Outcome], engines: Iterable[Engines]) -> str:
    head = ("engines", "points", "kills", "faults", "every property held", "bugs found")
    lines = [_line(str(one), [c for c in ran if c.engines == one], ran) for one in engines]
    return _written([head, *lines, _line("**all**", list(ran), ran)])


def _line(name: str, cells: Sequence[Cell], ran: Mapping[Cell, Outcome]) -> tuple[str, ...]:
    bugs = [cell for cell in cells if isinstance(cell.what, Bug)]
    runs = [cell for cell in cells if not isinstance(cell.what, Bug)]
    kills = sum(cell.kills for cell in runs)
    return (
        name,
        str(len({(cell.row, cell.what) for cell in runs})),
        str(kills),
        str(len(runs) - kills),
        _share(runs, ran),
        _share(bugs, ran),
    )


def _by_step(ran: Mapping[Cell, Outcome], engines: Sequence[Engines]) -> str:
    runs = [cell for cell in ran if not isinstance(cell.what, Bug)]
    lines = [("step", *map(str, engines))]
    found = {cell.row for cell in runs}
    order = [
        *(step.name for step in (*SERVICE_STEPS, *PURGE_STEPS, *WITHDRAW_STEPS)),
        *(f"sender: {step.name}" for step in CLIENT_STEPS),
        *(f"line: {link}" for link in Link),
    ]
    for row in (one for one in order if one in found):
        there = [cell for cell in runs if cell.row == row]
        lines.append((row, *(_share([c for c in there if c.engines == e], ran) for e in engines)))
    return _written(lines)


def _share(cells: Sequence[Cell], ran: Mapping[Cell, Outcome]) -> str:
    passed = Counter(cell.passed(ran[cell]) for cell in cells)
    return f"{passed[True]} of {len(cells)}" if cells else ""


def _written(lines: Sequence[Sequence[str]]) -> str:
    head, *rest = lines
    return "\n".join(f"| {' | '.join(line)} |" for line in (head, ["---"] * len(head), *rest))
