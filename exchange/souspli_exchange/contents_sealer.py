"""Sealing the contents: files in, sealed segments out.

docs/specs/sealed-document.md §2. At most one segment, plain and sealed, is held in
memory, whatever the size. The manifest comes after the last segment: only then are
all hashes known.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from souspli_exchange.age.file import begin_file
from souspli_exchange.age.unwrap import HybridIdentity
from souspli_exchange.bundle import Bundle, BundledFile
from souspli_exchange.errors import ExchangeUsageError
from souspli_exchange.manifest import (
    DEFAULT_LIMITS,
    MAX_HASHED_FILE_BYTES,
    Contents,
    ContentsFile,
    Limits,
    check_files,
)
from souspli_exchange.segments import SEGMENT_CHUNKS, START_BYTES, SegmentLayout
from souspli_exchange.sources import Source
from souspli_keys.tree import leaf_hash, tree_hash


@dataclass(frozen=True, slots=True)
class SealedContents:
    """What was sealed, and the key that opens it: to be put into covers."""

    contents: Contents
    document_key: HybridIdentity


class ContentsSealer:
    """Seals the files of one document, segment after segment, once.

    A document key, file key and nonce of its own are drawn for each object, so
    beginning again with another object is always safe. Going on after an error is
    not: every further call raises ExchangeUsageError.

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
        self._hashers = [hashlib.sha256() for _ in self._files]
        self._leaf_hashes: list[bytes] = []
        self._plain = bytearray(len(self.layout.plain_range(0)))
        self._failed = False

    def segments(self) -> Iterator[bytes]:
        """Seal and yield every segment, in order.

        Each is to be kept until the service has acknowledged it: it can't be sealed
        again. Raises SourceChangedError or SourceUnreadableError; then nothing that
        was yielded is of use.
        """
        while len(self._leaf_hashes) < self.layout.count:
            yield self.seal_next()

    def seal_next(self) -> bytes:
        """Seal the next segment; see `segments`. ExchangeUsageError after the last one."""
        index = len(self._leaf_hashes)
        if self._failed or index == self.layout.count:
            raise ExchangeUsageError("these contents are sealed, or have failed to be")
        self._failed = True
        sealed = self._seal(index)
        self._failed = False
        return sealed

    def finish(self) -> SealedContents:
        """Return what was sealed, once all segments are and no source has changed."""
        if self._failed or len(self._leaf_hashes) < self.layout.count:
            raise ExchangeUsageError("these contents are not sealed to the end")
        for source in self._sources:
            source.check_unchanged()
        contents = Contents(
            files=tuple(
                ContentsFile(
                    name=file.name,
                    media_type=source.media_type,
                    size=file.size,
                    sha256=hasher.hexdigest() if file.size <= MAX_HASHED_FILE_BYTES else None,
                )
                for file, source, hasher in zip(
                    self._files, self._sources, self._hashers, strict=True
                )
            ),
            padded_length=self.layout.padded_length,
            sealed_length=self.layout.sealed_length,
            tar_length=self.tar_length,
            tree_hash=tree_hash(self._leaf_hashes).hex(),
        )
        return SealedContents(contents=contents, document_key=self._document_key)

    def _seal(self, index: int) -> bytes:
        where = self.layout.plain_range(index)
        plain = memoryview(self._plain)[: len(where)]
        self._bundle.fill(where.start, plain, read=self._read)
        sealed = bytearray(len(self.layout.sealed_range(index)))
        stream = memoryview(sealed)
        if index == 0:
            sealed[:START_BYTES] = self._new_file.start
            stream = stream[START_BYTES:]
        self._new_file.sealer.seal_segment(
            plain,
            first_chunk_index=index * SEGMENT_CHUNKS,
            last=self.layout.is_last(index),
            out=stream,
        )
        self._leaf_hashes.append(leaf_hash(plain))
        return bytes(sealed)

    def _read(self, file_index: int, offset: int, out: memoryview) -> None:
        self._sources[file_index].read_into(offset, out)
        if self._files[file_index].size <= MAX_HASHED_FILE_BYTES:
            self._hashers[file_index].update(out)
