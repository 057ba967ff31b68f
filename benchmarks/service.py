"""`make bench-service`: load and growth, written to docs/performance.md with a picture.

With the name of a part (`make bench-service PARTS=load`) only that one is measured and
written.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Final

from benchmarks import growth, load
from benchmarks.engine_kinds import DatabaseKind, StoreKind
from benchmarks.growth_tables import write_plans
from benchmarks.growth_tables import write_tables as write_growth
from benchmarks.load_tables import write_tables as write_load
from benchmarks.page import put, where_and_when

PICTURE_LINE: Final = "![Cost by deliveries in the table](pictures/growth.svg)"
ENGINES: Final = (
    (DatabaseKind.SQLITE, StoreKind.DISK),
    (DatabaseKind.POSTGRESQL, StoreKind.S3),
)


def measure_load() -> None:
    """Deposits and collections on each pair of engines."""
    plan = load.Plan()
    found: list[load.Found] = []
    for database, store in ENGINES:
        with tempfile.TemporaryDirectory(prefix="souspli-load-") as folder:
            found.append(load.measure(database, store, plan, Path(folder)))
    head = f"{where_and_when()}; {plan.rounds} rounds of {plan.count} documents:\n\n"
    put("load", head + write_load(found))


def measure_growth() -> None:
    """The same steps in tables of four sizes, on each database."""
    grown: list[growth.Grown] = []
    for database, _ in ENGINES:
        with tempfile.TemporaryDirectory(prefix="souspli-growth-") as folder:
            grown.append(growth.measure(database, Path(folder)))
    from benchmarks.growth_plot import draw  # noqa: PLC0415  (a load alone needs no matplotlib)

    draw(grown)
    sys.stdout.write(write_plans(grown))
    head = f"{PICTURE_LINE}\n\n{where_and_when()}; {growth.ROUNDS} rounds:\n\n"
    put("growth", head + write_growth(grown))


PARTS: Final = {"load": measure_load, "growth": measure_growth}


def main() -> None:
    """Measure the parts that are named, or all."""
    for name in sys.argv[1:] or list(PARTS):
        PARTS[name]()


if __name__ == "__main__":
    main()
