"""A disk that is really full: a small file system of its own, or else a limit on one process."""

from __future__ import annotations

import contextlib
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
_PAGE: Final = 4_096


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
        with (self.folder / _BALLAST).open("wb") as ballast:
            # In pieces and as far as it goes: the service writes meanwhile.
            while (piece := (self._free() - room) // 2 // _PAGE * _PAGE or _PAGE) and (
                self._free() - room >= _PAGE
            ):
                with contextlib.suppress(OSError):
                    ballast.write(bytes(piece))
                    ballast.flush()

    def _free(self) -> int:
        free = os.statvfs(self.folder)
        return free.f_bavail * free.f_frsize

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
