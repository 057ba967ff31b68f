"""The Ledger port: lines that are only ever added, beside the objects.

Written for who implements it. It holds what must outlive the loss of the database;
what the lines say is the caller's.

A *line* is 1 to 200 of the characters a–z, 0–9, `-` and `.`: it can be a name in a
bucket, and holds no text of anybody. It begins with a moment of fixed width, so that
sorted lines are in the order of time.

A *position* says how far somebody has read: text that only its ledger understands,
to be kept and given back. It may come from another ledger, or from one that is longer
by now, or shorter because it was put back from a copy: then everything is read.

Every implementation keeps these promises; one suite (tests/storage) checks them:

- **Durable.** Lines are kept when `append` returns, whatever happens next.
- **Whole.** A reader sees a line whole or not at all, and never loses one that was
  kept because another process was killed while it wrote.
- **At least once.** A line that is appended again may be read twice. `append` that
  raised may have kept some of its lines.
- **In order of appending**, so that reading on from a position finds what was
  appended since. It may find lines again that were read before; it misses none.
- **Concurrent.** Any number of threads and processes may append and read at once.

Methods block: callers run them in threads.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Final, Protocol

LINE: Final = re.compile(r"[a-z0-9.-]{1,200}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Entry:
    """A line, and the position from which reading goes on behind it."""

    line: str
    position: str


class Ledger(Protocol):
    """Where such lines rest. See the module for what holds for every method."""

    def append(self, lines: Collection[str]) -> None:
        """Keep these lines. None at all: nothing to do.

        Raises ValueError for what is not a line, StorageFullError, StorageError.
        """
        ...

    def read(self, after: str | None = None) -> Iterator[Entry]:
        """Yield what was appended after a position, or everything; in constant memory.

        Costs nothing worth mentioning when nothing was appended, however long the
        ledger is. Raises StoreDamagedError where it holds something else than lines.
        """
        ...


def checked_line(line: str) -> str:
    """Return the line if it is one, or raise ValueError."""
    if LINE.fullmatch(line) is None:
        raise ValueError("a line is 1 to 200 of a-z, 0-9, '-' and '.'")
    return line
