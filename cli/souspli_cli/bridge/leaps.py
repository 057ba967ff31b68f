"""Notices when the machine's clock leaps, beside one that only goes forward.

A clock that is put right, or a machine that slept, makes what came a moment ago look days
old: nothing is given up, and nothing forgotten, because of that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import structlog

if TYPE_CHECKING:
    from collections.abc import Callable

# Between two looks, some seconds apart. What corrects a clock by slewing stays far below.
MOST_SECONDS: Final = 300.0

_log: Final = structlog.get_logger()


class Leaps:
    """Used from one thread; looks at both clocks whenever it is asked."""

    def __init__(self, clock: Callable[[], float], forward: Callable[[], float]) -> None:
        """`clock` is the machine's, in seconds since 1970; `forward` counts from anywhere."""
        self._clock = clock
        self._forward = forward
        self._began = forward()
        self._between = clock() - self._began
        self._leapt_at: float | None = None

    def ran_seconds(self) -> float:
        """Give for how long this has been looked at, whatever the clock says."""
        return self._forward() - self._began

    def quiet_for(self, seconds: float) -> bool:
        """Say whether the clock has not leapt for so long; true if it never has."""
        forward = self._forward()
        between = self._clock() - forward
        if abs(between - self._between) > MOST_SECONDS:
            self._leapt_at = forward
            _log.warning("bridge-clock-leapt", seconds=round(between - self._between))
        self._between = between
        return self._leapt_at is None or forward - self._leapt_at >= seconds
