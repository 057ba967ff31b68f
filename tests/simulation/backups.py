"""The data of a service, without the service: to be backed up, lost and restored."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Connection, Table, select, text

from simulation.rows import NOW, Practice, Rows
from souspli_mailbox.backup.check import Checked, check_backup
from souspli_mailbox.backup.make import Made, make_backup
from souspli_mailbox.backup.progress import untold
from souspli_mailbox.backup.restore import Restored, restore_backup
from souspli_mailbox.database import DATABASE_FILE, connect_database, open_database
from souspli_mailbox.reapply import reapply_new
from souspli_mailbox.records.service_secrets import SecretPurpose, service_secret
from souspli_mailbox.schema import tables
from souspli_mailbox.settings import DatabaseSettings, Settings
from souspli_mailbox.store import open_blobs, open_ledger
from souspli_mailbox.tombstones import Kind, Reason, TombstoneKey, Tombstones
from souspli_storage.blobs import Part

if TYPE_CHECKING:
    from souspli_storage.database import Database

PIECES = (b"first" * 1000, b"second" * 1000)
SECONDS_LATER = NOW + 60


class World:
    """A service's data, without the service: objects in a folder, rows where `database` says."""

    def __init__(self, folder: Path, database: DatabaseSettings) -> None:
        self.settings = Settings(data=folder, database=database)
        self.blobs = open_blobs(self.settings)
        self.ledger = open_ledger(self.settings)

    def connect(self) -> Database:
        return connect_database(self.settings)

    def fill(self) -> None:
        with open_database(self.settings) as database:
            rows = Rows(database)
            practice = rows.admit()
            lost = rows.invite(practice, "lost@example.org")
            again = rows.invite(practice, "lost@example.org", supersedes=lost.invitation_id)
            claimed = rows.invite(practice)
            account = rows.claim(claimed)
            self.deliver(rows, practice, (claimed.invitation_id, account.fingerprint))
            self.deliver(rows, practice, (again.invitation_id, again.claim_fingerprint))
            upload = rows.open_deposit(practice)
            self.blobs.begin(upload.object_key)

    def deliver(self, rows: Rows, practice: Practice, *invited: tuple[str, str]) -> str:
        """Store a document with its object; return the object's key."""
        before = set(self.object_keys(rows.database))
        rows.deliver(practice, *invited)
        (key,) = set(self.object_keys(rows.database)) - before
        rows.database.write_now(_set_length, key=key, length=sum(map(len, PIECES)))
        self.put(key)
        return key

    def put(self, key: str) -> None:
        self.blobs.begin(key)
        parts = [
            Part(number, len(piece), hashlib.sha256(piece).digest())
            for number, piece in enumerate(PIECES)
        ]
        for part, piece in zip(parts, PIECES, strict=True):
            self.blobs.put_part(key, part.number, piece, part.sha256)
        self.blobs.complete(key, parts)

    def object_keys(self, database: Database) -> list[str]:
        statement = select(tables.deposits.c.object_key).where(tables.deposits.c.state == "stored")
        return database.read_now(lambda connection: list(connection.execute(statement).scalars()))

    def rows(self) -> dict[str, list[tuple[Any, ...]]]:
        with self.connect() as database:
            return database.read_now(_all_rows)

    def put_back(self, rows: dict[str, list[tuple[Any, ...]]]) -> None:
        """Make the database what it was when it had these rows, as an operator's copy does."""
        with self.connect() as database:
            database.write_now(_put_back, rows)

    def lose_database(self) -> None:
        if self.settings.database.address is None:
            for path in self.settings.data.glob(f"{DATABASE_FILE}*"):
                path.unlink()
            return
        with self.connect() as database:
            database.write_now(_drop)

    def key(self) -> TombstoneKey:
        with self.connect() as database:
            secret = database.write_now(service_secret, purpose=SecretPurpose.TOMBSTONES)
        return TombstoneKey(secret)

    def back_up(
        self, out: Path, *, with_contents: bool = False, contents: Path | None = None
    ) -> Made:
        return make_backup(
            self.settings, out, with_contents=with_contents, contents=contents, now=NOW, told=untold
        )

    def restore(self, folder: Path, *, contents: Path | None = None) -> Restored:
        return restore_backup(
            self.settings, folder, contents=contents, now=SECONDS_LATER, told=untold
        )


def _set_length(connection: Connection, *, key: str, length: int) -> None:
    connection.execute(
        tables.deposits.update()
        .where(tables.deposits.c.object_key == key)
        .values(sealed_length=length)
    )


def _all_rows(connection: Connection) -> dict[str, list[tuple[Any, ...]]]:
    return {
        name: sorted((tuple(row) for row in connection.execute(select(table))), key=repr)
        for name, table in tables.metadata.tables.items()
    }


def check(folder: Path, *, contents: Path | None = None) -> Checked:
    return check_backup(folder, contents=contents, told=untold)


def delete_document(world: World) -> str:
    """Delete a stored document as a purge will: rows, tombstone, object. Return its key."""
    with world.connect() as database:
        key = world.object_keys(database)[0]
    tombstones = Tombstones(world.ledger, world.key())
    tombstones.write(Kind.DEPOSIT, [key], reason=Reason.STALE_UPLOAD, now=SECONDS_LATER)
    with world.connect() as database:
        reapply_new(database, world.ledger, key=world.key(), now=SECONDS_LATER)
    world.blobs.delete(key)
    return key


def _put_back(connection: Connection, rows: dict[str, list[tuple[Any, ...]]]) -> None:
    ordered = tables.metadata.sorted_tables
    connection.execute(tables.invitations.update().values(_NO_OTHERS))
    for table in reversed(ordered):
        connection.execute(table.delete())
    for table in ordered:
        names = [column.name for column in table.columns]
        values = [dict(zip(names, row, strict=True)) for row in rows[table.name]]
        if table is not tables.invitations:
            _insert(connection, table, values)
            continue
        # Two name each other: first without, then with.
        _insert(connection, table, [value | _NO_OTHERS for value in values])
        for value in values:
            this = table.c.invitation_id == value["invitation_id"]
            connection.execute(table.update().where(this).values({n: value[n] for n in _NO_OTHERS}))


_NO_OTHERS: Final = {"supersedes": None, "superseded_by": None}


def _insert(connection: Connection, table: Table, values: list[dict[str, Any]]) -> None:
    if values:
        connection.execute(table.insert(), values)


def _drop(connection: Connection) -> None:
    connection.execute(text("DROP SCHEMA public CASCADE"))
    connection.execute(text("CREATE SCHEMA public"))
