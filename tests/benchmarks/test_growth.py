"""The growth benchmark still works: every step in tables of two small sizes."""

from __future__ import annotations

from pathlib import Path

from benchmarks.engine_kinds import DatabaseKind
from benchmarks.growth import measure
from benchmarks.growth_tables import write_plans, write_tables
from benchmarks.growth_units import UNITS


def test_every_step_is_measured_at_every_size_and_explained(tmp_path: Path) -> None:
    grown = measure(
        DatabaseKind.SQLITE, tmp_path, sizes=(600, 1_200), rounds=1, length=64, patients=200
    )
    assert {name: sorted(times) for name, times in grown.times.items()} == {
        unit.name: [600, 1_200] for unit in UNITS
    }
    table = write_tables([grown])
    assert all(unit.what in table for unit in UNITS)
    # One round says nothing about growth, so some step seems to grow, or some seems not to.
    assert all(
        plan.startswith(("SELECT", "UPDATE", "DELETE", "WITH"))
        for some in grown.plans.values()
        for plan in some
    )
    assert write_plans([grown]).count("--- SQLite, ") == sum(map(len, grown.plans.values()))
