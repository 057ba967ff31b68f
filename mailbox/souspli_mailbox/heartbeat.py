"""When a worker was last heard, and what to do with one that is not heard any more.

A worker whose event loop stands still holds connections that nobody answers, and shows
no sign of it but silence. So each says once a second that it lives; this says who has
been silent too long. Pure: the parent (`workers.py`) reads the pipe and the clock.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final

BEAT_SECONDS: Final = 1.0

# With two beats late by chance nobody is to be killed.
LEAST_HANG_SECONDS: Final = 3.0

# Between asking a silent one to stop and killing it: one that only paused hears it now,
# and finishes what it has under way; one that stands still never will.
LAST_SECONDS: Final = 5.0

# The parent looks at least this often; if it did not, it was itself held up, and so
# perhaps were the workers (a machine that was suspended, a container that was paused).
LOOK_SECONDS: Final = 1.0
HELD_UP_SECONDS: Final = 5.0


class Remedy(Enum):
    """What is to be done with a silent worker."""

    STOP = "ask it to stop"
    KILL = "kill it"


@dataclass(slots=True)
class _Heard:
    at: float
    asked_at: float | None = None


class Heartbeats:
    """Of all workers, by their number. `now`: seconds of a clock that only goes on."""

    def __init__(self, *, silent_seconds: float, stop_seconds: float) -> None:
        """`silent_seconds`: how long it is borne, 0 for ever; `stop_seconds`: for a good stop."""
        self._silent_seconds = silent_seconds
        self._stop_seconds = stop_seconds
        self._heard: dict[int, _Heard] = {}
        self._looked_at: float | None = None

    def beat(self, number: int, now: float) -> None:
        """Note that this one lives. From its first beat on it is missed when silent."""
        if number in self._heard:
            self._heard[number].at = now
        else:
            self._heard[number] = _Heard(now)

    def forget(self, number: int) -> None:
        """Miss this one no more: it has ended."""
        self._heard.pop(number, None)

    def look(self, now: float) -> dict[int, Remedy]:
        """Return for whom something is to be done now: STOP once, KILL until it has ended."""
        last, self._looked_at = self._looked_at, now
        if not self._silent_seconds:
            return {}
        if last is not None and now - last > HELD_UP_SECONDS:
            # A second beginning for all of them: what was not heard meanwhile says nothing.
            for heard in self._heard.values():
                heard.at = min(now, heard.at + now - last)
                if heard.asked_at is not None:
                    heard.asked_at += now - last
            return {}
        remedies = {number: self._remedy(heard, now) for number, heard in self._heard.items()}
        return {number: remedy for number, remedy in remedies.items() if remedy is not None}

    def _remedy(self, heard: _Heard, now: float) -> Remedy | None:
        if heard.asked_at is None:
            if now - heard.at < self._silent_seconds:
                return None
            heard.asked_at = now
            return Remedy.STOP
        # Heard again it is stopping, for which it has its time.
        stopping = heard.at > heard.asked_at
        if now - heard.asked_at < (self._stop_seconds if stopping else LAST_SECONDS):
            return None
        return Remedy.KILL
