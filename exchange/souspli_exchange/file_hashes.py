"""SHA-256 of each file, fed by several threads that have its bytes out of order.

docs/specs/sealed-document.md §3: a file of up to 64 MiB has a plain SHA-256. It takes
the bytes in order, while threads finish segments in any order. Whoever comes too early
sets its bytes aside, goes on sealing, and waits for its turn only at the segment's end:
by then the thread before it is usually done.
"""

import threading
from collections.abc import Sequence
from hashlib import sha256

from souspli_exchange.errors import AbandonedError
from souspli_exchange.runs import RunBuffers


class FileHashes:
    """One hash per file that has one; `hashed` says which files do."""

    def __init__(self, hashed: Sequence[bool]) -> None:
        self._hashers = [sha256() if wanted else None for wanted in hashed]
        self._fed = [0 for _ in hashed]
        self._changed = threading.Condition()
        self._abandoned = False

    def feed(self, file_index: int, offset: int, data: memoryview, *, wait: bool) -> bool:
        """Hash `data`, which stands at `offset` of the file, if that is where the hash is.

        Otherwise wait for those that have the bytes before, or return False and leave
        `data` to be fed later. No two callers may have the same bytes. Raises
        AbandonedError once `abandon` was called.
        """
        hasher = self._hashers[file_index]
        if hasher is None:
            return True
        with self._changed:
            while self._fed[file_index] != offset:
                if self._abandoned:
                    raise AbandonedError("the bytes before these will never come")
                if not wait:
                    return False
                self._changed.wait()
        # Outside the lock: nobody else is at this offset.
        hasher.update(data)
        with self._changed:
            self._fed[file_index] += len(data)
            self._changed.notify_all()
        return True

    def abandon(self) -> None:
        """Wake whoever waits: somebody has failed."""
        with self._changed:
            self._abandoned = True
            self._changed.notify_all()

    def hexdigest(self, file_index: int) -> str | None:
        """Return a file's hash, once all of it was fed; None if it has none."""
        hasher = self._hashers[file_index]
        return None if hasher is None else hasher.hexdigest()


class SegmentHashing:
    """The files' bytes in one segment, in order, on their way to `FileHashes`.

    They are kept in `buffers.held`, which must not be used for anything else before
    `finish` has returned.
    """

    __slots__ = ("_buffers", "_hashes", "_kept_bytes", "_waiting")

    def __init__(self, hashes: FileHashes, buffers: RunBuffers) -> None:
        self._hashes = hashes
        self._buffers = buffers
        self._kept_bytes = 0
        self._waiting: list[tuple[int, int, memoryview]] = []

    def update(self, file_index: int, offset: int, data: memoryview) -> None:
        """Hash `data` now, or keep a copy of it until its turn comes."""
        if not self._hashes.feed(file_index, offset, data, wait=False):
            kept = self._buffers.held[self._kept_bytes : self._kept_bytes + len(data)]
            kept[:] = data
            self._kept_bytes += len(data)
            self._waiting.append((file_index, offset, kept))

    def finish(self) -> None:
        """Hash what was kept, waiting for its turn; AbandonedError if it never comes."""
        for file_index, offset, data in self._waiting:
            self._hashes.feed(file_index, offset, data, wait=True)
        self._waiting.clear()
