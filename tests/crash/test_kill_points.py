"""Killed with SIGKILL before and after each durable step, and started again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from crash.engines import ENGINES
from crash.points import CLIENT_POINTS, KILL_POINTS

if TYPE_CHECKING:
    from crash.story import Outcome


@pytest.mark.parametrize("point", KILL_POINTS, ids=str)
@pytest.mark.parametrize("engines", ENGINES, ids=str)
def test_a_killed_service_breaks_no_promise(outcome: Outcome) -> None:
    assert outcome.struck, "the point was never reached"
    assert outcome.lives == 2
    assert outcome.broken == []


@pytest.mark.parametrize("point", CLIENT_POINTS, ids=str)
@pytest.mark.parametrize("engines", ENGINES[:1], ids=str)
def test_a_killed_or_failing_send_breaks_no_promise(outcome: Outcome) -> None:
    assert outcome.struck, "the point was never reached"
    assert outcome.broken == []
