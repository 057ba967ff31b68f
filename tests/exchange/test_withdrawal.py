"""A document taken back: what was not handed out is gone, what was stays, and both are signed."""

import pytest
from exchange.people import NOW, ORIGIN, make_practice
from exchange.simulated_member import MemberConnection
from exchange.world import AT_ONCE, REPORT, PatientSide, World

from souspli_exchange.binding import OwnCopy
from souspli_exchange.errors import ExchangeUsageError, WithdrawalRefusedError
from souspli_exchange.ids import DocumentId, new_document_id
from souspli_exchange.port_errors import NotFoundError, WithdrawnError
from souspli_exchange.ports.recipient import ReceivedDelivery
from souspli_exchange.receive import (
    all_deliveries,
    fetch_cover,
    fetch_withdrawal,
    reseal_waiting,
)
from souspli_exchange.reissue import rekey_waiting
from souspli_exchange.withdrawal import WithdrawalReason, sign_withdrawal
from souspli_keys.dsse import Envelope


def withdrawal_by(world: World, document_id: DocumentId, *, now: int = NOW + 60) -> Envelope:
    sender = world.practice.sender
    return sign_withdrawal(
        document_id,
        member=sender.statement,
        signer=sender.identity,
        origin=ORIGIN,
        reason=WithdrawalReason.WRONG_PATIENT,
        now=now,
    )


async def only_delivery(patient: PatientSide) -> ReceivedDelivery:
    (delivery,) = [one async for one in all_deliveries(patient.receiving())]
    return delivery


async def test_what_was_not_collected_can_t_be_opened_and_says_so_signed(world: World) -> None:
    invitation = await world.invite()
    sent = await world.send(invitation)
    withdrawal = withdrawal_by(world, sent.document_id)
    await MemberConnection(world.service).withdraw(sent.document_id, withdrawal)
    patient = await world.claim(invitation)
    receiving = patient.receiving()
    delivery = await only_delivery(patient)
    resealed = await reseal_waiting(receiving, patient.account.vault.identity, now=NOW)
    assert (resealed.deliveries, resealed.failures) == ((), ())
    with pytest.raises(WithdrawnError):
        await fetch_cover(receiving, delivery.delivery_id, delivery.document_id)
    verified = await fetch_withdrawal(receiving, delivery, None)
    assert verified.withdrawal.reason is WithdrawalReason.WRONG_PATIENT
    assert verified.withdrawal.withdrawn_at == NOW + 60
    assert verified.signer.organisation.name == "Cabinet des Tilleuls"


async def test_what_was_collected_stays_readable_beside_the_withdrawal(world: World) -> None:
    invitation = await world.invite()
    sent = await world.send(invitation)
    patient = await world.claim(invitation)
    before = await patient.read_all()
    withdrawal = withdrawal_by(world, sent.document_id)
    await MemberConnection(world.service).withdraw(sent.document_id, withdrawal)
    assert await patient.read_all() == before == [{REPORT.name: REPORT.content}]
    delivery = await only_delivery(patient)
    cover = await fetch_cover(patient.receiving(), delivery.delivery_id, delivery.document_id)
    verified = await fetch_withdrawal(patient.receiving(), delivery, cover.cover)
    assert verified.withdrawal.document_id == sent.document_id


async def test_a_withdrawal_is_of_the_practice_that_sent_the_document(world: World) -> None:
    """Another practice that the patient trusts as well can't withdraw it."""
    invitation = await world.invite()
    sent = await world.send(invitation)
    patient = await world.claim(invitation)
    await patient.read_all()
    delivery = await only_delivery(patient)
    cover = (
        await fetch_cover(patient.receiving(), delivery.delivery_id, delivery.document_id)
    ).cover
    other = make_practice()
    forged = sign_withdrawal(
        sent.document_id,
        member=other.sender.statement,
        signer=other.sender.identity,
        origin=ORIGIN,
        reason=WithdrawalReason.OTHER,
        now=NOW,
    )
    world.service.deposits[sent.document_id].withdrawal = forged
    world.service.organisation, world.service.member = other.organisation, other.sender.member
    receiving = patient.receiving()
    trusting = type(receiving.reader)(
        receiving.reader.identities,
        ORIGIN,
        {*receiving.reader.organisations, other.fingerprint},
    )
    receiving = type(receiving)(trusting, receiving.mailbox, AT_ONCE)
    with pytest.raises(WithdrawalRefusedError):
        await fetch_withdrawal(receiving, delivery, cover)
    # Without a cover nobody can tell whose document it was.
    assert await fetch_withdrawal(receiving, delivery, None)


async def test_a_withdrawal_of_another_document_is_refused(world: World) -> None:
    invitation = await world.invite()
    first, second = await world.send(invitation), await world.send(invitation)
    patient = await world.claim(invitation)
    service = world.service
    service.deposits[first.document_id].withdrawal = withdrawal_by(world, second.document_id)
    for delivery in [one async for one in all_deliveries(patient.receiving())]:
        if delivery.document_id == first.document_id:
            with pytest.raises(WithdrawalRefusedError):
                await fetch_withdrawal(patient.receiving(), delivery, None)
        else:
            with pytest.raises(NotFoundError):
                await fetch_withdrawal(patient.receiving(), delivery, None)


async def test_a_withdrawn_document_does_not_move_to_a_new_letter(world: World) -> None:
    first = await world.invite()
    sent = await world.send(first)
    withdrawal = withdrawal_by(world, sent.document_id)
    await MemberConnection(world.service).withdraw(sent.document_id, withdrawal)
    second = await world.invite(supersedes=OwnCopy(first.record))
    moved = await rekey_waiting(
        world.practice.sender,
        MemberConnection(world.service),
        superseded=OwnCopy(first.record),
        successor=OwnCopy(second.record),
        now=NOW,
        retry=AT_ONCE,
    )
    assert (moved.moved, moved.failures) == ((), ())


async def test_a_document_has_one_withdrawal(world: World) -> None:
    sent = await world.send(await world.invite())
    connection = MemberConnection(world.service)
    withdrawal = withdrawal_by(world, sent.document_id)
    assert await connection.withdraw(sent.document_id, withdrawal) == await connection.withdraw(
        sent.document_id, withdrawal
    )
    with pytest.raises(WithdrawnError):
        await connection.withdraw(sent.document_id, withdrawal_by(world, sent.document_id))


@pytest.mark.parametrize("reason", WithdrawalReason)
def test_what_names_a_corrected_document_is_a_replacement_and_nothing_else(
    world: World, reason: WithdrawalReason
) -> None:
    sender, document_id = world.practice.sender, new_document_id()
    wrong = None if reason is WithdrawalReason.REPLACED else new_document_id()
    for replaced_by in (wrong, document_id):
        with pytest.raises(ExchangeUsageError):
            sign_withdrawal(
                document_id,
                member=sender.statement,
                signer=sender.identity,
                origin=ORIGIN,
                reason=reason,
                replaced_by=replaced_by,
                now=NOW,
            )
