"""The laboratory's own list of people, `bridge/addresses.sqlite`: found by index, sealed.

docs/specs/bridge.md §13. SQLite, so that an import is one transaction beside a running
bridge, whose next question sees it; no row says in clear whom it is about.
"""

from __future__ import annotations

import contextlib
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Self

from sqlalchemy import (
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    bindparam,
    delete,
    func,
    insert,
    inspect,
    or_,
    select,
)

from souspli_cli.bridge.people.known_person import Digester, Digests, open_person, seal_person
from souspli_cli.bridge.routing import key_of_person
from souspli_storage.errors import StorageError
from souspli_storage.sqlite import SqliteDatabase

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from types import TracebackType

    from sqlalchemy import Connection

    from souspli_cli.bridge.people.known_person import KnownPerson
    from souspli_cli.bridge.routing import TraitsKey

_metadata: Final = MetaData()
_people: Final = Table(
    "people",
    _metadata,
    Column("place", Integer, primary_key=True),
    # Digests of the traits, the INS and the address (known_person.py).
    Column("traits", LargeBinary),
    Column("ins", LargeBinary, unique=True),
    Column("address", LargeBinary, unique=True),
    Column("sealed", LargeBinary, nullable=False),
    sqlite_strict=True,
)
Index("ix_people_traits", _people.c.traits)

# Made once: they are asked for each mail and each of its documents.
_BY: Final = {
    column.name: select(_people.c.sealed)
    .where(column == bindparam("value"))
    .order_by(_people.c.place)
    for column in (_people.c.place, _people.c.traits, _people.c.ins, _people.c.address)
}

# Answers that are kept until the list changes: a mail's patient is asked for when it comes,
# when it is sorted and when it is sent.
_MOST_ASKED: Final = 1_000

# Rows of one INSERT: more make nothing faster.
_AT_ONCE: Final = 1_000


@dataclass(frozen=True, slots=True)
class Entry:
    """A row by what it is found with."""

    place: int
    digests: Digests


class Addresses:
    """The open list. Blocking; may be asked in several threads."""

    def __init__(self, path: Path, secret: bytes) -> None:
        """Open it, made if need be. Raises StorageError."""
        self._secret = secret
        self.digester = Digester.of(secret)
        self._lock = threading.Lock()
        self._version = -1
        self._asked: dict[tuple[str, bytes | int], list[KnownPerson]] = {}
        self._database = SqliteDatabase(path)
        try:
            # Only if need be: an import holds the lock for a while, and whoever looks, or
            # starts a bridge, needs none.
            if not self._database.read_now(_is_made):
                self._database.write_now(_metadata.create_all)
        except BaseException:
            self._database.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._database.close()

    def __repr__(self) -> str:
        return "Addresses(…)"

    def with_address(self, address: str) -> KnownPerson | None:
        """Give who has this canonical address. Raises BoxDamaged, StorageError."""
        found = self._found("address", self.digester.address(address))
        return next((one for one in found if one.address == address), None)

    def with_ins(self, matricule: str) -> list[KnownPerson]:
        """Give all whose INS this is: one at most. Raises as above."""
        found = self._found("ins", self.digester.ins(matricule))
        return [one for one in found if one.ins is not None and one.ins[0] == matricule]

    def with_traits(self, key: TraitsKey) -> list[KnownPerson]:
        """Give all who have these traits. Raises as above."""
        found = self._found("traits", self.digester.traits(key))
        return [one for one in found if key_of_person(one.person) == key]

    def count(self) -> int:
        """Give how many there are."""
        return self._database.read_now(_count)

    def some(self, limit: int) -> list[KnownPerson]:
        """Give the first of the list, in the order in which they came."""
        sealed = self._database.read_now(_first, limit)
        return [open_person(self._secret, one) for one in sealed]

    def remove(self, known: KnownPerson) -> bool:
        """Forget somebody; False if they are not there."""
        digests = self.digester.of_person(known)
        gone = self._database.write_now(_remove, digests)
        self._forget_deleted()
        return gone > 0

    def entries(self) -> list[Entry]:
        """Give what all rows are found with."""
        return self._database.read_now(_entries)

    def at(self, place: int) -> KnownPerson | None:
        """Give whom a row is about."""
        return next(iter(self._found("place", place)), None)

    def change(
        self, *, seen: Sequence[Entry], forget: Sequence[int], add: Sequence[KnownPerson]
    ) -> bool:
        """Remove rows and add people, all of it or nothing; durable when this returns.

        False, and nothing changed, if the list is not what was `seen` any more.
        """
        rows = [_row(self._secret, self.digester, known) for known in add]
        done = self._database.write_now(_change, list(seen), forget, rows)
        if done:
            self._forget_deleted()
        return done

    def _found(self, column: str, value: bytes | int) -> list[KnownPerson]:
        version = self._database.version_now()
        with self._lock:
            if version != self._version:
                self._asked.clear()
                self._version = version
            known = self._asked.get((column, value))
        if known is not None:
            return known
        sealed = self._database.read_now(_with, column, value)
        found = [open_person(self._secret, one) for one in sealed]
        with self._lock:
            # Not if somebody has noticed a change meanwhile: this may be older.
            if version == self._version:
                if len(self._asked) >= _MOST_ASKED:
                    self._asked.clear()
                self._asked[column, value] = found
        return found

    def _forget_deleted(self) -> None:
        # A reader that is busy this instant: the next change does it.
        with contextlib.suppress(StorageError):
            self._database.forget_deleted_now()


def _row(secret: bytes, digester: Digester, known: KnownPerson) -> dict[str, object]:
    digests = digester.of_person(known)
    return {
        "traits": digests.traits,
        "ins": digests.ins,
        "address": digests.address,
        "sealed": seal_person(secret, known),
    }


def _is_made(connection: Connection) -> bool:
    return inspect(connection).has_table(_people.name)


def _count(connection: Connection) -> int:
    return connection.execute(select(func.count()).select_from(_people)).scalar_one()


def _with(connection: Connection, column: str, value: bytes | int) -> list[bytes]:
    return list(connection.execute(_BY[column], {"value": value}).scalars())


def _first(connection: Connection, limit: int) -> list[bytes]:
    found = select(_people.c.sealed).order_by(_people.c.place).limit(limit)
    return list(connection.execute(found).scalars())


def _entries(connection: Connection) -> list[Entry]:
    columns = (_people.c.place, _people.c.traits, _people.c.ins, _people.c.address)
    found = connection.execute(select(*columns).order_by(_people.c.place))
    return [
        Entry(place, Digests(traits=traits, ins=ins, address=address))
        for place, traits, ins, address in found
    ]


def _change(
    connection: Connection,
    seen: list[Entry],
    forget: Sequence[int],
    rows: Sequence[dict[str, object]],
) -> bool:
    if _entries(connection) != seen:
        return False
    for start in range(0, len(forget), _AT_ONCE):
        some = forget[start : start + _AT_ONCE]
        connection.execute(delete(_people).where(_people.c.place.in_(some)))
    for start in range(0, len(rows), _AT_ONCE):
        connection.execute(insert(_people), rows[start : start + _AT_ONCE])
    return True


def _remove(connection: Connection, digests: Digests) -> int:
    # By what names one person alone; by the traits only where there is nothing else.
    own = [
        column == digest
        for column, digest in (
            (_people.c.ins, digests.ins),
            (_people.c.address, digests.address),
        )
        if digest is not None
    ]
    condition = or_(*own) if own else _people.c.traits == digests.traits
    return connection.execute(delete(_people).where(condition)).rowcount
