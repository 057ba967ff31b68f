"""A folder that appears with all files of a document in it, or not at all.

docs/specs/sealed-document.md §7 rules 4 and 5.
"""

import os
import threading
from collections.abc import Generator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from souspli_exchange.contents_opener import VerifiedContents
from souspli_exchange.durable import (
    check_room,
    create_private,
    make_unfinished_folder,
    remove_unfinished_folder,
    sync_file,
    sync_folder,
    write_at,
)
from souspli_exchange.errors import ExchangeUsageError, OutputError, OutputExistsError
from souspli_exchange.filenames import safe_names
from souspli_exchange.manifest import ContentsFile

# A document may have more files than a process has descriptors. Threads are at most
# eight, each at one file: so many stay open for the next run of the same file.
_OPEN_FILES = 8


@dataclass(frozen=True, slots=True)
class OpenedDocument:
    """A document verified to its end, its files released."""

    verified: VerifiedContents
    paths: tuple[Path, ...]


@dataclass(slots=True)
class _OpenFile:
    descriptor: int
    writers: int = 0


class Extraction:
    """Collects a document's files beside `folder`, and moves them there in one step.

    `with Extraction(folder, files) as extraction:` … `extraction.write` is what
    `ContentsOpener` writes to; `extraction.release(verified)` comes last. Leaving the
    block without it, for whatever reason, removes everything. A crash leaves a folder
    `.souspli-…` that may be deleted, and never a folder of the right name.

    Raises OutputExistsError if `folder` exists, OutputError if it can't be made or the
    disk is full.
    """

    def __init__(self, folder: Path, files: Sequence[ContentsFile]) -> None:
        self._folder = folder
        self._files = tuple(files)
        self.names = safe_names([file.name for file in files])
        self._released = False
        self._closed = False
        self._open_files: dict[int, _OpenFile] = {}  # the one used longest ago comes first
        self._changed = threading.Condition()
        if folder.exists() or folder.is_symlink():
            raise OutputExistsError("the folder to open into exists already")
        try:
            check_room(folder.parent, sum(file.size for file in files))
            self._temporary = make_unfinished_folder(folder)
        except OSError as failure:
            raise OutputError("no folder can be made there: is the disk full?") from failure
        try:
            for name in self.names:
                os.close(create_private(self._temporary / name))
        except OSError as failure:
            self.close()
            raise OutputError("the files can't be made there") from failure

    def write(self, file_index: int, offset: int, data: memoryview) -> None:
        """Keep `data` at its place in a file; OutputError if there is no room.

        May be called in several threads at once, in any order.
        """
        try:
            with self._opened(file_index) as descriptor:
                write_at(descriptor, offset, data)
        except OSError as failure:
            raise OutputError("the opened files can't be kept: is the disk full?") from failure

    def release(self, verified: VerifiedContents) -> tuple[Path, ...]:
        """Make the folder appear; return the files' paths, in the manifest's order.

        `verified` is what `ContentsOpener.finish` returned for these files. When this
        returns the files are on the disk, not in a cache of it.
        """
        if self._released or verified.cover.manifest.contents.files != self._files:
            raise ExchangeUsageError("these files have been released, or were not verified")
        self._close_files()
        try:
            for name in self.names:
                sync_file(self._temporary / name)
            sync_folder(self._temporary)
            # A folder that exists and is empty would be replaced without a word.
            if self._folder.exists():
                raise OutputExistsError("the folder to open into exists already")
            self._temporary.rename(self._folder)
            self._released = True
        except OSError as failure:
            raise OutputError("the opened files can't be kept: is the disk full?") from failure
        with suppress(OSError):
            # The folder is there, and whole; some network disks can't do this.
            sync_folder(self._folder.parent)
        return tuple(self._folder / name for name in self.names)

    def close(self) -> None:
        """Remove whatever was not released."""
        self._close_files()
        if not self._released:
            remove_unfinished_folder(self._temporary)

    def __enter__(self) -> "Extraction":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    @contextmanager
    def _opened(self, file_index: int) -> Generator[int]:
        """Give a descriptor that stays this file's until the block's end."""
        with self._changed:
            if self._closed:
                raise OutputError("these files are not written any more")
            file = self._open_files.pop(file_index, None)
            if file is None:
                self._make_place()
                path = self._temporary / self.names[file_index]
                file = _OpenFile(os.open(path, os.O_WRONLY | os.O_CLOEXEC | os.O_NOFOLLOW))
            self._open_files[file_index] = file
            file.writers += 1
        try:
            yield file.descriptor
        finally:
            with self._changed:
                file.writers -= 1
                self._changed.notify_all()

    def _make_place(self) -> None:
        """Close the file used longest ago, if there are many and nobody writes to it."""
        if len(self._open_files) < _OPEN_FILES:
            return
        for file_index, file in self._open_files.items():
            if not file.writers:
                del self._open_files[file_index]
                os.close(file.descriptor)
                return

    def _close_files(self) -> None:
        with self._changed:
            self._closed = True
            # A reader that was cancelled leaves its thread writing for a moment: it must
            # not write to a descriptor that means another file by then.
            self._changed.wait_for(lambda: not any(f.writers for f in self._open_files.values()))
            for file in self._open_files.values():
                os.close(file.descriptor)
            self._open_files.clear()
