"""Making a backup: a folder that is there whole or not at all.

The service may be running. The order makes it consistent: first all rows in one snapshot;
then the objects that those rows name, each complete before its row said `stored`, so that
one that is missing by then was deleted since; last the tombstones, which tell of all that
was deleted until now. Written beside, made durable, then renamed. A crash before the
rename leaves a folder `.souspli-backup-…` beside, which may be deleted.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import secrets
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgspec
from sqlalchemy import Connection

from souspli_exchange.ports.states import DepositState
from souspli_mailbox.backup.inventory import Copied, Listed, copy_object, each, whole_parts
from souspli_mailbox.backup.manifest import (
    CONTENTS_FOLDER,
    FORMAT,
    OBJECTS_FILE,
    TABLES_FOLDER,
    TOMBSTONES_FILE,
    VERSION,
    FileFacts,
    Manifest,
    write_manifest,
)
from souspli_mailbox.backup.policy import LEFT_OUT
from souspli_mailbox.backup.progress import Stage, Told
from souspli_mailbox.database import connect_database, has_database
from souspli_mailbox.errors import BackupError, BackupTrouble
from souspli_mailbox.records.service_secrets import SecretPurpose, service_secret
from souspli_mailbox.schema import MIGRATIONS
from souspli_mailbox.settings import Settings
from souspli_mailbox.store import open_blobs, open_ledger
from souspli_mailbox.tombstones import Kind, TombstoneKey, read_tombstone
from souspli_mailbox.version import VERSION as SERVICE_VERSION
from souspli_storage.blobs import BlobStore, Part
from souspli_storage.disk import DiskBlobs
from souspli_storage.dump import dump
from souspli_storage.durable import delete_tree, sync, translated
from souspli_storage.ledger import Entry, Ledger
from souspli_storage.lines import Facts, LinesWriter, read_lines
from souspli_storage.revisions import is_known, revision_of

# Tombstones in memory at a time.
TOMBSTONES_AT_ONCE: Final = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A backup that was made."""

    rows: int
    objects: int
    copied: int
    """Objects whose contents were copied; others were there from a backup before."""
    tombstones: int
    missing: tuple[str, ...]
    """Documents of which the store has no whole object, although nobody deleted them."""


def make_backup(
    settings: Settings,
    out: Path,
    *,
    with_contents: bool,
    contents: Path | None,
    now: int,
    told: Told,
) -> Made:
    """Make the folder `out`; contents in it, or in `contents`, or nowhere.

    `contents` may be shared by any number of backups: what is there is not copied again,
    and what was deleted from the service is deleted there too. Raises BackupError
    (NO_SERVICE, NEWER_SERVICE, FOLDER_EXISTS), StorageError; then there is no `out`.
    """
    if not has_database(settings):
        raise BackupError(BackupTrouble.NO_SERVICE)
    if os.path.lexists(out):
        raise BackupError(BackupTrouble.FOLDER_EXISTS)
    with _beside(out) as folder:
        if with_contents:
            contents = folder / CONTENTS_FOLDER
        return _make(
            settings,
            folder,
            contents=contents,
            inside=with_contents,
            now=now,
            told=told,
        )


@contextlib.contextmanager
def _beside(out: Path) -> Generator[Path]:
    """Give a folder that becomes `out` at the end of the block, or is deleted if it fails."""
    folder = out.with_name(f".souspli-backup-{secrets.token_hex(8)}")
    with translated():
        folder.mkdir(mode=0o700)
        (folder / TABLES_FOLDER).mkdir(mode=0o700)
    try:
        yield folder
        with translated():
            sync(folder / TABLES_FOLDER)
            sync(folder)
            folder.rename(out)
            # A crash before this line: `out` may be gone, and nobody was told of it.
            sync(out.parent)
    except BaseException:
        # What can't be deleted is left, under a name that says what it is.
        delete_tree(folder, [])
        raise


def _make(
    settings: Settings,
    folder: Path,
    *,
    contents: Path | None,
    inside: bool,
    now: int,
    told: Told,
) -> Made:
    blobs = open_blobs(settings)
    ledger = open_ledger(settings)
    with connect_database(settings) as database:
        schema = database.read_now(revision_of)
        if schema is None:
            raise BackupError(BackupTrouble.NO_SERVICE)
        if not is_known(schema, migrations=MIGRATIONS):
            raise BackupError(BackupTrouble.NEWER_SERVICE)
        # Drawn now if the service of this version never ran: tombstones that it writes
        # after this backup must be recognised by whoever restores it.
        key = TombstoneKey(database.write_now(service_secret, purpose=SecretPurpose.TOMBSTONES))
        schema, tables = database.read_now(_dump_rows, folder / TABLES_FOLDER, told)
    inventory, copied, missing = _take_inventory(
        folder, tables, blobs, None if contents is None else DiskBlobs(contents), told
    )
    tombstones = _copy_tombstones(folder, ledger)
    missing = _without_deleted(missing, folder / TOMBSTONES_FILE, tombstones, key)
    if contents is not None and not inside:
        _delete_deleted(DiskBlobs(contents), ledger, key)
    files = {f"{TABLES_FOLDER}/{name}.jsonl": facts for name, facts in tables.items()}
    files |= {OBJECTS_FILE: inventory, TOMBSTONES_FILE: tombstones}
    manifest = Manifest(
        format=FORMAT,
        version=VERSION,
        origin=settings.origin,
        schema=schema,
        service=SERVICE_VERSION,
        made_at=now,
        contents=inside,
        files={
            name: FileFacts(facts.lines, facts.size, facts.sha256)
            for name, facts in sorted(files.items())
        },
    )
    write_manifest(folder, manifest)
    return Made(
        rows=sum(facts.lines for facts in tables.values()),
        objects=inventory.lines,
        copied=copied,
        tombstones=tombstones.lines,
        missing=tuple(missing.values()),
    )


def _dump_rows(connection: Connection, folder: Path, told: Told) -> tuple[str, Mapping[str, Facts]]:
    """Write all rows, and say of which revision they are: one snapshot."""
    schema = revision_of(connection)
    if schema is None:
        raise BackupError(BackupTrouble.NO_SERVICE)

    def rows(done: int, total: int) -> None:
        told(Stage.ROWS, done, total)

    return schema, dump(connection, folder, without=LEFT_OUT, told=rows)


def _take_inventory(
    folder: Path,
    tables: Mapping[str, Facts],
    blobs: BlobStore,
    copies: BlobStore | None,
    told: Told,
) -> tuple[Facts, int, dict[str, str]]:
    """Write down every object of the dumped rows, and copy it.

    Return the file's facts, how many were copied, and what is missing: documents by key.
    """
    deposits = tables["deposits"]
    stored = (
        row
        for row in read_lines(folder / TABLES_FOLDER / "deposits.jsonl", deposits)
        if row["state"] == DepositState.STORED
    )

    def look(row: dict[str, Any]) -> tuple[tuple[Part, ...] | None, Copied]:
        key = row["object_key"]
        parts = whole_parts(blobs, key, size=row["sealed_length"])
        if parts is None or copies is None:
            return parts, Copied.THERE
        copied = copy_object(key, parts, source=blobs, target=copies)
        return None if copied is Copied.MISSING else parts, copied

    done, copied, missing = 0, 0, dict[str, str]()
    with LinesWriter(folder / OBJECTS_FILE) as lines:
        for done, (row, (parts, copy)) in enumerate(each(look, stored), 1):
            copied += copy is Copied.COPIED
            if parts is None:
                missing[row["object_key"]] = row["document_id"]
            listed = Listed(
                row["document_id"],
                row["object_key"],
                row["sealed_length"],
                None if parts is None else [(part.size, part.sha256.hex()) for part in parts],
            )
            lines.write(msgspec.to_builtins(listed))
            told(Stage.OBJECTS, done, deposits.lines)
        told(Stage.OBJECTS, done, done)
        return lines.close(), copied, missing


def _copy_tombstones(folder: Path, ledger: Ledger) -> Facts:
    with LinesWriter(folder / TOMBSTONES_FILE) as lines:
        for entry in ledger.read():
            lines.write(entry.line)
        return lines.close()


def _without_deleted(
    missing: dict[str, str], path: Path, facts: Facts, key: TombstoneKey
) -> dict[str, str]:
    """Leave away what is missing because it was deleted after the snapshot."""
    if not missing:
        return missing
    digests = {key.digest(Kind.DEPOSIT, object_key): object_key for object_key in missing}
    left = dict(missing)
    for line in read_lines(path, facts):
        tombstone = read_tombstone(line)
        if tombstone is not None and tombstone.digest in digests:
            left.pop(digests[tombstone.digest], None)
    return left


def _delete_deleted(copies: BlobStore, ledger: Ledger, key: TombstoneKey) -> None:
    """Delete from the shared contents what was deleted from the service."""
    entries: Iterator[Entry] = ledger.read()
    while batch := list(itertools.islice(entries, TOMBSTONES_AT_ONCE)):
        found = (read_tombstone(entry.line) for entry in batch)
        digests = {one.digest for one in found if one is not None and one.kind == Kind.DEPOSIT}
        for object_key in [*copies.objects(), *copies.incomplete()]:
            if key.digest(Kind.DEPOSIT, object_key) in digests:
                copies.delete(object_key)
