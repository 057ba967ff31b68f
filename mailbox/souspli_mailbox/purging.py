"""The job that purges letters nobody answered (docs/specs/pending.md §4).

`expire` runs every hour on one of the service's processes: it decides, writes tombstones,
and does the rest of each purge, a few at a time. It is one job however many letters end
in one night, so that mails and codes never wait behind them. It can be killed at any
line: what was decided is a row, and what is done is found done.
"""

from __future__ import annotations

import asyncio
import secrets
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
from souspli_storage.errors import DatabaseBusyError, StorageError

# Of a job's time. A hundred thousand letters of one night take many runs, one after the
# other, and the other jobs have their turn in between.
RUN_SECONDS: Final = 45.0
OBJECTS_AT_ONCE: Final = 50

# They mostly wait for the store; more would be more calls that requests have to share.
PURGES_AT_ONCE: Final = 4

# A store that takes no tombstone, or lets nothing be deleted, does so for minutes, or
# until somebody acts.
AGAIN_SECONDS: Final = 300

_log: Final = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Purged:
    """What became of what was due."""

    decided: int
    ended: int
    resisting: int
    """Not ended: the store lets nothing go, or is away. Tried again in minutes."""
    more: bool
    """Time was up before all were looked at."""
    remembered: bool = False
    """Somebody reads, so that the database's files have not forgotten yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Purger:
    """Handles the jobs `expire` and `purge-replaced`."""

    database: Database
    blobs: BlobStore
    tombstones: Tombstones
    certify: Callable[[purges.Ended], bytes]
    """Makes the signed statement about a purge that ends."""
    clock: Callable[[], float]
    store: StoreCalls = field(
        default_factory=lambda: StoreCalls(at_once=PURGES_AT_ONCE, seconds=RUN_SECONDS)
    )

    def close(self) -> None:
        """Begin no further call to the store."""
        self.store.close()

    async def expire(self, _job: Job) -> Outcome:
        """Purge what is due; come back in an hour, or sooner if there is more."""
        try:
            done = await self.run(seconds=RUN_SECONDS)
        except StorageError as error:
            _log.warning("tombstones-not-written", failure=type(error).__name__)
            return NotYet(self._now() + AGAIN_SECONDS)
        if done.decided or done.ended or done.resisting:
            _log.info("purges", decided=done.decided, ended=done.ended, resisting=done.resisting)
        if done.more:
            return NotYet(self._now())
        soon = done.resisting or done.remembered
        return NotYet(self._now() + (AGAIN_SECONDS if soon else SWEEP_EVERY_SECONDS))

    async def forget_deleted(self) -> bool:
        """Have the database's own files forget as well, as far as they can; say if they did.

        A crash before it, or within: the fact that it is due is still there.
        """
        run = secrets.token_hex(8)
        if not await self.database.write(purges.begin_forgetting, run=run):
            return True
        try:
            left = await self.database.forget_deleted(rewrite=purges.EMPTIED)
        except DatabaseBusyError:
            _log.info("deleted-not-forgotten")  # somebody reads; the next run tries again
            return False
        if left:
            # By design beyond a size, and the operator's to do: docs/operations.md.
            _log.warning("tables-not-rewritten", count=len(left))
        await self.database.write(purges.forgotten, run=run)
        return True

    async def purge_replaced(self, job: Job) -> Outcome:
        """Purge what never moved from a letter to the one that replaced it."""
        await self.database.write(
            purges.decide_replaced, invitation_id=job.ids["invitation_id"], now=self._now()
        )
        # The next run of `expire` does the rest.
        return Done()

    async def run(self, *, seconds: float) -> Purged:
        """Decide, tell, and purge, for so many seconds and the step under way.

        Raises StorageError while no tombstone can be written: then nothing was deleted.
        """
        loop = asyncio.get_running_loop()
        ends = loop.time() + seconds
        decided = ended = resisting = 0
        last = (0, "")
        while due := await self.database.write(purges.decide, now=self._now(), after=last):
            decided, last = decided + len(due), due[-1]
            # A crash here: decided, and told by the next run.
            await self._tell()
            if loop.time() > ends:
                break
        await self._tell()
        while unended := await self.database.read(
            purges.unended, now=self._now(), limit=PURGES_AT_ONCE
        ):
            if loop.time() > ends:
                # The files forget at the end of it all: on PostgreSQL tables are written anew.
                return Purged(decided, ended, resisting, more=True)
            done = await asyncio.gather(*map(self._purge_or_put_off, unended))
            ended += sum(done)
            resisting += len(done) - sum(done)
        forgotten = await self.forget_deleted()
        return Purged(decided, ended, resisting, more=False, remembered=not forgotten)

    async def _tell(self) -> None:
        """Write the tombstones that are missing: before anything is deleted."""
        while ids := await self.database.read(purges.untold):
            now = self._now()
            await self.store(
                self.tombstones.write, Kind.PURGE, ids, reason=Reason.NOT_ACTIVATED, now=now
            )
            # A crash here: they are written again, which is fine.
            await self.database.write(purges.told, invitation_ids=ids, now=now)

    async def _purge_or_put_off(self, invitation_id: str) -> bool:
        try:
            return await self._purge(invitation_id)
        except StorageError:
            # Of the database: nothing could be noted either. The job is tried again.
            raise
        except Exception as error:  # noqa: BLE001  (whatever is wrong with one holds up no other)
            _log.error("purge-failed", failure=type(error).__name__)
            until = self._now() + SWEEP_EVERY_SECONDS
            await self.database.write(purges.put_off, invitation_id=invitation_id, until=until)
            return False

    async def _purge(self, invitation_id: str) -> bool:
        """Do what is left of one purge; say if that was all, else it is put off."""
        now = self._now()
        letter = {"invitation_id": invitation_id}
        while await self.database.write(purges.empty, **letter, now=now):
            # A crash here: nothing that was let go can be opened any more.
            pass
        gone = await self._delete_objects(invitation_id, now)
        # False: something came back, such as an object that a sweep put off.
        if gone and await self.database.write(
            purges.forget, **letter, now=now, certify=self.certify
        ):
            return True
        await self.database.write(purges.put_off, **letter, until=now + AGAIN_SECONDS)
        return False

    async def _delete_objects(self, invitation_id: str, now: int) -> bool:
        """Delete what the purge waits for; say whether all of it is gone."""
        resisted = 0
        while keys := await self.database.read(
            purges.objects_left, invitation_id=invitation_id, limit=OBJECTS_AT_ONCE
        ):
            for key in keys:
                try:
                    await self.store(self.blobs.delete, key)
                except (StorageError, TimeoutError) as error:
                    _log.warning("object-not-deleted", failure=type(error).__name__)
                    await self.database.write(defer_object, object_key=key, now=now)
                    resisted += 1
                else:
                    await self.database.write(absolve_object, object_key=key)
            if resisted:
                return False
        return True

    def _now(self) -> int:
        return int(self.clock())
