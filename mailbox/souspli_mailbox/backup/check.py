"""Checking a backup without restoring it: every file, and every byte of contents."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from souspli_mailbox.backup.inventory import Listed, each, has_object, listed
from souspli_mailbox.backup.manifest import (
    CONTENTS_FOLDER,
    OBJECTS_FILE,
    Manifest,
    check_file,
    lines_of,
    read_manifest,
)
from souspli_mailbox.backup.progress import Stage, Told
from souspli_mailbox.errors import BackupError, BackupTrouble
from souspli_storage.blobs import BlobStore
from souspli_storage.disk import DiskBlobs
from souspli_storage.errors import NoSuchObjectError, StoreDamagedError


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """A backup whose every file is what was written."""

    manifest: Manifest
    digest: str
    """SHA-256 of its backup.json."""
    contents: bool
    """Whether contents were looked at."""
    missing: tuple[str, ...] = ()
    """Documents whose contents are absent or damaged."""

    @property
    def rows(self) -> int:
        """How many rows it holds."""
        return sum(facts.lines for facts in self.manifest.tables.values())

    @property
    def objects(self) -> int:
        """How many objects belong to it."""
        return self.manifest.files[OBJECTS_FILE].lines


def check_rows(folder: Path, *, told: Told) -> Checked:
    """Check every file but the contents. Raises BackupError."""
    manifest, digest = read_manifest(folder)
    total = sum(facts.size for facts in manifest.files.values())
    done = 0
    for name, facts in manifest.files.items():
        check_file(folder, manifest, name)
        done += facts.size
        told(Stage.CHECK, done, total)
    return Checked(manifest=manifest, digest=digest, contents=False)


def check_backup(folder: Path, *, contents: Path | None, told: Told) -> Checked:
    """Check every file, and read all contents: those inside, or in `contents`."""
    checked = check_rows(folder, told=told)
    copies = contents_of(folder, checked.manifest, contents)
    if copies is None:
        return checked
    missing: list[str] = []
    lines = (listed(line) for line in lines_of(folder, checked.manifest, OBJECTS_FILE))
    for done, (one, whole) in enumerate(each(lambda one: _is_whole(copies, one), lines), 1):
        if not whole:
            missing.append(one.document_id)
        told(Stage.OBJECTS, done, checked.objects)
    return Checked(
        manifest=checked.manifest, digest=checked.digest, contents=True, missing=tuple(missing)
    )


def contents_of(folder: Path, manifest: Manifest, contents: Path | None) -> BlobStore | None:
    """Return where the contents are: in `contents`, inside, or nowhere.

    Raises BackupError (NO_CONTENTS) for a folder that is none.
    """
    if contents is None and manifest.contents:
        contents = folder / CONTENTS_FOLDER
    if contents is None:
        return None
    # Opening it would make folders in whatever it is.
    if not (contents / "objects").is_dir():
        raise BackupError(BackupTrouble.NO_CONTENTS)
    return DiskBlobs(contents)


def _is_whole(copies: BlobStore, one: Listed) -> bool:
    parts = one.as_parts
    if parts is None or not has_object(copies, one.key, parts):
        return False
    offset = 0
    for part in parts:
        try:
            data = copies.read(one.key, offset, part.size)
        except (NoSuchObjectError, StoreDamagedError):
            return False
        if hashlib.sha256(data).digest() != part.sha256:
            return False
        offset += part.size
    return True
