"""backup.json: what a backup is of, which version it has, and the facts of its files.

Written last, so that a folder without it is no backup. Nobody signs it: who can change
a backup can change this too (docs/backup.md says to encrypt, and with what).
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Final, cast

import msgspec
from msgspec import Meta

from souspli_mailbox.errors import BackupError, BackupTrouble
from souspli_storage.durable import translated, write
from souspli_storage.errors import DumpRefusedError
from souspli_storage.lines import Facts, check_lines, read_lines

FORMAT: Final = "souspli-backup"
VERSION: Final = 1

MANIFEST_FILE: Final = "backup.json"
TABLES_FOLDER: Final = "tables"
OBJECTS_FILE: Final = "objects.jsonl"
TOMBSTONES_FILE: Final = "tombstones.jsonl"
CONTENTS_FOLDER: Final = "contents"

# A few dozen files; more is not ours.
_MAX_MANIFEST_BYTES: Final = 1_048_576

_FILE: Final = re.compile(r"tables/[a-z_]{1,60}\.jsonl|objects\.jsonl|tombstones\.jsonl", re.ASCII)

Count = Annotated[int, Meta(ge=0)]


class FileFacts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a file was when it was written."""

    lines: Count
    size: Count
    sha256: Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]


class Manifest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """backup.json. A field more is a version more."""

    format: str
    version: int
    origin: str
    """The service's name: a backup is restored under the same one."""
    schema: str
    """The database's revision."""
    service: str
    """The version of the program that made it."""
    made_at: Count
    contents: bool
    """Whether the contents of the objects lie in the backup as well."""
    files: dict[str, FileFacts]

    def facts(self, name: str) -> Facts:
        """Return the facts of a file; BackupError if it is not in the backup."""
        try:
            found = self.files[name]
        except KeyError:
            raise BackupError(BackupTrouble.DAMAGED) from None
        return Facts(found.lines, found.size, found.sha256)

    @property
    def tables(self) -> dict[str, Facts]:
        """The facts of the tables' files, by table."""
        return {
            Path(name).stem: self.facts(name)
            for name in self.files
            if name.startswith(f"{TABLES_FOLDER}/")
        }


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write backup.json, durably but for its name. Raises StorageError."""
    text = json.dumps(msgspec.to_builtins(manifest), indent=2, sort_keys=True) + "\n"
    with translated():
        write(folder / MANIFEST_FILE, text.encode("ascii"))


def read_manifest(folder: Path) -> tuple[Manifest, str]:
    """Return the manifest and the SHA-256 of its file, which names the backup.

    Raises BackupError: NOT_A_BACKUP, NEWER_BACKUP, DAMAGED.
    """
    try:
        with (folder / MANIFEST_FILE).open("rb") as file:
            data = file.read(_MAX_MANIFEST_BYTES + 1)
    except OSError:
        raise BackupError(BackupTrouble.NOT_A_BACKUP) from None
    try:
        found = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise BackupError(BackupTrouble.DAMAGED) from None
    if not isinstance(found, dict):
        raise BackupError(BackupTrouble.NOT_A_BACKUP)
    said = cast(dict[str, Any], found)
    if said.get("format") != FORMAT:
        raise BackupError(BackupTrouble.NOT_A_BACKUP)
    version = said.get("version")
    if isinstance(version, int) and version > VERSION:
        raise BackupError(BackupTrouble.NEWER_BACKUP)
    try:
        manifest = msgspec.convert(said, Manifest)
    except msgspec.ValidationError:
        raise BackupError(BackupTrouble.DAMAGED) from None
    expected = {OBJECTS_FILE, TOMBSTONES_FILE}
    if (
        manifest.version != VERSION
        or not expected <= manifest.files.keys()
        # They become paths.
        or not all(_FILE.fullmatch(name) for name in manifest.files)
    ):
        raise BackupError(BackupTrouble.DAMAGED)
    return manifest, hashlib.sha256(data).hexdigest()


def check_file(folder: Path, manifest: Manifest, name: str) -> None:
    """Read a file to its end; BackupError if it is not what was written."""
    try:
        check_lines(folder / name, manifest.facts(name))
    except DumpRefusedError as error:
        raise BackupError(BackupTrouble.DAMAGED) from error


def lines_of(folder: Path, manifest: Manifest, name: str) -> Iterator[Any]:
    """Yield a file's values; BackupError, at its end at the latest, if it changed."""
    try:
        yield from read_lines(folder / name, manifest.facts(name))
    except DumpRefusedError as error:
        raise BackupError(BackupTrouble.DAMAGED) from error
