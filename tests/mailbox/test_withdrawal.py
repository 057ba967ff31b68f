"""Withdrawals over the socket: who may, of what, and who is told (docs/specs/withdrawal.md)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from simulation import sealed as shapes
from simulation.people import ORIGIN, Practice
from simulation.quick import claim, invite

from souspli_exchange.port_errors import (
    NotFoundError,
    StatementNotTakenError,
    WithdrawnError,
)
from souspli_exchange.ports.states import DeliveryState
from souspli_exchange.withdrawal import WithdrawalReason, verify_withdrawal

if TYPE_CHECKING:
    from simulation.quick import Invited
    from simulation.service import Service

    from souspli_exchange.ids import DeliveryId, DocumentId


async def sent(practice: Practice, *invited: Invited) -> tuple[DocumentId, list[DeliveryId]]:
    sealed = shapes.draw()
    done = await shapes.deposit(
        practice,
        *(shapes.addressed(one) for one in invited),
        sealed=sealed,
    )
    return sealed.document_id, [one.delivery_id for one in done.deliveries]


async def test_each_recipient_s_fate_is_told_to_the_sender_and_shown_to_them(
    service: Service, practice: Practice
) -> None:
    reading, waiting = await invite(practice), await invite(practice)
    document_id, (fetched, untouched) = await sent(practice, reading, waiting)
    patient = await claim(service, reading)
    await patient.client.collect(fetched)
    withdrawal = practice.withdrawal(document_id)
    service.clock.pass_seconds(60)
    seen = await practice.client.withdraw(document_id, withdrawal)
    assert [(one.delivery_id, one.state) for one in seen] == [
        (fetched, DeliveryState.WITHDRAWN),
        (untouched, DeliveryState.WITHDRAWN),
    ]
    assert [one.fetched_at is not None for one in seen] == [True, False]
    assert {one.withdrawn_at for one in seen} == {service.clock.now}
    assert await practice.client.withdraw(document_id, withdrawal) == seen

    (listed,) = (await practice.client.deposits()).deposits
    assert listed.withdrawal_hash == withdrawal.payload_hash
    assert listed.deliveries == seen

    # Who has it keeps it, and learns of the withdrawal.
    assert (await patient.client.delivery_cover(fetched)).cover
    assert await patient.client.read_contents(fetched, start=0, stop=10)
    told = await patient.client.withdrawal(fetched)
    verified = verify_withdrawal(
        told.withdrawal,
        organisation=told.organisation,
        member=told.member,
        trusted={practice.founding.root.public.fingerprint},
        origin=ORIGIN,
        document_id=document_id,
    )
    assert verified.withdrawal.reason is WithdrawalReason.WRONG_PATIENT

    # Who has not can't have it any more, claimed or not.
    other = await claim(service, waiting)
    (delivery,) = (await other.client.deliveries()).deliveries
    assert delivery.state is DeliveryState.WITHDRAWN
    for asked in (other.client.delivery_cover, other.client.collect):
        with pytest.raises(WithdrawnError):
            await asked(untouched)
    contents = await service.ask("GET", f"/v1/deliveries/{untouched}/contents", as_=other.client)
    assert contents.problem == "withdrawn"
    assert (await other.client.withdrawal(untouched)).withdrawal == withdrawal


async def test_contents_are_for_who_has_collected(service: Service, practice: Practice) -> None:
    """Otherwise "not collected" would be an untrue thing to tell the sender."""
    invited = await invite(practice)
    _, (delivery_id,) = await sent(practice, invited)
    patient = await claim(service, invited)
    path = f"/v1/deliveries/{delivery_id}/contents"
    assert (await service.ask("GET", path, as_=patient.client)).problem == "not-found"
    await patient.client.collect(delivery_id)
    assert (await service.ask("GET", path, as_=patient.client)).status == 200


async def test_the_last_cover_takes_the_contents_with_it(
    service: Service, practice: Practice
) -> None:
    document_id, _ = await sent(practice, await invite(practice))
    await practice.client.withdraw(document_id, practice.withdrawal(document_id))
    with pytest.raises(NotFoundError):
        await practice.client.sender_cover(document_id)
    assert service.rows("covers") == []
    (condemned,) = service.rows("condemned_objects")
    assert condemned["reason"] == "withdrawn"


async def test_only_who_sent_a_document_withdraws_it(service: Service, practice: Practice) -> None:
    document_id, _ = await sent(practice, await invite(practice))
    colleague, stranger = await practice.colleague(), await Practice.found(service)
    for somebody in (colleague, stranger):
        with pytest.raises(NotFoundError):
            await somebody.client.withdraw(document_id, somebody.withdrawal(document_id))
    assert service.rows("withdrawals") == []


async def test_what_is_not_a_withdrawal_of_this_document_by_its_sender_is_refused(
    service: Service, practice: Practice
) -> None:
    document_id, _ = await sent(practice, await invite(practice))
    another, _ = await sent(practice, await invite(practice))
    colleague = await practice.colleague()
    soon = service.clock.now + 301
    for wrong, reason in (
        (practice.withdrawal(another), "signature"),
        (practice.withdrawal(document_id, origin="other.example"), "signature"),
        (practice.withdrawal(document_id, signer=colleague.founding.identity), "signature"),
        (colleague.withdrawal(document_id), "signature"),
        (practice.withdrawal(document_id, now=soon), "dates"),
        (practice.founding.member, "signature"),
    ):
        with pytest.raises(StatementNotTakenError) as refused:
            await practice.client.withdraw(document_id, wrong)
        assert refused.value.reason == reason
    assert service.rows("withdrawals") == []
    assert "withdrawn" not in {row["state"] for row in service.rows("deliveries")}


async def test_a_document_has_one_withdrawal(service: Service, practice: Practice) -> None:
    document_id, _ = await sent(practice, await invite(practice))
    await practice.client.withdraw(document_id, practice.withdrawal(document_id))
    with pytest.raises(WithdrawnError):
        await practice.client.withdraw(document_id, practice.withdrawal(document_id))
    assert len(service.rows("withdrawals")) == 1


async def test_what_nobody_was_sent_can_t_be_withdrawn(practice: Practice) -> None:
    sealed = shapes.draw()
    await practice.client.open_deposit(
        sealed.document_id, sealed_length=sealed.length, segments=len(sealed.segments)
    )
    with pytest.raises(NotFoundError):
        await practice.client.withdraw(sealed.document_id, practice.withdrawal(sealed.document_id))


async def test_somebody_else_s_withdrawal_is_not_shown(
    service: Service, practice: Practice
) -> None:
    document_id, (delivery_id,) = await sent(practice, await invite(practice))
    await practice.client.withdraw(document_id, practice.withdrawal(document_id))
    nobody = await claim(service, await invite(practice))
    with pytest.raises(NotFoundError):
        await nobody.client.withdrawal(delivery_id)
