"""A practice whose letters nobody answers, with a store and a ledger that can fail."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from simulation.rows import DAY, NOW, Practice, Rows
from souspli_keys.address import Origin
from souspli_keys.operator import OperatorKey
from souspli_mailbox.certificates import Certifier
from souspli_mailbox.clock_watch import ClockWatch, clocks_of
from souspli_mailbox.jobs import NotYet
from souspli_mailbox.purging import Purger
from souspli_mailbox.records import deciding, purges
from souspli_mailbox.records.clock import confirm_clock
from souspli_mailbox.records.jobs import Job, JobName
from souspli_mailbox.tombstones import TombstoneKey, Tombstones
from souspli_storage.blobs import Part
from souspli_storage.memory import MemoryBlobs
from souspli_storage.memory_ledger import MemoryLedger

if TYPE_CHECKING:
    from souspli_mailbox.records.completion import DeliveryMade
    from souspli_mailbox.records.invitations import NewInvitation

KEY = TombstoneKey(b"k" * 32)
DATA = b"sealed"
PART = Part(0, len(DATA), hashlib.sha256(DATA).digest())
IN_AN_HOUR = NotYet(NOW + 30 * DAY + 1 + 3_600)
CERTIFIER = Certifier(
    key=OperatorKey(b"a" * 32), origin=Origin("souspli.localhost"), backups_kept_days=30
)
END = NOW + 30 * DAY + 1
"""The first moment at which a letter of NOW is not good any more."""


class PurgeWorld:
    """A practice with its letters; a store and a ledger that can fail."""

    def __init__(self, rows: Rows) -> None:
        self.rows = rows
        self.practice: Practice = rows.admit()
        self.blobs = MemoryBlobs()
        self.ledger = MemoryLedger()
        self.now = END
        self.is_confirmed = True
        """Whether somebody says each time that the clock is right."""
        self.watch = ClockWatch(rows.database, clocks_of(lambda: float(self.now)))

    @property
    def purger(self) -> Purger:
        """As a new process has it."""
        if self.is_confirmed:
            self.rows.database.write_now(confirm_clock, now=self.now)
        return Purger(
            database=self.rows.database,
            blobs=self.blobs,
            tombstones=Tombstones(self.ledger, KEY),
            certify=CERTIFIER.purge,
            clock=lambda: float(self.now),
            watch=self.watch,
        )

    def deliver(self, *letters: NewInvitation, now: int = NOW) -> tuple[DeliveryMade, ...]:
        made = self.rows.deliver(
            self.practice,
            *((one.invitation_id, one.claim_fingerprint) for one in letters),
            now=now,
        )
        for (key,) in self.all("SELECT object_key FROM deposits"):
            self.blobs.begin(key)
            self.blobs.put_part(key, 0, DATA, PART.sha256)
            self.blobs.complete(key, [PART])
        return made

    def decide(self, letter: NewInvitation, *, now: int) -> None:
        self.rows.database.write_now(
            deciding.decide, invitation_ids=[letter.invitation_id], now=now
        )

    async def run(self) -> Any:
        """Do what is due, as the hourly job does."""
        return await self.purger.expire(job(JobName.EXPIRE))

    def all(self, statement: str) -> list[Any]:
        return self.rows.database.read_now(
            lambda connection: list(connection.exec_driver_sql(statement))
        )

    def one(self, statement: str) -> Any:
        ((value,),) = self.all(statement)
        return value

    def purge(self, letter: NewInvitation) -> purges.Purge | None:
        return self.rows.database.read_now(purges.read_purge, invitation_id=letter.invitation_id)

    def states(self) -> list[str]:
        return [state for (state,) in self.all("SELECT state FROM deliveries ORDER BY position")]


def job(name: JobName, **ids: str) -> Job:
    return Job(job_id=1, name=name, ids=ids, attempts=1, lease="", lease_until=0)
