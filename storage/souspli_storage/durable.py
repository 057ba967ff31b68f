"""What a file system needs to be told so that nothing is lost when power fails.

A file's content is durable once the file is fsynced, its name once its folder is.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
from collections.abc import Generator
from pathlib import Path
from typing import Final

from souspli_storage.errors import StorageError, StorageFullError

# Disk or inodes full, quota reached, file size limit (RLIMIT_FSIZE) reached.
_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


@contextlib.contextmanager
def translated() -> Generator[None]:
    """Let out errors of this package for those of the system.

    The system's own text is dropped with its path, in which the key stands; the
    cause keeps it for who debugs.
    """
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise StorageFullError("no room in the store") from error
        raise StorageError(f"the store failed ({errno.errorcode.get(error.errno or 0)})") from error


@contextlib.contextmanager
def locked(folder: Path) -> Generator[bool]:
    """Hold the folder's lock; the value says whether it still stands under this name.

    Between looking and locking, another thread or process may have renamed it:
    the lock then is on what is elsewhere by now.
    """
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except FileNotFoundError:
        yield False
        return
    try:
        # Of the open file, not of the process: threads exclude each other too.
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        try:
            same = os.path.samestat(os.fstat(descriptor), folder.stat())
        except FileNotFoundError:
            same = False
        yield same
    finally:
        os.close(descriptor)


def make_folder(folder: Path) -> None:
    """Make a folder and its parent, durably. One that exists is synced all the same.

    Whoever made it may have been killed before its fsync, and the caller is about
    to promise that what is inside stays.
    """
    folder.parent.mkdir(mode=0o700, exist_ok=True)
    folder.mkdir(mode=0o700, exist_ok=True)
    sync(folder.parent)
    sync(folder.parent.parent)


def delete_tree(folder: Path, failures: list[Exception]) -> None:
    """Delete a folder and all in it; go on after a failure, and keep each of them."""
    try:
        entries = list(os.scandir(folder))
    except FileNotFoundError:
        return  # deleted already, here or by another process
    except OSError as error:
        failures.append(error)
        return
    for entry in entries:
        if entry.is_dir(follow_symlinks=False):
            delete_tree(Path(entry), failures)
            continue
        try:
            Path(entry).unlink(missing_ok=True)
        except OSError as error:
            failures.append(error)
    try:
        folder.rmdir()
    except FileNotFoundError:
        pass
    except OSError as error:
        failures.append(error)


def write(path: Path, data: bytes) -> None:
    """Make a new file with this content, durably but for its name; for its owner alone."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        rest = memoryview(data)
        while rest:
            # A nearly full disk writes less than it was given, then fails.
            rest = rest[os.write(descriptor, rest) :]
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync(folder: Path) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def names(folder: Path) -> list[str]:
    """Return what is in a folder, in order."""
    return sorted(os.listdir(folder))  # noqa: PTH208  (names, not a Path for each)
