"""A Ledger in memory that can be told to fail. For tests; nothing is durable."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterator

from souspli_storage.errors import StorageFullError, StoreUnavailableError
from souspli_storage.ledger import Entry, checked_line
from souspli_storage.memory import Fault


def _no_fault() -> Fault | None:
    return None


class MemoryLedger:
    """See `Ledger`. `fault` is asked before each `append`."""

    def __init__(self) -> None:
        """Begin empty, without faults."""
        self.fault: Callable[[], Fault | None] = _no_fault
        self._lines: list[str] = []
        self._lock = threading.Lock()

    def append(self, lines: Collection[str]) -> None:
        """Keep the lines."""
        checked = [checked_line(line) for line in lines]
        fault = self.fault()
        if fault is Fault.FULL:
            raise StorageFullError("no room in the store")
        if fault is Fault.BEFORE:
            raise StoreUnavailableError("failed, and was not applied")
        with self._lock:
            self._lines += checked
        if fault is Fault.AFTER:
            raise StoreUnavailableError("failed, but was applied")

    def read(self, after: str | None = None) -> Iterator[Entry]:
        """Yield from a place in the list; the position is that place and the line before it."""
        with self._lock:
            lines = tuple(self._lines)
        place, _, line = (after or "").partition("/")
        known = place.isdecimal() and 0 < int(place) <= len(lines) and lines[int(place) - 1] == line
        for number in range(int(place) if known else 0, len(lines)):
            yield Entry(lines[number], f"{number + 1}/{lines[number]}")
