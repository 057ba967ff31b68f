"""What of a deposit is refused, with an answer that says why (docs/specs/mailbox.md §1, §4)."""

from __future__ import annotations

import base64
import hashlib
import secrets

import pytest
from simulation import sealed as shapes
from simulation.people import Practice
from simulation.quick import Claimant, Invited, invite
from simulation.service import Service

from souspli_exchange.ids import InvitationId, random_hex
from souspli_exchange.port_errors import (
    BadRequestError,
    ChecksumMismatchError,
    CoverNotTakenError,
    DocumentDiffersError,
    IncompleteDepositError,
    InvitationExpiredError,
    InvitationSupersededError,
    NotFoundError,
    PortError,
    RecipientClaimedError,
    RequestTooLargeError,
)
from souspli_exchange.ports.sender import AddressedCover
from souspli_exchange.segments import SEGMENT_BYTES
from souspli_keys.identity import Identity


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
    sealed = shapes.draw(3 * SEGMENT_BYTES)
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
