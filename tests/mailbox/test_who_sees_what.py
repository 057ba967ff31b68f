"""Deposits and deliveries are seen by their two ends, and by nobody else (mailbox.md §4)."""

from __future__ import annotations

import pytest
from simulation import sealed as shapes
from simulation.people import Practice
from simulation.quick import Claimant, Invited, claim, invite
from simulation.receipts import receipt
from simulation.service import Service

from souspli_exchange.ids import DeliveryId
from souspli_exchange.port_errors import DocumentDiffersError, NotAllowedError, NotFoundError


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
