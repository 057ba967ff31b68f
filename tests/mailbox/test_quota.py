"""What an organisation may keep and send: counted when it opens a deposit, given back after."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Sequence

import msgspec
import pytest
from simulation.databases import Place
from simulation.people import Practice as Member
from simulation.quick import invite
from simulation.rows import DAY, NO_QUOTA, NOW, Practice, Rows, hex32, new_cover
from simulation.sealed import addressed, deposit, draw
from simulation.service import running

from souspli_exchange.port_errors import QuotaReachedError as QuotaAnswer
from souspli_mailbox.records import completion, deposits
from souspli_mailbox.records.errors import QuotaReachedError
from souspli_mailbox.records.sweeps import condemn_stale_uploads
from souspli_mailbox.records.usage import Quota, Usage, usage_of
from souspli_mailbox.retention import due
from souspli_mailbox.settings import LimitSettings

LENGTH = 100_000
TWO = Quota(sealed_bytes=2 * LENGTH, documents_a_day=0)
TWO_A_DAY = Quota(sealed_bytes=0, documents_a_day=2)


def new_deposit(practice: Practice) -> deposits.NewDeposit:
    return deposits.NewDeposit(
        organisation=practice.organisation.fingerprint,
        document_id=hex32(),
        member=practice.member.fingerprint,
        object_key=hex32(),
        sealed_length=LENGTH,
        segments=1,
    )


def send(
    rows: Rows, practice: Practice, *, quota: Quota = NO_QUOTA, now: int = NOW
) -> deposits.NewDeposit:
    new = new_deposit(practice)
    rows.database.write_now(deposits.open_deposit, deposit=new, quota=quota, now=now)
    return new


def counted(rows: Rows, practice: Practice) -> Usage:
    return rows.database.read_now(usage_of, organisation=practice.organisation.fingerprint)


@pytest.fixture
def practice(rows: Rows) -> Practice:
    return rows.admit()


def test_what_is_sent_is_counted_once_however_often_it_is_begun(
    rows: Rows, practice: Practice
) -> None:
    assert counted(rows, practice) == Usage(
        documents=0, sealed_bytes=0, day_began_at=0, documents_today=0
    )
    first = send(rows, practice)
    rows.database.write_now(deposits.open_deposit, deposit=first, quota=TWO, now=NOW + 5)
    send(rows, practice, now=NOW + 10)
    assert counted(rows, practice) == Usage(
        documents=2, sealed_bytes=2 * LENGTH, day_began_at=NOW, documents_today=2
    )


def test_beyond_the_bound_nothing_is_kept_and_others_go_on(rows: Rows, practice: Practice) -> None:
    other = rows.admit("other@example.org")
    for _ in range(2):
        send(rows, practice, quota=TWO)
    before = counted(rows, practice)
    with pytest.raises(QuotaReachedError) as refused:
        send(rows, practice, quota=TWO)
    assert refused.value.retry_at is None
    assert counted(rows, practice) == before
    send(rows, other, quota=TWO)


def test_the_first_document_may_be_too_much_already(rows: Rows, practice: Practice) -> None:
    with pytest.raises(QuotaReachedError):
        send(rows, practice, quota=Quota(sealed_bytes=LENGTH - 1, documents_a_day=0))
    assert counted(rows, practice).documents == 0


def test_a_day_begins_with_its_first_document_and_the_next_is_free_again(
    rows: Rows, practice: Practice
) -> None:
    for moment in (NOW, NOW + 100):
        send(rows, practice, quota=TWO_A_DAY, now=moment)
    for moment in (NOW + 200, NOW + DAY - 1):
        with pytest.raises(QuotaReachedError) as refused:
            send(rows, practice, quota=TWO_A_DAY, now=moment)
        assert refused.value.retry_at == NOW + DAY
    send(rows, practice, quota=TWO_A_DAY, now=NOW + DAY)
    assert counted(rows, practice).documents_today == 1
    assert counted(rows, practice).documents == 3


async def test_a_hundred_openings_at_once_stay_within_the_bound(
    rows: Rows, practice: Practice
) -> None:
    quota = Quota(sealed_bytes=7 * LENGTH, documents_a_day=0)

    async def one() -> bool:
        new = new_deposit(practice)
        try:
            await rows.database.write(deposits.open_deposit, deposit=new, quota=quota, now=NOW)
        except QuotaReachedError:
            return False
        return True

    opened = await asyncio.gather(*(one() for _ in range(30)))
    assert sum(opened) == 7
    assert counted(rows, practice).sealed_bytes == 7 * LENGTH


async def test_the_same_deposit_opened_at_once_is_counted_once(
    rows: Rows, practice: Practice
) -> None:
    new = new_deposit(practice)
    opened = await asyncio.gather(
        *(
            rows.database.write(
                deposits.open_deposit,
                deposit=dataclasses.replace(new, object_key=hex32()),
                quota=NO_QUOTA,
                now=NOW,
            )
            for _ in range(8)
        )
    )
    assert len({one.object_key for one in opened}) == 1
    assert counted(rows, practice).documents == 1


def test_an_upload_that_is_swept_is_given_back(rows: Rows, practice: Practice) -> None:
    for moment in (NOW, NOW + DAY):
        send(rows, practice, now=moment)
    swept = rows.database.write_now(condemn_stale_uploads, due=due(NOW + DAY), now=NOW + DAY)
    assert swept == 1
    left = counted(rows, practice)
    assert (left.documents, left.sealed_bytes) == (1, LENGTH)


def test_a_quota_lowered_since_the_opening_refuses_at_the_completion(
    rows: Rows, practice: Practice
) -> None:
    invitation = rows.invite(practice)
    cover = new_cover(invitation.invitation_id, invitation.claim_fingerprint)
    new = send(rows, practice)

    def complete(quota: Quota) -> Sequence[object]:
        return rows.database.write_now(
            completion.complete_deposit,
            organisation=new.organisation,
            document_id=new.document_id,
            request_hash="r",
            covers=[cover],
            sender_cover=b"c",
            sender_cover_hash="h",
            quota=quota,
            now=NOW,
        )

    lowered = Quota(sealed_bytes=LENGTH - 1, documents_a_day=0)
    with pytest.raises(QuotaReachedError):
        complete(lowered)
    assert rows.jobs() == []
    made = complete(TWO)
    # Stored is stored: the answer to a repeat does not depend on the quota.
    assert complete(lowered) == made


async def test_the_answer_says_what_to_do_and_a_sender_s_client_understands_it(
    place: Place,
) -> None:
    limits = LimitSettings(organisation_documents_a_day=1)
    async with running(place.folder, database=place.settings, limits=limits) as service:
        practice = await Member.found(service)
        await deposit(practice, addressed(await invite(practice)))
        sealed = draw()
        with pytest.raises(QuotaAnswer) as refused:
            await practice.client.open_deposit(
                sealed.document_id, sealed_length=sealed.length, segments=1
            )
        assert refused.value.temporary
        assert refused.value.retry_after == DAY
        body = {
            "document_id": sealed.document_id,
            "sealed_length": sealed.length,
            "segments": 1,
        }
        answer = await service.ask("POST", "/v1/deposits", body, as_=practice.client)
        assert (answer.problem, answer.headers["Retry-After"]) == ("quota-reached", str(DAY))
        assert len(service.rows("deposits")) == 1
    kept = msgspec.structs.replace(limits, organisation_documents_a_day=0, organisation_bytes=1)
    async with running(
        place.folder, database=place.settings, limits=kept, clock=service.clock
    ) as lowered:
        practice = dataclasses.replace(practice, client=await lowered.client())
        await practice.sign_in()
        answer = await lowered.ask("POST", "/v1/deposits", body, as_=practice.client)
        assert answer.problem == "quota-reached"
        assert "Retry-After" not in answer.headers
