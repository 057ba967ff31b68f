"""The growth benchmark still works: every step in tables of two small sizes."""

from __future__ import annotations

from pathlib import Path

from benchmarks.engines import DatabaseKind
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
    # An hourly look at who was mailed has no index: the one plan that is always there.
    assert "SCAN notifications" in write_plans([grown])
