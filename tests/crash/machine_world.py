"""The service under the state machine, the model of it, and what holds at any moment."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crash.machine_parts import (
    ADDRESSES,
    SEALED,
    Beginning,
    Document,
    GatedRelay,
    Recipient,
    Sending,
    memory_folder,
)
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
)
from simulation.rows import DAY, NOW, Rows
from sqlalchemy import select

from souspli_exchange.ports.states import DeliveryState
from souspli_mailbox.deliveries import NOT_COLLECTED, DeliveryEvent, advance
from souspli_mailbox.jobs import Worker
from souspli_mailbox.outbox import Outbox
from souspli_mailbox.records.jobs import JobName
from souspli_mailbox.schema import MIGRATIONS, tables
from souspli_mailbox.sweep import Sweeper
from souspli_mailbox.tombstones import TombstoneKey, Tombstones
from souspli_storage.memory import Fault, MemoryBlobs
from souspli_storage.memory_ledger import MemoryLedger
from souspli_storage.sqlite import SqliteDatabase

if TYPE_CHECKING:
    from collections.abc import Callable


def make_beginning(folder: Path) -> Beginning:
    """A database with a practice and two patients, copied for each example."""
    with SqliteDatabase(folder / "mailbox.sqlite") as database:
        database.upgrade(migrations=MIGRATIONS)
        rows = Rows(database)
        practice = rows.admit()
        pending, active = (rows.invite(practice, address) for address in ADDRESSES)
        account = rows.claim(active)
        database.write_now(lambda connection: connection.execute(tables.jobs.delete()))
    return Beginning(
        folder / "mailbox.sqlite",
        practice,
        {
            ADDRESSES[0]: Recipient(pending.invitation_id, pending.claim_fingerprint),
            ADDRESSES[1]: Recipient(active.invitation_id, account.fingerprint),
        },
    )


class World(RuleBasedStateMachine):
    """A service's records, outbox, worker and sweeper, and the model beside them."""

    beginning: Beginning

    @initialize()
    def begin(self) -> None:
        self.folder = memory_folder()
        shutil.copyfile(self.beginning.database, self.folder / "mailbox.sqlite")
        self.database = SqliteDatabase(self.folder / "mailbox.sqlite")
        self.blobs = MemoryBlobs()
        self.loop = asyncio.new_event_loop()
        self.now = self.furthest = NOW
        """What the clock says, and the latest that it ever said."""
        self.passed = 0
        self.relay = GatedRelay()
        outbox = Outbox(
            database=self.database,
            relay=self.relay,
            clock=lambda: self.now,
            sender="no-reply@example.org",
            page="http://127.0.0.1/",
            code_key=bytes(32),
            return_path_key=bytes(32),
        )
        self.sweeper = Sweeper(
            database=self.database,
            blobs=self.blobs,
            tombstones=Tombstones(MemoryLedger(), TombstoneKey(bytes(32))),
            clock=lambda: self.now,
        )
        self.worker = Worker(
            database=self.database,
            handlers={JobName.NOTIFY: outbox.notify},
            clock=lambda: self.now,
        )
        self.recipients = dict(self.beginning.recipients)
        self.claimed = {ADDRESSES[1]}
        self.sendings: list[Sending] = []
        self.sent: dict[str, Document] = {}
        self.states: dict[str, tuple[str, DeliveryState]] = {}
        """By delivery: whose it is, and its state."""
        self.bounced: dict[str, int] = {}
        """By delivery: when the mail was begun that the relay refused."""
        self.receipts: set[str] = set()

    # --- what breaks ------------------------------------------------------------------

    def write(self, fault: Fault | None, unit: Callable[..., Any], **values: Any) -> Any:
        """A write of the service's, broken or not; None where its caller is told nothing."""
        if fault is Fault.BEFORE:
            return None
        value = self.database.write_now(unit, **values)
        return None if fault is Fault.AFTER else value

    @contextlib.contextmanager
    def breaking(self, operation: str, fault: Fault | None) -> Any:
        self.blobs.fault = lambda name: fault if name == operation else None
        try:
            yield
        finally:
            self.blobs.fault = lambda _: None

    # --- what holds at any moment ----------------------------------------------------------

    def rows(self, table: str) -> list[Any]:
        return self.database.read_now(
            lambda connection: list(connection.execute(select(tables.metadata.tables[table])))
        )

    def delivery(self, which: int) -> str:
        return list(self.states)[which % len(self.states)]

    def advance(self, delivery_id: str, event: DeliveryEvent) -> None:
        address, state = self.states[delivery_id]
        self.states[delivery_id] = address, advance(state, event)

    def waiting(self, address: str) -> list[str]:
        """What still waits for whom that address is."""
        return [
            delivery_id
            for delivery_id, (whose, state) in self.states.items()
            if whose == address and state in NOT_COLLECTED
        ]

    def accept(self, address: str, *, begun_at: int) -> None:
        """One mail tells of all that waits, but for what has bounced since it was begun."""
        for delivery_id in self.waiting(address):
            bounced = self.states[delivery_id][1] is DeliveryState.BOUNCED
            if not (bounced and self.bounced[delivery_id] >= begun_at):
                self.advance(delivery_id, DeliveryEvent.MAILED)

    def bounce(self, delivery_id: str, *, begun_at: int) -> None:
        """The address is the recipient's: all that waits bounces with the one mailed for."""
        address, state = self.states[delivery_id]
        if state not in NOT_COLLECTED - {DeliveryState.BOUNCED}:
            return
        for one in self.waiting(address):
            if self.states[one][1] is not DeliveryState.BOUNCED:
                self.advance(one, DeliveryEvent.MAIL_REFUSED)
                self.bounced[one] = begun_at

    @invariant()
    def states_are_the_models(self) -> None:
        kept = {row.delivery_id: row.state for row in self.rows("deliveries")}
        assert kept == {one: state.value for one, (_, state) in self.states.items()}
        assert {row.delivery_id for row in self.rows("receipts")} == self.receipts

    @invariant()
    def each_document_is_there_once_and_whole(self) -> None:
        stored = {row.document_id: row for row in self.rows("deposits") if row.state == "stored"}
        assert stored.keys() == {one.document_id for one in self.sent.values() if one.stored}
        for deposit in stored.values():
            assert self.blobs.size(deposit.object_key) == len(SEALED), "without its contents"

    @invariant()
    def nobody_is_told_too_often(self) -> None:
        for told in self.relay.told.values():
            # One each day, and one more for each that nobody could write down.
            assert told.accepted <= 1 + self.passed // DAY + told.unrecorded
