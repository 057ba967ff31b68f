"""A BlobStore in memory that can be told to fail. For tests; nothing is durable.

A write can fail in two ways, and a caller can't tell which it was: not applied,
or applied and reported as failed (the answer was lost). Tests break every write
both ways:

    store = MemoryBlobs()
    store.fault = lambda operation: Fault.AFTER if operation == "complete" else None
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from enum import Enum

from souspli_storage.blobs import Part, checked_key, checked_part
from souspli_storage.errors import (
    NoSuchObjectError,
    ObjectDiffersError,
    PartDiffersError,
    PartsMissingError,
    StorageFullError,
    StoreUnavailableError,
)


class Fault(Enum):
    """How an operation fails."""

    BEFORE = "not applied"
    AFTER = "applied, but reported as failed"
    FULL = "no room"


def _no_fault(_operation: str) -> Fault | None:
    return None


class MemoryBlobs:
    """See `BlobStore`. `fault` is asked before each operation, by the method's name."""

    def __init__(self) -> None:
        """Begin empty, without faults."""
        self.fault: Callable[[str], Fault | None] = _no_fault
        self._uploads: dict[str, dict[int, tuple[Part, bytes]]] = {}
        self._objects: dict[str, tuple[tuple[Part, ...], bytes]] = {}
        self._lock = threading.RLock()

    def begin(self, key: str, *, of: int | None = None) -> tuple[Part, ...]:  # noqa: ARG002  (one way for all)
        """Open an upload."""
        checked_key(key)
        with self._operation("begin"):
            if key not in self._objects:
                self._uploads.setdefault(key, {})
            return self._parts(key)

    def put_part(
        self,
        key: str,
        number: int,
        data: bytes,
        sha256: bytes,
        *,
        of: int | None = None,  # noqa: ARG002  (one way for all)
    ) -> None:
        """Keep a part."""
        part = checked_part(number, data, sha256)
        with self._operation("put_part"):
            kept = self._parts(checked_key(key))
            if part in kept:
                return
            if key in self._objects or number in {one.number for one in kept}:
                raise PartDiffersError("kept with another checksum")
            self._uploads[key][number] = (part, data)

    def parts(self, key: str) -> tuple[Part, ...]:
        """List parts."""
        with self._operation("parts"):
            return self._parts(checked_key(key))

    def complete(self, key: str, parts: Sequence[Part]) -> None:
        """Make the object."""
        listed = tuple(parts)
        with self._operation("complete"):
            if checked_key(key) in self._objects:
                if self._objects[key][0] != listed:
                    raise ObjectDiffersError("complete already, from other parts")
                return
            if key not in self._uploads:
                raise NoSuchObjectError("no upload of this key")
            kept = self._uploads[key]
            missing = [
                part.number
                for place, part in enumerate(listed)
                if place != part.number or kept.get(place, (None,))[0] != part
            ]
            if missing or not listed:
                raise PartsMissingError(missing=missing)
            data = b"".join(kept[part.number][1] for part in listed)
            self._objects[key] = (listed, data)
            del self._uploads[key]

    def abort(self, key: str) -> None:
        """Forget an upload."""
        with self._operation("abort"):
            self._uploads.pop(checked_key(key), None)

    def read(self, key: str, offset: int, length: int) -> bytes:
        """Return a range."""
        if offset < 0 or length < 0:
            raise ValueError("offset and length are not negative")
        with self._operation("read"):
            return self._object(key)[1][offset : offset + length]

    def size(self, key: str) -> int:
        """Return the size."""
        with self._operation("size"):
            return len(self._object(key)[1])

    def delete(self, key: str) -> None:
        """Forget object and upload."""
        with self._operation("delete"):
            self._objects.pop(checked_key(key), None)
            self._uploads.pop(key, None)

    def incomplete(self, prefix: str = "") -> Iterator[str]:  # noqa: ARG002  (all cost nothing here)
        """Yield uploads."""
        with self._operation("incomplete"):
            return iter(sorted(self._uploads))

    def objects(self, prefix: str = "") -> Iterator[str]:
        """Yield objects."""
        with self._operation("objects"):
            return iter(sorted(key for key in self._objects if key.startswith(prefix)))

    def sweep(self) -> None:
        """Find nothing: a process that is killed takes its memory along."""

    def _parts(self, key: str) -> tuple[Part, ...]:
        if key in self._uploads:
            return tuple(sorted(part for part, _ in self._uploads[key].values()))
        if key in self._objects:
            return self._objects[key][0]
        raise NoSuchObjectError("no upload and no object of this key")

    def _object(self, key: str) -> tuple[tuple[Part, ...], bytes]:
        try:
            return self._objects[checked_key(key)]
        except KeyError:
            raise NoSuchObjectError("no object of this key") from None

    @contextlib.contextmanager
    def _operation(self, name: str) -> Generator[None]:
        with self._lock:
            fault = self.fault(name)
            if fault is Fault.FULL:
                raise StorageFullError("no room in the store")
            if fault is Fault.BEFORE:
                raise StoreUnavailableError("failed, and was not applied")
            yield
            if fault is Fault.AFTER:
                raise StoreUnavailableError("failed, but was applied")
