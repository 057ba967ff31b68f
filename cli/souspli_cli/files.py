"""Private files: whole or not there, readable by nobody else, surviving a crash.

Whoever writes here gets the file durable (fsync of file and folder) when the
call returns, or the old state untouched when it raises ``OSError``.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import secrets
import stat
from typing import TYPE_CHECKING, BinaryIO

from souspli_cli.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

# More open files or memory than there are, a full disk: no file that is read next fares better.
_OF_MACHINE = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ENOSPC, errno.EDQUOT})

PRIVATE_FILE = 0o600
PRIVATE_FOLDER = 0o700


def write_atomically(path: Path, content: bytes) -> None:
    """Put the content in place of whatever was there, in one step."""
    # In the same folder, since a rename is only atomic inside a file system.
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        _write(new(temporary), content)
        temporary.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise
    sync_folder(path.parent)


def create(path: Path, content: bytes) -> None:
    """Write a file that must not exist yet; nothing partial stays.

    Raises:
        FileExistsError: Something of this name is there, even a dangling link.
    """
    # Outside: whatever fails here made no file, so that none is removed.
    file = new(path)
    try:
        _write(file, content)
    except BaseException:
        with contextlib.suppress(OSError):
            path.unlink()
        raise
    sync_folder(path.parent)


def _write(new_file: BinaryIO, content: bytes) -> None:
    with new_file as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def new(path: Path) -> BinaryIO:
    """Open a private file that must not exist yet, to be written; not yet durable.

    Raises:
        FileExistsError: Something of this name is there, even a dangling link.
    """
    # O_EXCL also refuses links: nobody can point us at a file of theirs.
    descriptor = os.open(
        path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, PRIVATE_FILE
    )
    return os.fdopen(descriptor, "wb")


def read(path: Path, *, limit: int) -> bytes:
    """Read a whole file of at most ``limit`` bytes.

    Raises:
        FileNotFoundError: It is not there.
        OSError: It can't be read, or is larger.
    """
    with path.open("rb") as file:
        content = file.read(limit + 1)
    if len(content) > limit:
        raise OSError(errno.EOVERFLOW, "larger than such a file can be", path.name)
    return content


def is_of_machine(failure: Exception) -> bool:
    """Say whether the machine failed for a while, whichever file it was, and not this one."""
    return isinstance(failure, OSError) and failure.errno in _OF_MACHINE


def sync_folder(folder: Path) -> None:
    """Make names created, replaced or removed in the folder survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def make_private_folder(folder: Path) -> None:
    """Have the folder, with mode 0700 whatever the umask; parents as usual."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=PRIVATE_FOLDER)
        sync_folder(folder.parent)
    folder.chmod(PRIVATE_FOLDER)


def check_private(path: Path) -> Path:
    """Give back a path that only its owner, who is running us, can read.

    Raises:
        Refused: Others can read it, or it belongs to somebody else.
        OSError: It can't be looked at.
    """
    status = path.stat()
    if status.st_uid != os.geteuid():
        raise Refused("not_yours", path=str(path))
    if stat.S_IMODE(status.st_mode) & 0o077:
        raise Refused("readable_by_others", path=str(path))
    return path


@contextlib.contextmanager
def locked(path: Path) -> Generator[None]:
    """Hold the lock file alone; wait while another process holds it.

    The lock ends with the process, however it ends: a killed program never
    leaves a profile that can't be used.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, PRIVATE_FILE)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
