"""Restoring a backup into an empty database, and what has to follow any restore.

Nothing is written before every file was read and found to be what was written. Then one
transaction holds everything: the tables as they were, their rows, the migrations since,
and a note of which backup it was. Killed before it ends, the database is as empty as
before; afterwards it is whole, and the same command again does the rest:

1. tombstones of the backup that the ledger lacks are added to it (the store may be a new one);
2. all tombstones are applied, so that nothing comes back that was deleted since;
3. every object is looked for in the store, and copied back where the backup has its
   contents. The rows say which are wanted: those that tombstones forbid have none any more.

For two weeks the sweep then condemns no object (`retention.py`): those that this database
does not know may be known to another backup.
"""

from __future__ import annotations

import contextlib
import functools
import itertools
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection

from souspli_mailbox.backup.check import Checked, check_rows, contents_of
from souspli_mailbox.backup.inventory import (
    OBJECTS_AT_ONCE,
    Copied,
    Listed,
    copy_object,
    each,
    has_object,
    listed,
    whole_parts,
)
from souspli_mailbox.backup.manifest import (
    OBJECTS_FILE,
    TABLES_FOLDER,
    TOMBSTONES_FILE,
    Manifest,
    lines_of,
)
from souspli_mailbox.backup.policy import KEPT, as_restored
from souspli_mailbox.backup.progress import Stage, Told
from souspli_mailbox.database import connect_database, has_database
from souspli_mailbox.errors import BackupError, BackupTrouble
from souspli_mailbox.listings import Listing
from souspli_mailbox.reapply import TOMBSTONES_AT_ONCE, Reapplied, reapply_all
from souspli_mailbox.records.objects import (
    count_stored_objects,
    still_stored,
    stored_objects,
)
from souspli_mailbox.records.service_facts import Fact, keep_fact, read_fact
from souspli_mailbox.records.service_secrets import SecretPurpose, service_secret
from souspli_mailbox.schema import MIGRATIONS, tables
from souspli_mailbox.settings import Settings
from souspli_mailbox.store import open_blobs, open_ledger
from souspli_mailbox.tombstones import TombstoneKey, read_tombstone
from souspli_storage.blobs import BlobStore
from souspli_storage.database import Database
from souspli_storage.dump import drop_empty_tables, is_empty, load
from souspli_storage.errors import (
    DatabaseBusyError,
    DatabaseInUseError,
    DumpRefusedError,
    RowRefusedError,
)
from souspli_storage.ledger import Ledger
from souspli_storage.migrations import upgrade_schema
from souspli_storage.revisions import is_known


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """What a restore did."""

    rows: int
    """Rows that were loaded; 0 when an earlier call had done that."""
    reapplied: Reapplied
    objects: int
    """Objects that the database names."""
    copied: int
    """Objects that were not in the store and were copied back."""
    missing: tuple[str, ...]
    """Documents of which the store has no whole object."""
    strange: int
    """What the store listed as an object and can't be one."""


def restore_backup(
    settings: Settings, folder: Path, *, contents: Path | None, now: int, told: Told
) -> Restored:
    """Restore the backup in `folder`, with contents from inside or from `contents`.

    It has the database alone from before its first look until its end. Raises BackupError
    (NOT_A_BACKUP, NEWER_BACKUP, DAMAGED, OTHER_ORIGIN, NOT_EMPTY, IN_USE), StorageError:
    then nothing was written, or the database is whole and the same call goes on.
    """
    backup = check_rows(folder, told=told)
    manifest = backup.manifest
    if manifest.origin != settings.origin:
        raise BackupError(BackupTrouble.OTHER_ORIGIN)
    if not is_known(manifest.schema, migrations=MIGRATIONS):
        raise BackupError(BackupTrouble.NEWER_BACKUP)
    if not manifest.tables.keys() <= KEPT:
        # Sessions, for one, that somebody put there.
        raise BackupError(BackupTrouble.DAMAGED)
    copies = contents_of(folder, manifest, contents)
    with _alone(settings) as database:
        try:
            rows = database.write_now(_load, folder, backup, now, told)
        except (DumpRefusedError, RowRefusedError) as error:
            # If the hashes are right and the rows are not: by somebody else's hand.
            raise BackupError(BackupTrouble.DAMAGED) from error
        # A crash from here on: the database is whole. The service itself would delete
        # again what the ledger tells, and the same command goes on below.
        blobs = open_blobs(settings)
        ledger = open_ledger(settings)
        _add_tombstones(ledger, folder, manifest)
        reapplied, strange = _delete_again(database, blobs, ledger, now=now)
        wanted = map(listed, lines_of(folder, manifest, OBJECTS_FILE))
        objects, copied, missing = _look_for(
            database, blobs, copies, wanted, total=backup.objects, told=told
        )
    return Restored(
        rows=rows,
        reapplied=reapplied,
        objects=objects,
        copied=copied,
        missing=missing,
        strange=strange,
    )


def after_restore(settings: Settings, *, now: int, told: Told) -> Restored:
    """Do what has to follow when the database was put back by its own tools.

    Applies every tombstone, looks for every object, and has the sweep spare objects for
    two weeks. Raises BackupError (NO_SERVICE, IN_USE), StorageError.
    """
    if not has_database(settings):
        raise BackupError(BackupTrouble.NO_SERVICE)
    with _alone(settings) as database:
        database.upgrade(migrations=MIGRATIONS)
        database.write_now(keep_fact, fact=Fact.RESTORED_AT, value=str(now))
        blobs = open_blobs(settings)
        reapplied, strange = _delete_again(database, blobs, open_ledger(settings), now=now)
        total = database.read_now(count_stored_objects)
        objects, copied, missing = _look_for(
            database, blobs, None, _stored(database), total=total, told=told
        )
    return Restored(
        rows=0,
        reapplied=reapplied,
        objects=objects,
        copied=copied,
        missing=missing,
        strange=strange,
    )


@contextlib.contextmanager
def _alone(settings: Settings) -> Generator[Database]:
    """Give the database to nobody else: not to a service, nor to another restore.

    Either would change what this one has looked at, and PostgreSQL does not make a
    transaction see that tables were dropped and made anew under it.
    """
    with connect_database(settings) as database, contextlib.ExitStack() as held:
        try:
            held.enter_context(database.alone())
        except DatabaseInUseError:
            raise BackupError(BackupTrouble.IN_USE) from None
        yield database


def _load(connection: Connection, folder: Path, backup: Checked, now: int, told: Told) -> int:
    """Fill the database, in the caller's transaction; 0 if it was filled from this backup."""
    if not is_empty(connection):
        if _restored_from(connection) == backup.digest:
            return 0
        raise BackupError(BackupTrouble.NOT_EMPTY)
    # It may have tables of a later version, in which older rows would not fit.
    drop_empty_tables(connection)
    upgrade_schema(connection, MIGRATIONS, backup.manifest.schema)

    def rows(done: int, total: int) -> None:
        told(Stage.ROWS, done, total)

    load(
        connection,
        folder / TABLES_FOLDER,
        backup.manifest.tables,
        change=as_restored,
        told=rows,
    )
    upgrade_schema(connection, MIGRATIONS)
    keep_fact(connection, fact=Fact.RESTORED_AT, value=str(now))
    keep_fact(connection, fact=Fact.RESTORED_FROM, value=backup.digest)
    return backup.rows


def _restored_from(connection: Connection) -> str | None:
    if not connection.dialect.has_table(connection, tables.service_facts.name):
        return None
    return read_fact(connection, fact=Fact.RESTORED_FROM)


def _add_tombstones(ledger: Ledger, folder: Path, manifest: Manifest) -> None:
    """Add those of the backup that the ledger lacks: its store may have been lost as well."""
    lines = lines_of(folder, manifest, TOMBSTONES_FILE)
    while batch := list(itertools.islice(lines, TOMBSTONES_AT_ONCE)):
        if not all(isinstance(line, str) and read_tombstone(line) for line in batch):
            raise BackupError(BackupTrouble.DAMAGED)
        lacking = dict.fromkeys(batch)
        for entry in ledger.read():
            lacking.pop(entry.line, None)
        ledger.append(list(lacking))


def _delete_again(
    database: Database, blobs: BlobStore, ledger: Ledger, *, now: int
) -> tuple[Reapplied, int]:
    """Apply every tombstone; also say how much the store listed that is no object."""
    key = TombstoneKey(database.write_now(service_secret, purpose=SecretPurpose.TOMBSTONES))
    strange = 0

    def object_keys() -> Iterator[str]:
        nonlocal strange
        listings = Listing(blobs.objects()), Listing(blobs.incomplete())
        yield from itertools.chain(*listings)
        # Listed again for each batch of tombstones; it is the same each time.
        strange = sum(listing.strange for listing in listings)

    reapplied = reapply_all(database, ledger, key=key, now=now, object_keys=object_keys)
    if reapplied.deleted:
        with contextlib.suppress(DatabaseBusyError):
            # Somebody is reading; the next sweep that deletes anything tries again.
            database.forget_deleted_now()
    return reapplied, strange


def _look_for(
    database: Database,
    blobs: BlobStore,
    copies: BlobStore | None,
    objects: Iterable[Listed],
    *,
    total: int,
    told: Told,
) -> tuple[int, int, tuple[str, ...]]:
    """Return how many objects are wanted, how many were copied back, and what is missing."""
    wanted = copied = 0
    missing: list[str] = []
    look = functools.partial(_look, blobs, copies)
    for one, found in each(look, _still_wanted(database, objects)):
        wanted += 1
        copied += found is Copied.COPIED
        if found is Copied.MISSING:
            missing.append(one.document_id)
        told(Stage.OBJECTS, wanted, total)
    return wanted, copied, tuple(missing)


def _look(blobs: BlobStore, copies: BlobStore | None, one: Listed) -> Copied:
    """Find the object in the store, or copy it there."""
    parts = one.as_parts
    if parts is None:
        # Which parts it had nobody wrote down: whole is what has its length.
        if whole_parts(blobs, one.key, size=one.size) is not None:
            return Copied.THERE
        # Not whole when this backup was made; contents that backups share may have it
        # from one before.
        parts = None if copies is None else whole_parts(copies, one.key, size=one.size)
    if parts is None:
        return Copied.MISSING
    if copies is not None:
        return copy_object(one.key, parts, source=copies, target=blobs)
    return Copied.THERE if has_object(blobs, one.key, parts) else Copied.MISSING


def _still_wanted(database: Database, objects: Iterable[Listed]) -> Iterator[Listed]:
    """Leave away objects of which no row is left, because tombstones deleted it."""
    iterator = iter(objects)
    while batch := list(itertools.islice(iterator, OBJECTS_AT_ONCE)):
        stored = database.read_now(still_stored, object_keys=[one.key for one in batch])
        yield from (one for one in batch if one.key in stored)


def _stored(database: Database) -> Iterator[Listed]:
    """Yield the objects of all stored deposits, of which only the length is known."""
    after = 0
    while page := database.read_now(stored_objects, after=after, limit=OBJECTS_AT_ONCE):
        yield from (
            Listed(one.document_id, one.object_key, one.sealed_length, None) for one in page
        )
        after = page[-1].deposit_id
