"""The purge beside all else: claims, re-issues, another process, a night full of letters."""

from __future__ import annotations

import asyncio
import dataclasses
import json
from typing import TYPE_CHECKING

import pytest
from simulation.purging import CERTIFIER, END, PurgeWorld, job
from simulation.rows import DAY, NOW, Rows, new_account, new_binding

from souspli_keys import dsse
from souspli_keys.public import Fingerprint
from souspli_keys.statements import verify_purge
from souspli_mailbox.records import bindings, deciding, emptying, invitations, purges
from souspli_mailbox.records.due_purges import due_purges, purges_under_way
from souspli_mailbox.records.errors import InvitationExpiredError
from souspli_mailbox.records.jobs import JobName

if TYPE_CHECKING:
    from collections.abc import Sequence


@pytest.fixture
def world(rows: Rows) -> PurgeWorld:
    return PurgeWorld(rows)


async def test_once_decided_a_claim_that_passed_all_gates_is_too_late(world: PurgeWorld) -> None:
    # Decided by a process whose clock is an hour ahead of the one that binds.
    letter = world.rows.invite(world.practice)
    token_hash = world.rows.pass_gates(letter, now=END - 1)
    world.decide(letter, now=END + 3_600)
    with pytest.raises(InvitationExpiredError):
        world.rows.database.write_now(
            bindings.bind,
            token_hash=token_hash,
            invitation_id=letter.invitation_id,
            account=new_account(),
            binding=new_binding(),
            now=END + 1_800,
        )
    assert world.one("SELECT count(*) FROM accounts WHERE kind = 'patient'") == 0


async def test_a_letter_that_is_being_purged_is_replaced_by_none(world: PurgeWorld) -> None:
    letter = world.rows.invite(world.practice)
    world.decide(letter, now=END)
    with pytest.raises(InvitationExpiredError):
        world.rows.invite(world.practice, supersedes=letter.invitation_id, now=END)
    # The address is free at once: a letter of its own may go there.
    fresh = world.rows.invite(world.practice, now=END)
    await world.run()
    read = world.rows.database.read_now(
        invitations.read_invitation, invitation_id=fresh.invitation_id, now=END
    )
    assert invitations.require_pending(read).address == "patient@example.org"


async def test_what_never_moved_from_a_replaced_letter_goes_with_its_successor(
    world: PurgeWorld,
) -> None:
    first = world.rows.invite(world.practice)
    world.deliver(first)
    second = world.rows.invite(world.practice, supersedes=first.invitation_id, now=NOW + 1)
    world.now = END + 1
    await world.run()
    done = world.purge(second)
    assert done is not None
    assert (done.deliveries, done.objects_deleted) == (1, 1)
    assert world.states() == ["expired"]
    assert list(world.blobs.objects()) == []


async def test_what_never_moved_although_its_successor_was_claimed_goes_a_month_later(
    world: PurgeWorld,
) -> None:
    first = world.rows.invite(world.practice)
    world.deliver(first)
    second = world.rows.invite(world.practice, supersedes=first.invitation_id, now=NOW + 1)
    world.rows.claim(second, now=NOW + 2)
    world.now = END + 29 * DAY
    await world.run()
    assert world.states() == ["stored"]
    world.now = NOW + 60 * DAY
    (late,) = [one for one in world.rows.jobs(now=world.now) if one.name is JobName.PURGE_REPLACED]
    await world.purger.purge_replaced(late)
    await world.run()
    assert world.states() == ["expired"]
    assert list(world.blobs.objects()) == []
    # The account is nobody's affair here.
    assert world.one("SELECT count(*) FROM accounts WHERE kind = 'patient'") == 1


async def test_two_processes_at_it_at_once_do_it_once(world: PurgeWorld) -> None:
    letters = [world.rows.invite(world.practice, f"p{n}@example.org") for n in range(30)]
    for letter in letters[:10]:
        world.deliver(letter)
    first, second = world.purger, world.purger
    await asyncio.gather(first.expire(job(JobName.EXPIRE)), second.expire(job(JobName.EXPIRE)))
    while world.one("SELECT count(*) FROM purges WHERE ended_at IS NULL"):
        world.now += 300
        await world.run()
    assert world.one("SELECT count(*) FROM purges") == 30
    assert world.one("SELECT sum(objects_deleted) FROM purges") == 10
    assert world.one("SELECT sum(deliveries) FROM purges") == 10
    assert world.one("SELECT sealed_bytes FROM organisation_usage") == 0
    assert list(world.blobs.objects()) == []


async def test_a_whole_night_of_letters_is_decided_however_many_there_are(
    world: PurgeWorld,
) -> None:
    for number in range(2 * purges.LETTERS_AT_ONCE + 7):
        world.rows.invite(world.practice, f"p{number}@example.org", now=NOW + number)
    world.now = END + 1_000
    # Of the steps, not of how fast they are: the job comes back for what it has no time for.
    await world.purger.run(seconds=3_600)
    ended = world.one("SELECT count(*) FROM purges WHERE ended_at IS NOT NULL")
    assert ended == 2 * purges.LETTERS_AT_ONCE + 7
    assert world.one("SELECT count(*) FROM invitations WHERE address IS NOT NULL") == 0


async def test_what_is_told_before_is_what_is_done(world: PurgeWorld) -> None:
    old = world.rows.invite(world.practice, "old@example.org")
    young = world.rows.invite(world.practice, "young@example.org", now=NOW + DAY)
    world.deliver(old)
    world.deliver(old, young, now=NOW + DAY)
    read = world.rows.database.read_now
    assert read(due_purges, now=END - 1) == ()
    (due,) = read(due_purges, now=END)
    assert (due.letters, due.deliveries, due.objects, due.sealed_bytes) == (1, 2, 1, 100_000)
    assert due.organisation == world.practice.organisation.fingerprint
    await world.run()
    done = world.purge(old)
    assert done is not None
    assert (done.deliveries, done.objects_deleted, done.objects_kept) == (2, 1, 1)
    assert read(due_purges, now=END) == ()
    assert read(purges_under_way).letters == 0


async def test_the_statement_about_it_verifies_and_names_the_documents(world: PurgeWorld) -> None:
    letter = world.rows.invite(world.practice)
    world.deliver(letter)
    world.deliver(letter)
    await world.run()
    done = world.purge(letter)
    assert done is not None
    assert done.envelope is not None
    purge = verify_purge(
        dsse.parse(json.loads(done.envelope)),
        audit_key=CERTIFIER.key.public,
        organisation=Fingerprint(world.practice.organisation.fingerprint),
        invitation_id=letter.invitation_id,
        origin=CERTIFIER.origin,
    )
    kept = {document for (document,) in world.all("SELECT document_id FROM deposits")}
    assert set(purge.documents) == kept
    assert (purge.deliveries, purge.objects_deleted) == (2, 2)
    assert purge.backups_until == purge.ended_at + 30 * DAY


async def test_without_a_statement_it_has_not_ended(world: PurgeWorld) -> None:
    letter = world.rows.invite(world.practice)

    class BrokenError(Exception):
        pass

    def broken(_: emptying.Ended) -> bytes:
        raise BrokenError

    await world.run()
    ended = world.purge(letter)
    assert ended is not None
    again = world.rows.invite(world.practice, now=END)
    world.now = END + 40 * DAY
    world.decide(again, now=world.now)
    with pytest.raises(BrokenError):
        world.rows.database.write_now(
            emptying.forget, invitation_id=again.invitation_id, now=world.now, certify=broken
        )
    kept = world.purge(again)
    assert kept is not None
    assert kept.ended_at is None
    assert world.one("SELECT count(*) FROM invitations WHERE address IS NOT NULL") == 1


async def test_what_is_wrong_with_one_letter_holds_up_no_other(world: PurgeWorld) -> None:
    poison = world.rows.invite(world.practice, "poison@example.org")
    others = [world.rows.invite(world.practice, f"p{n}@example.org", now=NOW + 1) for n in range(9)]

    class BrokenError(Exception):
        pass

    def certify(ended: emptying.Ended) -> bytes:
        if ended.invitation_id == poison.invitation_id:
            raise BrokenError
        return CERTIFIER.purge(ended)

    world.now = END + 1
    done = await dataclasses.replace(world.purger, certify=certify).run(seconds=60)
    assert (done.decided, done.ended, done.resisting) == (10, 9, 1)
    assert all(purge is not None and purge.ended_at for purge in map(world.purge, others))
    # Mended: it goes on by itself.
    world.now += purges.RESUME_SECONDS
    await world.run()
    ended = world.purge(poison)
    assert ended is not None
    assert ended.ended_at is not None


async def test_what_is_deleted_while_the_files_forget_is_still_due(
    world: PurgeWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By another process, which is killed before its own files have forgotten."""
    world.rows.invite(world.practice, "one@example.org")
    world.rows.invite(world.practice, "two@example.org", now=NOW + DAY)
    forget = world.rows.database.forget_deleted

    async def meanwhile(*, rewrite: Sequence[str] = ()) -> tuple[str, ...]:
        left = await forget(rewrite=rewrite)
        world.now = END + DAY
        ((_, other),) = world.rows.database.read_now(deciding.due, now=world.now)
        world.rows.database.write_now(deciding.decide, invitation_ids=[other], now=world.now)
        assert world.rows.database.write_now(
            emptying.forget, invitation_id=other, now=world.now, certify=CERTIFIER.purge
        )
        return left

    due = "SELECT count(*) FROM service_facts WHERE fact = 'purged-since'"
    with monkeypatch.context() as patch:
        patch.setattr(world.rows.database, "forget_deleted", meanwhile)
        await world.run()
    assert world.one(due) == 1
    await world.run()
    assert world.one(due) == 0
