"""What the tests try of it all: everything on the embedded default, a draw elsewhere.

All of it everywhere takes a quarter of an hour of two cores: `make crash` has it
(docs/crash.md). `SOUSPLI_CRASH_SEED=7 make test` draws something else.
"""

from __future__ import annotations

import os
import random
from typing import TYPE_CHECKING, Final, TypeVar

from benchmarks.engine_kinds import StoreKind
from crash.bugs import Bug
from crash.engines import EMBEDDED, ENGINES, Engines
from crash.network_story import WEATHER, Link, Weather
from crash.points import (
    PURGE_STEPS,
    SERVICE_STEPS,
    WITHDRAW_STEPS,
    Kind,
    Point,
    Step,
    service_points,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

One = TypeVar("One")

SEED: Final = int(os.environ.get("SOUSPLI_CRASH_SEED", "0"))
OTHERS: Final = tuple(engines for engines in ENGINES if engines != EMBEDDED)

# Of so many lines; together they take as long as the points of two engines.
_LINES: Final = {Link.CLIENTS: 6, Link.RELAY: 5, Link.DATABASE: 4, Link.STORE: 5}


def _draw(what: str) -> random.Random:
    return random.Random(f"{SEED} {what}")  # noqa: S311  (no secret)


def _dealt(what: str, cases: Iterable[One]) -> dict[Engines, list[One]]:
    """Deal cases out among the other engines, each case to one of them."""
    mixed = list(cases)
    _draw(what).shuffle(mixed)
    return {engines: mixed[place :: len(OTHERS)] for place, engines in enumerate(OTHERS)}


def everywhere(what: str, cases: Sequence[One], *, each: int = 1) -> list[tuple[Engines, One]]:
    """Return all cases on the embedded default, and `each` of them on each of the others."""
    elsewhere = [
        (engines, case) for engines in OTHERS for case in some(f"{what} {engines}", cases, each)
    ]
    return [*((EMBEDDED, case) for case in cases), *elsewhere]


def some(what: str, cases: Sequence[One], count: int) -> list[One]:
    """Return so many of the cases, in their order."""
    drawn = _draw(what).sample(range(len(cases)), min(count, len(cases)))
    return [cases[place] for place in sorted(drawn)]


def _points() -> list[tuple[Engines, Point]]:
    """Return every point of the embedded default; each step once elsewhere, at one of its acts."""
    chosen = [(EMBEDDED, point) for point in service_points(EMBEDDED)]
    for engines, steps in _dealt("points", _steps_of_all()).items():
        # An S3 store is put to directly: steps of its own, on top of what was dealt.
        own = [step for step in SERVICE_STEPS if step.direct and engines.store is StoreKind.S3]
        for step in (*steps, *own):
            points = [point for point in service_points(engines) if point.step == step]
            chosen.append((engines, _draw(f"{engines} {step.name}").choice(points)))
    return chosen


def _steps_of_all() -> list[Step]:
    every = (*SERVICE_STEPS, *PURGE_STEPS, *WITHDRAW_STEPS)
    return [step for step in every if step.kind is not Kind.FILE and not step.direct]


def _lines() -> list[Weather]:
    chosen: list[Weather] = []
    for link, count in _LINES.items():
        lines = [weather for weather in WEATHER if weather.link is link]
        chosen += some(link, lines, count)
    return chosen


POINTS: Final = _points()
LINES: Final = _lines()
BUGS: Final = [
    *((EMBEDDED, bug) for bug in Bug),
    *((engines, bug) for engines, bugs in _dealt("bugs", Bug).items() for bug in bugs),
]
