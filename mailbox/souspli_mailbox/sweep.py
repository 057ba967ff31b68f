"""The job that deletes what is due, in the database and in the store.

Runs every hour on one of the service's processes. It can be killed at any line:
what it was to delete is written down before, and crossed out after the store has
confirmed.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

import structlog

from souspli_mailbox.jobs import NotYet, Outcome
from souspli_mailbox.listings import Listing
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
from souspli_mailbox.store_calls import StoreCalls
from souspli_mailbox.tombstones import Kind, Reason, Tombstones
from souspli_storage.blobs import BlobStore
from souspli_storage.database import Database
from souspli_storage.errors import DatabaseBusyError, StorageError

# Keys looked up at once: SQLite takes thousands, PostgreSQL too.
KEYS_AT_ONCE: Final = 500

# Deleted in one run; the next follows at once. An object of 256 parts takes well
# under a second, a job's lease is two minutes.
OBJECTS_AT_ONCE: Final = 50

# Condemned in one run. A restored database leaves a few among 1/256 of the keys; a store
# that invents keys must not fill the table with them.
ORPHANS_AT_ONCE: Final = 1_000

# For looking around in the store (twice), and for deleting. Together less than a job's
# time: one that is stopped counts as failed, and after enough of those it is given up.
LOOK_SECONDS: Final = 15.0
DELETE_SECONDS: Final = 45.0

# A store that takes no tombstone, or is slow, is so for minutes, or until somebody acts.
AGAIN_SECONDS: Final = 300

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
    looks: StoreCalls = field(default_factory=lambda: StoreCalls(at_once=1, seconds=LOOK_SECONDS))
    deletions: StoreCalls = field(
        default_factory=lambda: StoreCalls(at_once=1, seconds=DELETE_SECONDS)
    )
    """A thread for each: a listing without end holds up no deletion, and takes no other."""

    def close(self) -> None:
        """Begin no further call."""
        self.looks.close()
        self.deletions.close()

    async def sweep(self, _job: Job) -> Outcome:
        """Delete what is due; come back in an hour, or sooner if there is more."""
        now = int(self.clock())
        swept: dict[str, int] = {"rows": 0, "uploads": 0, "orphans": 0, "objects": 0, "left": 0}
        swept["rows"] = await self.database.write(delete_due, due=due(now))
        condemns = may_condemn(now, restored_at=await self.database.read(restored_at))
        if condemns:
            swept["uploads"] = await self.database.write(
                condemn_stale_uploads, due=due(now), now=now
            )
            await self._condemn_orphans(swept, now)
        await self._sweep_leftovers()
        again = AGAIN_SECONDS
        try:
            async with asyncio.timeout(DELETE_SECONDS):
                again = await self._delete_condemned(swept, now)
        except TimeoutError:
            # What was noted as condemned is still noted.
            _log.warning("sweep-cut-short")
        if swept["rows"] or swept["uploads"] or swept["objects"]:
            await self._forget_deleted()
        _log.info("swept", **swept)
        self.observer(swept)
        return NotYet(now + again)

    async def _sweep_leftovers(self) -> None:
        try:
            await self.looks(self.blobs.sweep)
        except StorageError as error:
            # Nobody's leftovers must not keep what is due from being deleted.
            _log.warning("leftovers-not-swept", failure=type(error).__name__)

    async def _condemn_orphans(self, swept: dict[str, int], now: int) -> None:
        """Look among uploads, and among this hour's objects, for those without a row."""
        among = orphans_prefix(now)
        listings = (
            Listing(self._listed(self.blobs.incomplete, among)),
            Listing(self._listed(self.blobs.objects, among), prefix=among),
        )
        keys = itertools.chain(*listings)
        try:
            async with asyncio.timeout(LOOK_SECONDS):
                while batch := await self.looks(lambda: list(itertools.islice(keys, KEYS_AT_ONCE))):
                    # After the listing: an object that has no row yet can't be in it.
                    swept["orphans"] += await self.database.write(
                        condemn_orphans, object_keys=batch, now=now
                    )
                    if swept["orphans"] >= ORPHANS_AT_ONCE:
                        break
        except (StorageError, TimeoutError) as error:
            # Whatever the store lists, or doesn't, what is due is known without it.
            _log.warning("orphans-not-looked-for", failure=type(error).__name__)
        if strange := sum(listing.strange for listing in listings):
            _log.warning("listing-strange", count=strange)

    @staticmethod
    def _listed(listing: Callable[[str], Iterator[str]], among: str) -> Iterator[str]:
        # Only asked for when the first key is wanted, in the store's thread.
        yield from listing(among)

    async def _delete_condemned(self, swept: dict[str, int], now: int) -> int:
        """Delete what can be; return seconds until the next sweep."""
        again = SWEEP_EVERY_SECONDS
        condemned = await self.database.read(condemned_objects, limit=OBJECTS_AT_ONCE)
        untold = [one.object_key for one in condemned if one.reason == CondemnReason.STALE_UPLOAD]
        # Before a byte goes: whatever a backup of the database still says, what is
        # missing in the store from here on was deleted, and has a tombstone.
        if untold and not await self._told(untold, now):
            # What needs none goes all the same: it may make the room that a full store lacks.
            condemned = await self.database.read(
                condemned_objects, limit=OBJECTS_AT_ONCE, told=True
            )
            swept["left"] += len(untold)
            again = AGAIN_SECONDS
        # A crash from here on: the next sweep writes them again, which is fine. One that
        # resists is deferred as one that has its tombstone.
        for key in (one.object_key for one in condemned):
            try:
                await self.deletions(self.blobs.delete, key)
            except StorageError as error:
                # One that can't be deleted must not keep the others: it goes to
                # the end of the queue, and shows in the sweep's line.
                _log.warning("object-not-deleted", failure=type(error).__name__)
                await self.database.write(defer_object, object_key=key, now=now)
                swept["left"] += 1
                continue
            await self.database.write(absolve_object, object_key=key)
            swept["objects"] += 1
        return 0 if swept["objects"] == OBJECTS_AT_ONCE else again

    async def _told(self, keys: list[str], now: int) -> bool:
        """Write the tombstones of these; say whether that is done."""
        try:
            await self.deletions(
                self.tombstones.write, Kind.DEPOSIT, keys, reason=Reason.STALE_UPLOAD, now=now
            )
        except StorageError as error:
            _log.warning("tombstones-not-written", count=len(keys), failure=type(error).__name__)
            return False
        return True

    async def _forget_deleted(self) -> None:
        try:
            await self.database.forget_deleted()
        except DatabaseBusyError:
            # Somebody is reading; the next sweep that deletes anything tries again.
            _log.info("deleted-not-forgotten")
