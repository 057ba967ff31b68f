"""The folder of a sealed document that no service carries: read, and written whole.

docs/specs/sealed-document.md §8: `contents.age`, and `covers/<fingerprint>.age` for each
recipient. Ciphertext only; whom a cover is for is its file's name, and proves nothing.
"""

import os
import stat
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Final

from souspli_exchange.durable import (
    PRIVATE_FOLDER,
    create_private,
    make_unfinished_folder,
    remove_unfinished_folder,
    sync_folder,
)
from souspli_exchange.errors import (
    ExchangeUsageError,
    OutputError,
    OutputExistsError,
    SealedFolderError,
)
from souspli_keys.public import Fingerprint

CONTENTS_NAME: Final = "contents.age"
COVERS_NAME: Final = "covers"
COVER_SUFFIX: Final = ".age"


def cover_path(folder: Path, recipient: Fingerprint) -> Path:
    """Return where the cover for a recipient lies."""
    return folder / COVERS_NAME / f"{recipient}{COVER_SUFFIX}"


class NewSealedFolder:
    """Collects a sealed document beside `folder`, and moves it there in one step.

    `with NewSealedFolder(folder) as new:` … write `new.contents`, `new.put_cover(…)`, then
    `new.release()`. Leaving the block without it removes everything. A crash leaves a
    folder `.souspli-…` that may be deleted, and never a folder of the right name.

    Raises OutputExistsError if `folder` exists, OutputError if it can't be made or the
    disk is full.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._released = False
        _check_absent(folder)
        try:
            self._temporary = make_unfinished_folder(folder)
        except OSError as failure:
            raise OutputError("no folder can be made there") from failure
        try:
            (self._temporary / COVERS_NAME).mkdir(mode=PRIVATE_FOLDER)
        except OSError as failure:
            self.close()
            raise OutputError("no folder can be made there") from failure
        except BaseException:
            # Ctrl-C before the caller's block begins, which would remove it.
            self.close()
            raise

    @property
    def contents(self) -> Path:
        """Where the sealed contents are to be written, durably."""
        return self._temporary / CONTENTS_NAME

    def put_cover(self, recipient: Fingerprint, sealed: bytes) -> None:
        """Keep a recipient's cover; OutputError if there is no room."""
        try:
            descriptor = create_private(cover_path(self._temporary, recipient))
            with os.fdopen(descriptor, "wb") as file:
                file.write(sealed)
                file.flush()
                os.fsync(descriptor)
        except OSError as failure:
            raise OutputError("the sealed document can't be kept: is the disk full?") from failure

    def release(self) -> None:
        """Make the folder appear. When this returns it is on the disk, not in a cache."""
        if self._released:
            raise ExchangeUsageError("this folder has been released")
        try:
            sync_folder(self._temporary / COVERS_NAME)
            sync_folder(self._temporary)
            # A folder that exists and is empty would be replaced without a word.
            _check_absent(self._folder)
            self._temporary.rename(self._folder)
            self._released = True
        except OSError as failure:
            raise OutputError("the sealed document can't be kept: is the disk full?") from failure
        with suppress(OSError):
            # The folder is there, and whole; some network disks can't do this.
            sync_folder(self._folder.parent)

    def close(self) -> None:
        """Remove whatever was not released."""
        if not self._released:
            remove_unfinished_folder(self._temporary)

    def __enter__(self) -> "NewSealedFolder":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


def open_regular(path: Path) -> int:
    """Open a file of a sealed document for reading; return its descriptor.

    Raises SealedFolderError if it is missing, unreadable or no regular file.
    """
    try:
        # Non-blocking, or a pipe that nobody writes to would wait for ever.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as failure:
        raise SealedFolderError("a file of the sealed document can't be opened") from failure
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise SealedFolderError("a file of the sealed document is no regular file")
    return descriptor


def read_start(path: Path, *, most: int) -> bytes:
    """Return the first `most` bytes of a file, or all of it; raises like `open_regular`."""
    with os.fdopen(open_regular(path), "rb") as file:
        try:
            return file.read(most)
        except OSError as failure:
            raise SealedFolderError("a file of the sealed document can't be read") from failure


def _check_absent(folder: Path) -> None:
    if folder.exists() or folder.is_symlink():
        raise OutputExistsError("the folder to be made exists already")
