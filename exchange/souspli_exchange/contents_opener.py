"""Opening the contents: sealed segments in, the manifest's files out, or nothing.

docs/specs/sealed-document.md §7 rule 4. `engine` does this in several threads; what is
checked of a segment stands here alone.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass

from souspli_exchange.age.errors import AgeError
from souspli_exchange.age.file import open_start
from souspli_exchange.age.stream import PayloadOpener
from souspli_exchange.bundle import Bundle, WriteFile
from souspli_exchange.errors import AbandonedError, ContentsRefusedError, ExchangeUsageError
from souspli_exchange.file_hashes import FileHashes, SegmentHashing
from souspli_exchange.runs import Run, RunBuffers, runs_of
from souspli_exchange.sealed import VerifiedCover
from souspli_exchange.segments import START_BYTES, SegmentLayout
from souspli_exchange.verified import VERIFIED_HERE, Proof
from souspli_keys.tree import LeafHasher, tree_hash

FetchPart = Callable[[range, memoryview], memoryview]
"""`fetch(where, room)` returns these bytes of the sealed file, put into `room` or not."""


@dataclass(frozen=True, slots=True)
class VerifiedContents:
    """Says that all contents of `cover` verified. Only `ContentsOpener.finish` makes one."""

    cover: VerifiedCover
    proof: Proof

    def __post_init__(self) -> None:
        self.proof.check()


class ContentsOpener:
    """Verifies and decrypts the contents of one verified cover, segment after segment.

    `write(file_index, offset, data)` gets the files' bytes, each segment's in order and
    in the thread that opens it. They are authentic but **not yet to be released**:
    `write` goes to a temporary place until `finish` has returned. An empty file is never
    written to.

    Raises ContentsRefusedError if the manifest's lengths do not belong together.
    After any error every further call, and every one under way in another thread,
    raises AbandonedError.
    """

    def __init__(self, cover: VerifiedCover, *, write: WriteFile) -> None:
        contents = cover.manifest.contents
        self._cover = cover
        self._write_file = write
        self._bundle = Bundle(contents.bundled_files, created_at=cover.manifest.created_at)
        self.layout = SegmentLayout(self._bundle.padded_length)
        lengths = (contents.tar_length, contents.padded_length, contents.sealed_length)
        expected = (self._bundle.tar_length, self.layout.padded_length, self.layout.sealed_length)
        if lengths != expected:
            raise ContentsRefusedError("the manifest's lengths are not those of its files")
        self._payload: PayloadOpener | None = None
        self._hashes = FileHashes([file.sha256 is not None for file in contents.files])
        self._lock = threading.Lock()
        self._begun = 0  # segments; each is begun once, in order
        self._leaf_hashes: dict[int, bytes] = {}
        self._failed = False
        self._own_buffers: RunBuffers | None = None

    @property
    def next_range(self) -> range | None:
        """The bytes of the sealed file to give to `open_next`; None after the last."""
        return self.layout.sealed_range(self._begun) if self._begun < self.layout.count else None

    def open_next(self, sealed: bytes | bytearray | memoryview) -> None:
        """Decrypt and check the next segment, and hand its files' bytes to `write`.

        Raises ContentsRefusedError if anything about it is wrong, and what `write`
        raises.
        """
        if self._failed:
            raise AbandonedError("these contents were refused")
        where = self.next_range
        if where is None:
            raise ExchangeUsageError("these contents are opened")
        segment = memoryview(sealed)
        if len(segment) != len(where):
            self.abandon()
            raise ContentsRefusedError("the contents were cut short or added to")
        if where.start == 0:
            self.begin(bytes(segment[:START_BYTES]))
        self._own_buffers = self._own_buffers or RunBuffers(self.layout)
        self.open_next_parts(
            self._own_buffers,
            fetch=lambda part, _room: segment[part.start - where.start : part.stop - where.start],
        )

    def begin(self, start: bytes) -> None:
        """Take the header and nonce, the sealed file's first START_BYTES.

        Raises ContentsRefusedError if they are damaged, or another document's.
        """
        try:
            self._payload = open_start(start, self._cover.document_key)
        except AgeError as refused:
            self.abandon()
            raise ContentsRefusedError("the contents are damaged, or another's") from refused

    def open_next_parts(self, buffers: RunBuffers, *, fetch: FetchPart) -> bool:
        """Fetch, decrypt and check the next segment; False if none is left.

        After `begin`, this may be called in several threads at once, each with buffers
        of its own: each opens another segment, so that `write` is called in all of them.
        Raises ContentsRefusedError, and what `fetch` and `write` raise.
        """
        payload = self._payload
        if payload is None:
            raise ExchangeUsageError("the header comes first")
        with self._lock:
            if self._failed:
                raise AbandonedError("these contents were refused")
            index = self._begun
            if index == self.layout.count:
                return False
            self._begun += 1
        try:
            leaf_hash = self._open(index, payload, buffers, fetch)
        except BaseException:
            self.abandon()
            raise
        with self._lock:
            self._leaf_hashes[index] = leaf_hash
        return True

    def abandon(self) -> None:
        """Give these contents up; who is opening them in another thread ends soon."""
        self._failed = True
        self._hashes.abandon()

    def finish(self) -> VerifiedContents:
        """Return the proof that every byte was checked; only now release anything.

        Raises ContentsRefusedError if segments are missing, or a hash differs.
        """
        if self._failed:
            raise AbandonedError("these contents were refused")
        self._failed = True
        contents = self._cover.manifest.contents
        if len(self._leaf_hashes) < self.layout.count:
            raise ContentsRefusedError("the contents were cut short")
        leaf_hashes = [self._leaf_hashes[index] for index in range(self.layout.count)]
        if tree_hash(leaf_hashes).hex() != contents.tree_hash:
            raise ContentsRefusedError("the contents are not the ones that were signed")
        for file_index, file in enumerate(contents.files):
            if self._hashes.hexdigest(file_index) != file.sha256:
                raise ContentsRefusedError("a file is not the one that was signed")
        return VerifiedContents(self._cover, proof=VERIFIED_HERE)

    def _open(
        self, index: int, payload: PayloadOpener, buffers: RunBuffers, fetch: FetchPart
    ) -> bytes:
        """Open one segment; return its leaf hash."""
        leaf = LeafHasher()
        file_hashing = SegmentHashing(self._hashes, buffers)

        def write(file_index: int, offset: int, data: memoryview) -> None:
            file_hashing.update(file_index, offset, data)
            self._write_file(file_index, offset, data)

        for run in runs_of(self.layout, index):
            if self._failed:
                raise AbandonedError("these contents were refused")
            plain = buffers.plain[: len(run.plain)]
            sealed = fetch(run.sealed, buffers.sealed[: len(run.sealed)])
            _decrypt(payload, run, sealed, plain)
            leaf.update(plain)
            self._bundle.compare(run.plain.start, plain, write=write)
        file_hashing.finish()
        return leaf.digest()


def _decrypt(payload: PayloadOpener, run: Run, sealed: memoryview, plain: memoryview) -> None:
    try:
        payload.open_segment(
            sealed, first_chunk_index=run.first_chunk_index, last=run.is_last, out=plain
        )
    except AgeError as refused:
        raise ContentsRefusedError("the contents are damaged, or another's") from refused
