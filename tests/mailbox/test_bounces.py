"""Mails that come back, and the text messages that follow them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from simulation.databases import Place
from simulation.desk import RETURN_PATH_KEY, Desk, desk_at
from simulation.rows import DAY, NOW, Practice, Rows, hex64, to
from sqlalchemy import Connection

from souspli_exchange.ports.states import DeliveryState
from souspli_mailbox.bounce_reasons import BounceReason
from souspli_mailbox.deliveries import DeliveryEvent
from souspli_mailbox.jobs import Done
from souspli_mailbox.records import deliveries
from souspli_mailbox.records.bounces import record_report
from souspli_mailbox.records.completion import DeliveryMade
from souspli_mailbox.records.invitations import NewInvitation
from souspli_mailbox.records.jobs import JobName, ensure_job
from souspli_mailbox.records.recipients import forget_recipients
from souspli_mailbox.records.sent import sent_deposits
from souspli_mailbox.return_paths import Token, read_return_path, tag
from souspli_mailbox.schema import tables
from souspli_mailbox.text_words import waiting_text

PHONE = "+33612345678"


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
    return rows.invite(practice, phone=PHONE)


def token_of_last_mail(desk: Desk) -> Token:
    *_, (return_path, _, _, _) = desk.relay.handler.taken
    token = read_return_path(return_path)
    assert token is not None
    return token


def bounce(desk: Desk, token: Token, reason: BounceReason = BounceReason.ADDRESS_UNKNOWN) -> bool:
    return desk.rows.database.write_now(
        record_report, token=token, key=RETURN_PATH_KEY, reason=reason, now=desk.now
    )


async def bounced(desk: Desk, practice: Practice, invitation: NewInvitation) -> DeliveryMade:
    """A document whose mail was sent, and came back because nobody has the address."""
    (made,) = desk.rows.deliver(practice, to(invitation))
    await desk.work()
    assert bounce(desk, token_of_last_mail(desk))
    return made


async def work_after(desk: Desk, *seconds: int) -> None:
    """Do all that is due at each of these moments, in seconds after NOW."""
    for one in seconds:
        desk.now = NOW + one
        for _ in range(2):
            await desk.work()


def reason(desk: Desk, practice: Practice, delivery_id: str) -> str | None:
    (found,) = [
        delivery.bounce_reason
        for deposit in desk.rows.database.read_now(
            sent_deposits, member=practice.member.fingerprint, after=None, limit=50
        )
        for delivery in deposit.deliveries
        if delivery.delivery_id == delivery_id
    ]
    return found


async def test_a_report_makes_what_waits_for_its_recipient_bounced_and_says_why(
    desk: Desk, practice: Practice, invitation: NewInvitation
) -> None:
    made = [desk.rows.deliver(practice, to(invitation))[0] for _ in range(2)]
    await desk.work()
    desk.now += 60
    assert bounce(desk, token_of_last_mail(desk), BounceReason.MAILBOX_FULL)
    for one in made:
        kept = desk.delivery(one.delivery_id)
        assert (kept.state, kept.bounced_at) == (DeliveryState.BOUNCED, NOW + 60)
        assert reason(desk, practice, one.delivery_id) == "mailbox-full"


async def test_the_same_report_again_changes_nothing(
    desk: Desk, practice: Practice, invitation: NewInvitation
) -> None:
    desk.rows.deliver(practice, to(invitation))
    await desk.work()
    token = token_of_last_mail(desk)
    assert bounce(desk, token)
    assert not bounce(desk, token, BounceReason.OTHER)
    await desk.work()  # told by a text message
    assert not bounce(desk, token)
    await desk.work()
    assert len(desk.texts) == 1


async def test_a_report_for_another_tag_address_or_delivery_changes_nothing(
    desk: Desk, practice: Practice, invitation: NewInvitation
) -> None:
    (made,) = desk.rows.deliver(practice, to(invitation))
    await desk.work()
    forged = [
        Token(made.delivery_id, b"\0" * 8),
        Token(made.delivery_id, b""),
        Token(
            made.delivery_id,
            tag(key=b"x" * 32, delivery_id=made.delivery_id, address=invitation.address),
        ),
        Token(
            made.delivery_id,
            tag(key=RETURN_PATH_KEY, delivery_id=made.delivery_id, address="b@example.org"),
        ),
        Token("0" * 32, tag(key=RETURN_PATH_KEY, delivery_id="0" * 32, address="")),
    ]
    assert not any(bounce(desk, token) for token in forged)
    assert desk.state(made.delivery_id) is DeliveryState.NOTIFIED
    assert bounce(desk, token_of_last_mail(desk))  # the search for a fault finds this one


async def test_a_late_report_after_collecting_changes_nothing(
    desk: Desk, practice: Practice, invitation: NewInvitation
) -> None:
    made = [desk.rows.deliver(practice, to(invitation))[0] for _ in range(2)]
    await desk.work()
    token = token_of_last_mail(desk)
    desk.rows.database.write_now(
        deliveries.record_event,
        delivery_id=token.delivery_id,
        event=DeliveryEvent.COLLECTED,
        now=desk.now,
    )
    assert not bounce(desk, token)
    assert {desk.state(one.delivery_id) for one in made} == {
        DeliveryState.FETCHED,
        DeliveryState.NOTIFIED,
    }


async def test_a_late_report_about_the_address_before_a_re_issue_changes_nothing(
    desk: Desk, practice: Practice, invitation: NewInvitation
) -> None:
    (made,) = desk.rows.deliver(practice, to(invitation))
    await desk.work()
    token = token_of_last_mail(desk)
    again = desk.rows.invite(
        practice, "new@example.org", supersedes=invitation.invitation_id, now=NOW
    )
    assert not bounce(desk, token)  # superseded: nobody's address
    move(desk, made.delivery_id, again)
    assert not bounce(desk, token)
    assert desk.state(made.delivery_id) is DeliveryState.NOTIFIED


def move(desk: Desk, delivery_id: str, invitation: NewInvitation) -> None:
    desk.rows.database.write_now(
        deliveries.move_delivery,
        delivery_id=delivery_id,
        invitation_id=invitation.invitation_id,
        replaces=desk.delivery(delivery_id).cover_hash,
        cover=b"sealed anew",
        cover_hash=hex64(),
        now=desk.now,
    )


async def test_a_report_after_the_claim_counts_for_the_account(
    desk: Desk, practice: Practice, invitation: NewInvitation
) -> None:
    (made,) = desk.rows.deliver(practice, to(invitation))
    await desk.work()
    token = token_of_last_mail(desk)
    desk.rows.claim(invitation)
    assert bounce(desk, token)
    assert desk.state(made.delivery_id) is DeliveryState.BOUNCED
    await desk.work()
    assert [to for to, _ in desk.texts] == [PHONE]


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("550 5.1.1 <patient@example.org> unknown", "address-unknown"),
        ("552 5.2.2 full", "mailbox-full"),
        ("550 no such mailbox", "other"),
    ],
)
async def test_a_relay_that_refuses_at_once_gives_the_reason_too(
    desk: Desk, practice: Practice, invitation: NewInvitation, answer: str, expected: str
) -> None:
    (made,) = desk.rows.deliver(practice, to(invitation))
    desk.answers["RCPT"] = answer
    await desk.work()
    assert desk.state(made.delivery_id) is DeliveryState.BOUNCED
    assert reason(desk, practice, made.delivery_id) == expected


async def test_to_whom_no_mail_arrives_one_text_message_is_sent_and_notifies(
    desk: Desk, practice: Practice, invitation: NewInvitation
) -> None:
    made = [desk.rows.deliver(practice, to(invitation))[0] for _ in range(2)]
    await desk.work()
    bounce(desk, token_of_last_mail(desk))
    desk.now += 5
    await desk.work()
    assert desk.texts == [(PHONE, waiting_text(host="souspli.example"))]
    for one in made:
        kept = desk.delivery(one.delivery_id)
        assert (kept.state, kept.notified_at) == (DeliveryState.NOTIFIED, NOW + 5)
        assert reason(desk, practice, one.delivery_id) == "address-unknown"


async def test_no_text_message_goes_where_a_mail_may_arrive(
    desk: Desk, practice: Practice, invitation: NewInvitation
) -> None:
    desk.rows.deliver(practice, to(invitation))
    await work_after(desk, 0, 3 * DAY, 10 * DAY)
    assert len(desk.mails) == 3
    assert desk.texts == []


async def test_who_was_told_by_a_text_message_is_reminded_by_one(
    desk: Desk, practice: Practice, invitation: NewInvitation
) -> None:
    await bounced(desk, practice, invitation)
    await work_after(desk, 60, 3 * DAY, 3 * DAY + 1_800, 10 * DAY)
    assert len(desk.mails) == 1
    assert len(desk.texts) == 3


async def test_a_bounce_stops_reminders_where_no_telephone_is_known(
    desk: Desk, rows: Rows, practice: Practice
) -> None:
    invitation = rows.invite(practice)
    made = await bounced(desk, practice, invitation)
    await work_after(desk, 3 * DAY, 10 * DAY, 20 * DAY, 27 * DAY)
    assert len(desk.mails) == 1
    assert desk.texts == []
    assert desk.state(made.delivery_id) is DeliveryState.BOUNCED


async def test_one_text_message_a_day_however_many_documents_come(
    desk: Desk, practice: Practice, invitation: NewInvitation
) -> None:
    desk.answers["RCPT"] = "550 5.1.1 unknown"
    for hour in range(3):
        desk.now = NOW + hour * 3_600
        desk.rows.deliver(practice, to(invitation), now=desk.now)
        for _ in range(2):
            await desk.work()
    assert len(desk.texts) == 1
    await work_after(desk, DAY + 7_200)
    assert len(desk.texts) == 2


async def test_a_number_that_the_gateway_refuses_leaves_the_bounce_to_the_sender(
    desk: Desk, practice: Practice, invitation: NewInvitation
) -> None:
    assert desk.gateway is not None
    desk.gateway.refuses = True
    made = await bounced(desk, practice, invitation)
    await desk.work()
    assert desk.state(made.delivery_id) is DeliveryState.BOUNCED
    assert await desk.work() == []


async def test_a_gateway_that_is_away_is_tried_again(
    desk: Desk, practice: Practice, invitation: NewInvitation
) -> None:
    assert desk.gateway is not None
    desk.gateway.away = True
    made = await bounced(desk, practice, invitation)
    assert await desk.work() == [None]
    desk.gateway.away = False
    desk.now += 120
    await desk.work()
    assert desk.state(made.delivery_id) is DeliveryState.NOTIFIED
    assert len(desk.texts) == 1


async def test_without_a_gateway_a_text_message_s_job_is_done(
    desk: Desk, practice: Practice, invitation: NewInvitation
) -> None:
    desk.gateway = None
    made = await bounced(desk, practice, invitation)
    assert await desk.work() == [Done()]
    assert desk.state(made.delivery_id) is DeliveryState.BOUNCED


async def test_a_later_mail_that_is_accepted_forgets_the_reason(
    desk: Desk, practice: Practice, invitation: NewInvitation
) -> None:
    desk.gateway = None
    made = await bounced(desk, practice, invitation)
    desk.now += DAY
    desk.rows.deliver(practice, to(invitation), now=desk.now)
    await desk.work()
    assert desk.state(made.delivery_id) is DeliveryState.NOTIFIED
    assert reason(desk, practice, made.delivery_id) is None


async def test_a_re_issue_with_another_address_is_told_by_mail(
    desk: Desk, practice: Practice, invitation: NewInvitation
) -> None:
    desk.gateway = None
    made = await bounced(desk, practice, invitation)
    desk.now += 3_600
    again = desk.rows.invite(
        practice, "new@example.org", supersedes=invitation.invitation_id, now=desk.now
    )
    move(desk, made.delivery_id, again)
    await desk.work()
    assert desk.recipients[-1] == "new@example.org"
    assert desk.state(made.delivery_id) is DeliveryState.NOTIFIED
    assert reason(desk, practice, made.delivery_id) is None


@pytest.mark.parametrize("place", ["sqlite"], indirect=True)
async def test_a_number_rests_with_one_of_invitation_and_account_and_nowhere_once_replaced(
    place: Place, desk: Desk, practice: Practice, invitation: NewInvitation
) -> None:
    def phones(table: str) -> list[str | None]:
        return desk.rows.database.read_now(
            lambda connection: list(
                connection.exec_driver_sql(f"SELECT phone FROM {table}").scalars()  # noqa: S608  (ours)
            )
        )

    assert phones("invitations") == [PHONE]
    desk.rows.claim(invitation)
    assert phones("invitations") == [None]
    assert sorted(phones("accounts"), key=str) == [PHONE, None]
    other = desk.rows.invite(practice, "other@example.org", phone="+33700000000")
    desk.rows.invite(practice, "other@example.org", supersedes=other.invitation_id)
    assert phones("invitations") == [None] * 3


async def test_forgetting_a_recipient_leaves_neither_address_nor_number_nor_a_mail_to_come(
    desk: Desk, practice: Practice, invitation: NewInvitation
) -> None:
    other = desk.rows.invite(practice, "other@example.org", phone="+33700000000")
    for one in (invitation, other):
        desk.rows.deliver(practice, to(one))
    await desk.work()
    for _, (path, _, _, _) in zip(range(2), tuple(desk.relay.handler.taken), strict=True):
        token = read_return_path(path)
        assert token is not None
        assert bounce(desk, token)
    desk.rows.deliver(practice, to(invitation))
    database = desk.rows.database
    database.write_now(forget_recipients, invitation_ids=[invitation.invitation_id])

    def dump(connection: Connection) -> str:
        return "".join(
            str(connection.execute(table.select()).all()) for table in tables.metadata.sorted_tables
        )

    left = database.read_now(dump)
    assert invitation.address not in left
    assert PHONE not in left
    assert f"invitation:{invitation.invitation_id}" not in left
    assert other.address in left
    desk.now += 2 * DAY
    before = len(desk.mails)
    await desk.work()
    assert [to for to, _ in desk.texts] == ["+33700000000"]
    assert len(desk.mails) == before


async def test_a_report_that_comes_before_the_relay_s_answer_is_recorded_stands(
    desk: Desk, practice: Practice, invitation: NewInvitation
) -> None:
    """A relay on the same machine returns a mail within milliseconds."""
    (made,) = desk.rows.deliver(practice, to(invitation))
    (job,) = [
        one for one in desk.rows.jobs(now=NOW, lease_until=NOW + 120) if one.name is JobName.NOTIFY
    ]
    done = await desk.handle(job)
    assert isinstance(done, Done)
    assert done.then is not None
    assert bounce(desk, token_of_last_mail(desk))
    desk.rows.database.write_now(done.then)
    assert desk.state(made.delivery_id) is DeliveryState.BOUNCED
