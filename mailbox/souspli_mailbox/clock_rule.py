"""When a clock may be believed enough to purge by it (docs/specs/pending.md §8). Pure.

A purge is for ever, and due by the clock alone: a node that believed to be in next month
would purge everybody. Whether a clock leapt or the service was switched off looks the same
from within, so neither is decided here: after either, purges wait for a day of running,
in which somebody can see it and mend the clock.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

# Nobody's second is worth a purge: a clock that is set by a few minutes is in order.
SLACK_SECONDS: Final = 300

# Two clocks of one machine drift apart by less than 500 parts in a million.
DRIFT: Final = 0.001

# Between the last moment that was written down and a start: a machine that is switched off
# at night is no reason to wait. By as much a wrong clock may purge too early.
LONGEST_STOP_SECONDS: Final = 86_400

# Of running time, measured by a clock that nobody sets.
WAIT_SECONDS: Final = 86_400


@dataclass(frozen=True, slots=True)
class Reading:
    """Both clocks of a process at one instant."""

    wall: int
    """Seconds since 1970: what purges go by, and what can be set."""
    steady: float
    """Seconds since anything, that nothing but time moves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What the database says."""

    seen: int | None
    """The last moment that was written down; None before the first."""
    waits: int
    """Seconds of running for which purges have to wait."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What follows. It is what the database says from then on, with `seen` as read."""

    leapt: int | None
    """By how many seconds the clock is not where it had to be; None if it is there."""
    waits: int


def judge(known: Known, reading: Reading, *, first: Reading | None, last: Reading | None) -> Judged:
    """Judge what a process reads now.

    `first`: its reading at its start, or after the last leap; `last`: its newest one. None
    for both: it has only just started, and knows no more than the database.
    """
    leapt = _since_start(reading, first) if first else _since_stop(known, reading)
    if leapt is not None:
        return Judged(leapt=leapt, waits=WAIT_SECONDS)
    if known.seen is None:
        return Judged(leapt=None, waits=WAIT_SECONDS)
    # Counted once, however many processes look: what passed since the last of them did,
    # and no more than this one has lived through itself.
    lived = reading.steady - last.steady if last else 0.0
    ran = max(0, min(reading.wall - known.seen, int(lived)))
    return Judged(leapt=None, waits=max(0, known.waits - ran))


def _since_start(reading: Reading, first: Reading) -> int | None:
    passed = reading.steady - first.steady
    apart = reading.wall - first.wall - passed
    return round(apart) if abs(apart) > SLACK_SECONDS + passed * DRIFT else None


def _since_stop(known: Known, reading: Reading) -> int | None:
    if known.seen is None:
        return None
    apart = reading.wall - known.seen
    return None if -SLACK_SECONDS <= apart <= LONGEST_STOP_SECONDS else apart
