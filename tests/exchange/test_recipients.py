"""To whom a document is sealed: the invited, as long as their invitation and claim hold."""

from dataclasses import replace

import pytest
from exchange.people import DAY, DESCRIPTION, NOW, PATIENT_ADDRESS
from exchange.world import REPORT, World

from souspli_exchange.binding import OwnCopy
from souspli_exchange.errors import BindingRefusedError, ExchangeUsageError, InvitationRefusedError
from souspli_exchange.port_errors import (
    InvitationExpiredError,
    InvitationSupersededError,
    NotFoundError,
)
from souspli_exchange.ports.states import InvitationStatus
from souspli_exchange.send import Addressee, attest, find_recipients, send
from souspli_keys.address import Address
from souspli_keys.identity import Identity
from souspli_keys.statements import sign_statement


async def test_nobody_is_sent_to_whom_nobody_invited(world: World) -> None:
    invitation = await world.invite()
    nobody = Addressee(Address("nobody@example.org"), OwnCopy(invitation.record))
    with pytest.raises(NotFoundError):
        await send(world.sending(), [REPORT], DESCRIPTION, [nobody], now=NOW)
    assert not world.spool.segments


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (InvitationStatus.SUPERSEDED, InvitationSupersededError),
        (InvitationStatus.EXPIRED, InvitationExpiredError),
        (InvitationStatus.CLAIMED, BindingRefusedError),
    ],
)
async def test_what_is_not_pending_and_has_no_binding_is_not_sealed_to(
    world: World, status: InvitationStatus, error: type[Exception]
) -> None:
    invitation = await world.invite()
    world.service.invitations[invitation.invitation_id].status = status
    with pytest.raises(error):
        await world.send(invitation)
    assert not world.spool.segments
    assert not world.service.deposits


@pytest.mark.parametrize("late", [30 * DAY, -DAY])
async def test_nobody_seals_to_a_claim_identity_outside_its_time(world: World, late: int) -> None:
    # Whatever the service says: it says pending here.
    invitation = await world.invite()
    with pytest.raises((InvitationExpiredError, InvitationRefusedError)):
        await find_recipients(world.sending(), [world.addressee(invitation)], now=NOW + late)


async def test_an_invitation_holds_from_its_first_to_its_last_second(world: World) -> None:
    invitation = await world.invite()
    record = OwnCopy(invitation.record).invitation
    for now in (record.not_before, record.not_after):
        (found,) = await find_recipients(world.sending(), [world.addressee(invitation)], now=now)
        assert (found.binding, found.attested) == (None, False)
    for now in (record.not_before - 1, record.not_after + 1):
        with pytest.raises((InvitationExpiredError, InvitationRefusedError)):
            await find_recipients(world.sending(), [world.addressee(invitation)], now=now)


async def test_another_record_than_the_own_copy_is_refused(world: World) -> None:
    first = await world.invite()
    own = OwnCopy(first.record).invitation
    same_id = replace(own, claim_identity=Identity.generate().public)
    for record in (world.practice.invite().record, sign_statement(same_id, Identity.generate())):
        world.service.invitations[first.invitation_id].record = record
        with pytest.raises(InvitationRefusedError):
            await world.send(first)


async def test_a_claim_that_the_service_takes_back_is_a_red_stop(world: World) -> None:
    invitation = await world.invite()
    world.own_copies[invitation.invitation_id] = OwnCopy(invitation.record, seen_binding="ab" * 32)
    with pytest.raises(BindingRefusedError):
        await world.send(invitation)


async def test_a_superseded_own_copy_is_refused_whatever_the_service_says(world: World) -> None:
    invitation = await world.invite()
    world.own_copies[invitation.invitation_id] = OwnCopy(invitation.record, superseded=True)
    with pytest.raises(InvitationSupersededError):
        await world.send(invitation)


async def test_two_covers_for_one_invitation_are_a_misuse(world: World) -> None:
    invitation = await world.invite()
    twice = [world.addressee(invitation)] * 2
    with pytest.raises(ExchangeUsageError):
        await send(world.sending(), [REPORT], DESCRIPTION, twice, now=NOW)


async def test_an_attestation_tells_colleagues_of_the_claim(world: World) -> None:
    invitation = await world.invite()
    await world.claim(invitation)
    sending = world.sending()
    [recipient] = await find_recipients(sending, [world.addressee(invitation)], now=NOW)
    assert not recipient.attested
    await attest(sending, recipient, PATIENT_ADDRESS, now=NOW)
    [recipient] = await find_recipients(sending, [world.addressee(invitation)], now=NOW)
    assert recipient.attested
