"""Deposits and deliveries over a socket (docs/specs/mailbox.md §1, §2, §4)."""

from __future__ import annotations

import base64
import hashlib
import secrets

import pytest
from simulation import sealed as shapes
from simulation.people import Practice
from simulation.quick import Claimant, Invited, claim, invite
from simulation.service import Service

from souspli_exchange.ids import DeliveryId, InvitationId, random_hex
from souspli_exchange.port_errors import (
    BadRequestError,
    ChecksumMismatchError,
    CoverChangedError,
    CoverNotTakenError,
    DocumentDiffersError,
    IncompleteDepositError,
    InvitationExpiredError,
    InvitationSupersededError,
    NotAllowedError,
    NotFoundError,
    PortError,
    RecipientClaimedError,
    RequestTooLargeError,
    StatementNotTakenError,
)
from souspli_exchange.ports.sender import AddressedCover
from souspli_exchange.receipt import Receipt, encode_receipt
from souspli_keys import dsse
from souspli_keys.dsse import Envelope, PayloadType
from souspli_keys.identity import Identity

SEGMENT = 8_388_608


@pytest.fixture
async def invited(practice: Practice) -> Invited:
    return await invite(practice)


@pytest.fixture
async def patient(service: Service, invited: Invited) -> Claimant:
    return await claim(service, invited)


def receipt(patient: Claimant, document_id: str, *, signer: Identity | None = None) -> Envelope:
    payload = encode_receipt(
        Receipt(
            document_id=document_id,  # type: ignore[arg-type]  # text
            manifest_hash="ab" * 32,
            opened_at=patient.service.clock.now,
            origin="souspli.localhost",
            reader=(signer or patient.identity).public.fingerprint,
            salt=random_hex(),
        )
    )
    return dsse.sign(PayloadType.RECEIPT, payload, signer or patient.identity)


# --- depositing ------------------------------------------------------------------


async def test_a_deposit_of_several_segments_is_stored_byte_for_byte(
    practice: Practice, service: Service, invited: Invited
) -> None:
    sealed = shapes.draw(SEGMENT + 65_536)
    assert len(sealed.segments) == 2
    done = await shapes.deposit(practice, shapes.addressed(invited), sealed=sealed)
    patient = await claim(service, invited)
    delivery_id = done.deliveries[0].delivery_id
    assert await patient.client.collect(delivery_id) == sealed.length
    read = await patient.client.read_contents(delivery_id, start=0, stop=sealed.length)
    assert read == sealed.contents


async def test_every_write_of_a_deposit_may_be_repeated(
    practice: Practice, service: Service, invited: Invited
) -> None:
    sealed = shapes.draw()
    cover, own = (
        shapes.addressed(invited),
        shapes.cover_for(practice.founding.identity.public),
    )
    results = []
    for _ in range(2):
        await shapes.upload(practice, sealed)
        results.append(
            await practice.client.complete_deposit(
                sealed.document_id, checksums=sealed.checksums, covers=[cover], sender_cover=own
            )
        )
    assert results[0] == results[1]
    assert len(service.rows("deliveries")) == len(service.rows("deposits")) == 1
    progress = await practice.client.open_deposit(
        sealed.document_id, sealed_length=sealed.length, segments=1
    )
    assert (progress.state, progress.received) == ("stored", {0})
    assert await practice.client.sender_cover(sealed.document_id) == own


async def test_a_repeat_with_other_bytes_is_refused_at_every_step(
    practice: Practice, invited: Invited
) -> None:
    sealed, other = shapes.draw(), shapes.draw()
    await shapes.upload(practice, sealed)
    with pytest.raises(DocumentDiffersError):
        await practice.client.open_deposit(
            sealed.document_id, sealed_length=shapes.draw(131_072).length, segments=1
        )
    with pytest.raises(DocumentDiffersError):
        await practice.client.put_segment(
            sealed.document_id, 0, other.segments[0], sha256=other.checksums[0]
        )
    await shapes.deposit(practice, shapes.addressed(invited), sealed=sealed)
    with pytest.raises(DocumentDiffersError):
        await shapes.deposit(practice, shapes.addressed(invited), sealed=sealed)
    with pytest.raises(DocumentDiffersError):
        await practice.client.put_segment(
            sealed.document_id, 0, other.segments[0], sha256=other.checksums[0]
        )


async def test_a_segment_that_was_changed_on_its_way_is_not_kept(practice: Practice) -> None:
    sealed = shapes.draw()
    await practice.client.open_deposit(sealed.document_id, sealed_length=sealed.length, segments=1)
    with pytest.raises(ChecksumMismatchError):
        await practice.client.put_segment(
            sealed.document_id, 0, sealed.segments[0], sha256=bytes(32)
        )
    progress = await practice.client.open_deposit(
        sealed.document_id, sealed_length=sealed.length, segments=1
    )
    assert progress.received == frozenset()


@pytest.mark.parametrize(("change", "error"), [(-1, BadRequestError), (1, RequestTooLargeError)])
async def test_a_segment_of_another_length_is_refused(
    practice: Practice, change: int, error: type[PortError]
) -> None:
    sealed = shapes.draw()
    await practice.client.open_deposit(sealed.document_id, sealed_length=sealed.length, segments=1)
    wrong = bytes(sealed.length + change)
    with pytest.raises(error):
        await practice.client.put_segment(
            sealed.document_id, 0, wrong, sha256=hashlib.sha256(wrong).digest()
        )


async def test_a_segment_that_does_not_exist_is_not_found(practice: Practice) -> None:
    sealed = shapes.draw()
    await shapes.upload(practice, sealed)
    with pytest.raises(NotFoundError):
        await practice.client.put_segment(
            sealed.document_id, 1, sealed.segments[0], sha256=sealed.checksums[0]
        )


async def test_the_number_of_segments_is_what_the_length_gives(practice: Practice) -> None:
    sealed = shapes.draw()
    for length, segments in ((sealed.length, 2), (100, 1), (65_536 + 1_643 + 16 + 5, 1)):
        with pytest.raises(BadRequestError):
            await practice.client.open_deposit(
                sealed.document_id, sealed_length=length, segments=segments
            )


async def test_contents_beyond_the_limit_are_too_large(practice: Practice) -> None:
    with pytest.raises(RequestTooLargeError):
        await practice.client.open_deposit(
            shapes.draw().document_id, sealed_length=2_415_919_105, segments=288
        )


async def test_completing_names_the_segments_that_are_missing(
    practice: Practice, invited: Invited
) -> None:
    sealed = shapes.draw(3 * SEGMENT)
    await practice.client.open_deposit(sealed.document_id, sealed_length=sealed.length, segments=3)
    await practice.client.put_segment(
        sealed.document_id, 1, sealed.segments[1], sha256=sealed.checksums[1]
    )
    with pytest.raises(IncompleteDepositError) as refused:
        await practice.client.complete_deposit(
            sealed.document_id,
            checksums=sealed.checksums,
            covers=[shapes.addressed(invited)],
            sender_cover=shapes.cover_for(practice.founding.identity.public),
        )
    assert refused.value.missing == (0, 2)


@pytest.mark.parametrize(
    "cover",
    [
        b"age-encryption.org/v1\n",
        b"%PDF-1.7",
        secrets.token_bytes(9_000),
        shapes.seal(bytes(8_191), Identity.generate().public),
        shapes.seal(b"", Identity.generate().public),
        shapes.cover_for(Identity.generate().public)[:-1],
        shapes.cover_for(Identity.generate().public, 524_288) + bytes(8_192),
    ],
    ids=["header only", "pdf", "noise", "unpadded", "empty", "cut", "too long"],
)
async def test_a_cover_that_can_be_none_is_refused_and_nothing_is_stored(
    practice: Practice, service: Service, invited: Invited, cover: bytes
) -> None:
    bad = AddressedCover(
        invitation_id=invited.invitation_id,
        recipient_fingerprint=invited.claim_identity.public.fingerprint,
        cover=cover,
    )
    with pytest.raises((CoverNotTakenError, BadRequestError)):
        await shapes.deposit(practice, bad)
    assert service.rows("deliveries") == []


async def test_a_cover_with_two_stanzas_is_refused(practice: Practice, invited: Invited) -> None:
    cover = shapes.cover_for(invited.claim_identity.public)
    start, end = cover.index(b"-> "), cover.index(b"--- ")
    doubled = cover[:end] + cover[start:end] + cover[end:]
    with pytest.raises(CoverNotTakenError):
        await shapes.deposit(
            practice,
            AddressedCover(
                invitation_id=invited.invitation_id,
                recipient_fingerprint=invited.claim_identity.public.fingerprint,
                cover=doubled,
            ),
        )


async def test_a_cover_for_the_claim_identity_after_the_claim_names_the_invitation(
    practice: Practice, service: Service, invited: Invited, patient: Claimant
) -> None:
    sealed = shapes.draw()
    with pytest.raises(RecipientClaimedError) as refused:
        await shapes.deposit(practice, shapes.addressed(invited), sealed=sealed)
    assert refused.value.invitation_id == invited.invitation_id
    assert service.rows("deliveries") == []
    # Sealed to the account instead, the same contents are taken.
    await shapes.deposit(
        practice, shapes.addressed(invited, patient.identity.public), sealed=sealed
    )
    (delivery,) = (await patient.client.deliveries()).deliveries
    assert delivery.document_id == sealed.document_id


async def test_nothing_is_deposited_for_an_invitation_that_is_expired_or_superseded(
    practice: Practice, service: Service, invited: Invited
) -> None:
    await invite(practice, supersedes=invited, address=invited.address)
    with pytest.raises(InvitationSupersededError):
        await shapes.deposit(practice, shapes.addressed(invited))
    late = await invite(practice)
    service.clock.now = late.not_after + 1
    await practice.sign_in()
    with pytest.raises(InvitationExpiredError):
        await shapes.deposit(practice, shapes.addressed(late))
    assert service.rows("deliveries") == []


async def test_of_many_covers_one_refused_leaves_nothing(
    practice: Practice, service: Service, invited: Invited
) -> None:
    stranger = AddressedCover(
        invitation_id=InvitationId(random_hex()),
        recipient_fingerprint=invited.claim_identity.public.fingerprint,
        cover=shapes.cover_for(invited.claim_identity.public),
    )
    with pytest.raises(NotFoundError):
        await shapes.deposit(practice, shapes.addressed(invited), stranger)
    with pytest.raises(BadRequestError):
        await shapes.deposit(practice, shapes.addressed(invited), shapes.addressed(invited))
    assert service.rows("deliveries") == service.rows("covers") == []


async def test_each_recipient_gets_a_delivery_in_the_covers_order(practice: Practice) -> None:
    everybody = [await invite(practice) for _ in range(4)]
    done = await shapes.deposit(practice, *map(shapes.addressed, everybody))
    assert [delivery.invitation_id for delivery in done.deliveries] == [
        invited.invitation_id for invited in everybody
    ]


# --- who may see what ----------------------------------------------------------------


async def test_another_organisation_s_member_sees_nothing_of_it(
    practice: Practice, service: Service, invited: Invited
) -> None:
    sealed = shapes.draw()
    done = await shapes.deposit(practice, shapes.addressed(invited), sealed=sealed)
    delivery_id = done.deliveries[0].delivery_id
    stranger = (await Practice.found(service, name="Cabinet des Roses")).client
    for call in (
        stranger.invitation(invited.invitation_id),
        stranger.look_up(invited.address),
        stranger.sender_cover(sealed.document_id),
        stranger.delivery_cover(delivery_id),
        stranger.put_segment(sealed.document_id, 0, sealed.segments[0], sha256=sealed.checksums[0]),
        stranger.complete_deposit(
            sealed.document_id,
            checksums=sealed.checksums,
            covers=[shapes.addressed(invited)],
            sender_cover=shapes.cover_for(invited.claim_identity.public),
        ),
        stranger.move_delivery(
            delivery_id,
            replaces="00" * 32,
            cover=shapes.cover_for(invited.claim_identity.public),
            invitation_id=invited.invitation_id,
        ),
    ):
        with pytest.raises(NotFoundError):
            await call
    assert (await stranger.deposits()).deposits == ()
    # A document id is an organisation's own: it is not taken for another.
    assert (
        await stranger.open_deposit(sealed.document_id, sealed_length=sealed.length, segments=1)
    ).state == "uploading"


async def test_a_colleague_sees_the_invitation_and_not_the_depositor_s_own_things(
    practice: Practice, invited: Invited
) -> None:
    sealed = shapes.draw()
    done = await shapes.deposit(practice, shapes.addressed(invited), sealed=sealed)
    delivery_id = done.deliveries[0].delivery_id
    colleague_practice = await practice.colleague()
    colleague = colleague_practice.client
    assert (await colleague.look_up(invited.address)).record == invited.record
    for call in (
        colleague.sender_cover(sealed.document_id),
        colleague.delivery_cover(delivery_id),
        colleague.put_segment(
            sealed.document_id, 0, sealed.segments[0], sha256=sealed.checksums[0]
        ),
    ):
        with pytest.raises(NotFoundError):
            await call
    with pytest.raises(DocumentDiffersError):
        await colleague.open_deposit(sealed.document_id, sealed_length=sealed.length, segments=1)
    assert (await colleague.deposits()).deposits == ()
    # Both may send to whom one of them invited.
    await shapes.deposit(colleague_practice, shapes.addressed(invited))


async def test_another_patient_sees_nothing_of_it(
    practice: Practice, service: Service, invited: Invited, patient: Claimant
) -> None:
    done = await shapes.deposit(practice, shapes.addressed(invited, patient.identity.public))
    delivery_id = done.deliveries[0].delivery_id
    sealed_length = (await patient.client.deliveries()).deliveries[0].sealed_length
    stranger = await claim(service, await invite(practice))
    assert (await stranger.client.deliveries()).deliveries == ()
    for call in (
        stranger.client.delivery_cover(delivery_id),
        stranger.client.collect(delivery_id),
        stranger.client.read_contents(delivery_id, start=0, stop=sealed_length),
        stranger.client.post_receipt(delivery_id, receipt(stranger, "00" * 16)),
        stranger.client.replace_cover(
            delivery_id, replaces="00" * 32, cover=shapes.cover_for(stranger.identity.public)
        ),
    ):
        with pytest.raises(NotFoundError):
            await call


async def test_patients_and_members_keep_to_their_own_requests(
    practice: Practice, patient: Claimant
) -> None:
    nowhere = DeliveryId("00" * 16)
    for call in (
        patient.client.deposits(),
        patient.client.look_up("a@example.org"),
        patient.client.open_deposit(shapes.draw().document_id, sealed_length=100_000, segments=1),
        practice.client.deliveries(),
        practice.client.collect(nowhere),
        practice.client.read_contents(nowhere, start=0, stop=1),
    ):
        with pytest.raises(NotAllowedError):
            await call


# --- receiving -------------------------------------------------------------------------


async def test_states_follow_what_the_patient_does(
    practice: Practice, service: Service, invited: Invited, patient: Claimant
) -> None:
    sealed = shapes.draw()
    done = await shapes.deposit(
        practice, shapes.addressed(invited, patient.identity.public), sealed=sealed
    )
    delivery_id = done.deliveries[0].delivery_id
    service.clock.pass_seconds(10)
    await patient.client.collect(delivery_id)
    service.clock.pass_seconds(10)
    await patient.client.collect(delivery_id)
    signed = receipt(patient, sealed.document_id)
    for _ in range(2):
        assert await patient.client.post_receipt(delivery_id, signed) == "opened"
        service.clock.pass_seconds(10)
    (deposit,) = (await practice.client.deposits()).deposits
    (seen,) = deposit.deliveries
    assert (seen.state, seen.receipt) == ("opened", signed)
    assert seen.fetched_at == seen.stored_at + 10
    assert seen.opened_at == seen.stored_at + 20


async def test_a_second_receipt_is_ignored_with_the_same_answer(
    practice: Practice, invited: Invited, patient: Claimant
) -> None:
    sealed = shapes.draw()
    done = await shapes.deposit(
        practice, shapes.addressed(invited, patient.identity.public), sealed=sealed
    )
    delivery_id = done.deliveries[0].delivery_id
    first = receipt(patient, sealed.document_id)
    for signed in (first, receipt(patient, sealed.document_id)):
        assert await patient.client.post_receipt(delivery_id, signed) == "opened"
    (deposit,) = (await practice.client.deposits()).deposits
    assert deposit.deliveries[0].receipt == first


async def test_a_receipt_by_anybody_else_or_for_another_document_is_refused(
    practice: Practice, invited: Invited, patient: Claimant
) -> None:
    sealed = shapes.draw()
    done = await shapes.deposit(
        practice, shapes.addressed(invited, patient.identity.public), sealed=sealed
    )
    delivery_id = done.deliveries[0].delivery_id
    for signed in (
        receipt(patient, sealed.document_id, signer=invited.claim_identity),
        receipt(patient, "00" * 16),
        dsse.sign(PayloadType.RECEIPT, b"{}", patient.identity),
        dsse.sign(PayloadType.GRANT, b"{}", patient.identity),
    ):
        with pytest.raises(StatementNotTakenError):
            await patient.client.post_receipt(delivery_id, signed)
    (deposit,) = (await practice.client.deposits()).deposits
    assert deposit.deliveries[0].receipt is None


async def test_a_cover_is_replaced_only_where_the_old_one_is_in_place(
    practice: Practice, invited: Invited, service: Service
) -> None:
    done = await shapes.deposit(practice, shapes.addressed(invited))
    patient = await claim(service, invited)
    delivery_id = done.deliveries[0].delivery_id
    before = (await patient.client.delivery_cover(delivery_id)).cover_hash
    new, newer = (shapes.cover_for(patient.identity.public) for _ in range(2))
    for _ in range(2):
        new_hash = await patient.client.replace_cover(delivery_id, replaces=before, cover=new)
        assert new_hash == hashlib.sha256(new).hexdigest()
    with pytest.raises(CoverChangedError):
        await patient.client.replace_cover(delivery_id, replaces=before, cover=newer)
    with pytest.raises(CoverNotTakenError):
        await patient.client.replace_cover(delivery_id, replaces=new_hash, cover=b"no cover")
    assert (await patient.client.delivery_cover(delivery_id)).cover == new


async def test_after_a_re_issue_the_depositor_moves_the_delivery_to_the_successor(
    practice: Practice, service: Service, invited: Invited
) -> None:
    done = await shapes.deposit(practice, shapes.addressed(invited))
    delivery_id = done.deliveries[0].delivery_id
    before = (await practice.client.delivery_cover(delivery_id)).cover_hash
    successor = await invite(practice, supersedes=invited, address=invited.address)
    stranger = await invite(practice)
    cover = shapes.cover_for(successor.claim_identity.public)
    with pytest.raises(NotAllowedError):
        await practice.client.move_delivery(
            delivery_id, replaces=before, cover=cover, invitation_id=stranger.invitation_id
        )
    with pytest.raises(NotAllowedError):  # a depositor names where it goes
        await practice.client.replace_cover(delivery_id, replaces=before, cover=cover)
    for _ in range(2):
        await practice.client.move_delivery(
            delivery_id, replaces=before, cover=cover, invitation_id=successor.invitation_id
        )
    patient = await claim(service, successor)
    (delivery,) = (await patient.client.deliveries()).deliveries
    assert (await patient.client.delivery_cover(delivery.delivery_id)).cover == cover


async def test_a_cover_comes_with_the_statements_about_its_depositor(
    practice: Practice, invited: Invited, patient: Claimant
) -> None:
    done = await shapes.deposit(practice, shapes.addressed(invited, patient.identity.public))
    delivered = await patient.client.delivery_cover(done.deliveries[0].delivery_id)
    assert delivered.organisation == practice.founding.organisation
    assert delivered.member == practice.founding.member


# --- paging ------------------------------------------------------------------------------


async def test_pages_follow_each_other_without_gap_or_repeat(
    practice: Practice, service: Service, invited: Invited, patient: Claimant
) -> None:
    sent = []
    for number in range(7):
        sealed = shapes.draw()
        await shapes.deposit(
            practice, shapes.addressed(invited, patient.identity.public), sealed=sealed
        )
        sent.append(sealed.document_id)
        service.clock.pass_seconds(number % 2)  # some within the same second
    for list_page in (patient.client.deliveries, practice.client.deposits):
        found: list[str] = []
        cursor: str | None = None
        while True:
            page = await list_page(after=cursor, limit=3)
            items = page.deliveries if hasattr(page, "deliveries") else page.deposits
            found += [item.document_id for item in items]
            cursor = page.next_cursor
            if cursor is None:
                break
        assert len(found) == len(sent)
        assert set(found) == set(sent)


@pytest.mark.parametrize(
    "query",
    ["limit=0", "limit=101", "limit=ten", "after=1", "after=1.xyz", "order=up", "limit=1&limit=2"],
)
async def test_a_query_that_is_none_is_refused(
    practice: Practice, service: Service, query: str
) -> None:
    answer = await service.ask("GET", f"/v1/deposits?{query}", as_=practice.client)
    assert answer.problem == "bad-request"


async def test_a_checksum_header_is_canonical_base64_of_32_bytes(
    practice: Practice, service: Service
) -> None:
    sealed = shapes.draw()
    await practice.client.open_deposit(sealed.document_id, sealed_length=sealed.length, segments=1)
    right = base64.b64encode(sealed.checksums[0]).decode()
    for wrong in ("", right[:-1], right[:-2] + "_=", right + "=", sealed.checksums[0].hex()):
        answer = await service.ask(
            "PUT",
            f"/v1/deposits/{sealed.document_id}/segments/0",
            as_=practice.client,
            data=sealed.segments[0],
            headers={"X-Checksum-Sha256": wrong},
        )
        assert answer.problem == "bad-request", wrong
