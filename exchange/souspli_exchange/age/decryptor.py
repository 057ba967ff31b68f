"""A payload opened as it arrives, for readers that can't wait for all of it.

Nothing in the product may act on what this releases before `finish` has returned:
every chunk is authentic, but the end may be missing. A sealed document is opened
with `stream.PayloadOpener` into a temporary file instead (docs/specs/age.md).
"""

from souspli_exchange.age.errors import AgeUsageError, PayloadError
from souspli_exchange.age.lengths import SEALED_CHUNK_BYTES, TAG_BYTES
from souspli_exchange.age.stream import PayloadOpener, Readable


class PayloadDecryptor:
    """Takes a stream in pieces of any size and releases each chunk once it is authentic.

    After an error every further call raises the same error: what was released before
    it stays authentic, and is not the whole file.
    """

    def __init__(self, opener: PayloadOpener) -> None:
        self._opener = opener
        self._pending = bytearray()
        self._next_index = 0
        self._ended = False
        self._failure: PayloadError | AgeUsageError | None = None

    def receive(self, data: Readable) -> bytes:
        """Return the plaintext of the chunks that `data` completes, if any.

        Raises PayloadError if the first of them is damaged or follows the final chunk.
        If a later one is, what comes before it is returned, and the next call raises.
        """
        self._raise_failure()
        self._pending += data
        released = bytearray()
        try:
            while self._pending:
                if self._ended:
                    raise PayloadError("the payload goes on after its final chunk")
                if len(self._pending) < SEALED_CHUNK_BYTES:
                    break
                released += self._open_full_chunk()
        except PayloadError as failure:
            self._failure = failure
            if not released:
                raise
        return bytes(released)

    def finish(self) -> bytes:
        """Return what is left, now that the file has ended. Only then is it whole.

        Raises PayloadError if it ends without a final chunk, or anything failed before.
        """
        self._raise_failure()
        self._failure = AgeUsageError("this payload has been finished")
        if self._ended:
            return b""
        try:
            return self._open(bytes(self._pending), last=True)
        except PayloadError as failure:
            self._failure = failure
            raise

    def _open_full_chunk(self) -> bytes:
        chunk = bytes(self._pending[:SEALED_CHUNK_BYTES])
        del self._pending[:SEALED_CHUNK_BYTES]
        try:
            plain = self._open(chunk, last=False)
        except PayloadError:
            # A full chunk may be the final one. Only its nonce tells, so the other
            # one is tried; the tag decides, never the length.
            plain = self._open(chunk, last=True)
            self._ended = True
        return plain

    def _open(self, chunk: bytes, *, last: bool) -> bytes:
        out = bytearray(max(0, len(chunk) - TAG_BYTES))
        self._opener.open_segment(chunk, first_chunk_index=self._next_index, last=last, out=out)
        self._next_index += 1
        return bytes(out)

    def _raise_failure(self) -> None:
        if self._failure is not None:
            raise self._failure
