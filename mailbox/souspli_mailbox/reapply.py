"""Deleting again what tombstones say is deleted: at every start, and after a restore.

A tombstone names nothing (`tombstones.py`): the digest of each id that is there is
computed and looked up among those of the tombstones. The database remembers up to which
position of the ledger that was done, so that a start with nothing new reads no line; with
something new it costs one pass over the ids of each kind, some seconds for a million.
A database that was put back, by whatever means, was put back with its position, and meets
what was written since. Tombstones are taken a hundred thousand at a time: memory stays
the same however many there are.

Can be killed at any line and run again: what is gone already is no longer found.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection

from souspli_mailbox.errors import TombstonesNewerError
from souspli_mailbox.records.service_facts import Fact, keep_fact, read_fact
from souspli_mailbox.records.sweeps import CondemnReason, condemn
from souspli_mailbox.records.tombstones import SUBJECTS
from souspli_mailbox.tombstones import Kind, TombstoneKey, read_tombstone
from souspli_storage.database import Database
from souspli_storage.errors import StoreDamagedError
from souspli_storage.ledger import Entry, Ledger

TOMBSTONES_AT_ONCE: Final = 100_000

# Deleted in one transaction: a deposit has up to a hundred deliveries, and a statement
# takes some ten thousand ids at most.
DELETED_AT_ONCE: Final = 100


@dataclass(frozen=True, slots=True)
class Reapplied:
    """What became of the tombstones that were read."""

    read: int = 0
    deleted: int = 0
    """Things that were there again, or still."""
    foreign: int = 0
    """Made with another key: another database's. Nothing of theirs can be recognised."""

    def __add__(self, other: Reapplied) -> Reapplied:
        return Reapplied(
            self.read + other.read, self.deleted + other.deleted, self.foreign + other.foreign
        )


def reapply_new(database: Database, ledger: Ledger, *, key: TombstoneKey, now: int) -> Reapplied:
    """Delete again what tombstones tell that this database has not met yet.

    Before the service answers anybody. Raises TombstonesNewerError for a kind that only
    a later version knows how to delete, StorageError.
    """
    after = database.read_now(read_fact, fact=Fact.TOMBSTONES_READ)
    return _reapply(database, ledger.read(after), key=key, now=now, object_keys=None)


def reapply_all(
    database: Database,
    ledger: Ledger,
    *,
    key: TombstoneKey,
    now: int,
    object_keys: Callable[[], Iterable[str]],
) -> Reapplied:
    """Do the same with every tombstone, and with the objects in the store as well.

    After a restore: the store may have been put back too, with objects whose rows were
    gone already when the backup was made. `object_keys` gives those that are there.
    """
    return _reapply(database, ledger.read(), key=key, now=now, object_keys=object_keys)


def _reapply(
    database: Database,
    entries: Iterator[Entry],
    *,
    key: TombstoneKey,
    now: int,
    object_keys: Callable[[], Iterable[str]] | None,
) -> Reapplied:
    done = Reapplied()
    while batch := list(itertools.islice(entries, TOMBSTONES_AT_ONCE)):
        digests, foreign = _by_kind(batch, mark=key.mark)
        deleted = 0
        for kind, wanted in digests.items():
            found = database.read_now(_found, kind=kind, key=key, digests=wanted)
            for some in _slices(found):
                database.write_now(SUBJECTS[kind].delete, some, now)
            deleted += len(found)
        if object_keys is not None and (objects := digests.get(Kind.DEPOSIT)):
            for some in _slices(_matching(object_keys(), Kind.DEPOSIT, key, objects)):
                database.write_now(condemn, object_keys=some, reason=CondemnReason.AGAIN, now=now)
        # Only now: a crash before this line reads them again.
        database.write_now(keep_fact, fact=Fact.TOMBSTONES_READ, value=batch[-1].position)
        done += Reapplied(len(batch), deleted, foreign)
    return done


def _by_kind(batch: list[Entry], *, mark: str) -> tuple[dict[Kind, set[bytes]], int]:
    """Return the digests of each kind, and how many were made with another key."""
    digests: dict[Kind, set[bytes]] = {}
    foreign = 0
    for entry in batch:
        tombstone = read_tombstone(entry.line)
        if tombstone is None:
            raise StoreDamagedError("the ledger holds something else than tombstones")
        if tombstone.mark != mark:
            foreign += 1
            continue
        try:
            kind = Kind(tombstone.kind)
        except ValueError:
            # Going on would let come back what this version can't delete.
            raise TombstonesNewerError("tombstones of a newer version of the service") from None
        digests.setdefault(kind, set()).add(tombstone.digest)
    return digests, foreign


def _found(
    connection: Connection, *, kind: Kind, key: TombstoneKey, digests: Collection[bytes]
) -> list[str]:
    return _matching(SUBJECTS[kind].ids(connection), kind, key, digests)


def _matching(
    subjects: Iterable[str], kind: Kind, key: TombstoneKey, digests: Collection[bytes]
) -> list[str]:
    return [one for one in subjects if key.digest(kind, one) in digests]


def _slices(found: list[str]) -> Iterator[list[str]]:
    for begin in range(0, len(found), DELETED_AT_ONCE):
        yield found[begin : begin + DELETED_AT_ONCE]
