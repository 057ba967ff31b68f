"""What a store lists, as far as it can be believed.

A listing decides nothing by itself: whatever comes out of it is compared with rows, or
with tombstones, before anything is deleted. What can't be a key never gets that far, and
none goes on for ever.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from souspli_storage.blobs import KEY
from souspli_storage.errors import StoreDamagedError

# Ten years of 27,000 documents a day. A listing of more has no end, and whoever waits
# for it should hear so.
MOST_LISTED: Final = 100_000_000


class Listing:
    """Yields the keys of a listing, once; counts in `strange` what is none."""

    def __init__(self, listed: Iterable[str], *, prefix: str = "") -> None:
        """`prefix`: with what all were asked to begin. Nothing is listed yet."""
        self._listed = listed
        self._prefix = prefix
        self.strange = 0

    def __iter__(self) -> Iterator[str]:
        """Raise StoreDamagedError where it has no end, and what the store raises."""
        for number, key in enumerate(self._listed):
            if number >= MOST_LISTED:
                raise StoreDamagedError("a listing of the store has no end")
            if KEY.fullmatch(key) is not None and key.startswith(self._prefix):
                yield key
            else:
                self.strange += 1
