"""What is mailed to whom and how often, with a real relay and real rows."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from simulation.databases import Place
from simulation.desk import Desk, desk_at
from simulation.rows import DAY, NOW, Practice, Rows, hex32, to

from souspli_exchange.ports.states import DeliveryState
from souspli_mailbox.deliveries import DeliveryEvent
from souspli_mailbox.jobs import Done, NotYet
from souspli_mailbox.records import claims, deliveries
from souspli_mailbox.records.jobs import JobName, enqueue
from souspli_mailbox.records.sweeps import delete_due
from souspli_mailbox.retention import due
from souspli_mailbox.return_paths import read_return_path

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from souspli_mailbox.records.invitations import NewInvitation


@pytest.fixture
async def desk(rows: Rows, tmp_path: Path) -> AsyncIterator[Desk]:
    async with desk_at(rows, tmp_path) as desk:
        yield desk


@pytest.fixture
def practice(rows: Rows) -> Practice:
    return rows.admit()


@pytest.fixture
def invitation(rows: Rows, practice: Practice) -> NewInvitation:
    return rows.invite(practice)


def state(rows: Rows, delivery_id: str) -> DeliveryState:
    return rows.database.read_now(deliveries.read_delivery, delivery_id=delivery_id).state


async def test_a_stored_document_is_told_to_its_recipient_and_notified(
    desk: Desk, practice: Practice, invitation: NewInvitation
) -> None:
    (made,) = desk.rows.deliver(practice, to(invitation))
    desk.now += 7
    await desk.work()
    assert desk.recipients == [invitation.address]
    (mail,) = desk.mails
    plain = mail.get_body(("plain",))
    assert plain is not None
    text = plain.get_content()
    references = set(re.findall(r"R[ée]f[ée]rence ?: ([0-9]{4})", text))
    assert len(references) == 1
    assert references.pop() in mail["Subject"]
    assert "https://souspli.example/" in text
    kept = desk.rows.database.read_now(deliveries.read_delivery, delivery_id=made.delivery_id)
    assert (kept.state, kept.notified_at) == (DeliveryState.NOTIFIED, NOW + 7)
    assert desk.rows.jobs(now=NOW + 10 * DAY) == []


async def test_a_mail_names_no_document_but_its_return_path_names_the_delivery(
    desk: Desk, practice: Practice, invitation: NewInvitation
) -> None:
    (made,) = desk.rows.deliver(practice, to(invitation))
    await desk.work()
    ((return_path, _, content, _),) = desk.relay.handler.taken
    token = read_return_path(return_path)
    assert token is not None
    assert token.delivery_id == made.delivery_id
    for secret in (made.delivery_id, invitation.invitation_id, invitation.letter_number):
        assert secret.encode() not in content


async def test_one_mail_for_documents_that_wait_together(
    desk: Desk, practice: Practice, invitation: NewInvitation
) -> None:
    made = [desk.rows.deliver(practice, to(invitation))[0] for _ in range(3)]
    await desk.work()
    assert len(desk.mails) == 1
    assert [state(desk.rows, one.delivery_id) for one in made] == [DeliveryState.NOTIFIED] * 3
    desk.now += 10 * DAY
    await desk.work()
    assert len(desk.mails) == 1


async def test_two_workers_at_once_send_one_mail(
    desk: Desk, practice: Practice, invitation: NewInvitation
) -> None:
    for _ in range(2):
        desk.rows.deliver(practice, to(invitation))
    jobs = desk.rows.jobs(lease_until=NOW + 120)
    outcomes = await asyncio.gather(*(desk.handle(job) for job in jobs))
    assert len(desk.mails) == 1
    assert [type(one) for one in sorted(outcomes, key=repr)] == [Done, NotYet]
    assert NotYet(NOW + 120) in outcomes


async def test_a_later_document_is_told_when_24_hours_have_passed(
    desk: Desk, practice: Practice, invitation: NewInvitation
) -> None:
    desk.rows.deliver(practice, to(invitation))
    await desk.work()
    desk.now += 3_600
    (later,) = desk.rows.deliver(practice, to(invitation), now=desk.now)
    assert await desk.work() == [NotYet(NOW + DAY)]
    assert len(desk.mails) == 1
    desk.now = NOW + DAY
    await desk.work()
    assert len(desk.mails) == 2
    assert state(desk.rows, later.delivery_id) is DeliveryState.NOTIFIED


async def test_a_later_document_that_was_collected_meanwhile_is_told_to_nobody(
    desk: Desk, practice: Practice, invitation: NewInvitation
) -> None:
    desk.rows.deliver(practice, to(invitation))
    await desk.work()
    (later,) = desk.rows.deliver(practice, to(invitation))
    desk.rows.database.write_now(
        deliveries.record_event,
        delivery_id=later.delivery_id,
        event=DeliveryEvent.COLLECTED,
        now=NOW,
    )
    desk.now = NOW + DAY
    assert await desk.work() == [Done()]
    assert len(desk.mails) == 1


async def test_who_was_mailed_before_the_claim_is_not_mailed_again_right_after(
    desk: Desk, practice: Practice, invitation: NewInvitation
) -> None:
    desk.rows.deliver(practice, to(invitation))
    await desk.work()
    account = desk.rows.claim(invitation)
    await desk.work()  # the code and "your mailbox is open"
    before = len(desk.mails)
    desk.rows.deliver(practice, (invitation.invitation_id, account.fingerprint))
    assert await desk.work() == [NotYet(NOW + DAY)]
    assert len(desk.mails) == before


async def test_a_mail_that_was_on_its_way_during_the_claim_counts_for_the_account(
    desk: Desk, practice: Practice, invitation: NewInvitation
) -> None:
    (made,) = desk.rows.deliver(practice, to(invitation))
    (job,) = desk.rows.jobs(lease_until=NOW + 120)
    outcome = await desk.handle(job)
    account = desk.rows.claim(invitation)
    # Nobody else mails the account meanwhile.
    desk.rows.deliver(practice, (invitation.invitation_id, account.fingerprint))
    assert NotYet(NOW + 120) in await desk.work()
    assert isinstance(outcome, Done)
    assert outcome.then is not None
    desk.rows.database.write_now(outcome.then)
    assert state(desk.rows, made.delivery_id) is DeliveryState.NOTIFIED
    before = len(desk.mails)
    desk.rows.deliver(practice, (invitation.invitation_id, account.fingerprint))
    assert NotYet(NOW + DAY) in await desk.work()
    assert len(desk.mails) == before


async def test_a_mail_counts_though_the_one_before_was_swept_meanwhile(
    desk: Desk, practice: Practice, invitation: NewInvitation
) -> None:
    desk.rows.deliver(practice, to(invitation))
    await desk.work()
    desk.now += 2 * DAY
    desk.rows.deliver(practice, to(invitation), now=desk.now)
    (job,) = desk.rows.jobs(now=desk.now, lease_until=desk.now + 120)
    outcome = await desk.handle(job)
    desk.rows.database.write_now(delete_due, due=due(desk.now))
    assert isinstance(outcome, Done)
    assert outcome.then is not None
    desk.rows.database.write_now(outcome.then)
    desk.rows.deliver(practice, to(invitation), now=desk.now)
    assert await desk.work() == [NotYet(desk.now + DAY)]


async def test_a_refusal_for_good_bounces_and_the_next_document_tries_again(
    desk: Desk, practice: Practice, invitation: NewInvitation
) -> None:
    (made,) = desk.rows.deliver(practice, to(invitation))
    desk.answers["RCPT"] = "550 no such mailbox"
    await desk.work()
    assert state(desk.rows, made.delivery_id) is DeliveryState.BOUNCED
    desk.answers.clear()
    # Within the same second it would be about this mail (records/notifications.py).
    desk.now += 1
    (second,) = desk.rows.deliver(practice, to(invitation))
    await desk.work()
    assert state(desk.rows, second.delivery_id) is DeliveryState.NOTIFIED
    # The mail that arrived tells of both.
    assert state(desk.rows, made.delivery_id) is DeliveryState.NOTIFIED


async def test_a_refusal_for_now_does_not_keep_the_next_job_from_trying(
    desk: Desk, practice: Practice, invitation: NewInvitation
) -> None:
    (made,) = desk.rows.deliver(practice, to(invitation))
    desk.answers["RCPT"] = "451 greylisted"
    assert await desk.work() == [None]
    assert state(desk.rows, made.delivery_id) is DeliveryState.STORED
    desk.answers.clear()
    (second,) = desk.rows.deliver(practice, to(invitation))
    assert [type(one) for one in await desk.work()] == [Done]
    for one in (made, second):
        assert state(desk.rows, one.delivery_id) is DeliveryState.NOTIFIED


async def test_a_worker_killed_between_acceptance_and_commit_costs_one_more_mail(
    desk: Desk, practice: Practice, invitation: NewInvitation
) -> None:
    desk.rows.deliver(practice, to(invitation))
    (job,) = desk.rows.jobs()
    await desk.handle(job)  # and nothing written down
    desk.now += 120
    await desk.work()
    assert len(desk.mails) == 2
    desk.now += DAY
    await desk.work()
    assert len(desk.mails) == 2


@pytest.mark.parametrize("end", ["superseded", "expired"])
async def test_nobody_is_sent_to_a_letter_that_is_not_valid_any_more(
    desk: Desk, practice: Practice, invitation: NewInvitation, end: str
) -> None:
    (made,) = desk.rows.deliver(practice, to(invitation))
    if end == "superseded":
        desk.rows.invite(practice, supersedes=invitation.invitation_id)
    else:
        desk.now = invitation.not_after + 1
    await desk.work()
    assert desk.mails == []
    assert state(desk.rows, made.delivery_id) is DeliveryState.STORED


async def test_the_code_of_the_mail_is_the_code_that_passes(
    desk: Desk, invitation: NewInvitation
) -> None:
    token_hash = desk.rows.prove(invitation)
    for _ in range(2):  # asked for twice: only the newer one is mailed
        desk.rows.database.write_now(
            claims.request_email_code,
            token_hash=token_hash,
            invitation_id=invitation.invitation_id,
            now=NOW,
        )
    await desk.work()
    (mail,) = desk.mails
    codes = set(re.findall(r"\b[0-9]{6}\b", mail.get_content()))
    assert codes == {desk.rows.right_code(token_hash, invitation)}
    assert desk.recipients == [invitation.address]


@pytest.mark.parametrize("place", ["sqlite"], indirect=True)
async def test_no_code_rests_in_the_database(
    place: Place, desk: Desk, invitation: NewInvitation
) -> None:
    token_hash = desk.rows.prove(invitation)
    desk.rows.database.write_now(
        claims.request_email_code,
        token_hash=token_hash,
        invitation_id=invitation.invitation_id,
        now=NOW,
    )
    code = desk.rows.right_code(token_hash, invitation).encode()
    written = b"".join(path.read_bytes() for path in place.folder.glob("mailbox*"))
    assert invitation.invitation_id.encode() in written  # the search finds what is there
    assert code not in written


async def test_an_expired_code_is_not_mailed(desk: Desk, invitation: NewInvitation) -> None:
    token_hash = desk.rows.prove(invitation)
    desk.rows.database.write_now(
        claims.request_email_code,
        token_hash=token_hash,
        invitation_id=invitation.invitation_id,
        now=NOW,
    )
    desk.now += claims.CODE_SECONDS
    assert await desk.work() == [Done()]
    assert desk.mails == []


async def test_the_address_of_record_is_told_of_its_claim(
    desk: Desk, invitation: NewInvitation
) -> None:
    desk.rows.claim(invitation)
    await desk.work()
    opened = [mail for mail in desk.mails if "Your mailbox is open" in mail["Subject"]]
    assert [mail["To"] for mail in opened] == [invitation.address]


@pytest.mark.parametrize("name", [JobName.NOTIFY, JobName.ACTIVATED, JobName.EMAIL_CODE])
async def test_a_job_whose_row_is_gone_is_done(desk: Desk, name: JobName) -> None:
    ids = {
        JobName.NOTIFY: {"delivery_id": hex32()},
        JobName.ACTIVATED: {"account_number": "0000000000"},
        JobName.EMAIL_CODE: {"claim_session_id": hex32(), "counter": "1"},
    }[name]
    desk.rows.database.write_now(enqueue, name=name, ids=ids, now=NOW)
    assert await desk.work() == [Done()]
    assert desk.mails == []


async def test_no_job_holds_an_address(
    desk: Desk, practice: Practice, invitation: NewInvitation
) -> None:
    desk.rows.deliver(practice, to(invitation))
    desk.rows.claim(invitation)
    for job in desk.rows.jobs():
        assert set(job.ids) <= {"delivery_id", "account_number", "claim_session_id", "counter"}
        assert all(re.fullmatch(r"[0-9a-f]+", value) for value in job.ids.values())
