"""Killed with SIGKILL before and after each durable step, and started again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from crash.chosen import POINTS
from crash.engines import EMBEDDED
from crash.points import CLIENT_POINTS

if TYPE_CHECKING:
    from crash.engines import Engines
    from crash.points import Point
    from crash.story import Outcome

KILLS = [(engines, point) for engines, point in POINTS if point.act.kills]


@pytest.mark.parametrize(("engines", "point"), KILLS, ids=str)
def test_a_killed_service_breaks_no_promise(
    outcome: Outcome, engines: Engines, point: Point
) -> None:
    assert outcome.struck, "the point was never reached"
    assert outcome.lives == 2
    assert outcome.broken == []


@pytest.mark.parametrize("point", CLIENT_POINTS, ids=str)
@pytest.mark.parametrize("engines", [EMBEDDED], ids=str)
def test_a_killed_or_failing_send_breaks_no_promise(
    outcome: Outcome, engines: Engines, point: Point
) -> None:
    assert outcome.struck, "the point was never reached"
    assert outcome.broken == []
