"""Where the chunks of a payload lie: arithmetic only, no key.

A payload is a nonce of 16 bytes, then the plaintext in chunks of 64 KiB, each
sealed with a tag of 16 bytes; https://c2sp.org/age (Payload). The *stream* is
the payload without its nonce.
"""

from dataclasses import dataclass

from souspli_exchange.age.errors import AgeUsageError, PayloadError

PAYLOAD_NONCE_BYTES = 16
CHUNK_BYTES = 65_536
TAG_BYTES = 16  # Poly1305
SEALED_CHUNK_BYTES = CHUNK_BYTES + TAG_BYTES


@dataclass(frozen=True, slots=True)
class StreamLayout:
    """The chunks of one stream that seals `plain_bytes` of plaintext.

    A length that a peer or a store states proves nothing until the final chunk of
    that layout has been opened: only that chunk is sealed as the final one.
    """

    plain_bytes: int

    def __post_init__(self) -> None:
        if self.plain_bytes < 0:
            raise AgeUsageError("a length is not negative")

    @classmethod
    def of_sealed(cls, sealed_bytes: int) -> "StreamLayout":
        """Return the layout of a stream of so many bytes, nonce not included.

        Raises PayloadError if no plaintext gives that length: the stream stops inside
        a tag, or ends with an empty chunk after others.
        """
        full_chunks, rest = divmod(sealed_bytes, SEALED_CHUNK_BYTES)
        is_empty_payload = full_chunks == 0 and rest == TAG_BYTES
        if sealed_bytes <= 0 or (0 < rest <= TAG_BYTES and not is_empty_payload):
            raise PayloadError("no payload has this length: it was cut short or added to")
        return cls(sealed_bytes - TAG_BYTES * (full_chunks + (rest > 0)))

    @property
    def chunk_count(self) -> int:
        """At least one: an empty payload is one empty chunk."""
        return max(1, -(-self.plain_bytes // CHUNK_BYTES))

    @property
    def sealed_bytes(self) -> int:
        """Length of the stream, nonce not included."""
        return self.plain_bytes + TAG_BYTES * self.chunk_count

    def plain_range(self, first_chunk_index: int, count: int) -> range:
        """Return the plaintext's bytes that these chunks hold."""
        self._check(first_chunk_index, count)
        start, stop = first_chunk_index * CHUNK_BYTES, (first_chunk_index + count) * CHUNK_BYTES
        return range(start, min(stop, self.plain_bytes))

    def sealed_range(self, first_chunk_index: int, count: int) -> range:
        """Return where in the stream these chunks lie sealed."""
        self._check(first_chunk_index, count)
        stop = (first_chunk_index + count) * SEALED_CHUNK_BYTES
        return range(first_chunk_index * SEALED_CHUNK_BYTES, min(stop, self.sealed_bytes))

    def is_last(self, first_chunk_index: int, count: int) -> bool:
        """Say whether these chunks end with the final one."""
        self._check(first_chunk_index, count)
        return first_chunk_index + count == self.chunk_count

    def _check(self, first_chunk_index: int, count: int) -> None:
        if first_chunk_index < 0 or count < 1 or first_chunk_index + count > self.chunk_count:
            raise AgeUsageError("these chunks are not in this stream")
