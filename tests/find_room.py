"""Prints a folder in memory for the tests' files, where there is plenty of room; or nothing.

On a disk every commit of every service, database and store waits for it, which is half of
a run's time. No test is about a machine that loses power: whoever is killed loses nothing
that was written, on a disk or in memory.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path

FOLDER = Path("/dev/shm")  # noqa: S108  (Linux's own, of memory)

# Three times what a run was seen to need at once, largest documents and servers included.
ROOM_BYTES = 12 * 1024**3
# What the tests' programs need beside that.
PROGRAMS_BYTES = 4 * 1024**3

# Where a container is told how much it may have; "max" or a huge number if it isn't.
LIMITS = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))


def has_room() -> bool:
    """Say whether the folder can take all files of a run, and run what tests write there."""
    disk = os.statvfs(FOLDER)
    return (
        os.access(FOLDER, os.W_OK)
        and not disk.f_flag & os.ST_NOEXEC
        and disk.f_bavail * disk.f_frsize >= ROOM_BYTES
        and memory_bytes() >= ROOM_BYTES + PROGRAMS_BYTES
    )


def memory_bytes() -> int:
    """Return how much memory is free, or less where less may be used."""
    free = []
    for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines():
        name, _, value = line.partition(":")
        if name == "MemAvailable":
            free.append(int(value.split()[0]) * 1024)
    for limit in LIMITS:
        with suppress(OSError, ValueError):
            free.append(int(limit.read_text(encoding="ascii")))
    return min(free, default=0)


if __name__ == "__main__":
    with suppress(OSError, AttributeError):  # not Linux
        if has_room():
            sys.stdout.write(f"{FOLDER}\n")
