"""The whole matrix, as often as wanted, written into docs/crash.md.

    PYTHONPATH=tests python -m crash.run --runs 5

The first run of each point is the one that the tests make. Every further one draws how
large the document is, how slow the lines are and at which occurrence of the step it
strikes; its seed is printed where a promise was broken.
"""

from __future__ import annotations

import argparse
import functools
import random
import secrets
import sys
import tempfile
import time
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import s3_server
from crash import client_story, network_story, programs, story, template
from crash.engines import EMBEDDED, ENGINES, Engines, Servers
from crash.matrix import LANES, Matrix
from crash.network_story import WEATHER, Weather
from crash.points import CLIENT_POINTS, Kind, Point, Step, service_points
from crash.proxy import Fault
from crash.story import Outcome
from simulation.databases import postgresql_server

if TYPE_CHECKING:
    from collections.abc import Callable

    from crash.template import Template

PAGE: Final = Path(__file__).parents[2] / "docs" / "crash.md"
BEGIN: Final = "<!-- the matrix: written by `make crash` -->"
END: Final = "<!-- end of the matrix -->"


@dataclass(frozen=True)
class Cell:
    """One run: a row and a column of the table, and which repetition of it."""

    row: str
    engines: Engines
    what: Point | Weather
    seed: int | None = None
    """None: exactly what the tests do."""

    def __str__(self) -> str:
        drawn = "" if self.seed is None else f", seed {self.seed}"
        return f"{self.engines}: {self.what}{drawn}"


def main() -> int:
    """Run, print what broke, write the page; 1 if anything did."""
    parser = argparse.ArgumentParser(prog="crash.run", description=__doc__)
    parser.add_argument("--runs", type=int, default=1, help="of each point, on each engine")
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
        matrix.begin((cell, _tell(made, cell)) for cell in cells)
        outcomes = {
            cell: _shown(matrix, cell, place=place, of=len(cells))
            for place, cell in enumerate(cells, 1)
        }
    minutes = (time.monotonic() - began) / 60
    table = _table(outcomes)
    sys.stdout.write(f"{table}\n{minutes:.0f} minutes\n")
    if not given.only:
        _write(table, runs=given.runs)
    return int(not all(outcome.held for outcome in outcomes.values()))


def _cells(runs: int, seed: int | None) -> list[Cell]:
    rows = [(_row(point.step), one, point) for one in ENGINES for point in service_points(one)]
    rows += [(_row(point.step), EMBEDDED, point) for point in CLIENT_POINTS]
    lines = [(f"line: {weather.link}", weather.engines, weather) for weather in WEATHER]
    return [
        Cell(row, engines, what, seed if seed is not None else drawn)
        for row, engines, what in (*rows, *lines)
        for drawn in (None, *(secrets.randbelow(10**9) for _ in range(runs - 1)))
    ]


def _row(step: Step) -> str:
    return f"sender: {step.name}" if step.kind is Kind.CLIENT else step.name


def _tell(made: Template, cell: Cell) -> Callable[[Path], Outcome]:
    if isinstance(cell.what, Weather):
        weather = _drawn_weather(cell.what, cell.seed)
        return functools.partial(network_story.tell, made, cell.engines, weather=weather)
    return story_of(made, cell.engines, _drawn(cell.what, cell.seed))


def story_of(made: Template, engines: Engines, point: Point) -> Callable[[Path], Outcome]:
    """Return the run of a point, to be given a folder."""
    tell = client_story.tell if point.step.kind is Kind.CLIENT else story.tell
    return functools.partial(tell, made, engines, point=point)


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


def _shown(matrix: Matrix, cell: Cell, *, place: int, of: int) -> Outcome:
    try:
        outcome = matrix.outcome(cell)
    except Exception as failure:  # noqa: BLE001  (a run that could not be made is one that failed)
        outcome = Outcome(failed=repr(failure))
    if outcome.broken or outcome.failed:
        told = [*map(str, outcome.broken), outcome.failed]
        sys.stdout.write(f"{cell}: {'; '.join(filter(None, told))}\n")
    elif cell.seed is None and not outcome.struck:
        sys.stdout.write(f"{cell}: never reached\n")
    sys.stderr.write(f"\r{place} of {of}")
    sys.stderr.flush()
    return outcome


def _table(outcomes: dict[Cell, Outcome]) -> str:
    """Rows: steps. Columns: engines. Cells: runs in which every property held, of how many."""
    rows = list(dict.fromkeys(cell.row for cell in outcomes))
    columns = list(dict.fromkeys(cell.engines for cell in outcomes))
    held: Counter[tuple[str, Engines]] = Counter()
    all_: Counter[tuple[str, Engines]] = Counter()
    for cell, outcome in outcomes.items():
        if not outcome.struck and cell.seed is not None:
            continue  # the drawn occurrence never came: not a run of this point
        all_[cell.row, cell.engines] += 1
        held[cell.row, cell.engines] += outcome.held
    head = ["step", *map(str, columns)]
    lines = [head, ["---"] * len(head)]
    lines += [[row, *(_share(held[row, one], all_[row, one]) for one in columns)] for row in rows]
    totals = [
        _share(sum(held[row, one] for row in rows), sum(all_[row, one] for row in rows))
        for one in columns
    ]
    lines.append(["**all**", *totals])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _share(held: int, all_: int) -> str:
    return f"{held} of {all_}" if all_ else ""


def _write(table: str, *, runs: int) -> None:
    text = PAGE.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    day = time.strftime("%Y-%m-%d")
    said = f"{day}, {runs} run{'s' if runs > 1 else ''} of each point:"
    PAGE.write_text(f"{before}{BEGIN}\n{said}\n\n{table}\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
