"""Which objects belong to a backup, part by part; copying them from store to store.

A line of `objects.jsonl`:

    {"document_id": …, "key": …, "size": …, "parts": [[size, sha256], …]}

with `parts` null for an object that was not whole in the store.

Objects never change and no key is used twice, so that a copy that is there already is
the copy. Each part that is copied is compared with its SHA-256 on the way.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from enum import Enum
from typing import Annotated, Any, Final, TypeVar

import msgspec
from msgspec import Meta

from souspli_mailbox.errors import BackupError, BackupTrouble
from souspli_storage.blobs import BlobStore, Part
from souspli_storage.errors import (
    ChecksumMismatchError,
    NoSuchObjectError,
    ObjectDiffersError,
    PartDiffersError,
    PartsMissingError,
    StoreDamagedError,
)

T = TypeVar("T")
R = TypeVar("R")

# A store on the network answers after 10 to 50 ms; a disk gains nothing from more. Each
# of them holds one part of 8 MiB.
STORE_CALLS_AT_ONCE: Final = 8

OBJECTS_AT_ONCE: Final = 500


Id = Annotated[str, Meta(pattern="^[0-9a-f]{32}$")]
Sha256 = Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
Size = Annotated[int, Meta(ge=0)]


class Listed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An object as the inventory has it."""

    document_id: Id
    key: Id
    size: Size
    parts: list[tuple[Size, Sha256]] | None

    @property
    def as_parts(self) -> tuple[Part, ...] | None:
        """The parts as a store has them; None if it had not all of them."""
        if self.parts is None:
            return None
        return tuple(
            Part(number, size, bytes.fromhex(sha256))
            for number, (size, sha256) in enumerate(self.parts)
        )


class Copied(Enum):
    """What became of a copy."""

    COPIED = "copied"
    THERE = "there already"
    MISSING = "not whole in the store it was to come from"


def listed(line: Any) -> Listed:
    """Return a line of the inventory; BackupError for what is none."""
    try:
        found = msgspec.convert(line, Listed)
    except msgspec.ValidationError:
        raise BackupError(BackupTrouble.DAMAGED) from None
    if found.parts is not None and sum(size for size, _ in found.parts) != found.size:
        raise BackupError(BackupTrouble.DAMAGED)
    return found


def whole_parts(blobs: BlobStore, key: str, *, size: int) -> tuple[Part, ...] | None:
    """Return an object's parts; None unless the store has all of it."""
    try:
        parts = blobs.parts(key) if blobs.size(key) == size else None
    except (NoSuchObjectError, StoreDamagedError):
        return None
    return parts


def has_object(blobs: BlobStore, key: str, parts: tuple[Part, ...]) -> bool:
    """Say whether the store has an object of just these parts."""
    return whole_parts(blobs, key, size=sum(part.size for part in parts)) == parts


def copy_object(
    key: str, parts: tuple[Part, ...], *, source: BlobStore, target: BlobStore
) -> Copied:
    """Have the object in the target, whole or not there; what was begun before is gone on with."""
    if has_object(target, key, parts):
        return Copied.THERE
    if not has_object(source, key, parts):
        return Copied.MISSING
    try:
        kept = set(target.begin(key, of=len(parts)))
        offset = 0
        for part in parts:
            if part not in kept:
                data = source.read(key, offset, part.size)
                target.put_part(key, part.number, data, part.sha256, of=len(parts))
            offset += part.size
        target.complete(key, parts)
    except (
        # The source's bytes are not those that were acknowledged, or went meanwhile;
        # or the target has something else under this key, which can't be ours.
        ChecksumMismatchError,
        NoSuchObjectError,
        ObjectDiffersError,
        PartDiffersError,
        PartsMissingError,
        StoreDamagedError,
    ):
        target.abort(key)
        return Copied.MISSING
    return Copied.COPIED


def each(work: Callable[[T], R], things: Iterable[T]) -> Iterator[tuple[T, R]]:
    """Do something with each, several at a time, in order and in constant memory."""
    iterator = iter(things)
    with ThreadPoolExecutor(STORE_CALLS_AT_ONCE, thread_name_prefix="objects") as threads:
        while batch := list(itertools.islice(iterator, OBJECTS_AT_ONCE)):
            yield from zip(batch, threads.map(work, batch), strict=True)
