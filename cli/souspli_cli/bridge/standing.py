"""How a bridge stands: what `souspli bridge status` says, and the gauges of its metrics.

From the ledger, the folder and the service itself, so that it can be said of a bridge that
does not run. Blocking, but for `is_reachable`.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import fcntl
import os
import shutil
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from souspli_cli.bridge import ledger
from souspli_cli.bridge.errors import SpoolDamagedError
from souspli_cli.bridge.notices import rows as notice_rows
from souspli_cli.connection import connect
from souspli_exchange.durable import check_room
from souspli_exchange.port_errors import PortError

if TYPE_CHECKING:
    from pathlib import Path

    from souspli_cli.bridge.ledger_rows import Counts
    from souspli_cli.bridge.notices.rows import Kind, NoticeState
    from souspli_cli.bridge.spool import MailSpool
    from souspli_cli.profile import Profile
    from souspli_storage.database import Database

# In one statement.
_AT_ONCE: Final = 500
# Of one that is away most connections fail at once. This is for one that hangs; busy
# machines need some of it to answer.
REACH_SECONDS: Final = 20.0
# So many times what has to stay free: time to do something about it.
_LITTLE: Final = 4


class Room(StrEnum):
    """How much room the spool's disk has for mails."""

    ENOUGH = "enough"
    LITTLE = "little"
    NONE = "none"
    """No mail is taken."""


@dataclass(frozen=True)
class SpoolStanding:
    """What is in the spool."""

    bytes: int
    damaged: tuple[str, ...]
    """Ids of mails whose file can't be read and of which the ledger knows nothing."""


@dataclass(frozen=True)
class Standing:
    """The ledger in numbers."""

    counts: Counts
    notices: dict[tuple[Kind, NoticeState], int]


def look(database: Database) -> Standing:
    """Count. Raises StorageError."""
    counts = database.read_now(ledger.counts)
    return Standing(counts, database.read_now(notice_rows.count))


def look_at_spool(database: Database, spool: MailSpool) -> SpoolStanding:
    """Measure, and find files that were damaged before they were recorded.

    Of others the documents' rows say it (`spool_damaged`). Raises StorageError, OSError.
    """
    size = 0
    for entry in os.scandir(spool.folder):
        with contextlib.suppress(FileNotFoundError):  # delivered this instant
            size += entry.stat(follow_symlinks=False).st_size
    return SpoolStanding(size, damaged_mails(database, spool))


def damaged_mails(database: Database, spool: MailSpool) -> tuple[str, ...]:
    """Give the ids of mails that the ledger does not know and that can't be read."""
    queue_ids = sorted(spool.queue_ids())
    damaged: list[str] = []
    for start in range(0, len(queue_ids), _AT_ONCE):
        some = queue_ids[start : start + _AT_ONCE]
        # One that a running bridge has accepted this instant is unknown too, and whole.
        known = database.read_now(ledger.known_mails, some)
        damaged += [one for one in some if one not in known and _is_damaged(spool, one)]
    return tuple(damaged)


def free_bytes(folder: Path) -> int:
    """Say how much the disk takes."""
    return shutil.disk_usage(folder).free


def room(folder: Path, *, reserve_bytes: int) -> Room:
    """Say whether mails find room beside what has to stay free. Raises OSError."""
    if not _has_room(folder, reserve_bytes):
        return Room.NONE
    return Room.ENOUGH if _has_room(folder, _LITTLE * reserve_bytes) else Room.LITTLE


def is_running(lock: Path) -> bool:
    """Say whether a bridge holds its lock."""
    try:
        descriptor = os.open(lock, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        # Shared, and for an instant: a bridge that starts now waits longer than that.
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    else:
        return False
    finally:
        os.close(descriptor)


async def is_reachable(profile: Profile) -> bool:
    """Ask the service who it is; False for any answer but the right one, or none in time."""
    try:
        async with asyncio.timeout(REACH_SECONDS), connect(profile) as client:
            await client.service()
    except (PortError, TimeoutError, OSError):
        return False
    return True


def _has_room(folder: Path, length: int) -> bool:
    try:
        check_room(folder, length)
    except OSError as failure:
        if failure.errno != errno.ENOSPC:
            raise
        return False
    return True


def _is_damaged(spool: MailSpool, queue_id: str) -> bool:
    try:
        spool.read(queue_id)
    except FileNotFoundError:
        return False
    except (SpoolDamagedError, OSError):
        return True
    return False
