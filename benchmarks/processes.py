"""What the processes that were started do: who they are, what processor they used."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

_TICK: Final = os.sysconf("SC_CLK_TCK")


def descendants(root: int) -> list[int]:
    """The processes that `root` started, and those that these did."""
    children: dict[int, list[int]] = {}
    for process in Path("/proc").iterdir():
        if process.name.isdigit():
            try:
                stat = (process / "stat").read_text()
            except OSError:
                continue  # it has ended meanwhile
            children.setdefault(int(stat.rpartition(")")[2].split()[1]), []).append(
                int(process.name)
            )
    found, waiting = [], [root]
    while waiting:
        started = children.get(waiting.pop(), [])
        found += started
        waiting += started
    return found


def cpu_seconds(pid: int) -> float:
    """Seconds of processor that a process and all that it started have used so far."""
    ticks = 0
    for one in (pid, *descendants(pid)):
        try:
            fields = Path("/proc", str(one), "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it has ended meanwhile
        # utime, stime, and those of its children that ended.
        ticks += sum(map(int, fields[11:15]))
    return ticks / _TICK
