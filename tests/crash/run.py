"""The whole matrix, as often as wanted, written into docs/crash.md.

    PYTHONPATH=tests python -m crash.run --runs 5

The first run of each point is the one that the tests make, if they do. Every further one
draws how large the document is, how slow the lines are and at which occurrence of the step
it strikes; its seed is printed where a promise was broken. Services with a deliberate bug
are run once on all engines, and have to be found out.
"""

from __future__ import annotations

import argparse
import functools
import math
import os
import random
import secrets
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import s3_server
from crash import bug_story, network_story, programs, template
from crash.bugs import Bug
from crash.client_story import story_of
from crash.engines import EMBEDDED, ENGINES, Engines, Servers
from crash.matrix import LANES, Matrix
from crash.network_story import WEATHER, Weather
from crash.points import CLIENT_POINTS, Point, service_points
from crash.proxy import Fault
from crash.story import Outcome
from crash.table import Cell, table
from simulation.databases import postgresql_server

if TYPE_CHECKING:
    from collections.abc import Callable

    from crash.template import Template

PAGE: Final = Path(__file__).parents[2] / "docs" / "crash.md"
BEGIN: Final = "<!-- the matrix: written by `make crash` -->"
END: Final = "<!-- end of the matrix -->"


def main() -> int:
    """Run, print what broke, write the page; 1 if anything did."""
    parser = argparse.ArgumentParser(prog="crash.run", description=__doc__)
    parser.add_argument("--runs", type=int, default=1, help="of each point, on each engine")
    parser.add_argument("--minutes", type=float, default=math.inf, help="begin no run after these")
    parser.add_argument("--lanes", type=int, default=LANES, help="runs beside each other")
    parser.add_argument("--seed", type=int, help="repeat one drawn run: needs --only")
    parser.add_argument("--only", default="", help="points whose name has this in it; no page")
    given = parser.parse_args()
    began = time.monotonic()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="souspli-crash-")))
        servers = Servers(
            lambda: stack.enter_context(postgresql_server()),
            lambda: stack.enter_context(s3_server.start(folder / "s3")),
        )
        servers.start(*ENGINES)
        programs.begin(s3=servers.place())
        made = template.make(folder / "template", servers)
        matrix = stack.enter_context(Matrix(folder / "runs", lanes=given.lanes))
        cells = [cell for cell in _cells(given.runs, given.seed) if given.only in str(cell)]
        over = began + 60 * given.minutes
        matrix.begin((cell, _until(over, _tell(made, cell))) for cell in cells)
        outcomes: dict[Cell, Outcome] = {}
        for place, cell in enumerate(cells, 1):
            outcome = _shown(matrix, cell, place=place, of=len(cells))
            if outcome is not None:
                outcomes[cell] = outcome
    minutes = (time.monotonic() - began) / 60
    written = table(outcomes)
    sys.stdout.write(f"\n{written}\n\n{minutes:.0f} minutes\n")
    if not given.only:
        left = f" but for {len(cells) - len(outcomes)}" if len(outcomes) < len(cells) else ""
        _write(written, runs=given.runs, left=left, minutes=minutes)
    return int(not all(cell.passed(outcome) for cell, outcome in outcomes.items()))


def _cells(runs: int, seed: int | None) -> list[Cell]:
    cells: list[tuple[Engines, Point | Weather]] = [
        *((engines, point) for engines in ENGINES for point in service_points(engines)),
        *((EMBEDDED, point) for point in CLIENT_POINTS),
        *((weather.engines, weather) for weather in WEATHER),
    ]
    drawn = [None, *(secrets.randbelow(10**9) for _ in range(runs - 1))]
    bugs = [Cell(engines, bug) for engines in ENGINES for bug in Bug]
    # One run of everything, then the next, each in an order of its own: whenever time is
    # over, some of all has been seen.
    for one in drawn:
        random.shuffle(cells)
        bugs += [Cell(engines, what, seed if seed is not None else one) for engines, what in cells]
    return bugs


def _tell(made: Template, cell: Cell) -> Callable[[Path], Outcome]:
    match cell.what:
        case Bug():
            return bug_story.of(made, cell.engines, cell.what)
        case Weather():
            weather = _drawn_weather(cell.what, cell.seed)
            return functools.partial(network_story.tell, made, cell.engines, weather=weather)
        case Point():
            return story_of(made, cell.engines, _drawn(cell.what, cell.seed))


def _drawn(point: Point, seed: int | None) -> Point:
    if seed is None:
        return point
    draw = random.Random(seed)  # noqa: S311  (no secret)
    step = replace(
        point.step,
        segments=draw.choice([point.step.segments, 3]),
        claims=draw.random() < 0.3,
        # Most steps come once; where it is not reached a second time, nothing happens.
        occurrence=point.step.occurrence + draw.choice([0, 0, 1]),
    )
    return Point(step, point.act)


def _drawn_weather(weather: Weather, seed: int | None) -> Weather:
    if seed is None or weather.trouble.fault is Fault.LATENCY:
        return weather
    draw = random.Random(seed)  # noqa: S311  (no secret)
    trouble = replace(
        weather.trouble,
        first=draw.randint(1, 12),
        offset=draw.choice([0, 1, 20, 500, 40_000]),
    )
    return replace(weather, trouble=trouble)


class TimeIsOverError(Exception):
    """This run was not begun."""


def _until(over: float, run: Callable[[Path], Outcome]) -> Callable[[Path], Outcome]:
    def begun(folder: Path) -> Outcome:
        if time.monotonic() > over:
            raise TimeIsOverError
        return run(folder)

    return begun


def _shown(matrix: Matrix, cell: Cell, *, place: int, of: int) -> Outcome | None:
    try:
        outcome = matrix.outcome(cell)
    except TimeIsOverError:
        return None
    except Exception as failure:  # noqa: BLE001  (a run that could not be made is one that failed)
        outcome = Outcome(failed=repr(failure))
    if isinstance(cell.what, Bug):
        if not cell.passed(outcome):
            sys.stdout.write(f"\n{cell}: not found out\n")
    elif not outcome.held:
        told = [*map(str, outcome.broken), outcome.failed]
        sys.stdout.write(f"\n{cell}: {'; '.join(filter(None, told))}\n")
    elif cell.seed is None and not outcome.struck:
        sys.stdout.write(f"\n{cell}: never reached\n")
    sys.stdout.flush()
    sys.stderr.write(f"\r{place} of {of} ")
    sys.stderr.flush()
    return outcome


def _write(written: str, *, runs: int, left: str, minutes: float) -> None:
    text = PAGE.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    day = time.strftime("%Y-%m-%d")
    often = f"{runs} runs of each point" if runs > 1 else "one run of each point"
    said = f"{day}, {often}{left}, {minutes:.0f} minutes on {os.cpu_count()} cores:"
    PAGE.write_text(f"{before}{BEGIN}\n{said}\n\n{written}\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
