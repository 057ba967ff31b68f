"""An account that its patient closed: nothing of it is left to open, whatever is killed when."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from simulation.rows import DAY, NOW, Practice, Rows, hex64
from sqlalchemy import Column, func, select

from souspli_exchange.ports.states import DeliveryState
from souspli_keys.statements import Way
from souspli_mailbox.closing import AGAIN_SECONDS, Closer
from souspli_mailbox.deliveries import DeliveryEvent
from souspli_mailbox.jobs import Done, NotYet
from souspli_mailbox.reapply import reapply_new
from souspli_mailbox.records import accounts, closings, consents, deliveries
from souspli_mailbox.records.closings import NewClosing
from souspli_mailbox.records.consents import NewWord
from souspli_mailbox.records.errors import BackToPaperError, ClosedError, NotFoundError
from souspli_mailbox.records.jobs import Job, JobName
from souspli_mailbox.records.service_facts import Fact, read_fact
from souspli_mailbox.schema import tables
from souspli_mailbox.store_calls import StoreCalls
from souspli_mailbox.tombstones import Kind, Reason, TombstoneKey, Tombstones, read_tombstone
from souspli_storage.errors import StoreUnavailableError
from souspli_storage.memory_ledger import MemoryLedger

if TYPE_CHECKING:
    from collections.abc import Iterator

    from souspli_mailbox.records.accounts import NewAccount
    from souspli_mailbox.records.completion import DeliveryMade
    from souspli_mailbox.records.invitations import NewInvitation

KEY = TombstoneKey(b"k" * 32)
LATER = NOW + DAY


class World:
    """A practice, a patient with an account, and a ledger that can fail."""

    def __init__(self, rows: Rows) -> None:
        self.rows = rows
        self.practice: Practice = rows.admit()
        self.letter: NewInvitation = rows.invite(self.practice)
        self.account: NewAccount | Any = rows.claim(self.letter)
        self.number: str = self.account.account_number
        self.ledger = MemoryLedger()
        self.store = StoreCalls(at_once=1, seconds=10)

    @property
    def closer(self) -> Closer:
        """As a new process has it."""
        return Closer(
            database=self.rows.database,
            tombstones=Tombstones(self.ledger, KEY),
            store=self.store,
            clock=lambda: float(LATER),
        )

    def deliver(self, *others: NewInvitation) -> tuple[DeliveryMade, ...]:
        """To the patient, and to others whose letters wait."""
        return self.rows.deliver(
            self.practice,
            (self.letter.invitation_id, self.account.fingerprint),
            *((one.invitation_id, one.claim_fingerprint) for one in others),
        )

    def decide(self, closing_hash: str = "ab" * 32) -> None:
        self.rows.database.write_now(
            closings.decide,
            account_number=self.number,
            closing=NewClosing(closing_hash=closing_hash, envelope=b"{}"),
            now=LATER,
        )

    async def close(self) -> None:
        """As a request does it."""
        self.decide()
        await self.closer.carry_out(self.number)

    def job(self) -> Job:
        (job,) = (one for one in self.rows.jobs(now=LATER + 3_600) if one.name is JobName.CLOSE)
        return job

    def closed(self) -> closings.Closed | None:
        return self.rows.database.read_now(closings.read_closing, account_number=self.number)

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

    def of_account(self, *columns: Column[Any]) -> list[Any]:
        """Those of the account's own rows."""
        mine = columns[0].table.c.account_number == self.number
        return self.rows.database.read_now(
            lambda connection: [
                tuple(row) for row in connection.execute(select(*columns).where(mine))
            ]
        )

    def tombstones(self) -> set[bytes]:
        found = [read_tombstone(entry.line) for entry in self.ledger.read()]
        return {one.digest for one in found if one is not None}


@pytest.fixture
def world(rows: Rows) -> Iterator[World]:
    world = World(rows)
    yield world
    world.store.close()


def check_closed(world: World) -> None:
    """Nobody is known by the account, nobody gets in, and nothing can be opened for it."""
    for table in (tables.vaults, tables.unlockers, tables.acceptances):
        assert world.of_account(table.c.account_number) == []
    for table in (tables.sessions, tables.claim_sessions):
        assert world.count(table) == 0
    account, letter = tables.accounts.c, tables.invitations.c
    assert world.of_account(account.address, account.phone) == [("", None)]
    assert world.of_account(letter.address, letter.envelope) == [(None, b"")]
    covered = select(tables.deliveries.c.account_number).join(tables.covers)
    numbers = world.rows.database.read_now(lambda connection: connection.execute(covered).all())
    assert (world.number,) not in numbers
    closed = world.closed()
    assert closed is not None
    assert closed.carried_out_at is not None


async def test_everything_that_only_the_account_could_open_is_gone(world: World) -> None:
    world.deliver()
    await world.close()
    check_closed(world)
    assert world.all("SELECT state, expired_at FROM deliveries") == [("expired", LATER)]
    ((key,),) = world.all("SELECT object_key FROM deposits WHERE emptied_at IS NOT NULL")
    assert world.all("SELECT object_key, reason FROM condemned_objects") == [(key, "closed")]
    assert world.all("SELECT sealed_bytes FROM organisation_usage") == [(0,)]
    assert world.count(tables.sender_covers) == 0
    assert world.tombstones() == {KEY.digest(Kind.CLOSING, world.number)}
    names = {one.name for one in world.rows.jobs(now=LATER + DAY)}
    # Nothing is mailed any more, not even that the account was activated.
    assert names == {JobName.CLOSE}
    # The database's files are made to forget as well, by the next purge run.
    assert world.rows.database.read_now(read_fact, fact=Fact.PURGED_SINCE) is not None


@pytest.mark.parametrize("event", [DeliveryEvent.COLLECTED, DeliveryEvent.RECEIPT])
async def test_what_was_collected_stays_what_happened(world: World, event: DeliveryEvent) -> None:
    (delivery,) = world.deliver()
    state = world.rows.database.write_now(
        deliveries.record_event, delivery_id=delivery.delivery_id, event=event, now=NOW + 60
    )
    await world.close()
    check_closed(world)
    read = world.rows.database.read_now(deliveries.read_delivery, delivery_id=delivery.delivery_id)
    assert read.state is state
    assert state in {DeliveryState.FETCHED, DeliveryState.OPENED}


async def test_contents_stay_for_who_else_has_a_cover(world: World) -> None:
    other = world.rows.invite(world.practice, "other@example.org")
    _, theirs = world.deliver(other)
    await world.close()
    check_closed(world)
    assert world.all("SELECT delivery_id FROM covers") == [(theirs.delivery_id,)]
    assert world.count(tables.condemned_objects) == 0
    assert world.count(tables.sender_covers) == 1


async def test_nothing_is_deposited_for_a_closed_account_whatever_was_said(world: World) -> None:
    await world.close()
    with pytest.raises(BackToPaperError):
        world.deliver()
    word = NewWord(
        statement_hash=hex64(),
        sequence=1,
        previous=None,
        way=Way.ELECTRONIC,
        issued_at=LATER + 60,
        envelope=b"{}",
    )
    # Of a request that was let in before the account was closed.
    world.rows.database.write_now(
        consents.keep_choice,
        account_number=world.number,
        organisation=world.practice.organisation.fingerprint,
        choice=word,
        now=LATER + 60,
    )
    with pytest.raises(BackToPaperError):
        world.deliver()


async def test_an_account_is_closed_once(world: World) -> None:
    await world.close()
    with pytest.raises(ClosedError):
        world.decide("cd" * 32)
    closed = world.closed()
    assert closed is not None
    assert closed.closing_hash == "ab" * 32


@pytest.mark.parametrize("step", ["decided", "told", "emptied", "forgotten"])
async def test_a_closing_that_was_killed_is_finished_by_its_job(world: World, step: str) -> None:
    world.deliver()
    world.decide()
    one = {"account_number": world.number, "now": LATER}
    if step != "decided":
        Tombstones(world.ledger, KEY).write(
            Kind.CLOSING, (world.number,), reason=Reason.CLOSED, now=LATER
        )
    if step in {"emptied", "forgotten"}:
        assert world.rows.database.write_now(closings.empty, **one)
    if step == "forgotten":
        world.rows.database.write_now(closings.forget, **one)
    # From the decision on, whatever else is still there, nobody signs in.
    with pytest.raises(NotFoundError):
        world.rows.database.read_now(
            accounts.find_unlocker,
            account_number=world.number,
            kind="password",
            login_public_key=world.account.unlockers[0].login_public_key,
        )
    assert isinstance(await world.closer.close(world.job()), Done)
    check_closed(world)
    assert world.tombstones() == {KEY.digest(Kind.CLOSING, world.number)}


async def test_a_store_that_takes_no_tombstone_is_asked_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.deliver()
    world.decide()

    def away(_lines: object) -> None:
        raise StoreUnavailableError("away")

    with monkeypatch.context() as patched:
        patched.setattr(world.ledger, "append", away)
        outcome = await world.closer.close(world.job())
        assert outcome == NotYet(LATER + AGAIN_SECONDS)
    # Nothing was deleted yet: a backup of now could still bring it back.
    assert world.count(tables.covers) == 1
    await world.closer.carry_out(world.number)
    check_closed(world)


async def test_a_backup_of_before_is_closed_again(world: World) -> None:
    world.deliver()
    Tombstones(world.ledger, KEY).write(
        Kind.CLOSING, (world.number,), reason=Reason.CLOSED, now=LATER
    )
    done = reapply_new(world.rows.database, world.ledger, key=KEY, now=LATER)
    assert (done.read, done.deleted) == (1, 1)
    check_closed(world)
    closed = world.closed()
    assert closed is not None
    # The patient's word is lost with what came after the backup; its effect is not.
    assert (closed.envelope, closed.closing_hash) == (None, None)
    assert reapply_new(world.rows.database, world.ledger, key=KEY, now=LATER).deleted == 0


async def test_a_mailbox_of_many_documents_is_closed_in_slices(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(closings, "DELIVERIES_AT_ONCE", 2)
    for _ in range(5):
        world.deliver()
    await world.close()
    check_closed(world)
    assert world.all("SELECT DISTINCT state FROM deliveries") == [("expired",)]
    assert world.count(tables.condemned_objects) == 5


async def test_members_accounts_have_no_tombstones(world: World) -> None:
    """What a tombstone could name: patients' accounts alone."""
    found = world.rows.database.read_now(
        lambda connection: list(closings.open_accounts(connection, at_once=10))
    )
    assert found == [world.number]
