"""Carrying out the closing of an account that was decided (docs/specs/closing.md §3).

The request that decides does it at once, the job `close` where that was killed. Both can
be killed at any line: what was decided is a row, and what is done is found done.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import structlog

from souspli_mailbox.jobs import Done, NotYet, Outcome
from souspli_mailbox.records import closings
from souspli_mailbox.records.jobs import Job
from souspli_mailbox.store_calls import StoreCalls
from souspli_mailbox.tombstones import Kind, Reason, Tombstones
from souspli_storage.database import Database
from souspli_storage.errors import StorageError

# A store that takes no tombstone does so for minutes, or until somebody acts.
AGAIN_SECONDS: Final = 300

_log: Final = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Closer:
    """Handles the job `close`."""

    database: Database
    tombstones: Tombstones
    store: StoreCalls
    clock: Callable[[], float]

    async def carry_out(self, account_number: str) -> None:
        """Write the tombstone, then delete what it is about; again is fine.

        Raises StorageError: then the job does it later, and nobody is told that it is done.
        """
        closed = await self.database.read(closings.read_closing, account_number=account_number)
        if closed is None or closed.carried_out_at is not None:
            return
        now = int(self.clock())
        await self.store(
            self.tombstones.write, Kind.CLOSING, (account_number,), reason=Reason.CLOSED, now=now
        )
        # A crash here: it is written again, which is fine.
        one = {"account_number": account_number}
        while await self.database.write(closings.empty, **one, now=now):
            # A crash here: what was let go can be opened by nobody any more.
            pass
        await self.database.write(closings.forget, **one, now=now)

    async def close(self, job: Job) -> Outcome:
        """Finish what a killed request left."""
        try:
            await self.carry_out(job.ids["account_number"])
        except StorageError as error:
            _log.warning("closing-not-carried-out", failure=type(error).__name__)
            return NotYet(int(self.clock()) + AGAIN_SECONDS)
        return Done()
