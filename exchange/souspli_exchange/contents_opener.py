"""Opening the contents: sealed segments in, the manifest's files out, or nothing.

docs/specs/sealed-document.md §7 rule 4.
"""

import hashlib
from dataclasses import dataclass

from souspli_exchange.age.errors import AgeError
from souspli_exchange.age.file import open_start
from souspli_exchange.age.stream import PayloadOpener
from souspli_exchange.bundle import Bundle, WriteFile
from souspli_exchange.errors import ContentsRefusedError, ExchangeUsageError
from souspli_exchange.sealed import VerifiedCover
from souspli_exchange.segments import SEGMENT_CHUNKS, START_BYTES, SegmentLayout
from souspli_exchange.verified import VERIFIED_HERE, Proof
from souspli_keys.tree import leaf_hash, tree_hash


@dataclass(frozen=True, slots=True)
class VerifiedContents:
    """Says that all contents of `cover` verified. Only `ContentsOpener.finish` makes one."""

    cover: VerifiedCover
    proof: Proof

    def __post_init__(self) -> None:
        self.proof.check()


class ContentsOpener:
    """Verifies and decrypts the contents of one verified cover, segment after segment.

    `write(file_index, offset, data)` gets the files' bytes, in order. They are
    authentic but **not yet to be released**: `write` goes to a temporary place until
    `finish` has returned. An empty file is never written to.

    Raises ContentsRefusedError if the manifest's lengths do not belong together.
    After any error every further call raises ExchangeUsageError.
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
        self._hashers = [hashlib.sha256() for _ in contents.files]
        self._leaf_hashes: list[bytes] = []
        self._plain = bytearray(len(self.layout.plain_range(0)))
        self._failed = False

    @property
    def next_range(self) -> range | None:
        """The bytes of the sealed file to give to `open_next`; None after the last."""
        index = len(self._leaf_hashes)
        return self.layout.sealed_range(index) if index < self.layout.count else None

    def open_next(self, sealed: bytes | bytearray | memoryview) -> None:
        """Decrypt and check the next segment, and hand its files' bytes to `write`.

        Raises ContentsRefusedError if anything about it is wrong, and what `write`
        raises.
        """
        index = len(self._leaf_hashes)
        if self._failed or index == self.layout.count:
            raise ExchangeUsageError("these contents are opened, or were refused")
        self._failed = True
        self._open(index, memoryview(sealed))
        self._failed = False

    def finish(self) -> VerifiedContents:
        """Return the proof that every byte was checked; only now release anything.

        Raises ContentsRefusedError if segments are missing, or a hash differs.
        """
        if self._failed:
            raise ExchangeUsageError("these contents were refused")
        self._failed = True
        contents = self._cover.manifest.contents
        if len(self._leaf_hashes) < self.layout.count:
            raise ContentsRefusedError("the contents were cut short")
        if tree_hash(self._leaf_hashes).hex() != contents.tree_hash:
            raise ContentsRefusedError("the contents are not the ones that were signed")
        for file, hasher in zip(contents.files, self._hashers, strict=True):
            if file.sha256 is not None and hasher.hexdigest() != file.sha256:
                raise ContentsRefusedError("a file is not the one that was signed")
        return VerifiedContents(self._cover, proof=VERIFIED_HERE)

    def _open(self, index: int, sealed: memoryview) -> None:
        if len(sealed) != len(self.layout.sealed_range(index)):
            raise ContentsRefusedError("the contents were cut short or added to")
        where = self.layout.plain_range(index)
        plain = memoryview(self._plain)[: len(where)]
        try:
            if index == 0:
                start = bytes(sealed[:START_BYTES])
                self._payload = open_start(start, self._cover.document_key)
                sealed = sealed[START_BYTES:]
            if self._payload is None:
                raise ExchangeUsageError("segment 0 comes first")
            self._payload.open_segment(
                sealed,
                first_chunk_index=index * SEGMENT_CHUNKS,
                last=self.layout.is_last(index),
                out=plain,
            )
        except AgeError as refused:
            raise ContentsRefusedError("the contents are damaged, or another's") from refused
        self._leaf_hashes.append(leaf_hash(plain))
        self._bundle.compare(where.start, plain, write=self._write)

    def _write(self, file_index: int, offset: int, data: memoryview) -> None:
        if self._cover.manifest.contents.files[file_index].sha256 is not None:
            self._hashers[file_index].update(data)
        self._write_file(file_index, offset, data)
