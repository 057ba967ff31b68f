"""A Ledger in one file: durable on a real file system, nothing to install.

Lines end with a line feed. What stands behind the last one is the beginning of a line
that a killed process was writing, and that nobody was told is kept: readers don't see
it, and the next `append` cuts it off.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import BinaryIO, Final

from souspli_storage.durable import sync, translated
from souspli_storage.errors import StoreDamagedError
from souspli_storage.ledger import LINE, Entry, checked_line

# A line with its line feed.
_MOST_BYTES: Final = 201

# How much of a line's hash tells it from another at the same place.
_MARK_DIGITS: Final = 16


class DiskLedger:
    """See `Ledger`. Any number of processes may share one file of one machine."""

    def __init__(self, path: Path) -> None:
        """Use the file `path`, made with the first line, for its owner alone."""
        self._path = path

    def append(self, lines: Collection[str]) -> None:
        """Write behind the last whole line, fsync the file and its name."""
        data = b"".join(checked_line(line).encode() + b"\n" for line in lines)
        if not data:
            return
        with translated():
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                # Of the open file, not of the process: threads exclude each other too.
                fcntl.flock(descriptor, fcntl.LOCK_EX)
                end = _end_of_lines(descriptor)
                os.ftruncate(descriptor, end)
                try:
                    _write(descriptor, data, end)
                except OSError:
                    # A full disk keeps the beginning of the lines: take it back.
                    os.ftruncate(descriptor, end)
                    raise
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
            # A crash before this line: the file may be gone if it was new, and
            # nobody was told that the lines are kept.
            sync(self._path.parent)

    def read(self, after: str | None = None) -> Iterator[Entry]:
        """Go to the position if it is one of this file, and read from there."""
        with translated():
            try:
                file = self._path.open("rb")
            except FileNotFoundError:
                return
        with file:
            offset = _offset(file, after)
            while True:
                with translated():
                    file.seek(offset)
                    batch = file.readlines(1 << 20)
                for raw in batch:
                    if not raw.endswith(b"\n"):
                        return  # being written, or left by a killed process
                    line = raw[:-1].decode("ascii", "replace")
                    if LINE.fullmatch(line) is None:
                        raise StoreDamagedError("the ledger holds something else than lines")
                    offset += len(raw)
                    yield Entry(line, f"{offset}.{_mark(raw)}")
                if not batch:
                    return


def _end_of_lines(descriptor: int) -> int:
    """Return the offset behind the last line feed."""
    size = os.fstat(descriptor).st_size
    begin = max(0, size - _MOST_BYTES)
    tail = os.pread(descriptor, size - begin, begin)
    feed = tail.rfind(b"\n")
    if feed < 0 and begin:
        # Longer than any line that was ever written here.
        raise StoreDamagedError("the ledger holds something else than lines")
    return begin + feed + 1


def _write(descriptor: int, data: bytes, offset: int) -> None:
    rest = memoryview(data)
    while rest:
        # A nearly full disk writes less than it was given, then fails.
        written = os.pwrite(descriptor, rest, offset)
        offset += written
        rest = rest[written:]


def _offset(file: BinaryIO, after: str | None) -> int:
    """Return where to read on; 0 unless the very line of the position ends there."""
    digits, _, mark = (after or "").partition(".")
    if not (digits.isascii() and digits.isdecimal()):
        return 0
    offset = int(digits)
    with translated():
        begin = max(0, offset - _MOST_BYTES)
        file.seek(begin)
        before = file.read(offset - begin)
    if len(before) < offset - begin or not before.endswith(b"\n"):
        return 0
    line = before[before.rfind(b"\n", 0, -1) + 1 :]
    return offset if _mark(line) == mark else 0


def _mark(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()[:_MARK_DIGITS]
