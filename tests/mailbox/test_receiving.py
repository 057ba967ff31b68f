"""Deliveries over a socket: states, receipts, covers that follow (docs/specs/mailbox.md §2, §4)."""

from __future__ import annotations

import hashlib

import pytest
from simulation import sealed as shapes
from simulation.people import Practice
from simulation.quick import Claimant, Invited, claim, invite
from simulation.receipts import receipt
from simulation.service import Service

from souspli_exchange.port_errors import (
    CoverChangedError,
    CoverNotTakenError,
    NotAllowedError,
    StatementNotTakenError,
)
from souspli_keys import dsse
from souspli_keys.dsse import PayloadType


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
