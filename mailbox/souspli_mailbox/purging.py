"""The job that purges letters nobody answered (docs/specs/pending.md §4).

`expire` runs every hour on one of the service's processes: it decides, writes tombstones,
and does the rest of each purge, a few at a time. It is one job however many letters end
in one night, so that mails and codes never wait behind them. It can be killed at any
line: what was decided is a row, and what is done is found done.
"""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import structlog

from souspli_mailbox.clock_watch import ClockWatch
from souspli_mailbox.jobs import Done, NotYet, Outcome
from souspli_mailbox.purge_round import PURGES_AT_ONCE, Purged, Round
from souspli_mailbox.records import deciding, emptying
from souspli_mailbox.records.jobs import Job
from souspli_mailbox.records.purges import RESUME_SECONDS
from souspli_mailbox.retention import SWEEP_EVERY_SECONDS
from souspli_mailbox.store_calls import StoreCalls
from souspli_mailbox.tombstones import Tombstones
from souspli_storage.blobs import BlobStore
from souspli_storage.database import Database
from souspli_storage.errors import StorageError

# Of a job's time. A hundred thousand letters of one night take many runs, one after the
# other, and the other jobs have their turn in between.
RUN_SECONDS: Final = 45.0

# For one call to the store. Together with a run's seconds less than a job's time.
STORE_SECONDS: Final = 30.0

_log: Final = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Purger:
    """Handles the jobs `expire` and `purge-replaced`."""

    database: Database
    blobs: BlobStore
    tombstones: Tombstones
    certify: Callable[[emptying.Ended], bytes]
    """Makes the signed statement about a purge that ends."""
    clock: Callable[[], float]
    watch: ClockWatch
    """Says whether that clock may be believed."""
    store: StoreCalls = field(
        default_factory=lambda: StoreCalls(at_once=PURGES_AT_ONCE, seconds=STORE_SECONDS)
    )

    def close(self) -> None:
        """Begin no further call to the store."""
        self.store.close()

    async def expire(self, _job: Job) -> Outcome:
        """Purge what is due; come back in an hour, or sooner if there is more."""
        try:
            done = await self.run(seconds=RUN_SECONDS)
        except StorageError as error:
            # No tombstone could be written, or the database is away.
            _log.warning("purges-held-up", failure=type(error).__name__)
            return NotYet(self._now() + RESUME_SECONDS)
        if done.decided or done.ended or done.resisting:
            _log.info("purges", decided=done.decided, ended=done.ended, resisting=done.resisting)
        if done.more:
            return NotYet(self._now())
        soon = done.resisting or done.remembered
        return NotYet(self._now() + (RESUME_SECONDS if soon else SWEEP_EVERY_SECONDS))

    async def purge_replaced(self, job: Job) -> Outcome:
        """Purge what never moved from a letter to the one that replaced it."""
        if not (await self.watch.look()).is_trusted:
            return NotYet(self._now() + SWEEP_EVERY_SECONDS)
        await self.database.write(
            deciding.decide_replaced, invitation_id=job.ids["invitation_id"], now=self._now()
        )
        # The next run of `expire` does the rest.
        return Done()

    async def run(self, *, seconds: float) -> Purged:
        """Decide, tell, and purge, for so many seconds and the step under way.

        Nothing is decided while the clock is not believed; what was decided before goes on.
        What is wrong with one letter holds up no other. Raises StorageError while no
        tombstone can be written (then nothing was deleted), or the database does nothing.
        """
        seen = await self.watch.look()
        held_back = not seen.is_trusted and bool(
            await self.database.read(deciding.due, now=seen.now)
        )
        if held_back:
            _log.error("purges-wait", seconds=seen.waits, clock_ahead_seconds=seen.apart)
        done = await Round(
            database=self.database,
            blobs=self.blobs,
            tombstones=self.tombstones,
            certify=self.certify,
            store=self.store,
            clock=self.clock,
            decides_at=seen.now if seen.is_trusted else None,
            ends=asyncio.get_running_loop().time() + seconds,
        ).run()
        return dataclasses.replace(done, held_back=held_back)

    def _now(self) -> int:
        return int(self.clock())
