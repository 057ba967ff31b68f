"""A folder that appears with all files of a document in it, or not at all.

docs/specs/sealed-document.md §7 rules 4 and 5.
"""

import os
import shutil
import tempfile
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from souspli_exchange.contents_opener import VerifiedContents
from souspli_exchange.errors import ExchangeUsageError, OutputError, OutputExistsError
from souspli_exchange.filenames import safe_names
from souspli_exchange.manifest import ContentsFile

_FILE_MODE = 0o600  # health data: the reader's own
_FOLDER_PREFIX = ".souspli-"


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
        self._open_file: tuple[int, int] | None = None  # index, descriptor
        self.names = safe_names([file.name for file in files])
        self._released = False
        # A reader that was cancelled leaves its thread writing for a moment: it must
        # not write to a descriptor that means another file by then.
        self._lock = threading.Lock()
        if folder.exists() or folder.is_symlink():
            raise OutputExistsError("the folder to open into exists already")
        try:
            # In the same folder, hence on the same disk: a rename there is one step.
            self._temporary = Path(tempfile.mkdtemp(prefix=_FOLDER_PREFIX, dir=folder.parent))
        except OSError as failure:
            raise OutputError("no folder can be made there") from failure
        try:
            self._create_files()
        except OSError as failure:
            self.close()
            raise OutputError("the files can't be made there") from failure

    def write(self, file_index: int, offset: int, data: memoryview) -> None:
        """Keep `data` at its place in a file; OutputError if there is no room."""
        with self._lock:
            try:
                descriptor = self._open(file_index)
                while data:
                    written = os.pwrite(descriptor, data, offset)
                    data, offset = data[written:], offset + written
            except OSError as failure:
                raise OutputError("the opened files can't be kept: is the disk full?") from failure

    def release(self, verified: VerifiedContents) -> tuple[Path, ...]:
        """Make the folder appear; return the files' paths, in the manifest's order.

        `verified` is what `ContentsOpener.finish` returned for these files. When this
        returns the files are on the disk, not in a cache of it.
        """
        if self._released or verified.cover.manifest.contents.files != self._files:
            raise ExchangeUsageError("these files have been released, or were not verified")
        try:
            self._close_file(durable=True)
            _sync_folder(self._temporary)
            # A folder that exists and is empty would be replaced without a word.
            if self._folder.exists():
                raise OutputExistsError("the folder to open into exists already")
            self._temporary.rename(self._folder)
            self._released = True
        except OSError as failure:
            raise OutputError("the opened files can't be kept: is the disk full?") from failure
        with suppress(OSError):
            # The folder is there, and whole; some network disks can't do this.
            _sync_folder(self._folder.parent)
        return tuple(self._folder / name for name in self.names)

    def close(self) -> None:
        """Remove whatever was not released."""
        with self._lock:
            self._close_file(durable=False)
            if not self._released:
                shutil.rmtree(self._temporary, ignore_errors=True)

    def __enter__(self) -> "Extraction":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _create_files(self) -> None:
        for name in self.names:
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW
            os.close(os.open(self._temporary / name, flags, _FILE_MODE))

    def _open(self, file_index: int) -> int:
        # One at a time: they come in order, and a process has few descriptors.
        if self._open_file is None or self._open_file[0] != file_index:
            self._close_file(durable=True)
            path = self._temporary / self.names[file_index]
            descriptor = os.open(path, os.O_WRONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
            self._open_file = (file_index, descriptor)
        return self._open_file[1]

    def _close_file(self, *, durable: bool) -> None:
        if self._open_file is None:
            return
        descriptor = self._open_file[1]
        self._open_file = None
        try:
            if durable:
                os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
