"""A Ledger in a bucket: one small object for each `append`, numbered without a gap.

Whoever adds takes the next number by a conditional write; two that want the same one
find out there, and the later takes the next. So entries have one order for everybody,
reading on is one listing, and no clock is asked. Nothing of it is ever deleted, and a
number that is missing between two others is damage: what it said is not known any more.

On a store that knows no conditional writes two services that append in the same instant
could replace each other's entry. What was written is therefore read back once.
"""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Collection, Iterator
from typing import Final

from souspli_storage.errors import StoreDamagedError
from souspli_storage.ledger import LINE, Entry, checked_line
from souspli_storage.s3_bucket import Bucket
from souspli_storage.s3_names import Names

_POSITION: Final = re.compile(r"([0-9]{1,12})\.([0-9]{1,9})\.([0-9a-f]{16})", re.ASCII)

# How much of a line's hash tells it from another at the same place.
_MARK_DIGITS: Final = 16


class S3Ledger:
    """See `Ledger`."""

    def __init__(self, bucket: Bucket, names: Names) -> None:
        """Keep entries in `bucket`, beside the objects."""
        self._bucket = bucket
        self._names = names
        self._lock = threading.Lock()
        # Where the end was last seen: saves looking for it.
        self._seen_end = 0

    def append(self, lines: Collection[str]) -> None:
        """Take the next number for all these lines together."""
        if not lines:
            return
        body = "".join(checked_line(line) + "\n" for line in lines).encode("ascii")
        # One thread of this process after the other: they would only take turns losing.
        with self._lock:
            number = self._end()
            # A crash in here: the entry is kept and nobody was told, or is not kept.
            # Appended again, its lines are read twice, which the port allows.
            while not self._took(number, body):
                number += 1
            self._seen_end = number + 1

    def read(self, after: str | None = None) -> Iterator[Entry]:
        """Look whether the position is one of this ledger, then list what comes behind it."""
        number, index = self._place(after)
        if number is not None:
            yield from self._entries(number, from_index=index + 1)
        begin = "" if number is None else self._names.entry(number)
        following = 0 if number is None else number + 1
        for listed in self._bucket.listing(self._names.ledger, after=begin):
            found = self._names.number_of_entry(listed.name)
            if found is None:
                raise StoreDamagedError("the ledger holds something else than entries")
            if found != following:
                raise StoreDamagedError("an entry of the ledger is missing")
            yield from self._entries(found, from_index=0)
            following += 1

    def _end(self) -> int:
        """Return the first number without an entry: in strides, then by halves."""
        low, stride = self._seen_end, 1
        while self._exists(low + stride - 1):
            low, stride = low + stride, stride * 2
        high = low + stride - 1
        while low < high:
            middle = (low + high) // 2
            low, high = (middle + 1, high) if self._exists(middle) else (low, middle)
        return low

    def _exists(self, number: int) -> bool:
        return self._bucket.head(self._names.entry(number)) is not None

    def _took(self, number: int, body: bytes) -> bool:
        name = self._names.entry(number)
        return self._bucket.put_if_absent(name, body) and self._bucket.get(name) == body

    def _place(self, after: str | None) -> tuple[int | None, int]:
        """Return entry and line of a position; None unless that very line stands there."""
        match = _POSITION.fullmatch(after or "")
        if match is None:
            return None, 0
        number, index = int(match[1]), int(match[2])
        lines = self._lines(number) or []
        if index < len(lines) and _mark(lines[index]) == match[3]:
            return number, index
        return None, 0

    def _entries(self, number: int, *, from_index: int) -> Iterator[Entry]:
        lines = self._lines(number)
        if lines is None:
            raise StoreDamagedError("an entry of the ledger can't be read")
        for index, line in enumerate(lines):
            if index >= from_index:
                yield Entry(line, f"{number}.{index}.{_mark(line)}")

    def _lines(self, number: int) -> list[str] | None:
        body = self._bucket.get(self._names.entry(number))
        if body is None:
            return None
        lines = body.decode("ascii", "replace").splitlines()
        if any(LINE.fullmatch(line) is None for line in lines):
            raise StoreDamagedError("the ledger holds something else than lines")
        return lines


def _mark(line: str) -> str:
    return hashlib.sha256(line.encode("ascii")).hexdigest()[:_MARK_DIGITS]
