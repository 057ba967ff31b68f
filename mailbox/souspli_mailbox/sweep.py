"""The job that deletes what is due, in the database and in the store.

Runs every hour on one of the service's processes. It can be killed at any line:
what it was to delete is written down before, and crossed out after the store has
confirmed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import structlog

from souspli_mailbox.jobs import NotYet, Outcome
from souspli_mailbox.records.jobs import Job
from souspli_mailbox.records.service_facts import restored_at
from souspli_mailbox.records.sweeps import (
    CondemnReason,
    absolve_object,
    condemn_orphans,
    condemn_stale_uploads,
    condemned_objects,
    defer_object,
    delete_due,
)
from souspli_mailbox.retention import SWEEP_EVERY_SECONDS, due, may_condemn
from souspli_mailbox.tombstones import Kind, Reason, Tombstones
from souspli_storage.blobs import BlobStore
from souspli_storage.database import Database
from souspli_storage.errors import DatabaseBusyError, StorageError

# Keys looked up at once: SQLite takes thousands, PostgreSQL too.
KEYS_AT_ONCE: Final = 500

# Deleted in one run; the next follows at once. An object of 256 parts takes well
# under a second, a job's lease is two minutes.
OBJECTS_AT_ONCE: Final = 50

_log: Final = structlog.get_logger()


def _unobserved(_swept: Mapping[str, int]) -> None:
    pass


def orphans_prefix(now: int) -> str:
    """Return with what the keys begin among which this hour's sweep looks for orphans.

    One of 256, so that a sweep costs little however much is stored: an object without a
    row (a database restored from an older backup leaves some) goes within eleven days.
    What a crash leaves has its row, and goes with that.
    """
    return f"{now // SWEEP_EVERY_SECONDS % 256:02x}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweeper:
    """Handles the `sweep` job."""

    database: Database
    blobs: BlobStore
    tombstones: Tombstones
    clock: Callable[[], float]
    observer: Callable[[Mapping[str, int]], None] = _unobserved
    """Told how many of what each run deleted, or could not."""

    async def sweep(self, _job: Job) -> Outcome:
        """Delete what is due; come back in an hour, or at once if there is more."""
        now = int(self.clock())
        rows = await self.database.write(delete_due, due=due(now))
        uploads = orphans = 0
        if may_condemn(now, restored_at=await self.database.read(restored_at)):
            uploads = await self.database.write(condemn_stale_uploads, due=due(now), now=now)
            orphans = await self._condemn_orphans(now, among=orphans_prefix(now))
        await self._sweep_leftovers()
        deleted, left = await self._delete_condemned(now)
        if rows or uploads or deleted:
            await self._forget_deleted()
        swept = {
            "rows": rows,
            "uploads": uploads,
            "orphans": orphans,
            "objects": deleted,
            "left": left,
        }
        _log.info("swept", **swept)
        self.observer(swept)
        more = deleted == OBJECTS_AT_ONCE
        return NotYet(now if more else now + SWEEP_EVERY_SECONDS)

    async def _sweep_leftovers(self) -> None:
        try:
            await asyncio.to_thread(self.blobs.sweep)
        except StorageError as error:
            # Nobody's leftovers must not keep what is due from being deleted.
            _log.warning("leftovers-not-swept", failure=type(error).__name__)

    async def _condemn_orphans(self, now: int, *, among: str) -> int:
        keys = await asyncio.to_thread(
            lambda: sorted({*self.blobs.incomplete(among), *self.blobs.objects(among)})
        )
        orphans = 0
        for begin in range(0, len(keys), KEYS_AT_ONCE):
            batch = keys[begin : begin + KEYS_AT_ONCE]
            orphans += await self.database.write(condemn_orphans, object_keys=batch, now=now)
        return orphans

    async def _delete_condemned(self, now: int) -> tuple[int, int]:
        """Return how many objects are gone, and how many resisted."""
        deleted = left = 0
        condemned = await self.database.read(condemned_objects, limit=OBJECTS_AT_ONCE)
        # Before a byte goes: whatever a backup of the database still says, what is
        # missing in the store from here on was deleted, and has a tombstone.
        await asyncio.to_thread(
            self.tombstones.write,
            Kind.DEPOSIT,
            [one.object_key for one in condemned if one.reason == CondemnReason.STALE_UPLOAD],
            reason=Reason.STALE_UPLOAD,
            now=now,
        )
        # A crash from here on: the next sweep writes them again, which is fine. One that
        # resists is deferred as one that has its tombstone.
        for key in (one.object_key for one in condemned):
            try:
                await asyncio.to_thread(self.blobs.delete, key)
            except StorageError as error:
                # One that can't be deleted must not keep the others: it goes to
                # the end of the queue, and shows in the sweep's line.
                _log.warning("object-not-deleted", failure=type(error).__name__)
                await self.database.write(defer_object, object_key=key, now=now)
                left += 1
                continue
            await self.database.write(absolve_object, object_key=key)
            deleted += 1
        return deleted, left

    async def _forget_deleted(self) -> None:
        try:
            await self.database.forget_deleted()
        except DatabaseBusyError:
            # Somebody is reading; the next sweep that deletes anything tries again.
            _log.info("deleted-not-forgotten")
