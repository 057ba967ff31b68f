"""Where the segments of a sealed document lie: arithmetic only, no key.

docs/specs/sealed-document.md §2. The service uses this too, to know how many
segments a deposit of a given length has.
"""

from dataclasses import dataclass

from souspli_exchange.age.errors import PayloadError
from souspli_exchange.age.lengths import CHUNK_BYTES, PAYLOAD_NONCE_BYTES, StreamLayout
from souspli_exchange.age.sealed_header import SEALED_HEADER_BYTES
from souspli_exchange.errors import ContentsRefusedError, ExchangeUsageError

SEGMENT_CHUNKS = 128
SEGMENT_BYTES = SEGMENT_CHUNKS * CHUNK_BYTES  # 8 MiB of plaintext: one part of an upload
START_BYTES = SEALED_HEADER_BYTES + PAYLOAD_NONCE_BYTES  # before chunk 0, in segment 0


@dataclass(frozen=True, slots=True)
class SegmentLayout:
    """The segments of contents of `padded_length` bytes, counted from 0."""

    padded_length: int

    def __post_init__(self) -> None:
        if self.padded_length < 1:
            raise ExchangeUsageError("contents are never empty: their tar is padded")

    @classmethod
    def of_sealed(cls, sealed_length: int) -> "SegmentLayout":
        """Return the layout of a sealed file of this length.

        Raises ContentsRefusedError if no contents give that length. That it is the
        right one is proved only by opening the last chunk.
        """
        try:
            stream = StreamLayout.of_sealed(sealed_length - START_BYTES)
        except PayloadError as refused:
            raise ContentsRefusedError("no sealed contents have this length") from refused
        if stream.plain_bytes < 1:
            raise ContentsRefusedError("no sealed contents have this length")
        return cls(stream.plain_bytes)

    @property
    def count(self) -> int:
        """How many segments there are."""
        return -(-self.padded_length // SEGMENT_BYTES)

    @property
    def sealed_length(self) -> int:
        """Length of the sealed file, header and nonce included."""
        return START_BYTES + self.stream.sealed_bytes

    @property
    def stream(self) -> StreamLayout:
        """The chunks under the segments."""
        return StreamLayout(self.padded_length)

    def plain_range(self, index: int) -> range:
        """Return the plaintext's bytes that a segment holds."""
        return self.stream.plain_range(*self._chunks(index))

    def sealed_range(self, index: int) -> range:
        """Return a segment's bytes in the sealed file; segment 0 begins with the header."""
        in_stream = self.stream.sealed_range(*self._chunks(index))
        start = 0 if index == 0 else START_BYTES + in_stream.start
        return range(start, START_BYTES + in_stream.stop)

    def _chunks(self, index: int) -> tuple[int, int]:
        """Return the first chunk's index and the number of chunks of a segment."""
        if not 0 <= index < self.count:
            raise ExchangeUsageError("this segment is not in these contents")
        first = index * SEGMENT_CHUNKS
        return first, min(SEGMENT_CHUNKS, self.stream.chunk_count - first)
