"""Has accepted mails recorded in the ledger, some at a time, and knows them meanwhile."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

import structlog

from souspli_cli.bridge import ledger
from souspli_storage.errors import StorageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from souspli_cli.bridge.fresh_slips import FreshSlips
    from souspli_cli.bridge.ledger_rows import AcceptedMail
    from souspli_storage.database import Database

# A disk that is full now may have room when something was delivered.
RETRY_SECONDS: Final = 5.0
# Nobody waits for it: some mails more cost one transaction less each.
GATHER_SECONDS: Final = 0.05
# In one transaction.
MOST_AT_ONCE: Final = 500

_log: Final = structlog.get_logger()


class Recorder:
    """One loop's way to the ledger. Mails that are not recorded yet are in the spool."""

    def __init__(
        self, database: Database, fresh: FreshSlips, *, recorded: Callable[[], None]
    ) -> None:
        """`recorded` hears of each batch that is in the ledger, in this loop."""
        self._database = database
        self._fresh = fresh
        self._recorded = recorded
        self._waiting: dict[bytes, AcceptedMail] = {}
        self._came = asyncio.Event()

    def waiting(self, repeat: bytes) -> str | None:
        """Give the id of a mail that was accepted and is not in the ledger yet."""
        waiting = self._waiting.get(repeat)
        return None if waiting is None else waiting.queue_id

    def recorded(self, repeat: bytes) -> str | None:
        """Give the id of a mail that is in the ledger. Blocks, in any thread; StorageError."""
        return self._database.read_now(ledger.repeated, repeat)

    def add(self, mail: AcceptedMail) -> None:
        """Have a mail recorded soon."""
        self._waiting[mail.repeat] = mail
        self._came.set()

    async def run(self) -> None:
        """Record until cancelled."""
        while True:
            await self._came.wait()
            await asyncio.sleep(GATHER_SECONDS)
            self._came.clear()
            while self._waiting:
                await self._record()

    async def finish(self) -> None:
        """Record all that waits, once; what can't be is recorded at the next start."""
        while self._waiting:
            before = len(self._waiting)
            await self._record(pause=0.0)
            if len(self._waiting) >= before:
                return

    async def _record(self, *, pause: float = RETRY_SECONDS) -> None:
        batch = list(self._waiting.values())[:MOST_AT_ONCE]
        # Before: whoever sorts them may be quicker than this loop, and would leave them here.
        self._fresh.add(batch)
        try:
            await self._database.write(ledger.add_mails, batch)
        except StorageError as failure:
            # Nothing is lost: the spool is the truth, also for the next start.
            _log.warning("bridge-ledger-not-written", failure=type(failure).__name__)
            await asyncio.sleep(pause)
            return
        # Only now: a repeat finds it here or in the ledger, at any moment.
        for mail in batch:
            del self._waiting[mail.repeat]
        self._recorded()
