"""The data of a service, without the service: to be backed up, lost and restored."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, select

from simulation.rows import NOW, Practice, Rows
from souspli_mailbox.backup.check import Checked, check_backup
from souspli_mailbox.backup.make import Made, make_backup
from souspli_mailbox.backup.progress import untold
from souspli_mailbox.backup.restore import Restored, restore_backup
from souspli_mailbox.database import DATABASE_FILE, connect_database, open_database
from souspli_mailbox.reapply import reapply_new
from souspli_mailbox.records.service_secrets import SecretPurpose, service_secret
from souspli_mailbox.schema import tables
from souspli_mailbox.settings import Settings
from souspli_mailbox.store import open_blobs, open_ledger
from souspli_mailbox.tombstones import Kind, Reason, TombstoneKey, Tombstones
from souspli_storage.blobs import Part

if TYPE_CHECKING:
    from souspli_storage.database import Database

PIECES = (b"first" * 1000, b"second" * 1000)
SECONDS_LATER = NOW + 60


class World:
    """A service's data, without the service. `kind`: the database that it uses."""

    def __init__(self, folder: Path, kind: str) -> None:
        self.kind = kind
        self.settings = Settings(data=folder)
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


def lose_database(world: World) -> None:
    for path in world.settings.data.glob(f"{DATABASE_FILE}*"):
        path.unlink()
