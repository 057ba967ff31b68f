"""Files of JSON lines that say afterwards whether they are still whole.

Writing one gives its `Facts`: how many lines, how many bytes, which SHA-256. Reading it
with those facts ends in DumpRefusedError unless they are all still true, whatever the
disk, a copy over a network or an editor has done. Both in constant memory.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from souspli_storage.durable import translated
from souspli_storage.errors import DumpRefusedError

# A row with a cover of the largest size, as base64, is under 2 MiB. More than this is
# not ours, and would only fill the memory.
MAX_LINE_BYTES: Final = 67_108_864


@dataclass(frozen=True, slots=True)
class Facts:
    """What a file was when it was written: lines, bytes, SHA-256 in hexadecimal."""

    lines: int
    size: int
    sha256: str


class LinesWriter:
    """Writes a new file, for its owner alone: durable, but for its name, after `close`."""

    def __init__(self, path: Path) -> None:
        """Make the file. One that is there already is left of an attempt before."""
        with translated():
            path.unlink(missing_ok=True)
            descriptor = os.open(
                path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600
            )
            self._file = os.fdopen(descriptor, "wb", buffering=1 << 20)
        self._hash = hashlib.sha256()
        self._lines = self._size = 0

    def write(self, value: object) -> None:
        """Add one value as a line; StorageFullError when there is no room."""
        # Sorted and without spaces: the same rows give the same file, byte for byte.
        line = json.dumps(value, sort_keys=True, separators=(",", ":")).encode("ascii") + b"\n"
        with translated():
            self._file.write(line)
        self._hash.update(line)
        self._lines += 1
        self._size += len(line)

    def close(self) -> Facts:
        """Make it durable; return its facts."""
        with translated():
            try:
                self._file.flush()
                os.fsync(self._file.fileno())
            finally:
                self._file.close()
        return Facts(self._lines, self._size, self._hash.hexdigest())

    def __enter__(self) -> Self:
        """Close at the end of a `with` block, however it ends."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close; what is left of a block that failed is the caller's to delete."""
        try:
            self._file.close()
        except OSError:
            # Room that is missing for the buffer's rest. Without an error before it,
            # `close` has been called and told so.
            if error is None:
                raise


def read_lines(path: Path, facts: Facts) -> Iterator[Any]:
    """Yield the values of a file; DumpRefusedError, at its end at the latest, if it changed.

    Whoever acts on a value before the end must be able to take it back.
    """
    digest, lines, size = hashlib.sha256(), 0, 0
    try:
        file = path.open("rb")
    except FileNotFoundError:
        raise DumpRefusedError("a file is missing") from None
    except OSError as error:
        raise DumpRefusedError("a file can't be read") from error
    with file:
        while line := _line(file):
            digest.update(line)
            lines += 1
            size += len(line)
            if size > facts.size or not line.endswith(b"\n"):
                raise DumpRefusedError("a file is not what was written")
            try:
                value = json.loads(line)
            except (ValueError, RecursionError):
                # The latter for a thousand brackets, made by somebody's hand.
                raise DumpRefusedError("a line is not JSON") from None
            yield value
    if Facts(lines, size, digest.hexdigest()) != facts:
        raise DumpRefusedError("a file is not what was written")


def check_lines(path: Path, facts: Facts) -> None:
    """Read a file to its end; raise DumpRefusedError unless it is what was written."""
    for _ in read_lines(path, facts):
        pass


def _line(file: Any) -> bytes:
    try:
        line: bytes = file.readline(MAX_LINE_BYTES + 1)
    except OSError as error:
        raise DumpRefusedError("a file can't be read") from error
    return line
