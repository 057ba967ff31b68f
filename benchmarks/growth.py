"""What the service's steps cost with a thousand deliveries in the table, and with a million.

`python -m benchmarks.growth` fills one database for each size, side by side, and measures
every step in all of them in turn: sizes are compared within a round, not with an hour ago.
What grows is explained by the database itself (EXPLAIN).
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, func, select

from benchmarks import engines
from benchmarks.engine_kinds import DatabaseKind
from benchmarks.engines import Engines
from benchmarks.growth_units import LARGE_MAILBOX, PAGE, UNITS, Filled, Unit, fill, page, tell_all
from benchmarks.plans import plans, scans
from benchmarks.rows import REAL_LENGTHS
from souspli_storage.database import Database

SIZES: Final = (1_000, 10_000, 100_000, 1_000_000)
ROUNDS: Final = 9
# Covers, receipts and statements are cut to this: a million real ones take 27 GB, and lie
# in tables of their own, which are read by their key alone.
LENGTH: Final = 512
# More than deposits are measured, so that each is for somebody who was not mailed today.
PATIENTS: Final = 2_000
GROWTH_TARGET: Final = 1.3
PAGE_TARGET: Final = 1.5

Times = dict[str, dict[int, list[float]]]
"""Seconds of each unit at each size, round by round."""


@dataclass
class Grown:
    """What was measured on one kind of database."""

    database: DatabaseKind
    sizes: tuple[int, ...]
    times: Times
    mailbox: dict[str, list[float]] = field(default_factory=dict)
    """Seconds of pages of a large and a small mailbox, round by round."""
    bytes_each: float = 0.0
    """Bytes that the largest database takes on the disk for each delivery."""
    plans: dict[str, list[str]] = field(default_factory=dict)
    """Of what grew, and of what goes through a whole table."""

    def growth(self, unit: Unit) -> list[float]:
        """Time at the largest size over time at the smallest, each round."""
        by_size = self.times[unit.name]
        pairs = zip(by_size[self.sizes[0]], by_size[self.sizes[-1]], strict=True)
        return [large / small for small, large in pairs]


def measure(
    kind: DatabaseKind, folder: Path, *, sizes: Sequence[int] = SIZES, rounds: int = ROUNDS,
    length: int = LENGTH, patients: int = PATIENTS,
) -> Grown:  # fmt: skip
    """Fill one database for each size, in `folder`, and measure every unit in each."""
    now = int(time.time())
    with ExitStack() as stack:
        tables_: list[Filled] = []
        for size in sizes:
            stood_on, database = stack.enter_context(_opened(kind, folder / str(size)))
            tell(f"{kind}: filling {size:,}")
            lengths = REAL_LENGTHS.at_most(length)
            tables_.append(
                fill(database, size=size, lengths=lengths, now=now, patients_at_least=patients)
            )
            stood_on.settle()
        grown = Grown(kind, tuple(sizes), {})
        for unit in UNITS:
            tell(f"{kind}: {unit.what}")
            grown.times[unit.name] = _rounds(unit, tables_, rounds)
            plan = plans(tables_[-1].database, partial(_once, unit, tables_[-1]))
            grew = statistics.median(grown.growth(unit)) > GROWTH_TARGET
            kept = [one for one in plan if grew or scans(one)]
            if kept:
                grown.plans[unit.name] = kept
        if tables_[-1].large is not None:
            grown.mailbox = _mailboxes(tables_[-1], rounds)
        grown.bytes_each = _bytes_of(tables_[-1], folder / str(sizes[-1])) / sizes[-1]
        return grown


@contextmanager
def _opened(kind: DatabaseKind, folder: Path) -> Generator[tuple[Engines, Database]]:
    folder.mkdir()
    with engines.started_database(kind, folder) as stood_on, stood_on.open() as database:
        yield stood_on, database


def _rounds(unit: Unit, tables_: Sequence[Filled], rounds: int) -> dict[int, list[float]]:
    times: dict[int, list[float]] = {filled.size: [] for filled in tables_}
    for number in range(rounds + 1):
        # Whoever goes first finds colder caches: take turns.
        for filled in tables_ if number % 2 else reversed(tables_):
            unit.prepare(filled)
            seconds = _time(partial(unit.work, filled), unit.times)
            # The first round warms up.
            if number:
                times[filled.size].append(seconds)
    return times


def _once(unit: Unit, filled: Filled) -> None:
    unit.prepare(filled)
    unit.work(filled)


def _time(work: Callable[[], object], times: int) -> float:
    began = time.perf_counter()
    for _ in range(times):
        work()
    return (time.perf_counter() - began) / times


def _mailboxes(filled: Filled, rounds: int) -> dict[str, list[float]]:
    """Pages of the mailbox of 10,000 beside one of 10, as many rows each, in turn."""
    small, large = filled.small, filled.large
    if large is None:
        return {}
    cursor = _cursor(filled, pages=99)
    works: dict[str, Callable[[], object]] = {
        "10 deliveries, first page of 10": lambda: page(filled, small, limit=10),
        f"{LARGE_MAILBOX:,} deliveries, first page of 10": lambda: page(filled, large, limit=10),
        f"{LARGE_MAILBOX:,} deliveries, first page of {PAGE}": lambda: page(filled, large),
        f"{LARGE_MAILBOX:,} deliveries, page 100 of {PAGE}": lambda: page(
            filled, large, after=cursor
        ),
        f"{LARGE_MAILBOX:,} deliveries, all told by one mail": lambda: tell_all(filled, large),
    }
    times: dict[str, list[float]] = {name: [] for name in works}
    for number in range(rounds + 1):
        for name, work in works.items():
            seconds = _time(work, 20)
            if number:
                times[name].append(seconds)
    return times


def _cursor(filled: Filled, *, pages: int) -> tuple[int, str]:
    """Where the large mailbox's page 100 begins."""
    large = filled.large
    assert large is not None  # noqa: S101  (asked for only where there is one)
    cursor: tuple[int, str] | None = None
    for _ in range(pages):
        last = page(filled, large, after=cursor)[-1]
        cursor = last.stored_at, last.delivery_id
    assert cursor is not None  # noqa: S101  (pages > 0)
    return cursor


def _bytes_of(filled: Filled, folder: Path) -> int:
    if filled.database.read_now(_dialect) == "sqlite":
        return sum(path.stat().st_size for path in folder.rglob("*.sqlite"))
    return filled.database.read_now(
        lambda connection: int(
            connection.execute(select(func.pg_database_size(func.current_database()))).scalar_one()
        )
    )


def _dialect(connection: Connection) -> str:
    return connection.dialect.name


def tell(line: str) -> None:
    """Say how far it is."""
    print(line, file=sys.stderr, flush=True)  # noqa: T201  (its progress)


def main() -> None:
    """Measure what the options say, and print it."""
    from benchmarks.growth_tables import write_plans, write_tables  # noqa: PLC0415  (needs us)

    parser = argparse.ArgumentParser(description="What a step costs in a table of any size.")
    parser.add_argument(
        "--database", type=DatabaseKind, choices=list(DatabaseKind), default=DatabaseKind.SQLITE
    )
    parser.add_argument("--largest", type=int, default=SIZES[-1])
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--length", type=int, default=LENGTH, help="bytes of a cover, at most")
    given = parser.parse_args()
    sizes = [size for size in SIZES if size <= given.largest]
    with tempfile.TemporaryDirectory(prefix="souspli-growth-") as name:
        grown = measure(
            given.database, Path(name), sizes=sizes, rounds=given.rounds, length=given.length
        )
    sys.stdout.write(write_tables([grown]) + "\n" + write_plans([grown]))


if __name__ == "__main__":
    main()
