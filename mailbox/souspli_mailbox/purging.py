"""The jobs that purge letters nobody answered (docs/specs/pending.md §4).

`expire` runs every hour on one of the service's processes: it decides, writes tombstones,
and has a job `purge` do the rest of each. Both can be killed at any line: what was
decided is a row, and what is done is found done.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import structlog

from souspli_mailbox.jobs import Done, NotYet, Outcome
from souspli_mailbox.records import purges
from souspli_mailbox.records.jobs import Job
from souspli_mailbox.records.sweeps import absolve_object, defer_object
from souspli_mailbox.retention import SWEEP_EVERY_SECONDS
from souspli_mailbox.store_calls import StoreCalls
from souspli_mailbox.tombstones import Kind, Reason, Tombstones
from souspli_storage.blobs import BlobStore
from souspli_storage.database import Database
from souspli_storage.errors import StorageError

# Of a job's time. A hundred thousand letters of one night take several runs, one after
# the other, and requests have their turn in between.
RUN_SECONDS: Final = 45.0
OBJECTS_AT_ONCE: Final = 50

# A store that takes no tombstone, or lets nothing be deleted, does so for minutes, or
# until somebody acts.
AGAIN_SECONDS: Final = 300

_log: Final = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Purger:
    """Handles the jobs `expire` and `purge`."""

    database: Database
    blobs: BlobStore
    tombstones: Tombstones
    clock: Callable[[], float]
    store: StoreCalls = field(default_factory=lambda: StoreCalls(at_once=1, seconds=RUN_SECONDS))

    def close(self) -> None:
        """Begin no further call to the store."""
        self.store.close()

    async def expire(self, _job: Job) -> Outcome:
        """Decide what is due; come back in an hour, or sooner if there is more."""
        now = int(self.clock())
        decided = 0
        try:
            async with asyncio.timeout(RUN_SECONDS):
                while due := await self.database.write(purges.decide, now=now):
                    decided += len(due)
                    # A crash here: decided, and told by the next run.
                    await self._tell(now)
                await self._tell(now)
        except TimeoutError:
            return NotYet(now)
        except StorageError as error:
            _log.warning("tombstones-not-written", failure=type(error).__name__)
            return NotYet(now + AGAIN_SECONDS)
        if decided:
            _log.info("purges-decided", letters=decided)
        return NotYet(now + SWEEP_EVERY_SECONDS)

    async def _tell(self, now: int) -> None:
        """Write the tombstones that are missing: before anything is deleted."""
        while ids := await self.database.read(purges.untold):
            await self.store(
                self.tombstones.write, Kind.PURGE, ids, reason=Reason.NOT_ACTIVATED, now=now
            )
            # A crash here: they are written again, which is fine.
            await self.database.write(purges.told, invitation_ids=ids, now=now)

    async def purge(self, job: Job) -> Outcome:
        """Do what is left of one purge; come back for what the store did not let go."""
        now = int(self.clock())
        letter = {"invitation_id": job.ids["invitation_id"]}
        try:
            async with asyncio.timeout(RUN_SECONDS):
                while await self.database.write(purges.empty, **letter, now=now):
                    # A crash here: nothing that was let go can be opened any more.
                    pass
                if not await self._delete_objects(letter["invitation_id"], now):
                    return NotYet(now + AGAIN_SECONDS)
        except TimeoutError:
            return NotYet(now)
        # False: something came back, such as an object that a sweep put off.
        if not await self.database.write(purges.forget, **letter, now=now):
            return NotYet(now + AGAIN_SECONDS)
        _log.info("purged")
        return Done()

    async def _delete_objects(self, invitation_id: str, now: int) -> bool:
        """Delete what the purge waits for; say whether all of it is gone."""
        while keys := await self.database.read(
            purges.objects_left, invitation_id=invitation_id, limit=OBJECTS_AT_ONCE
        ):
            resisted = 0
            for key in keys:
                try:
                    await self.store(self.blobs.delete, key)
                except StorageError as error:
                    _log.warning("object-not-deleted", failure=type(error).__name__)
                    await self.database.write(defer_object, object_key=key, now=now)
                    resisted += 1
                else:
                    await self.database.write(absolve_object, object_key=key)
            if resisted:
                return False
        return True
