"""Makes names in a folder durable: one fsync for all who wait for one.

Ten connections that end at once would otherwise wait for ten, one behind the other.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from souspli_cli import files

if TYPE_CHECKING:
    from concurrent.futures import Executor
    from pathlib import Path


class FolderSync:
    """The syncs of one folder; used from one loop."""

    def __init__(self, folder: Path, executor: Executor) -> None:
        self._folder = folder
        self._executor = executor
        self._running: asyncio.Task[None] | None = None
        self._next: asyncio.Task[None] | None = None

    async def sync(self) -> None:
        """Return once every name that is there now is durable; raises OSError.

        Only an fsync that begins after this call counts: the one under way may have
        passed our name already.
        """
        if self._next is None:
            self._next = asyncio.create_task(self._begin_after(self._running))
        await asyncio.shield(self._next)

    async def _begin_after(self, running: asyncio.Task[None] | None) -> None:
        if running is not None:
            # Its failure is for those who wait for it.
            await asyncio.wait([running])
        # Whoever comes from here on waits for the one behind this one.
        self._running, self._next = self._next, None
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self._executor, files.sync_folder, self._folder)
