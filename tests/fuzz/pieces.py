"""Numbers and texts taken from the front of a fuzzer's input, zeros once it has ended."""

from itertools import pairwise


class Pieces:
    """What is left of an input."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._position = 0

    @property
    def left(self) -> int:
        """How many bytes there still are."""
        return len(self._data) - self._position

    def take(self, length: int) -> bytes:
        """Return the next bytes, fewer at the end."""
        taken = self._data[self._position : self._position + length]
        self._position += len(taken)
        return taken

    def number(self, most: int) -> int:
        """Return a number from 0 to `most`, of as many bytes as it needs."""
        return int.from_bytes(self.take((most.bit_length() + 7) // 8), "big") % (most + 1)

    def text(self, most_bytes: int) -> str:
        """Return a text; bytes that are no UTF-8 are left out."""
        return self.take(self.number(most_bytes)).decode("utf-8", errors="ignore")

    def cuts(self, length: int, *, most: int) -> list[range]:
        """Return the ranges that cut `length` into up to `most` pieces, some maybe empty."""
        inner = [self.number(length) for _ in range(self.number(most - 1))]
        places = [0, *sorted(inner), length]
        return [range(a, b) for a, b in pairwise(places)]
