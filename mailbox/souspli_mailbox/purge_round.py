"""One run over the purges that are due: the steps of docs/specs/pending.md §4, in order.

What is wrong with one letter (a row that the database refuses, an object that the store
keeps) is put off and counted, and those after it go on. Only where nothing can work, the
round ends: a ledger that takes no tombstone, a database that is away. While the store is
away, covers go all the same: the database alone can do that much.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Collection
from dataclasses import dataclass
from enum import Enum
from typing import Final

import structlog

from souspli_mailbox.records import deciding, emptying, forgetting, purges
from souspli_mailbox.records.sweeps import absolve_object, defer_object
from souspli_mailbox.store_calls import StoreCalls
from souspli_mailbox.tombstones import Kind, Reason, Tombstones
from souspli_storage.blobs import BlobStore
from souspli_storage.database import Database
from souspli_storage.errors import (
    DatabaseBusyError,
    DatabaseError,
    StorageError,
    StoreUnavailableError,
)

OBJECTS_AT_ONCE: Final = 50

# They mostly wait for the store; more would be more calls that requests have to share.
PURGES_AT_ONCE: Final = 4

# That have nothing to delete in the store, in one transaction: others wait for its end.
ENDED_TOGETHER: Final = 8

# Between two groups of purges. SQLite has one writer at a time, and a process that waits
# for its turn asks ten times a second: without a gap it could ask for minutes in vain.
GIVE_WAY_SECONDS: Final = 0.02

# Letters whose very row the database does not take. More of them than this, and it is
# the database that is broken.
REFUSED_AT_MOST: Final = 100

_log: Final = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Purged:
    """What became of what was due."""

    decided: int
    ended: int
    resisting: int
    """Not ended: the store lets nothing go, or something is wrong. Tried again later."""
    more: bool
    """Time was up before all were looked at."""
    held_back: bool = False
    """Something may be due, and the clock is not believed: nothing was decided."""
    remembered: bool = False
    """Somebody reads, so that the database's files have not forgotten yet."""


class _Fate(Enum):
    """What became of one purge."""

    ENDED = "all of it is gone"
    RESISTS = "something of it is left"
    AWAY = "the store did not answer about it"
    SKIPPED = "not tried to the end, since the store is away"
    CUT_SHORT = "time was up"
    REFUSED = "and the database does not even take until when to leave it alone"


_PUT_OFF: Final = frozenset({_Fate.RESISTS, _Fate.AWAY, _Fate.SKIPPED})


class Round:
    """Nothing of it outlives the process but rows, lines of the ledger and deletions."""

    def __init__(
        self,
        *,
        database: Database,
        blobs: BlobStore,
        tombstones: Tombstones,
        certify: Callable[[emptying.Ended], bytes],
        store: StoreCalls,
        clock: Callable[[], float],
        decides_at: int | None,
        ends: float,
    ) -> None:
        """`decides_at`: what is due by then is purged; None: nothing new, for now.

        `ends`: a moment of the event loop's clock, after which nothing new is begun.
        """
        self._database = database
        self._blobs = blobs
        self._tombstones = tombstones
        self._certify = certify
        self._store = store
        self._clock = clock
        self._decides_at = decides_at
        self._ends = ends
        self._decided = self._ended = self._resisting = 0
        self._refused: set[str] = set()
        """Letters of which the database takes nothing: left alone until the next round."""
        self._store_is_away = False

    async def run(self) -> Purged:
        """Do it. Raises StorageError while no tombstone is taken, or the database is away."""
        if self._decides_at is not None:
            await self._decide(self._decides_at)
        await self._tell()
        more = not await self._purge_all()
        # At the end of it all: on PostgreSQL tables are written anew.
        forgotten = more or await self._forget_deleted()
        return Purged(
            self._decided,
            self._ended,
            self._resisting + len(self._refused),
            more=more,
            remembered=not forgotten,
        )

    async def _decide(self, now: int) -> None:
        last = (0, "")
        while due := await self._database.read(deciding.due, now=now, after=last):
            ids = [invitation_id for _, invitation_id in due]
            decided = await self._all_or_each(deciding.decide, ids, now=now)
            self._decided, last = self._decided + decided, due[-1]
            # A crash here: decided, and told by the next run.
            await self._tell()
            await asyncio.sleep(GIVE_WAY_SECONDS)
            if self._is_over():
                break

    async def _tell(self) -> None:
        """Write the tombstones that are missing: before anything is deleted."""
        while ids := await self._database.read(purges.untold, but=self._refused):
            now = self._now()
            await self._store(
                self._tombstones.write, Kind.PURGE, ids, reason=Reason.NOT_ACTIVATED, now=now
            )
            # A crash here: they are written again, which is fine.
            await self._all_or_each(purges.told, ids, now=now)

    async def _all_or_each(
        self, unit: Callable[..., int], ids: Collection[str], *, now: int
    ) -> int:
        """Write about all of these at once, else about each; count those written about."""
        try:
            return await self._database.write(unit, invitation_ids=ids, now=now)
        except DatabaseError as error:
            if not is_about_rows(error):
                raise
        count = 0
        for one in ids:
            try:
                count += await self._database.write(unit, invitation_ids=(one,), now=now)
            except DatabaseError as error:
                self._leave(one, error)
        return count

    def _leave(self, invitation_id: str, error: DatabaseError) -> None:
        """Leave this one alone for this round; raise the error if it is not about its rows."""
        if not is_about_rows(error) or len(self._refused) == REFUSED_AT_MOST:
            raise error
        _log.error("purge-refused", failure=type(error).__name__)
        self._refused.add(invitation_id)

    async def _purge_all(self) -> bool:
        """Do what is left of each that may go on; say whether there was time for all."""
        while unended := await self._database.read(
            purges.unended, now=self._now(), but=self._refused, limit=ENDED_TOGETHER
        ):
            ended = await self._end_bare(unended)
            left = [one for one in unended if one not in ended]
            for begin in range(0, len(left), PURGES_AT_ONCE):
                if self._is_over():
                    return False
                await self._purge_some(left[begin : begin + PURGES_AT_ONCE])
            if self._is_over():
                return False
            await asyncio.sleep(GIVE_WAY_SECONDS)
        return True

    async def _end_bare(self, invitation_ids: Collection[str]) -> frozenset[str]:
        """End those at once that have nothing to be deleted in the store; return which.

        Where something is wrong with one, each is looked at alone, as those are that have
        more to do.
        """
        bare = await self._database.read(emptying.bare, invitation_ids=invitation_ids)
        if not bare:
            return frozenset()
        try:
            ended = await self._database.write(
                emptying.forget_all, invitation_ids=bare, now=self._now(), certify=self._certify
            )
        except Exception as error:
            if isinstance(error, DatabaseError) and not is_about_rows(error):
                raise
            return frozenset()
        self._ended += len(ended)
        return frozenset(ended)

    async def _purge_some(self, invitation_ids: Collection[str]) -> None:
        fates = await asyncio.gather(*map(self._purge_or_put_off, invitation_ids))
        self._ended += fates.count(_Fate.ENDED)
        self._resisting += sum(fate in _PUT_OFF for fate in fates)
        # One alone may be wrong itself.
        self._store_is_away = self._store_is_away or (
            len(fates) == PURGES_AT_ONCE and set(fates) == {_Fate.AWAY}
        )

    async def _purge_or_put_off(self, invitation_id: str) -> _Fate:
        try:
            fate = await self._purge(invitation_id)
        except Exception as error:  # noqa: BLE001  (whatever is wrong with one holds up no other)
            _log.error("purge-failed", failure=type(error).__name__)
            fate = _Fate.RESISTS
        if fate not in _PUT_OFF:
            return fate
        put_off = purges.put_off_shortly if fate is _Fate.SKIPPED else purges.put_off
        try:
            await self._database.write(put_off, invitation_id=invitation_id, now=self._now())
        except DatabaseError as error:
            # Unreachable it ends the round: nothing could be noted of any other either.
            self._leave(invitation_id, error)
            return _Fate.REFUSED
        return fate

    async def _purge(self, invitation_id: str) -> _Fate:
        """Do what is left of one purge."""
        now = self._now()
        letter = {"invitation_id": invitation_id}
        while await self._database.write(emptying.empty, **letter, now=now):
            # A crash here: nothing that was let go can be opened any more.
            pass
        if self._store_is_away:
            left = await self._database.read(emptying.objects_left, **letter, limit=1)
            if left:
                return _Fate.SKIPPED
        if (fate := await self._delete_objects(invitation_id, now)) is not _Fate.ENDED:
            return fate
        # False: something came back, such as an object that a sweep put off.
        ended = await self._database.write(
            emptying.forget, **letter, now=now, certify=self._certify
        )
        return _Fate.ENDED if ended else _Fate.RESISTS

    async def _delete_objects(self, invitation_id: str, now: int) -> _Fate:
        """Delete what the purge waits for: ENDED if all of it is gone."""
        resisted = False
        while keys := await self._database.read(
            emptying.objects_left, invitation_id=invitation_id, limit=OBJECTS_AT_ONCE
        ):
            for key in keys:
                if self._is_over():
                    return _Fate.CUT_SHORT
                try:
                    await self._store(self._blobs.delete, key)
                except (StorageError, TimeoutError) as error:
                    _log.warning("object-not-deleted", failure=type(error).__name__)
                    await self._database.write(defer_object, object_key=key, now=now)
                    if isinstance(error, StoreUnavailableError):
                        # Each of the others might take as long.
                        return _Fate.AWAY
                    resisted = True
                else:
                    await self._database.write(absolve_object, object_key=key)
            if resisted:
                return _Fate.RESISTS
        return _Fate.ENDED

    async def _forget_deleted(self) -> bool:
        """Have the database's own files forget as well, as far as they can; say if they did.

        A crash before it, or within: the fact that it is due is still there.
        """
        run = secrets.token_hex(8)
        if not await self._database.write(forgetting.begin_forgetting, run=run):
            return True
        try:
            left = await self._database.forget_deleted(rewrite=forgetting.EMPTIED)
        except DatabaseBusyError:
            _log.info("deleted-not-forgotten")  # somebody reads; the next run tries again
            return False
        if left:
            # By design beyond a size, and the operator's to do: docs/operations.md.
            _log.warning("tables-not-rewritten", count=len(left))
        await self._database.write(forgetting.forgotten, run=run)
        return True

    def _is_over(self) -> bool:
        return asyncio.get_running_loop().time() > self._ends

    def _now(self) -> int:
        return int(self._clock())


def is_about_rows(error: DatabaseError) -> bool:
    """Say whether it may be one row's fault, and not that of the whole database."""
    return not error.temporary
