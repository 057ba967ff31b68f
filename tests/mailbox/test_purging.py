"""The purge: everything about a letter that nobody answered goes, whatever is killed when."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from simulation.purging import END, IN_AN_HOUR, KEY, PurgeWorld, job
from simulation.rows import DAY, NOW, Rows
from sqlalchemy import func, select

from souspli_mailbox.jobs import NotYet
from souspli_mailbox.reapply import reapply_new
from souspli_mailbox.records import deciding, emptying, invitations, purges
from souspli_mailbox.records.errors import InvitationExpiredError
from souspli_mailbox.records.jobs import JobName
from souspli_mailbox.records.purges import RESUME_SECONDS
from souspli_mailbox.schema import tables
from souspli_mailbox.tombstones import Kind, Reason, Tombstones, read_tombstone
from souspli_storage.errors import NotDeletedError, StoreUnavailableError
from souspli_storage.memory import Fault

if TYPE_CHECKING:
    from types import ModuleType


@pytest.fixture
def world(rows: Rows) -> PurgeWorld:
    return PurgeWorld(rows)


async def test_what_nobody_answered_goes_with_all_that_says_who_it_was(world: PurgeWorld) -> None:
    letter = world.rows.invite(world.practice, "jeanne@example.org")
    world.deliver(letter)
    assert await world.run() == IN_AN_HOUR
    assert list(world.blobs.objects()) == []
    assert world.states() == ["expired"]
    for table in (tables.covers, tables.sender_covers, tables.person_checks):
        assert world.one(str(select(func.count()).select_from(table))) == 0
    assert world.one("SELECT count(*) FROM condemned_objects") == 0
    for kept in world.all("SELECT * FROM invitations"):
        assert "jeanne" not in str(kept)
    assert world.one("SELECT letter_number FROM invitations") != letter.letter_number
    done = world.purge(letter)
    assert done is not None
    assert (done.deliveries, done.objects_deleted, done.objects_kept) == (1, 1, 0)
    assert (done.begun_at, done.ended_at) == (END, END)
    (entry,) = world.ledger.read()
    tombstone = read_tombstone(entry.line)
    assert tombstone is not None
    assert tombstone.digest == KEY.digest(Kind.PURGE, letter.invitation_id)
    assert world.one("SELECT sealed_bytes FROM organisation_usage") == 0


async def test_the_last_second_is_the_patient_s(world: PurgeWorld) -> None:
    letter = world.rows.invite(world.practice)
    world.now = END - 1
    await world.run()
    assert world.purge(letter) is None
    world.now = END
    await world.run()
    assert world.purge(letter) is not None


async def test_a_claim_under_way_has_its_hour_and_wins(world: PurgeWorld) -> None:
    letter = world.rows.invite(world.practice)
    world.deliver(letter)
    world.rows.pass_gates(letter, now=END - 1)
    await world.run()
    assert world.purge(letter) is None
    world.now = END + 3_600
    await world.run()
    assert world.purge(letter) is not None


async def test_who_claimed_is_never_purged(world: PurgeWorld) -> None:
    letter = world.rows.invite(world.practice)
    world.deliver(letter)
    world.rows.claim(letter, now=END - 1)
    world.now = END + 90 * DAY
    await world.run()
    assert world.purge(letter) is None
    assert len(list(world.blobs.objects())) == 1


async def test_contents_that_wait_for_somebody_else_stay_for_them(world: PurgeWorld) -> None:
    old = world.rows.invite(world.practice, "old@example.org")
    young = world.rows.invite(world.practice, "young@example.org", now=NOW + DAY)
    world.deliver(old, young, now=NOW + DAY)
    await world.run()
    assert world.states() == ["expired", "stored"]
    assert len(list(world.blobs.objects())) == 1
    assert world.one("SELECT count(*) FROM covers") == 1
    assert world.one("SELECT count(*) FROM sender_covers") == 1
    done = world.purge(old)
    assert done is not None
    assert (done.objects_deleted, done.objects_kept) == (0, 1)
    world.now = END + DAY
    await world.run()
    assert list(world.blobs.objects()) == []
    assert world.states() == ["expired", "expired"]


async def test_from_the_decision_on_the_letter_admits_nothing(world: PurgeWorld) -> None:
    letter = world.rows.invite(world.practice)
    await world.purger.expire(job(JobName.EXPIRE))
    read = world.rows.database.read_now(
        invitations.read_invitation, invitation_id=letter.invitation_id, now=NOW
    )
    with pytest.raises(InvitationExpiredError):
        invitations.require_pending(read)  # whatever a clock says that went back
    with pytest.raises(InvitationExpiredError):
        world.deliver(letter, now=NOW)


async def test_letters_that_it_replaced_are_forgotten_with_it(world: PurgeWorld) -> None:
    first = world.rows.invite(world.practice)
    second = world.rows.invite(world.practice, supersedes=first.invitation_id, now=NOW + 1)
    world.now = END + 1
    await world.run()
    assert world.purge(second) is not None
    numbers = {number for (number,) in world.all("SELECT letter_number FROM invitations")}
    assert not numbers & {first.letter_number, second.letter_number}


async def test_without_its_tombstone_nothing_goes(
    world: PurgeWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    letter = world.rows.invite(world.practice)
    world.deliver(letter)

    def refuse(_: object) -> None:
        raise StoreUnavailableError("full")

    with monkeypatch.context() as patch:
        patch.setattr(world.ledger, "append", refuse)
        assert await world.run() == NotYet(END + RESUME_SECONDS)
    assert world.states() == ["stored"]
    assert world.one("SELECT count(*) FROM covers") == 1
    assert await world.run() == IN_AN_HOUR
    assert world.states() == ["expired"]


async def test_a_store_that_refuses_is_never_called_done(
    world: PurgeWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    letter = world.rows.invite(world.practice)
    world.deliver(letter)

    def held(_: str) -> None:
        raise NotDeletedError(failures=[])

    with monkeypatch.context() as patch:
        patch.setattr(world.blobs, "delete", held)
        assert await world.run() == NotYet(END + RESUME_SECONDS)
    waiting = world.purge(letter)
    assert waiting is not None
    assert waiting.ended_at is None
    # Nothing can be opened, and the worklist still knows whom to name.
    assert world.one("SELECT count(*) FROM covers") == 0
    assert world.one("SELECT address FROM invitations") is not None
    # Not before its time, and then all of it.
    await world.run()
    assert world.one("SELECT address FROM invitations") is not None
    world.now += RESUME_SECONDS
    assert isinstance(await world.run(), NotYet)
    assert world.one("SELECT address FROM invitations") is None


async def test_what_was_purged_is_purged_again_in_a_database_that_was_put_back(
    world: PurgeWorld,
) -> None:
    letter = world.rows.invite(world.practice, "jeanne@example.org")
    world.deliver(letter)
    # Of a service whose database is lost: this one is as it was long before.
    Tombstones(world.ledger, KEY).write(
        Kind.PURGE, [letter.invitation_id], reason=Reason.NOT_ACTIVATED, now=END
    )
    world.now = NOW + DAY
    for _ in range(2):
        done = reapply_new(world.rows.database, world.ledger, key=KEY, now=world.now)
        assert done.foreign == 0
    await world.run()
    assert world.one("SELECT address FROM invitations") is None
    assert world.states() == ["expired"]
    assert list(world.blobs.objects()) == []
    assert len(list(world.ledger.read())) == 1


class KilledError(BaseException):
    """As if the process were gone."""


STEPS: dict[str, ModuleType | None] = {
    "decide": deciding,
    "untold": purges,
    "told": purges,
    "empty": emptying,
    "objects_left": emptying,
    "forget": emptying,
    # Of the store and of the ledger.
    "delete": None,
    "append": None,
}


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("step", STEPS)
async def test_killed_at_any_step_it_goes_on_where_it_was(
    world: PurgeWorld, monkeypatch: pytest.MonkeyPatch, step: str, when: str
) -> None:
    letter = world.rows.invite(world.practice)
    world.deliver(letter)
    world.deliver(letter)
    where: Any = STEPS[step] or (world.blobs if step == "delete" else world.ledger)
    original = getattr(where, step)

    def killed(*args: Any, **kwargs: Any) -> Any:
        if when == "after":
            original(*args, **kwargs)
        raise KilledError

    with monkeypatch.context() as patch:
        patch.setattr(where, step, killed)
        with pytest.raises(BaseException) as ended:  # noqa: PT011  (whatever the kill became)
            await world.run()
        assert ended.type is not AssertionError
    world.now += 3_600
    await world.run()
    done = world.purge(letter)
    assert done is not None
    assert done.ended_at is not None
    assert (done.deliveries, done.objects_deleted) == (2, 2)
    assert list(world.blobs.objects()) == []
    assert world.one("SELECT count(*) FROM covers") == 0
    assert world.one("SELECT sealed_bytes FROM organisation_usage") == 0


@pytest.mark.parametrize("fault", [Fault.BEFORE, Fault.AFTER])
async def test_a_deletion_that_is_reported_failed_is_tried_again(
    world: PurgeWorld, fault: Fault
) -> None:
    letter = world.rows.invite(world.practice)
    world.deliver(letter)
    world.blobs.fault = lambda operation: fault if operation == "delete" else None
    assert await world.run() == NotYet(END + RESUME_SECONDS)
    world.blobs.fault = lambda _: None
    world.now += RESUME_SECONDS
    await world.run()
    done = world.purge(letter)
    assert done is not None
    assert done.ended_at == world.now
    assert world.one("SELECT count(*) FROM deposits WHERE emptied_at IS NOT NULL") == 1
