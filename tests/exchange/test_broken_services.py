"""A service that answers wrongly, or that somebody else uses at the same moment."""

from dataclasses import replace
from typing import Any

import pytest
from exchange.people import DESCRIPTION, NOW, PATIENT_ADDRESS, Practice
from exchange.simulated_member import MemberConnection
from exchange.simulated_patient import PatientConnection
from exchange.world import AT_ONCE, REPORT, World

from souspli_exchange.binding import OwnCopy
from souspli_exchange.errors import (
    AnotherDocumentError,
    BindingRefusedError,
    ContentsRefusedError,
    CoverRefusedError,
    ExchangeUsageError,
    InvitationRefusedError,
    SenderRefusedError,
    SpoolError,
)
from souspli_exchange.ids import DeliveryId, DocumentId, InvitationId, random_hex
from souspli_exchange.port_errors import (
    BrokenAnswerError,
    CoverChangedError,
    IncompleteDepositError,
    RecipientClaimedError,
)
from souspli_exchange.ports.delivered import DeliveredCover
from souspli_exchange.ports.directory import InvitationView
from souspli_exchange.ports.sender import CompletedDeposit, NewDelivery
from souspli_exchange.ports.states import InvitationStatus
from souspli_exchange.receive import fetch_cover, reseal_waiting
from souspli_exchange.reissue import rekey_waiting
from souspli_exchange.segments import START_BYTES, SegmentLayout
from souspli_exchange.send import attest, find_recipients, resume, send
from souspli_exchange.spool import encode_spooled, parse_spooled


async def send_through(world: World, mailbox: Any) -> None:
    invitation = await world.invite()
    sending = replace(world.sending(), mailbox=mailbox)
    await send(sending, [REPORT], DESCRIPTION, [world.addressee(invitation)], now=NOW)


@pytest.mark.parametrize("what", ["document", "invitation", "number"])
async def test_an_answer_about_another_deposit_is_refused(world: World, what: str) -> None:
    class Confused(MemberConnection):
        async def complete_deposit(self, *arguments: Any, **named: Any) -> CompletedDeposit:
            completed = await super().complete_deposit(*arguments, **named)
            if what == "document":
                return replace(completed, document_id=DocumentId(random_hex()))
            other = NewDelivery(DeliveryId(random_hex()), InvitationId(random_hex()))
            deliveries = (other,) if what == "invitation" else (*completed.deliveries, other)
            return replace(completed, deliveries=deliveries)

    with pytest.raises(BrokenAnswerError):
        await send_through(world, Confused(world.service))


@pytest.mark.parametrize("index", [-1, 1, 7])
async def test_a_segment_that_does_not_exist_is_not_looked_for(world: World, index: int) -> None:
    class Confused(MemberConnection):
        async def complete_deposit(self, *_arguments: Any, **_named: Any) -> CompletedDeposit:
            raise IncompleteDepositError("missing", missing=(index,))

    with pytest.raises(BrokenAnswerError):
        await send_through(world, Confused(world.service))


@pytest.mark.parametrize(("missing", "times"), [((), 1), ((0,), 3)])
async def test_a_service_that_misses_segments_for_ever_is_given_up(
    world: World, missing: tuple[int, ...], times: int
) -> None:
    asked: list[str] = []

    class Forgetful(MemberConnection):
        async def complete_deposit(self, *_arguments: Any, **_named: Any) -> CompletedDeposit:
            asked.append("complete")
            raise IncompleteDepositError("missing", missing=missing)

    with pytest.raises(IncompleteDepositError):
        await send_through(world, Forgetful(world.service))
    assert len(asked) == times


async def test_a_service_that_refuses_the_key_it_names_is_not_obeyed(world: World) -> None:
    asked: list[str] = []

    class Confused(MemberConnection):
        async def complete_deposit(self, *_arguments: Any, **named: Any) -> CompletedDeposit:
            [cover] = named["covers"]
            asked.append(cover.recipient_fingerprint)
            raise RecipientClaimedError("claimed", invitation_id=cover.invitation_id)

    with pytest.raises(RecipientClaimedError):
        await send_through(world, Confused(world.service))
    assert len(asked) == 1
    [spooled] = world.spool.documents()
    sending = replace(world.sending(), mailbox=Confused(world.service))
    with pytest.raises(RecipientClaimedError):
        await resume(sending, spooled, world.own_copies, now=NOW)
    assert len(asked) == 2


async def test_a_service_that_takes_a_claim_back_while_we_send_is_a_red_stop(
    world: World,
) -> None:
    """Or the document would be sealed to the letter again, which anybody may have found."""
    invitation = await world.invite()
    await world.claim(invitation)

    class Liar(MemberConnection):
        async def complete_deposit(self, *_arguments: Any, **named: Any) -> CompletedDeposit:
            [cover] = named["covers"]
            raise RecipientClaimedError("claimed", invitation_id=cover.invitation_id)

        async def invitation(self, invitation_id: InvitationId) -> InvitationView:
            return InvitationView(
                invitation_id=invitation_id,
                status=InvitationStatus.PENDING,
                binding=None,
                attestation=None,
            )

    liar = Liar(world.service)
    sending = replace(world.sending(), mailbox=liar, directory=liar)
    with pytest.raises(BindingRefusedError):
        await send(sending, [REPORT], DESCRIPTION, [world.addressee(invitation)], now=NOW)


async def test_a_service_that_names_a_stranger_s_invitation_is_not_obeyed(world: World) -> None:
    class Confused(MemberConnection):
        async def complete_deposit(self, *_arguments: Any, **_named: Any) -> CompletedDeposit:
            raise RecipientClaimedError("claimed", invitation_id=random_hex())

    with pytest.raises(BrokenAnswerError):
        await send_through(world, Confused(world.service))


async def test_segments_that_the_service_has_are_not_put_again(world: World) -> None:
    await world.send(await world.invite())
    [spooled] = world.spool.documents()
    world.service.deposits[spooled.document_id].segments.clear()
    # Stored already: only the answer is fetched again.
    sending = world.sending()
    await resume(sending, spooled, world.own_copies, now=NOW)
    assert sending.mailbox.calls == ["open_deposit", "complete_deposit"]  # type: ignore[attr-defined]  # of the wrapper


async def test_a_resumed_document_takes_up_where_it_stopped(world: World) -> None:
    invitation = await world.invite()

    class Refusing(MemberConnection):
        async def complete_deposit(self, *_arguments: Any, **_named: Any) -> CompletedDeposit:
            raise BrokenAnswerError("nonsense")

    sending = replace(world.sending(), mailbox=Refusing(world.service))
    with pytest.raises(BrokenAnswerError):
        await send(sending, [REPORT], DESCRIPTION, [world.addressee(invitation)], now=NOW)
    [spooled] = world.spool.documents()
    again = world.sending()
    await resume(again, spooled, world.own_copies, now=NOW)
    assert "put_segment" not in again.mailbox.calls  # type: ignore[attr-defined]  # of the wrapper


async def test_a_document_for_an_invitation_that_nobody_knows_is_not_resumed(
    world: World,
) -> None:
    invitation = await world.invite()

    class Refusing(MemberConnection):
        async def complete_deposit(self, *_arguments: Any, **_named: Any) -> CompletedDeposit:
            raise BrokenAnswerError("nonsense")

    sending = replace(world.sending(), mailbox=Refusing(world.service))
    with pytest.raises(BrokenAnswerError):
        await send(sending, [REPORT], DESCRIPTION, [world.addressee(invitation)], now=NOW)
    [spooled] = world.spool.documents()
    with pytest.raises(BrokenAnswerError):
        await resume(world.sending(), spooled, {}, now=NOW)


async def test_a_cover_that_is_not_the_one_named_is_refused(world: World) -> None:
    invitation = await world.invite()
    await world.send(invitation)
    patient = await world.claim(invitation)
    [delivery] = world.service.deliveries

    class Confused(PatientConnection):
        async def delivery_cover(self, delivery_id: DeliveryId) -> DeliveredCover:
            return replace(await super().delivery_cover(delivery_id), cover_hash="00" * 32)

    receiving = replace(patient.receiving(), mailbox=Confused(world.service))
    with pytest.raises(CoverRefusedError):
        await fetch_cover(receiving, delivery.delivery_id, delivery.document_id)


async def test_two_windows_that_re_seal_at_once_both_end_well(world: World) -> None:
    invitation = await world.invite()
    await world.send(invitation)
    patient = await world.claim(invitation)
    account = patient.account.vault.identity

    class OtherWindowFirst(PatientConnection):
        raced = False

        async def replace_cover(self, delivery_id: DeliveryId, **named: Any) -> str:
            if not OtherWindowFirst.raced:
                OtherWindowFirst.raced = True
                await reseal_waiting(patient.receiving(), account, now=NOW)
            return await super().replace_cover(delivery_id, **named)

    slow = OtherWindowFirst(world.service)
    slow.invitation_ids = patient.connection.invitation_ids
    resealed = await reseal_waiting(replace(patient.receiving(), mailbox=slow), account, now=NOW)
    assert not resealed.failures
    assert not resealed.deliveries
    assert await patient.read_all() == [{REPORT.name: REPORT.content}]


async def test_one_bad_cover_does_not_stop_the_others(world: World) -> None:
    invitation = await world.invite()
    for _ in range(3):
        await world.send(invitation)
    patient = await world.claim(invitation)
    bad = world.service.deliveries[1]
    bad.cover = bytes(len(bad.cover))
    resealed = await reseal_waiting(patient.receiving(), patient.account.vault.identity, now=NOW)
    good = {delivery.delivery_id for delivery in world.service.deliveries} - {bad.delivery_id}
    assert set(resealed.deliveries) == good
    [(delivery_id, failure)] = resealed.failures
    assert delivery_id == bad.delivery_id
    assert isinstance(failure, CoverRefusedError)


async def test_a_cover_of_another_waiting_document_is_never_sealed_again(world: World) -> None:
    """A service that swaps two covers of one patient: each is told, none is moved."""
    invitation = await world.invite()
    for _ in range(2):
        await world.send(invitation)
    patient = await world.claim(invitation)
    first, second = world.service.deliveries
    first.cover, second.cover = second.cover, first.cover
    resealed = await reseal_waiting(patient.receiving(), patient.account.vault.identity, now=NOW)
    assert resealed.deliveries == ()
    assert [type(failure) for _, failure in resealed.failures] == [AnotherDocumentError] * 2


@pytest.mark.parametrize("times", [1, 2])
async def test_a_cover_that_changes_while_it_is_moved_is_looked_at_once_more(
    world: World, times: int
) -> None:
    first = await world.invite()
    await world.send(first)
    own = world.own_copies[first.invitation_id]
    second = await world.invite(supersedes=own)

    class Racing(MemberConnection):
        races = 0

        async def move_delivery(self, delivery_id: DeliveryId, **named: Any) -> str:
            self.races += 1
            if self.races <= times:
                raise CoverChangedError("another was first")
            return await super().move_delivery(delivery_id, **named)

    moved = await rekey_waiting(
        world.practice.sender,
        Racing(world.service),
        superseded=own,
        successor=OwnCopy(second.record),
        now=NOW,
        retry=AT_ONCE,
    )
    [delivery] = world.service.deliveries
    if times == 1:
        assert [one.delivery_id for one in moved.moved] == [delivery.delivery_id]
        assert not moved.failures
    else:
        [(delivery_id, failure)] = moved.failures
        assert (delivery_id, type(failure)) == (delivery.delivery_id, CoverChangedError)
        assert not moved.moved


async def test_a_cover_of_another_document_of_the_sender_is_never_moved(world: World) -> None:
    """A service that swaps two of the sender's own covers: each is told, none is moved."""
    first = await world.invite()
    for _ in range(2):
        await world.send(first)
    own = world.own_copies[first.invitation_id]
    second = await world.invite(supersedes=own)
    one, other = world.service.deposits.values()
    one.sender_cover, other.sender_cover = other.sender_cover, one.sender_cover
    moved = await rekey_waiting(
        world.practice.sender,
        MemberConnection(world.service),
        superseded=own,
        successor=OwnCopy(second.record),
        now=NOW,
        retry=AT_ONCE,
    )
    assert moved.moved == ()
    assert [type(failure) for _, failure in moved.failures] == [AnotherDocumentError] * 2


async def test_a_pending_invitation_has_nothing_to_attest(world: World) -> None:
    invitation = await world.invite()
    [recipient] = await find_recipients(world.sending(), [world.addressee(invitation)], now=NOW)
    with pytest.raises(ExchangeUsageError):
        await attest(world.sending(), recipient, PATIENT_ADDRESS, now=NOW)


def test_an_own_copy_that_is_no_invitation_is_refused(practice: Practice) -> None:
    with pytest.raises(InvitationRefusedError):
        _ = OwnCopy(practice.organisation).invitation


async def test_a_member_with_a_colleague_s_statement_sends_nothing(
    world: World, stranger: Practice
) -> None:
    invitation = await world.invite()
    mixed = replace(world.practice.sender, identity=stranger.sender.identity)
    sending = replace(world.sending(), sender=mixed)
    with pytest.raises(SenderRefusedError):
        await send(sending, [REPORT], DESCRIPTION, [world.addressee(invitation)], now=NOW)
    broken = replace(world.practice.sender, member=world.practice.organisation)
    sending = replace(world.sending(), sender=broken)
    with pytest.raises(SenderRefusedError):
        await send(sending, [REPORT], DESCRIPTION, [world.addressee(invitation)], now=NOW)


async def test_a_damaged_spool_is_told(world: World) -> None:
    await world.send(await world.invite())
    [spooled] = world.spool.documents()
    encoded = encode_spooled(spooled)
    for damaged in (
        b"",
        b"[]",
        encoded[:-1],
        encoded.replace(b'"version": 1', b'"version": 2'),
        encoded.replace(b'"checksums": ["', b'"checksums": [7, "'),
        encoded.replace(b'"sealed": "', b'"sealed": "!'),
    ):
        with pytest.raises(SpoolError):
            parse_spooled(damaged)


@pytest.mark.parametrize("length", [0, 16, START_BYTES, START_BYTES + 16, START_BYTES + 65_560])
def test_a_length_that_no_sealed_contents_have_is_refused(length: int) -> None:
    with pytest.raises(ContentsRefusedError):
        SegmentLayout.of_sealed(length)


def test_segments_that_are_not_there_are_a_misuse() -> None:
    layout = SegmentLayout(65_536)
    for index in (-1, 1):
        with pytest.raises(ExchangeUsageError):
            layout.sealed_range(index)
    with pytest.raises(ExchangeUsageError):
        SegmentLayout(0)
