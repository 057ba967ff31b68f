"""A withdrawal: what was not handed out goes, what was stays, whatever is killed when."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from simulation.rows import DAY, NOW, Practice, Rows, hex64
from sqlalchemy import func, select

from souspli_exchange.ports.states import DeliveryState
from souspli_mailbox.deliveries import DeliveryEvent
from souspli_mailbox.jobs import Done, NotYet
from souspli_mailbox.reapply import reapply_new
from souspli_mailbox.records import deliveries, withdrawals
from souspli_mailbox.records.errors import NotFoundError, WithdrawnError
from souspli_mailbox.records.jobs import Job, JobName
from souspli_mailbox.records.sent import sent_deliveries
from souspli_mailbox.records.withdrawals import NewWithdrawal
from souspli_mailbox.schema import tables
from souspli_mailbox.store_calls import StoreCalls
from souspli_mailbox.tombstones import Kind, Reason, TombstoneKey, Tombstones, read_tombstone
from souspli_mailbox.withdrawing import AGAIN_SECONDS, Withdrawer
from souspli_storage.errors import StoreUnavailableError
from souspli_storage.memory_ledger import MemoryLedger

if TYPE_CHECKING:
    from collections.abc import Iterator

    from souspli_mailbox.records.completion import DeliveryMade
    from souspli_mailbox.records.invitations import NewInvitation

KEY = TombstoneKey(b"k" * 32)
LATER = NOW + DAY


class World:
    """A practice with its letters, and a ledger that can fail."""

    def __init__(self, rows: Rows) -> None:
        self.rows = rows
        self.practice: Practice = rows.admit()
        self.ledger = MemoryLedger()
        self.store = StoreCalls(at_once=1, seconds=10)

    @property
    def withdrawer(self) -> Withdrawer:
        """As a new process has it."""
        return Withdrawer(
            database=self.rows.database,
            tombstones=Tombstones(self.ledger, KEY),
            store=self.store,
            clock=lambda: float(LATER),
        )

    def deliver(self, *letters: NewInvitation) -> tuple[DeliveryMade, ...]:
        return self.rows.deliver(
            self.practice, *((one.invitation_id, one.claim_fingerprint) for one in letters)
        )

    def new(self) -> NewWithdrawal:
        return NewWithdrawal(
            withdrawal_hash=hex64(), member=self.practice.member.fingerprint, envelope=b"{}"
        )

    def decide(self, withdrawal: NewWithdrawal, *, deposit_id: int = 1) -> bool:
        return self.rows.database.write_now(
            withdrawals.decide_withdrawal, deposit_id=deposit_id, withdrawal=withdrawal, now=LATER
        )

    async def withdraw(self, withdrawal: NewWithdrawal | None = None) -> None:
        """As a request does it."""
        if self.decide(withdrawal or self.new()):
            await self.withdrawer.carry_out(1)

    async def finish(self) -> None:
        """Do the jobs that a killed process left, once their leases are over."""
        for one in self.rows.jobs(now=LATER + 3_600):
            if one.name is JobName.WITHDRAW:
                assert isinstance(await self.withdrawer.withdraw(one), Done)

    def happen(self, delivery: DeliveryMade, event: DeliveryEvent) -> None:
        self.rows.database.write_now(
            deliveries.record_event, delivery_id=delivery.delivery_id, event=event, now=NOW + 60
        )

    def collect(self, delivery: DeliveryMade, *, now: int = NOW + 60) -> DeliveryState:
        return self.rows.database.write_now(
            deliveries.collect, delivery_id=delivery.delivery_id, now=now
        )

    def receipt(self, delivery: DeliveryMade, *, now: int = LATER + 60) -> DeliveryState:
        return self.rows.database.write_now(
            deliveries.keep_receipt, delivery_id=delivery.delivery_id, receipt=b"{}", now=now
        )

    def read(self, delivery: DeliveryMade) -> deliveries.Delivery:
        return self.rows.database.read_now(
            deliveries.read_delivery, delivery_id=delivery.delivery_id
        )

    def count(self, table: Any) -> int:
        return self.rows.database.read_now(
            lambda connection: connection.execute(
                select(func.count()).select_from(table)
            ).scalar_one()
        )

    def all(self, statement: str) -> list[Any]:
        return self.rows.database.read_now(
            lambda connection: list(connection.exec_driver_sql(statement))
        )

    def tombstones(self) -> set[bytes]:
        found = [read_tombstone(entry.line) for entry in self.ledger.read()]
        return {one.digest for one in found if one is not None}


@pytest.fixture
def world(rows: Rows) -> Iterator[World]:
    world = World(rows)
    yield world
    world.store.close()


async def test_what_nobody_collected_is_gone_with_its_contents(world: World) -> None:
    (delivery,) = world.deliver(world.rows.invite(world.practice))
    await world.withdraw()
    read = world.read(delivery)
    assert (read.state, read.is_taken_back) == (DeliveryState.WITHDRAWN, True)
    assert world.all("SELECT withdrawn_at FROM deliveries") == [(LATER,)]
    for table in (tables.covers, tables.sender_covers):
        assert world.count(table) == 0
    ((key,),) = world.all("SELECT object_key FROM deposits WHERE emptied_at IS NOT NULL")
    assert world.all("SELECT object_key, reason FROM condemned_objects") == [(key, "withdrawn")]
    assert world.all("SELECT sealed_bytes FROM organisation_usage") == [(0,)]
    assert world.tombstones() == {KEY.digest(Kind.WITHDRAWAL, delivery.delivery_id)}
    assert [one.name for one in world.rows.jobs(now=LATER)] == [JobName.WITHDRAW]


@pytest.mark.parametrize("event", [DeliveryEvent.COLLECTED, DeliveryEvent.RECEIPT])
async def test_what_was_handed_out_stays_with_who_has_it(
    world: World, event: DeliveryEvent
) -> None:
    """And goes for the others: each recipient has a fate of their own."""
    letters = [world.rows.invite(world.practice, f"{n}@example.org") for n in range(2)]
    has_it, has_not = world.deliver(*letters)
    world.happen(has_it, event)
    await world.withdraw()
    assert [state for (state,) in world.all("SELECT state FROM deliveries")] == ["withdrawn"] * 2
    assert world.all("SELECT delivery_id FROM covers") == [(has_it.delivery_id,)]
    assert world.count(tables.sender_covers) == 1
    assert world.count(tables.condemned_objects) == 0
    assert world.tombstones() == {KEY.digest(Kind.WITHDRAWAL, has_not.delivery_id)}
    assert world.collect(has_it, now=LATER) is DeliveryState.WITHDRAWN
    with pytest.raises(WithdrawnError):
        world.collect(has_not, now=LATER)


async def test_from_the_decision_on_nothing_is_handed_out(world: World) -> None:
    letter = world.rows.invite(world.practice)
    (delivery,) = world.deliver(letter)
    world.decide(world.new())
    with pytest.raises(WithdrawnError):
        world.collect(delivery)
    with pytest.raises(WithdrawnError):
        world.receipt(delivery)
    for change in (deliveries.replace_cover, deliveries.move_delivery):
        more: dict[str, Any] = (
            {"invitation_id": letter.invitation_id, "now": LATER}
            if change is deliveries.move_delivery
            else {}
        )
        with pytest.raises(WithdrawnError):
            world.rows.database.write_now(
                change,
                delivery_id=delivery.delivery_id,
                replaces=world.read(delivery).cover_hash,
                cover=b"another",
                cover_hash=hex64(),
                **more,
            )
    assert world.read(delivery).fetched_at is None
    assert world.count(tables.receipts) == 0


async def test_who_claims_afterwards_finds_it_withdrawn(world: World) -> None:
    letter = world.rows.invite(world.practice)
    (delivery,) = world.deliver(letter)
    await world.withdraw()
    account = world.rows.claim(letter, now=LATER)
    read = world.read(delivery)
    assert (read.account_number, read.state) == (account.account_number, DeliveryState.WITHDRAWN)
    kept = world.rows.database.read_now(
        withdrawals.read_withdrawal, delivery_id=delivery.delivery_id
    )
    assert kept.member_envelope == world.practice.member.envelope
    assert kept.organisation_envelope == world.practice.organisation.envelope


async def test_a_receipt_that_comes_afterwards_is_kept_with_its_moment(world: World) -> None:
    (delivery,) = world.deliver(world.rows.invite(world.practice))
    world.collect(delivery)
    await world.withdraw()
    assert world.receipt(delivery) is DeliveryState.WITHDRAWN
    (seen,) = world.rows.database.read_now(sent_deliveries, deposit_id=1)
    assert (seen.state, seen.fetched_at, seen.opened_at, seen.receipt) == (
        DeliveryState.WITHDRAWN,
        NOW + 60,
        LATER + 60,
        b"{}",
    )


async def test_the_same_withdrawal_again_changes_nothing_and_another_one_is_refused(
    world: World,
) -> None:
    world.deliver(world.rows.invite(world.practice))
    withdrawal = world.new()
    await world.withdraw(withdrawal)
    before = world.all("SELECT * FROM withdrawals")
    assert not world.decide(withdrawal)
    with pytest.raises(WithdrawnError):
        world.decide(world.new())
    assert world.all("SELECT * FROM withdrawals") == before
    assert len(list(world.ledger.read())) == 1


async def test_what_was_not_withdrawn_has_no_withdrawal(world: World) -> None:
    (delivery,) = world.deliver(world.rows.invite(world.practice))
    with pytest.raises(NotFoundError):
        world.rows.database.read_now(withdrawals.read_withdrawal, delivery_id=delivery.delivery_id)


async def test_what_expired_stays_expired(world: World) -> None:
    (delivery,) = world.deliver(world.rows.invite(world.practice))
    world.happen(delivery, DeliveryEvent.MAILED)
    world.rows.database.write_now(
        lambda connection: connection.execute(
            tables.deliveries.update().values(state="expired", expired_at=NOW)
        )
    )
    await world.withdraw()
    assert world.read(delivery).state is DeliveryState.EXPIRED
    assert not world.tombstones()


async def test_without_its_tombstone_nothing_goes(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.deliver(world.rows.invite(world.practice))

    def refuse(_: object) -> None:
        raise StoreUnavailableError("full")

    job = Job(
        job_id=1,
        name=JobName.WITHDRAW,
        ids={"deposit_id": "1"},
        attempts=1,
        lease="",
        lease_until=0,
    )
    with monkeypatch.context() as patch:
        patch.setattr(world.ledger, "append", refuse)
        with pytest.raises(StoreUnavailableError):
            await world.withdraw()
        assert await world.withdrawer.withdraw(job) == NotYet(LATER + AGAIN_SECONDS)
    assert world.count(tables.covers) == 1
    await world.finish()
    assert world.count(tables.covers) == 0


class KilledError(BaseException):
    """As if the process were gone."""


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("step", ["untold", "append", "carry_out"])
async def test_killed_at_any_step_it_goes_on_without_its_sender(
    world: World, monkeypatch: pytest.MonkeyPatch, step: str, when: str
) -> None:
    (delivery,) = world.deliver(world.rows.invite(world.practice))
    where: Any = world.ledger if step == "append" else withdrawals
    original = getattr(where, step)

    def killed(*args: Any, **kwargs: Any) -> Any:
        if when == "after":
            original(*args, **kwargs)
        raise KilledError

    with monkeypatch.context() as patch:
        patch.setattr(where, step, killed)
        with pytest.raises(BaseException) as ended:  # noqa: PT011  (whatever the kill became)
            await world.withdraw()
        assert ended.type is not AssertionError
    await world.finish()
    assert world.read(delivery).is_taken_back
    assert world.count(tables.covers) == world.count(tables.sender_covers) == 0
    assert world.all("SELECT sealed_bytes FROM organisation_usage") == [(0,)]
    assert world.tombstones() == {KEY.digest(Kind.WITHDRAWAL, delivery.delivery_id)}


async def test_what_was_taken_back_is_taken_back_again_in_a_database_that_was_put_back(
    world: World,
) -> None:
    letters = [world.rows.invite(world.practice, f"{n}@example.org") for n in range(2)]
    gone, kept = world.deliver(*letters)
    # Of a service whose database is lost: this one is as it was before.
    Tombstones(world.ledger, KEY).write(
        Kind.WITHDRAWAL, [gone.delivery_id], reason=Reason.WITHDRAWN, now=LATER
    )
    for again in (1, 0):
        done = reapply_new(world.rows.database, world.ledger, key=KEY, now=LATER)
        assert (done.deleted, done.foreign) == (again, 0)
    assert world.read(gone).is_taken_back
    assert world.read(kept).state is DeliveryState.STORED
    assert world.all("SELECT delivery_id FROM covers") == [(kept.delivery_id,)]
    assert world.count(tables.condemned_objects) == 0
    # The sender's client posts its withdrawal again, and the service takes it as the first.
    await world.withdraw()
    assert world.read(kept).is_taken_back
    assert world.count(tables.condemned_objects) == 1
