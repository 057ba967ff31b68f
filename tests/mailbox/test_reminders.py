"""Whom a reminder reaches and when: real relay, real rows, a clock that is moved."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from simulation.desk import Desk, desk_at
from simulation.rows import DAY, NOW, Practice, Rows, hex64
from sqlalchemy import Connection, select

from souspli_exchange.ports.states import DeliveryState
from souspli_mailbox.deliveries import DeliveryEvent
from souspli_mailbox.jobs import Done, NotYet
from souspli_mailbox.records import deliveries
from souspli_mailbox.records.invitations import NewInvitation
from souspli_mailbox.records.jobs import JobName, ensure_job
from souspli_mailbox.records.recipients import forget_recipients
from souspli_mailbox.records.reminders import LOOKS_AT_ONCE, look
from souspli_mailbox.records.sweeps import delete_due
from souspli_mailbox.retention import due
from souspli_mailbox.schema import tables


@pytest.fixture
async def desk(rows: Rows, tmp_path: Path) -> AsyncIterator[Desk]:
    async with desk_at(rows, tmp_path) as desk:
        rows.database.write_now(ensure_job, name=JobName.REMIND, now=NOW)
        yield desk


@pytest.fixture
def practice(rows: Rows) -> Practice:
    return rows.admit()


@pytest.fixture
def invitation(rows: Rows, practice: Practice) -> NewInvitation:
    return rows.invite(practice)


def to(invitation: NewInvitation) -> tuple[str, str]:
    return invitation.invitation_id, invitation.claim_fingerprint


async def at(desk: Desk, seconds: float) -> int:
    """Move the clock to that long after NOW, do all that is due; return mails sent by then."""
    desk.now = NOW + int(seconds)
    # What a look adds is done in the next round.
    for _ in range(2):
        await desk.work()
    desk.rows.database.write_now(delete_due, due=due(desk.now))
    return len(desk.mails)


def collect(desk: Desk, delivery_id: str) -> None:
    desk.rows.database.write_now(
        deliveries.record_event,
        delivery_id=delivery_id,
        event=DeliveryEvent.COLLECTED,
        now=desk.now,
    )


async def days_of_mails(desk: Desk, *, until: int = 40) -> list[int]:
    """Run every hour of the days; return on which days a mail was sent."""
    days: list[int] = []
    for quarter in range(4 * until):
        before = len(desk.mails)
        if await at(desk, quarter * DAY / 4) > before:
            days.append(quarter // 4)
    return days


@pytest.mark.parametrize("place", ["sqlite"], indirect=True)
async def test_who_does_not_collect_is_told_at_once_and_on_four_days(
    desk: Desk, practice: Practice, invitation: NewInvitation
) -> None:
    desk.rows.deliver(practice, to(invitation))
    assert await days_of_mails(desk) == [0, 3, 10, 20, 27]
    assert ["Rappel" in mail["Subject"] for mail in desk.mails] == [False, True, True, True, True]
    assert desk.recipients == [invitation.address] * 5


async def test_an_account_is_reminded_as_an_invitation_is(
    desk: Desk, practice: Practice, invitation: NewInvitation
) -> None:
    account = desk.rows.claim(invitation)
    await desk.work()
    before = len(desk.mails)
    desk.rows.deliver(practice, (invitation.invitation_id, account.fingerprint))
    assert await at(desk, 0) == before + 1
    assert await at(desk, 3 * DAY) == before + 2
    assert await at(desk, 3 * DAY + 900) == before + 2


async def test_a_reminder_is_what_is_specified_and_names_nothing(
    desk: Desk, practice: Practice, invitation: NewInvitation
) -> None:
    (made,) = desk.rows.deliver(practice, to(invitation))
    await at(desk, 0)
    await at(desk, 3 * DAY)
    *_, (return_path, _, content, _) = desk.relay.handler.taken
    assert return_path != "no-reply@souspli.example"
    assert "Subject" in desk.mails[-1]
    for secret in (made.delivery_id, invitation.invitation_id, invitation.letter_number):
        assert secret.encode() not in content
        assert secret not in return_path


async def test_one_reminder_for_all_that_waits(
    desk: Desk, practice: Practice, invitation: NewInvitation
) -> None:
    for _ in range(3):
        desk.rows.deliver(practice, to(invitation))
    assert await at(desk, 0) == 1
    assert await at(desk, 3 * DAY) == 2
    assert await at(desk, 4 * DAY) == 2


async def test_days_are_those_of_the_oldest_that_waits(
    desk: Desk, practice: Practice, invitation: NewInvitation
) -> None:
    (oldest,) = desk.rows.deliver(practice, to(invitation))
    await at(desk, 0)
    desk.rows.deliver(practice, to(invitation), now=NOW + 2 * DAY)
    assert await at(desk, 2 * DAY) == 2  # its notification
    assert await at(desk, 3 * DAY) == 3  # the oldest's third day, 24 hours later
    assert await at(desk, 5 * DAY) == 3  # not the second's
    collect(desk, oldest.delivery_id)
    assert await at(desk, 10 * DAY) == 3
    assert await at(desk, 12 * DAY) == 4  # its own tenth, now that it is the oldest


async def test_a_notification_of_that_day_puts_the_reminder_off_until_24_hours_have_passed(
    desk: Desk, practice: Practice, invitation: NewInvitation
) -> None:
    desk.rows.deliver(practice, to(invitation))
    await at(desk, 0)
    desk.rows.deliver(practice, to(invitation), now=NOW + 3 * DAY - 3_600)
    assert await at(desk, 3 * DAY - 3_600) == 2
    assert await at(desk, 3 * DAY) == 2
    assert await at(desk, 4 * DAY - 3_600 - 1) == 2
    assert await at(desk, 4 * DAY - 3_600) == 3


async def test_a_notification_after_the_moment_has_said_it(
    desk: Desk, practice: Practice, invitation: NewInvitation
) -> None:
    desk.rows.deliver(practice, to(invitation))
    await at(desk, 0)
    desk.answers["RCPT"] = "451 later"
    await at(desk, 3 * DAY)  # a reminder that waits for its next try
    desk.answers.clear()
    desk.rows.deliver(practice, to(invitation), now=NOW + 3 * DAY + 60)
    desk.now = NOW + 3 * DAY + 60
    jobs = [job for job in desk.rows.jobs(now=desk.now) if job.name is JobName.NOTIFY]
    for job in jobs:
        outcome = await desk.handle(job)
        assert isinstance(outcome, Done)
        assert outcome.then is not None
        desk.rows.database.write_now(outcome.then)
    assert await at(desk, 3 * DAY + 600) == 2
    assert await at(desk, 5 * DAY) == 2


@pytest.mark.parametrize("day", [11, 26, 35])
async def test_moments_that_were_missed_are_one_reminder(
    desk: Desk, practice: Practice, invitation: NewInvitation, day: int
) -> None:
    desk.rows.deliver(practice, to(invitation))
    await at(desk, 0)
    # To a letter that is not valid any more nobody is sent.
    expected = 2 if day < 30 else 1
    assert await at(desk, day * DAY) == expected
    assert await at(desk, day * DAY + 1_800) == expected


@pytest.mark.parametrize("end", ["collected", "withdrawn", "superseded", "expired", "purged"])
async def test_nobody_is_reminded_of_what_is_over(
    desk: Desk, practice: Practice, invitation: NewInvitation, end: str
) -> None:
    (made,) = desk.rows.deliver(practice, to(invitation))
    await at(desk, 0)
    match end:
        case "collected":
            collect(desk, made.delivery_id)
        case "superseded":
            desk.rows.invite(practice, supersedes=invitation.invitation_id)
        case "purged":
            desk.rows.database.write_now(
                forget_recipients, invitation_ids=[invitation.invitation_id]
            )
        case _:
            desk.rows.database.write_now(
                lambda connection: connection.execute(
                    tables.deliveries.update().values(state=end, remind_at=NOW + 3 * DAY)
                )
            )
    for day in (3, 10, 20, 27):
        assert await at(desk, day * DAY) == 1


async def test_a_re_issue_begins_the_clock_anew(
    desk: Desk, practice: Practice, invitation: NewInvitation
) -> None:
    (made,) = desk.rows.deliver(practice, to(invitation))
    await at(desk, 0)
    desk.now = NOW + 2 * DAY
    again = desk.rows.invite(practice, supersedes=invitation.invitation_id, now=desk.now)
    kept = desk.delivery(made.delivery_id)
    desk.rows.database.write_now(
        deliveries.move_delivery,
        delivery_id=made.delivery_id,
        invitation_id=again.invitation_id,
        replaces=kept.cover_hash,
        cover=b"sealed anew",
        cover_hash=hex64(),
        now=desk.now,
    )
    assert await at(desk, 3 * DAY) == 1
    assert await at(desk, 5 * DAY) == 2


async def test_a_job_killed_after_the_relay_s_answer_sends_a_reminder_twice_at_most(
    desk: Desk, practice: Practice, invitation: NewInvitation
) -> None:
    desk.rows.deliver(practice, to(invitation))
    await at(desk, 0)
    desk.now = NOW + 3 * DAY
    desk.rows.database.write_now(look, now=desk.now)
    (job,) = [job for job in desk.rows.jobs(now=desk.now) if job.name is JobName.REMINDER]
    await desk.handle(job)  # and nothing written down
    assert await at(desk, 3 * DAY + 120) == 3
    assert await at(desk, 3 * DAY + 1_800) == 3
    assert await at(desk, 10 * DAY) == 4


async def test_two_looks_at_once_add_one_job(
    desk: Desk, practice: Practice, invitation: NewInvitation
) -> None:
    desk.rows.deliver(practice, to(invitation))
    await at(desk, 0)
    database, moment = desk.rows.database, NOW + 3 * DAY
    await asyncio.gather(*(database.write(look, now=moment) for _ in range(3)))
    names = [job.name for job in desk.rows.jobs(now=moment)]
    assert names.count(JobName.REMINDER) == 1


async def test_a_full_batch_is_followed_at_once(
    desk: Desk, practice: Practice, invitation: NewInvitation
) -> None:
    for _ in range(LOOKS_AT_ONCE + 1):
        desk.rows.deliver(practice, to(invitation))
    desk.now = NOW + 3 * DAY
    outcomes = await desk.work()
    assert NotYet(desk.now) in outcomes
    assert await at(desk, 3 * DAY + 900) == 1  # told and reminded in one

    def left(connection: Connection) -> int:
        column = tables.deliveries.c.remind_at
        return len(connection.execute(select(column).where(column <= desk.now)).all())

    assert desk.rows.database.read_now(left) == 0


async def test_who_was_never_told_is_not_told_twice_on_the_third_day(
    desk: Desk, practice: Practice, invitation: NewInvitation
) -> None:
    (made,) = desk.rows.deliver(practice, to(invitation))
    assert await at(desk, 3 * DAY) == 1  # the service stood still since the first second
    assert desk.state(made.delivery_id) is DeliveryState.NOTIFIED
    assert await at(desk, 4 * DAY) == 1
