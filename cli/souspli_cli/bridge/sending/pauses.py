"""How long a service that is away is left alone, and what has waited for too long.

docs/specs/bridge.md §8. No service, database or file is known here.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Final

from souspli_cli.bridge.leaps import Leaps

if TYPE_CHECKING:
    from collections.abc import Callable

# Tried so often that nobody notices when it comes back, and so seldom that a hundred
# bridges don't keep it down.
FIRST_AWAY_SECONDS: Final = 1.0
LONGEST_AWAY_SECONDS: Final = 300.0

# Waits are over after so long, but not for a bridge that has only just begun, after a night
# off: it tries first.
TOO_LATE_SECONDS: Final = 48 * 3_600
TRIES_FIRST_SECONDS: Final = 600
# A service that takes calls and no documents is one that is coming back, and finds what
# waits; after so long with nothing sent it is one that is away.
AWAY_FOR_ALL_SECONDS: Final = 3_600


class Pauses:
    """Told by the worker how its tries end; used from its thread alone."""

    def __init__(
        self, clock: Callable[[], float], forward: Callable[[], float], *, too_late_seconds: int
    ) -> None:
        """`forward`: a clock that nobody puts right."""
        self._clock = clock
        self._forward = forward
        self._too_late_seconds = too_late_seconds
        self._leaps = Leaps(clock, forward)
        self._seconds = 0.0
        self._silent_since: float | None = None
        self._tried_at = self._asked_at = clock()

    def begins(self) -> None:
        """Hear that all that is due now is about to be tried."""
        self._asked_at = self._clock()

    def all_tried(self) -> None:
        """Hear that it was, and how each ended is known."""
        self._tried_at = self._asked_at
        self.is_back()

    def is_back(self) -> None:
        """Hear that the service takes documents: the next hiccup costs a second again."""
        self._seconds, self._silent_since = 0.0, None

    def was_away(self, *, nobody_there: bool) -> None:
        """Hear that it took none; where nobody is there, all that was due has been tried."""
        if nobody_there:
            self._tried_at, self._silent_since = self._asked_at, None
        elif self._silent_since is None:
            self._silent_since = self._forward()
        elif self._forward() - self._silent_since >= AWAY_FOR_ALL_SECONDS:
            self._tried_at = self._asked_at

    def next_pause(self) -> float:
        """Give for how many seconds it is left alone: twice as long as before."""
        self._seconds = min(max(2 * self._seconds, FIRST_AWAY_SECONDS), LONGEST_AWAY_SECONDS)
        # Up to a quarter off, so that a hundred bridges don't all ask at once.
        return self._seconds * (1 - random.random() / 4)  # noqa: S311  (no secret depends on it)

    def too_late_before(self) -> int | None:
        """Give the moment since when a document has waited for too long; None for none.

        What was too late already when the last try began: a service that is away for two
        days, and not a minute longer, finds all of it waiting.
        """
        if self._leaps.ran_seconds() < TRIES_FIRST_SECONDS:
            return None
        if not self._leaps.quiet_for(self._too_late_seconds):
            return None  # what looks old may have come a moment before the leap
        return int(min(self._tried_at, self._clock())) - self._too_late_seconds

    def quiet_for(self, seconds: float) -> bool:
        """Say whether the clock has not leapt for so long."""
        return self._leaps.quiet_for(seconds)
