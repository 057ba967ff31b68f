"""Sealed contents in a file of one's own: `contents.age`, sealed to and opened from a disk.

docs/specs/sealed-document.md §7 and §8. The engine's threads read and write at offsets,
so that nothing waits for its turn.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from souspli_exchange.durable import check_room, create_private, write_at
from souspli_exchange.engine import SegmentDone, open_contents, run_sealer, unheard
from souspli_exchange.errors import (
    ContentsRefusedError,
    OutputError,
    OutputExistsError,
    SealedFolderError,
)
from souspli_exchange.manifest import DEFAULT_LIMITS, Limits
from souspli_exchange.offline_folder import open_regular

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from types import TracebackType

    from souspli_exchange.bundle import WriteFile
    from souspli_exchange.contents_opener import VerifiedContents
    from souspli_exchange.contents_sealer import SealedContents
    from souspli_exchange.extraction import OpenedDocument
    from souspli_exchange.sealed import VerifiedCover
    from souspli_exchange.sources import Source


class FileSink:
    """A `SegmentSink` that makes one file: `with FileSink(path, length=…) as sink:`.

    The file is `path` from the beginning, and is removed at the block's end unless
    `keep` has returned; a crash leaves a part of it, so put it into a folder that gets
    its name last. Mode 0600.

    Raises OutputExistsError if `path` exists, OutputError if it can't be made or the
    disk has no room for `length` bytes.
    """

    def __init__(self, path: Path, *, length: int) -> None:
        self._path = path
        self._kept = False
        try:
            check_room(path.parent, length)
            self._descriptor = create_private(path)
        except FileExistsError as failure:
            raise OutputExistsError("the file to be made exists already") from failure
        except OSError as failure:
            raise OutputError("the sealed file can't be made: is the disk full?") from failure

    def put(self, index: int, offset: int, sealed: memoryview) -> None:  # noqa: ARG002  (SegmentSink's)
        """Write at `offset`; OutputError if there is no room."""
        try:
            write_at(self._descriptor, offset, sealed)
        except OSError as failure:
            raise OutputError("the sealed file can't be kept: is the disk full?") from failure

    def keep(self) -> None:
        """Let the file stay. When this returns it is on the disk, not in a cache of it."""
        try:
            os.fsync(self._descriptor)
        except OSError as failure:
            raise OutputError("the sealed file can't be kept: is the disk full?") from failure
        self._kept = True

    def __enter__(self) -> FileSink:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        os.close(self._descriptor)
        if not self._kept:
            self._path.unlink(missing_ok=True)

    def __repr__(self) -> str:
        return "FileSink(…)"


def seal_to_file(
    sources: Sequence[Source],
    path: Path,
    *,
    created_at: int,
    limits: Limits = DEFAULT_LIMITS,
    threads: int | None = None,
    on_segment: SegmentDone = unheard,
) -> SealedContents:
    """Seal files into `path`, which is there whole and durable when this returns, or not at all.

    Raises what `engine.seal_contents` and `FileSink` raise.
    """
    from souspli_exchange.contents_sealer import ContentsSealer  # noqa: PLC0415  (not to open)

    sealer = ContentsSealer(sources, created_at=created_at, limits=limits)
    with FileSink(path, length=sealer.layout.sealed_length) as sink:
        sealed = run_sealer(sealer, sink, threads=threads, on_segment=on_segment)
        sink.keep()
    return sealed


def open_contents_file(
    cover: VerifiedCover,
    path: Path,
    *,
    write: WriteFile,
    threads: int | None = None,
    on_segment: SegmentDone = unheard,
) -> VerifiedContents:
    """Open the sealed contents in a file to their end; see `engine.open_contents`.

    Raises SealedFolderError if the file is missing, unreadable or no regular file,
    ContentsRefusedError, and what `write` and `on_segment` raise.
    """
    with _SealedFile(path) as file:
        return open_contents(
            cover,
            length=file.length,
            read=file.read,
            write=write,
            threads=threads,
            on_segment=on_segment,
        )


def open_file_into_folder(
    cover: VerifiedCover,
    path: Path,
    folder: Path,
    *,
    threads: int | None = None,
    on_segment: SegmentDone = unheard,
) -> OpenedDocument:
    """Open the sealed contents in a file into `folder`, which appears whole or not at all.

    Raises what `open_contents_file` and `Extraction` raise.
    """
    from souspli_exchange.extraction import (  # noqa: PLC0415  (not to seal)
        Extraction,
        OpenedDocument,
    )

    with Extraction(folder, cover.manifest.contents.files) as extraction:
        verified = open_contents_file(
            cover, path, write=extraction.write, threads=threads, on_segment=on_segment
        )
        return OpenedDocument(verified, extraction.release(verified))


class _SealedFile:
    """A file held open for reading at any offset, in several threads."""

    def __init__(self, path: Path) -> None:
        self._descriptor = open_regular(path)
        self.length = os.fstat(self._descriptor).st_size

    def read(self, offset: int, out: memoryview) -> None:
        while out:
            try:
                count = os.preadv(self._descriptor, [out], offset)
            except OSError as failure:
                raise SealedFolderError("the sealed contents can't be read") from failure
            if count == 0:
                raise ContentsRefusedError("the contents were cut short")
            out, offset = out[count:], offset + count

    def __enter__(self) -> _SealedFile:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        os.close(self._descriptor)
