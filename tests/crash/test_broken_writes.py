"""Each write broken twice: not applied, and applied but reported failed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from crash.chosen import POINTS

if TYPE_CHECKING:
    from crash.engines import Engines
    from crash.points import Point
    from crash.story import Outcome

BROKEN = [(engines, point) for engines, point in POINTS if not point.act.kills]


@pytest.mark.parametrize(("engines", "point"), BROKEN, ids=str)
def test_a_broken_write_breaks_no_promise(outcome: Outcome, engines: Engines, point: Point) -> None:
    assert outcome.struck, "the point was never reached"
    assert outcome.lives == 1
    assert outcome.broken == []
