"""Looks at the clock again and again, and before anything is purged by it.

In every process, by a clock that nobody sets, and not as a job: a job is due by the very
clock that is in question, and would be a month away once a clock that was ahead is mended.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import structlog

from souspli_mailbox.clock_rule import Judged, Reading
from souspli_mailbox.records.clock import (
    Disagreement,
    confirm_clock,
    judge_clock,
    look_at_clock,
)
from souspli_storage.database import Database
from souspli_storage.errors import StorageError

# How much of a stop is not known to have been one.
LOOK_EVERY_SECONDS: Final = 300.0

_log: Final = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Clocks:
    """Of one process."""

    wall: Callable[[], float]
    steady: Callable[[], float]
    is_declared: bool
    """Whether it is a test's: time passes as it says, and no other machine agrees with it."""

    def read(self) -> Reading:
        """Read both."""
        return Reading(int(self.wall()), self.steady())


def clocks_of(wall: Callable[[], float]) -> Clocks:
    """Return the machine's, or those of a test: any other clock than `time.time`.

    That one is its own steady clock. Only `souspli_cli.later` and tests hand one on.
    """
    if wall is time.time:
        return Clocks(wall, _since_boot, is_declared=False)
    return Clocks(wall, wall, is_declared=True)


def _since_boot() -> float:
    # With the time for which the machine was suspended, where that can be had (Linux).
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether there may be purges by the clock."""

    now: int
    """The moment that was judged: what is purged is due by it, and not by a later one."""
    waits: int
    """Seconds of running for which purges wait."""
    apart: int = 0
    """By how many seconds our clock is ahead of the database server's, if that is too many."""

    @property
    def is_trusted(self) -> bool:
        """Whether what is due may be purged."""
        return not self.waits and not self.apart


def _verdict(reading: Reading, judged: Judged | Disagreement) -> Verdict:
    if isinstance(judged, Disagreement):
        return Verdict(reading.wall, waits=0, apart=judged.apart)
    return Verdict(reading.wall, waits=judged.waits)


def look_only(database: Database, clocks: Clocks) -> Verdict:
    """Judge as a process that has just started would; write nothing. In the calling thread."""
    reading = clocks.read()
    judged: Judged | Disagreement = database.read_now(
        judge_clock, reading=reading, first=None, last=None, asks_server=not clocks.is_declared
    )
    return _verdict(reading, judged)


def _unobserved(_verdict: Verdict) -> None:
    pass


class ClockWatch:
    """Of one process."""

    def __init__(
        self,
        database: Database,
        clocks: Clocks,
        *,
        observer: Callable[[Verdict], None] = _unobserved,
    ) -> None:
        """`observer` is told of each look."""
        self._database = database
        self._clocks = clocks
        self._observe = observer
        # Two looks of one process would both count what passed since the one before.
        self._one_at_a_time = asyncio.Lock()
        self._first: Reading | None = None
        self._last: Reading | None = None

    async def look(self) -> Verdict:
        """Read the clocks, judge, write down. Raises StorageError: then nobody may purge."""
        async with self._one_at_a_time:
            return await self._look(self._clocks.read())

    async def _look(self, reading: Reading) -> Verdict:
        judged: Judged | Disagreement = await self._database.write(
            look_at_clock,
            reading=reading,
            first=self._first,
            last=self._last,
            asks_server=not self._clocks.is_declared,
        )
        if isinstance(judged, Disagreement):
            _log.error("clock-disagrees-with-database", ahead_seconds=judged.apart)
        else:
            # A crash here: written down, and judged once more by the next process.
            if self._first is None or judged.leapt is not None:
                self._first = reading
            self._last = reading
            if judged.leapt is not None:
                _log.error("clock-leapt", by_seconds=judged.leapt, purges_wait_seconds=judged.waits)
        verdict = _verdict(reading, judged)
        self._observe(verdict)
        return verdict

    async def keep_looking(self) -> None:
        """Look every five minutes, until cancelled."""
        while True:
            await asyncio.sleep(LOOK_EVERY_SECONDS)
            try:
                await self.look()
            except StorageError as failed:
                # Written down late; before a purge it is tried again.
                _log.warning("clock-not-noted", failure=type(failed).__name__)

    async def confirm(self) -> None:
        """Believe the clock as it is, on an operator's word."""
        self._first = self._last = self._clocks.read()
        await self._database.write(confirm_clock, now=self._first.wall)
