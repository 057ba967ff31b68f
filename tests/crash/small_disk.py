"""A disk that is really full: a small file system of its own, or else a limit on one process."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

    from crash.node import Node

DISK_BYTES: Final = 67_108_864
_BALLAST: Final = "ballast"


@dataclass
class SmallDisk:
    """Mounted at `folder` where that is allowed (as root), until `close`.

    Elsewhere the service's own file size limit stands for it: writing then fails with
    EFBIG where a full disk says ENOSPC.
    """

    folder: Path

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, mode=0o700)
        line = ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES},mode=700", "tmpfs"]
        mounted = subprocess.run([*line, str(self.folder)], capture_output=True, check=False)
        self.mounted = mounted.returncode == 0

    def fill(self, node: Node, *, room: int) -> None:
        """Leave so many bytes of room."""
        if not self.mounted:
            node.limit_file_size(room)
            return
        free = os.statvfs(self.folder)
        with (self.folder / _BALLAST).open("wb") as ballast:
            os.posix_fallocate(ballast.fileno(), 0, max(free.f_bavail * free.f_frsize - room, 1))

    def make_room(self, node: Node) -> None:
        """Have all room again."""
        if self.mounted:
            (self.folder / _BALLAST).unlink()
        else:
            node.limit_file_size(None)

    def close(self) -> None:
        """Unmount; nothing of it stays."""
        if self.mounted:
            subprocess.run(["umount", "--lazy", str(self.folder)], check=True)
        shutil.rmtree(self.folder, ignore_errors=True)
