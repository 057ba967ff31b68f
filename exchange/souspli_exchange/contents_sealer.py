"""Sealing the contents: files in, sealed segments out.

docs/specs/sealed-document.md §2. Memory stays the same whatever the size. The manifest
comes after the last segment: only then are all hashes known. `engine` does this in
several threads; what a segment is made of stands here alone.
"""

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from souspli_exchange.age.file import begin_file
from souspli_exchange.age.unwrap import HybridIdentity
from souspli_exchange.bundle import Bundle, BundledFile
from souspli_exchange.errors import AbandonedError, ExchangeUsageError
from souspli_exchange.file_hashes import FileHashes, SegmentHashing
from souspli_exchange.manifest import (
    DEFAULT_LIMITS,
    MAX_HASHED_FILE_BYTES,
    Contents,
    ContentsFile,
    Limits,
    check_files,
)
from souspli_exchange.runs import RunBuffers, runs_of
from souspli_exchange.segments import SegmentLayout
from souspli_exchange.sources import Source
from souspli_keys.tree import LeafHasher, tree_hash

PutPart = Callable[[int, int, memoryview], None]
"""`put(index, offset, sealed)` keeps a copy of a part of segment `index`, or raises.
`offset` is the part's place in the sealed file."""


@dataclass(frozen=True, slots=True)
class SealedContents:
    """What was sealed, and the key that opens it: to be put into covers."""

    contents: Contents
    document_key: HybridIdentity


def sealed_length(files: Iterable[tuple[str, int]]) -> int:
    """Return how long `contents.age` will be, from (name, size) of its files."""
    # Any moment will do: it takes as much room as any other.
    bundle = Bundle([BundledFile(name, size) for name, size in files], created_at=0)
    return SegmentLayout(bundle.padded_length).sealed_length


class ContentsSealer:
    """Seals the files of one document, segment after segment, each once.

    A document key, file key and nonce of its own are drawn for each object, so
    beginning again with another object is always safe. Going on after an error is
    not: every further call, and every one under way in another thread, raises
    AbandonedError.

    Raises FileNameError and TooLargeToSendError before anything is read.
    """

    def __init__(
        self, sources: Sequence[Source], *, created_at: int, limits: Limits = DEFAULT_LIMITS
    ) -> None:
        check_files([(source.name, source.size) for source in sources], limits=limits)
        self._sources = tuple(sources)
        # Taken once: a source whose size changes must not move the tar's blocks.
        self._files = tuple(BundledFile(source.name, source.size) for source in sources)
        self._bundle = Bundle(self._files, created_at=created_at)
        self.layout = SegmentLayout(self._bundle.padded_length)
        self.tar_length = self._bundle.tar_length
        self._document_key = HybridIdentity.generate()
        self._new_file = begin_file(self._document_key.recipient)
        self._hashes = FileHashes([file.size <= MAX_HASHED_FILE_BYTES for file in self._files])
        self._lock = threading.Lock()
        self._begun = 0  # segments; each is begun once, in order
        self._leaf_hashes: dict[int, bytes] = {}
        self._failed = False
        self._own_buffers: RunBuffers | None = None

    def segments(self) -> Iterator[bytes]:
        """Seal and yield every segment, in order.

        Each is to be kept until the service has acknowledged it: it can't be sealed
        again. Raises SourceChangedError or SourceUnreadableError; then nothing that
        was yielded is of use.
        """
        while self._begun < self.layout.count:
            yield self.seal_next()

    def seal_next(self) -> bytes:
        """Seal the next segment; see `segments`. ExchangeUsageError after the last one."""
        parts: list[bytes] = []
        self._own_buffers = self._own_buffers or RunBuffers(self.layout)
        if not self.seal_next_parts(
            self._own_buffers, put=lambda _index, _offset, sealed: parts.append(bytes(sealed))
        ):
            raise ExchangeUsageError("these contents are sealed")
        return b"".join(parts)

    def seal_next_parts(self, buffers: RunBuffers, *, put: PutPart) -> bool:
        """Seal the next segment and `put` it, in parts and in order; False if none is left.

        May be called in several threads at once, each with buffers of its own: each
        seals another segment. Raises like `segments`, and what `put` raises.
        """
        with self._lock:
            if self._failed:
                raise AbandonedError("these contents have failed to be sealed")
            index = self._begun
            if index == self.layout.count:
                return False
            self._begun += 1
        try:
            leaf_hash = self._seal(index, buffers, put)
        except BaseException:
            self.abandon()
            raise
        with self._lock:
            self._leaf_hashes[index] = leaf_hash
        return True

    def abandon(self) -> None:
        """Give these contents up; who is sealing them in another thread ends soon."""
        self._failed = True
        self._hashes.abandon()

    def finish(self) -> SealedContents:
        """Return what was sealed, once all segments are and no source has changed."""
        if self._failed or len(self._leaf_hashes) < self.layout.count:
            raise ExchangeUsageError("these contents are not sealed to the end")
        for source in self._sources:
            source.check_unchanged()
        leaf_hashes = [self._leaf_hashes[index] for index in range(self.layout.count)]
        contents = Contents(
            files=tuple(
                ContentsFile(
                    name=file.name,
                    media_type=source.media_type,
                    size=file.size,
                    sha256=self._hashes.hexdigest(file_index),
                )
                for file_index, (file, source) in enumerate(
                    zip(self._files, self._sources, strict=True)
                )
            ),
            padded_length=self.layout.padded_length,
            sealed_length=self.layout.sealed_length,
            tar_length=self.tar_length,
            tree_hash=tree_hash(leaf_hashes).hex(),
        )
        return SealedContents(contents=contents, document_key=self._document_key)

    def _seal(self, index: int, buffers: RunBuffers, put: PutPart) -> bytes:
        """Seal one segment; return its leaf hash."""
        leaf = LeafHasher()
        file_hashing = SegmentHashing(self._hashes, buffers)

        def read(file_index: int, offset: int, out: memoryview) -> None:
            self._sources[file_index].read_into(offset, out)
            file_hashing.update(file_index, offset, out)

        if index == 0:
            put(index, 0, memoryview(self._new_file.start))
        for run in runs_of(self.layout, index):
            if self._failed:
                raise AbandonedError("these contents have failed to be sealed")
            # What is hashed and sealed is this one copy: a source that changes while it
            # is read gives contents that are whole, and that `finish` then refuses.
            plain = buffers.plain[: len(run.plain)]
            sealed = buffers.sealed[: len(run.sealed)]
            self._bundle.fill(run.plain.start, plain, read=read)
            leaf.update(plain)
            self._new_file.sealer.seal_segment(
                plain, first_chunk_index=run.first_chunk_index, last=run.is_last, out=sealed
            )
            put(index, run.sealed.start, sealed)
        file_hashing.finish()
        return leaf.digest()
