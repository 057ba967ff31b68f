"""A BlobStore in a folder: durable on a real file system, nothing to install.

    objects/ab/ab12…/00000-8390251-<sha256>     a complete object: its parts
    uploads/ab/ab12…/00000-8390251-<sha256>     an upload: the parts so far
    condemned/ab12…/                            being deleted
    writing/<random>                            a part that is being written

A part's file name carries its number, size and SHA-256, so that it is there
whole or not there, and listing needs no second file that could disagree.
Completing an upload renames its folder: atomic, whatever the object's size, and
no byte is copied. Two levels of folders keep each one small.

A rename is durable once the folders it concerns are fsynced; a file's content
once the file is. Every order below is: content, then name, then the answer.
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from souspli_storage.blobs import KEY, Part, checked_key, checked_part
from souspli_storage.durable import (
    delete_tree,
    locked,
    make_folder,
    names,
    sync,
    translated,
    write,
)
from souspli_storage.errors import (
    NoSuchObjectError,
    NotDeletedError,
    ObjectDiffersError,
    PartDiffersError,
    PartsMissingError,
    StoreDamagedError,
)

_PART_NAME: Final = re.compile(r"([0-9]{5})-([0-9]+)-([0-9a-f]{64})", re.ASCII)

# A part of 8 MiB is written in seconds. After a day nobody is writing it any more.
LEFTOVER_SECONDS: Final = 86_400


class DiskBlobs:
    """See `BlobStore`. Any number of processes may share one folder of one machine."""

    def __init__(self, root: Path) -> None:
        """Use the folder `root`, made if it is missing, for its owner alone.

        All of it must lie in one file system: renaming between two is no rename.
        """
        self._objects = root / "objects"
        self._uploads = root / "uploads"
        self._condemned = root / "condemned"
        self._writing = root / "writing"
        with translated():
            root.mkdir(mode=0o700, parents=True, exist_ok=True)
            for folder in (self._objects, self._uploads, self._condemned, self._writing):
                folder.mkdir(mode=0o700, exist_ok=True)
            sync(root)
            sync(root.parent)

    def begin(self, key: str, *, of: int | None = None) -> tuple[Part, ...]:  # noqa: ARG002  (one way for all)
        """Make the upload's folder."""
        with translated():
            if not self._object(key).is_dir():
                make_folder(self._upload(key))
        return self.parts(key)

    def put_part(
        self,
        key: str,
        number: int,
        data: bytes,
        sha256: bytes,
        *,
        of: int | None = None,  # noqa: ARG002  (one way for all)
    ) -> None:
        """Write beside, fsync, then give the file its name."""
        part = checked_part(number, data, sha256)
        with translated():
            if not self._put(self._upload(key), part, data):
                kept = _parts(self._object(key))
                if kept is None:
                    raise NoSuchObjectError("no upload of this key")
                if part not in kept:
                    raise PartDiffersError("complete already, without this part")

    def _put(self, upload: Path, part: Part, data: bytes) -> bool:
        """Keep a part of an upload; False, with nothing kept, if there is no upload."""
        if not upload.is_dir():
            return False
        beside = self._writing / secrets.token_hex(16)
        try:
            # A crash up to the rename leaves this file: `sweep` deletes it.
            write(beside, data)
            with locked(upload) as is_upload:
                if is_upload:
                    for old in _parts(upload) or ():
                        if old.number == part.number and old != part:
                            raise PartDiffersError("kept with another checksum")
                    beside.rename(upload / _name(part))
                    # A crash before this line: the part may be gone, and nobody
                    # was told that it is kept.
                    sync(upload)
                return is_upload
        finally:
            # Nothing partial stays, above all not on a full disk.
            beside.unlink(missing_ok=True)

    def parts(self, key: str) -> tuple[Part, ...]:
        """List the folder, wherever it stands by now."""
        with translated():
            # Between two looks an upload may become an object: hence three.
            for folder in (self._object(key), self._upload(key), self._object(key)):
                kept = _parts(folder)
                if kept is not None:
                    return kept
        raise NoSuchObjectError("no upload and no object of this key")

    def complete(self, key: str, parts: Sequence[Part]) -> None:
        """Compare, drop what is not listed, rename the folder."""
        upload, target, listed = self._upload(key), self._object(key), tuple(parts)
        with translated():
            with locked(upload) as is_upload:
                if is_upload and not target.is_dir():
                    _drop_unlisted(upload, listed)
                    make_folder(target.parent)
                    # The moment. A crash before leaves the upload, complete and
                    # not yet an object; a crash after leaves the object: either
                    # way the repeated call finds its way.
                    upload.rename(target)
            kept = _parts(target)
            if kept is None:
                raise NoSuchObjectError("no upload of this key")
            if kept != listed:
                raise ObjectDiffersError("complete already, from other parts")
            # Also on a repeat: whoever renamed may have been killed before this.
            sync(target.parent)
            sync(upload.parent)

    def abort(self, key: str) -> None:
        """Delete the upload's folder."""
        self._destroy(key, self._upload(key))

    def read(self, key: str, offset: int, length: int) -> bytes:
        """Read from the parts that the range touches."""
        if offset < 0 or length < 0:
            raise ValueError("offset and length are not negative")
        folder = self._object(key)
        pieces: list[bytes] = []
        position = 0  # of the part's first byte in the object
        with translated():
            for part in _object_parts(folder):
                begin = max(offset, position)
                end = min(offset + length, position + part.size)
                if begin < end:
                    pieces.append(_read(folder / _name(part), begin - position, end - begin))
                position += part.size
        return b"".join(pieces)

    def size(self, key: str) -> int:
        """Add up the sizes of the parts."""
        with translated():
            return sum(part.size for part in _object_parts(self._object(key)))

    def delete(self, key: str) -> None:
        """Take object and upload out of sight first, then delete, then look."""
        self._destroy(key, self._object(key), self._upload(key))

    def incomplete(self, prefix: str = "") -> Iterator[str]:  # noqa: ARG002  (all cost nothing here)
        """Walk the folders of uploads and of interrupted deletions."""
        yield from _keys(self._uploads)
        with translated():
            interrupted = names(self._condemned)
        yield from (name for name in interrupted if KEY.fullmatch(name))

    def objects(self, prefix: str = "") -> Iterator[str]:
        """Walk the folders of objects; two digits are one of them."""
        return _keys(self._objects, prefix=prefix)

    def sweep(self) -> None:
        """Delete files that a killed process was writing."""
        with translated():
            for name in names(self._writing):
                # Another process may have finished with it since.
                with contextlib.suppress(FileNotFoundError):
                    beside = self._writing / name
                    if beside.stat().st_mtime < time.time() - LEFTOVER_SECONDS:
                        beside.unlink()

    def _object(self, key: str) -> Path:
        return self._objects / checked_key(key)[:2] / key

    def _upload(self, key: str) -> Path:
        return self._uploads / checked_key(key)[:2] / key

    def _destroy(self, key: str, *folders: Path) -> None:
        failures: list[Exception] = []
        condemned = self._condemned / key
        for folder in folders:
            try:
                # A crash in the middle of deleting must not leave an object with
                # fewer parts, which would read as a shorter one.
                with locked(folder) as is_there:
                    if is_there:
                        condemned.mkdir(mode=0o700, exist_ok=True)
                        folder.rename(condemned / secrets.token_hex(16))
                        sync(condemned)
                        sync(folder.parent)
            except OSError as error:
                failures.append(error)
        delete_tree(condemned, failures)
        try:
            sync(self._condemned)
        except OSError as error:
            failures.append(error)
        if failures or any(os.path.lexists(one) for one in (*folders, condemned)):
            raise NotDeletedError(failures=failures)


def _drop_unlisted(upload: Path, listed: tuple[Part, ...]) -> None:
    """Leave exactly the listed parts in the folder; PartsMissingError if they aren't there."""
    kept = set(_parts(upload) or ())
    missing = [
        part.number
        for place, part in enumerate(listed)
        if part.number != place
        or part not in kept
        # The name says what was written. A disk that lost some of it since shows
        # in the file's size; its bytes the reader checks, end to end.
        or (upload / _name(part)).stat().st_size != part.size
    ]
    if missing or not listed:
        raise PartsMissingError(missing=missing)
    for extra in kept - set(listed):
        (upload / _name(extra)).unlink()
    sync(upload)


def _object_parts(folder: Path) -> tuple[Part, ...]:
    parts = _parts(folder)
    if parts is None:
        raise NoSuchObjectError("no object of this key")
    if [part.number for part in parts] != list(range(len(parts))):
        raise StoreDamagedError("a part of an object is missing")
    return parts


def _read(path: Path, offset: int, length: int) -> bytes:
    try:
        with path.open("rb") as file:
            file.seek(offset)
            data = file.read(length)
    except FileNotFoundError:
        raise NoSuchObjectError("deleted while it was read") from None
    if len(data) < length:
        raise StoreDamagedError("a part of an object is shorter than it was")
    return data


def _name(part: Part) -> str:
    return f"{part.number:05d}-{part.size}-{part.sha256.hex()}"


def _parts(folder: Path) -> tuple[Part, ...] | None:
    """Return the parts in a folder, by number; None if there is no such folder."""
    try:
        listed = names(folder)
    except FileNotFoundError:
        return None
    matches = (_PART_NAME.fullmatch(name) for name in listed)
    return tuple(
        sorted(
            Part(int(match[1]), int(match[2]), bytes.fromhex(match[3]))
            for match in matches
            if match is not None
        )
    )


def _keys(folder: Path, *, prefix: str = "") -> Iterator[str]:
    with translated():
        folders = names(folder)
    for name in folders:
        if not name.startswith(prefix):
            continue
        with translated():
            keys = names(folder / name)
        yield from (key for key in keys if KEY.fullmatch(key))
