"""Carrying out a withdrawal that was decided (docs/specs/withdrawal.md §2).

The request that decides does it at once, the job `withdraw` where that was killed. Both
can be killed at any line: what was decided is a row, and what is done is found done.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import structlog

from souspli_mailbox.jobs import Done, NotYet, Outcome
from souspli_mailbox.records import withdrawals
from souspli_mailbox.records.jobs import Job
from souspli_mailbox.store_calls import StoreCalls
from souspli_mailbox.tombstones import Kind, Reason, Tombstones
from souspli_storage.database import Database
from souspli_storage.errors import StorageError

# A store that takes no tombstone does so for minutes, or until somebody acts.
AGAIN_SECONDS: Final = 300

_log: Final = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawer:
    """Handles the job `withdraw`."""

    database: Database
    tombstones: Tombstones
    store: StoreCalls
    clock: Callable[[], float]

    async def carry_out(self, deposit_id: int) -> None:
        """Write the tombstones, then delete what they are about; again is fine.

        Raises StorageError: then the job does it later, and nobody is told that it is done.
        """
        now = int(self.clock())
        deliveries = await self.database.read(withdrawals.untold, deposit_id=deposit_id)
        if deliveries:
            await self.store(
                self.tombstones.write,
                Kind.WITHDRAWAL,
                deliveries,
                reason=Reason.WITHDRAWN,
                now=now,
            )
        # A crash here: they are written again, which is fine.
        await self.database.write(withdrawals.carry_out, deposit_id=deposit_id, now=now)

    async def withdraw(self, job: Job) -> Outcome:
        """Finish what a killed request left."""
        try:
            await self.carry_out(int(job.ids["deposit_id"]))
        except StorageError as error:
            _log.warning("withdrawal-not-carried-out", failure=type(error).__name__)
            return NotYet(int(self.clock()) + AGAIN_SECONDS)
        return Done()
