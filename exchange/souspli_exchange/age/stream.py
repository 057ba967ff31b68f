"""A payload's chunks, sealed and opened in runs, in any order and in several threads.

https://c2sp.org/age (Payload). The cipher releases the interpreter's lock, so one
sealer or opener may serve several threads, each with buffers of its own.
"""

import os
import threading

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from souspli_exchange.age.errors import AgeUsageError, ChunkSealedTwiceError, PayloadError
from souspli_exchange.age.filekey import FileKey
from souspli_exchange.age.lengths import (
    CHUNK_BYTES,
    PAYLOAD_NONCE_BYTES,
    SEALED_CHUNK_BYTES,
    TAG_BYTES,
    StreamLayout,
)

Readable = bytes | bytearray | memoryview
Writable = bytearray | memoryview

_COUNTER_BYTES = 11  # of a chunk's nonce; the twelfth says whether it is the final one


class PayloadSealer:
    """Seals each chunk of one new payload, and each index only once.

    `nonce` goes before chunk 0 in the file. It is drawn here, so that a second
    payload under the same file key still gets a key of its own.
    """

    __slots__ = ("_cipher", "_end", "_last_index", "_lock", "_sealed", "nonce")

    def __init__(self, file_key: FileKey) -> None:
        self._begin(file_key, os.urandom(PAYLOAD_NONCE_BYTES))

    @classmethod
    def reproduce_for_test_vectors(cls, file_key: FileKey, nonce: bytes) -> "PayloadSealer":
        """Seal a known file again, byte for byte. Only tests may call this.

        Two plaintexts sealed with the same file key and nonce give both away, and let
        anyone forge more.
        """
        sealer = cls.__new__(cls)
        sealer._begin(file_key, nonce)  # noqa: SLF001  (a constructor of this very class)
        return sealer

    def _begin(self, file_key: FileKey, nonce: bytes) -> None:
        self.nonce = nonce
        self._cipher = ChaCha20Poly1305(file_key.payload_key(nonce))
        self._lock = threading.Lock()
        self._sealed: set[int] = set()
        self._end = 0  # one more than the highest index sealed so far
        self._last_index: int | None = None  # the final chunk's, once sealed

    def seal_segment(
        self, plaintext: Readable, *, first_chunk_index: int, last: bool, out: Writable
    ) -> int:
        """Seal a run of chunks into the beginning of `out`; return the bytes written.

        `plaintext` is whole chunks of CHUNK_BYTES; only a run with `last`, which ends
        with the payload's final chunk, may end with a shorter one, and it is empty
        only if the whole payload is. `out` must not overlap it.

        Raises ChunkSealedTwiceError if any of the indices was sealed before, or lies
        after the final chunk: nothing is sealed then. To send a run again, keep the
        sealed bytes and send those. AgeUsageError for lengths that can't be.
        """
        source = _octets(plaintext)
        count = _count_chunks(len(source), CHUNK_BYTES, first_chunk_index, last=last)
        sealed_bytes = len(source) + count * TAG_BYTES
        target = _target(out, sealed_bytes)
        self._claim(first_chunk_index, count, last=last)
        for i in range(count):
            chunk = source[i * CHUNK_BYTES : (i + 1) * CHUNK_BYTES]
            start = i * SEALED_CHUNK_BYTES
            self._cipher.encrypt_into(
                chunk_nonce(first_chunk_index + i, last=last and i == count - 1),
                chunk,
                None,
                target[start : start + len(chunk) + TAG_BYTES],
            )
        return sealed_bytes

    def _claim(self, first_chunk_index: int, count: int, *, last: bool) -> None:
        # Before sealing, not after: two threads given the same run must not both
        # get as far as the cipher.
        indices = range(first_chunk_index, first_chunk_index + count)
        with self._lock:
            after_the_final_chunk = self._last_index is not None and indices[-1] > self._last_index
            before_a_sealed_one = last and self._end > indices[-1]
            taken = not self._sealed.isdisjoint(indices)
            if taken or after_the_final_chunk or before_a_sealed_one:
                raise ChunkSealedTwiceError("a chunk index is sealed once")
            self._sealed.update(indices)
            self._end = max(self._end, indices.stop)
            if last:
                self._last_index = indices[-1]

    def __repr__(self) -> str:
        return "PayloadSealer(…)"


class PayloadOpener:
    """Opens chunks of one payload, from anywhere in it."""

    __slots__ = ("_cipher",)

    def __init__(self, file_key: FileKey, nonce: bytes) -> None:
        self._cipher = ChaCha20Poly1305(file_key.payload_key(nonce))

    def open_segment(
        self, sealed: Readable, *, first_chunk_index: int, last: bool, out: Writable
    ) -> int:
        """Open a run of sealed chunks into the beginning of `out`; return the bytes written.

        The twin of `PayloadSealer.seal_segment`; `last` says that the run ends with the
        payload's final chunk, and is proved by its opening.

        Raises PayloadError if a chunk was damaged, moved or cut, or is final where it
        should not be, or the reverse: the beginning of `out` is then all zeros, so that
        nothing unauthenticated is left lying about.
        """
        source = _octets(sealed)
        try:
            count = _count_chunks(len(source), SEALED_CHUNK_BYTES, first_chunk_index, last=last)
        except AgeUsageError as wrong_length:
            raise PayloadError("the payload was cut short or added to") from wrong_length
        plain_bytes = len(source) - count * TAG_BYTES
        target = _target(out, plain_bytes)
        try:
            for i in range(count):
                chunk = source[i * SEALED_CHUNK_BYTES : (i + 1) * SEALED_CHUNK_BYTES]
                start = i * CHUNK_BYTES
                self._cipher.decrypt_into(
                    chunk_nonce(first_chunk_index + i, last=last and i == count - 1),
                    chunk,
                    None,
                    target[start : start + len(chunk) - TAG_BYTES],
                )
        except InvalidTag:
            target[:] = bytes(plain_bytes)  # the cipher writes before it has checked
            raise PayloadError("a chunk of the payload is damaged or out of place") from None
        return plain_bytes

    def open_range(
        self, sealed: Readable, *, layout: StreamLayout, first_chunk_index: int, out: Writable
    ) -> int:
        """Open a run of chunks out of a stream whose length is known.

        `sealed` is `layout.sealed_range(first_chunk_index, count)` of the stream for some
        count. Raises like `open_segment`, and PayloadError if it is no such run.
        The length itself is proved only once the final chunk has been opened.
        """
        count = -(-len(_octets(sealed)) // SEALED_CHUNK_BYTES)
        if count < 1 or first_chunk_index + count > layout.chunk_count:
            raise PayloadError("these are not chunks of this stream")
        last = layout.is_last(first_chunk_index, count)
        return self.open_segment(sealed, first_chunk_index=first_chunk_index, last=last, out=out)

    def __repr__(self) -> str:
        return "PayloadOpener(…)"


def chunk_nonce(index: int, *, last: bool) -> bytes:
    """Return the nonce of one chunk: its index as 11 bytes, then 1 for the final one."""
    try:
        return index.to_bytes(_COUNTER_BYTES, "big") + (b"\x01" if last else b"\x00")
    except OverflowError:
        raise AgeUsageError("no payload has a chunk of this index") from None


def _count_chunks(length: int, chunk_bytes: int, first_chunk_index: int, *, last: bool) -> int:
    """Return how many chunks, sealed or plain, a run of this length holds.

    Raises AgeUsageError if it is no run of chunks that age allows.
    """
    empty_chunk_bytes = chunk_bytes - CHUNK_BYTES
    full, rest = divmod(length, chunk_bytes)
    if last and first_chunk_index == 0 and length == empty_chunk_bytes:
        return 1  # an empty payload: the one empty chunk there is
    if length == 0 or (rest > 0 and not last) or 0 < rest <= empty_chunk_bytes:
        raise AgeUsageError("a run is whole chunks, and no chunk is empty")
    return full + (rest > 0)


def _octets(buffer: Readable) -> memoryview:
    """Look at any buffer as octets, so that its length counts them."""
    return memoryview(buffer).cast("B")


def _target(out: Writable, length: int) -> memoryview:
    target = _octets(out)
    if target.readonly or len(target) < length:
        raise AgeUsageError("the output buffer is too short or can't be written")
    return target[:length]
