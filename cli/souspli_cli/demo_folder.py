"""The demo's throw-away folder, and those that demos which were killed have left behind.

A demo holds the lock of its folder, and the system lets it go with the process, however
that ends. So a folder whose lock is free is nobody's any more.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import stat
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Generator

PREFIX: Final = "souspli-demo-"
_LOCK: Final = "demo.lock"
_NEW_LOCK: Final = "new.lock"


@contextlib.contextmanager
def throw_away_folder() -> Generator[Path]:
    """Give a new folder, closed to others, that is gone afterwards; and remove older ones.

    Raises OSError if none can be made.
    """
    remove_abandoned(Path(tempfile.gettempdir()))
    folder = Path(tempfile.mkdtemp(prefix=PREFIX))
    descriptor = _lock(folder)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(descriptor)


def remove_abandoned(where: Path) -> None:
    """Remove the folders of this user's demos that were killed; nothing else, and no error.

    `/tmp` is everybody's: a folder counts only if it is ours and closed to others, and a
    link is never followed.
    """
    with contextlib.suppress(OSError):
        for folder in where.glob(f"{PREFIX}*"):
            with contextlib.suppress(OSError):
                _remove_if_abandoned(folder)


def _remove_if_abandoned(folder: Path) -> None:
    status = folder.lstat()
    is_ours = stat.S_ISDIR(status.st_mode) and status.st_uid == os.geteuid()
    if not is_ours or stat.S_IMODE(status.st_mode) != stat.S_IRWXU:
        return
    # One without a lock is being made this instant, or is no demo's.
    descriptor = os.open(folder / _LOCK, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # What the demo's programs still write as they end is left for the next time.
        shutil.rmtree(folder, ignore_errors=True)
    finally:
        os.close(descriptor)


def _lock(folder: Path) -> int:
    """Lock a folder; give what holds it, which the demo's programs do not inherit."""
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(folder / _NEW_LOCK, flags, 0o600)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    # Under its name only once it is held: nobody takes a folder for abandoned that is new.
    (folder / _NEW_LOCK).rename(folder / _LOCK)
    return descriptor
