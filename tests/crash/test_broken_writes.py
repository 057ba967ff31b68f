"""Each write broken twice: not applied, and applied but reported failed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from crash.engines import ENGINES
from crash.points import service_points

if TYPE_CHECKING:
    from crash.engines import Engines
    from crash.points import Point
    from crash.story import Outcome

BROKEN = [(one, point) for one in ENGINES for point in service_points(one) if not point.act.kills]


@pytest.mark.parametrize(("engines", "point"), BROKEN, ids=str)
def test_a_broken_write_breaks_no_promise(outcome: Outcome, engines: Engines, point: Point) -> None:
    assert outcome.struck, "the point was never reached"
    assert outcome.lives == 1
    assert outcome.broken == []
