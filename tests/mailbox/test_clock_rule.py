"""When a clock is believed, as a table; `wall` and `steady` are hours."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from souspli_mailbox.clock_rule import Judged, Known, Reading, judge

HOUR = 3_600
NOW = 1_800_000_000
DAY = 24.0
MINUTES = 1 / 60


def reading(wall: float, steady: float) -> Reading:
    return Reading(NOW + round(wall * HOUR), steady * HOUR)


@dataclass(frozen=True)
class Case:
    """`seen`, `waits`: what is written down, in hours; `began`: at hour 0, by both clocks."""

    fact: str
    wall: float
    steady: float
    seen: float | None
    leapt: float | None
    waits: float
    waited: float = 0.0
    began: bool = True
    looked: float = 0.0
    """When this process looked last, by both."""


CASES = (
    Case("both clocks went on", 1, 1, 0, None, 0),
    Case("a month passed for both, as for a machine that slept", 30 * DAY, 30 * DAY, 0, None, 0),
    Case("the clock was set by four minutes", 1 + 4 * MINUTES, 1, 0, None, 0),
    Case("the clock was set by ten minutes", 1 + 10 * MINUTES, 1, 0, 10 * MINUTES, DAY),
    Case("the clock was set back by ten minutes", 1 - 10 * MINUTES, 1, 0, -10 * MINUTES, DAY),
    Case("the clock leapt by a month", 30 * DAY, 0, 0, 30 * DAY, DAY),
    Case("a bad clock drifts by four hours in a year", 365 * DAY + 4, 365 * DAY, 0, None, 0),
    Case("a night off", 10, 0, 0, None, 0, began=False),
    Case("a day off", DAY, 0, 0, None, 0, began=False),
    Case("three weeks off, or a leap", 21 * DAY, 0, 0, 21 * DAY, DAY, began=False),
    Case("started before it was stopped", -1, 0, 0, -1, DAY, began=False),
    Case("nobody has ever looked", 0, 0, None, None, DAY, began=False),
    Case("half a day of the wait has passed", 12, 12, 0, None, 12, waited=DAY),
    Case("the wait is over", 25, 25, 0, None, 0, waited=DAY),
    Case("what another process has counted counts once", 12, 12, 11, None, 23, waited=DAY),
    Case("what passed before this process does not count", 12, 12, 0, None, 23, DAY, True, 11),
    Case("who has only just started counts nothing", 12, 0, 0, None, 24, DAY, False),
    Case("a leap while it waits begins the wait anew", 30 * DAY, 1, 0, 30 * DAY - 1, DAY, 5),
    Case("what is written down lies ahead of us", 12, 12, 40, None, 24, waited=DAY),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.fact)
def test_a_clock_is_believed_when(case: Case) -> None:
    judged = judge(
        Known(
            seen=None if case.seen is None else reading(case.seen, 0).wall,
            waits=round(case.waited * HOUR),
        ),
        reading(case.wall, case.steady),
        first=reading(0, 0) if case.began else None,
        last=reading(case.looked, case.looked) if case.began else None,
    )
    leapt = None if case.leapt is None else round(case.leapt * HOUR)
    assert judged == Judged(leapt=leapt, waits=round(case.waits * HOUR))
