"""Sending through a service that fails, forgets nothing, and sees claims come in."""

from dataclasses import replace

import pytest
from exchange.faults import Fault
from exchange.people import DESCRIPTION, NOW, Practice, make_practice
from exchange.simulated_member import MemberConnection
from exchange.world import AT_ONCE, REPORT, World

from souspli_exchange.binding import OwnCopy
from souspli_exchange.errors import SenderRefusedError, SourceChangedError, TooLargeToSendError
from souspli_exchange.port_errors import UnavailableError
from souspli_exchange.send import resume, send
from souspli_exchange.sources import BytesSource

# look up, open, put the one segment, complete.
CALLS_OF_A_SMALL_SEND = 4


async def test_a_document_reaches_a_patient_who_claims_afterwards(world: World) -> None:
    invitation = await world.invite()
    sent = await world.send(invitation)
    patient = await world.claim(invitation)
    assert await patient.read_all() == [{REPORT.name: REPORT.content}]
    [cover] = sent.covers
    assert cover.sealed_to == OwnCopy(invitation.record).invitation.claim_identity.fingerprint


async def test_a_document_reaches_a_patient_who_has_claimed(world: World) -> None:
    invitation = await world.invite()
    patient = await world.claim(invitation)
    sent = await world.send(invitation)
    assert sent.covers[0].sealed_to == patient.account.vault.identity.public.fingerprint
    assert sent.covers[0].verified is not None
    assert sent.covers[0].verified.binding is not None
    assert await patient.read_all() == [{REPORT.name: REPORT.content}]


@pytest.mark.parametrize("fault", Fault)
@pytest.mark.parametrize("call", range(CALLS_OF_A_SMALL_SEND))
async def test_any_call_may_fail_once_whether_it_was_applied_or_not(
    world: World, call: int, fault: Fault
) -> None:
    invitation = await world.invite()
    await world.send(invitation, faults={call: fault})
    assert len(world.service.deliveries) == 1
    assert all(len(versions) == 1 for versions in world.service.sealed_versions.values())
    patient = await world.claim(invitation)
    assert await patient.read_all() == [{REPORT.name: REPORT.content}]


@pytest.mark.parametrize("fault", Fault)
@pytest.mark.parametrize("call", range(CALLS_OF_A_SMALL_SEND))
async def test_a_send_that_gave_up_is_resumed_with_the_very_same_bytes(
    world: World, call: int, fault: Fault
) -> None:
    invitation = await world.invite()
    forever = dict.fromkeys(range(call, call + AT_ONCE.attempts), fault)
    with pytest.raises(UnavailableError):
        await world.send(invitation, faults=forever)
    world.spool.restart()
    for spooled in world.spool.documents():
        sent = await resume(world.sending(), spooled, world.own_copies, now=NOW)
        world.spool.discard(sent.document_id)
    assert all(len(versions) == 1 for versions in world.service.sealed_versions.values())
    assert len(world.service.deliveries) == (1 if call else 0)
    assert not world.spool.segments


async def test_resuming_a_stored_document_gets_the_same_deliveries(world: World) -> None:
    sent = await world.send(await world.invite())
    [spooled] = world.spool.documents()
    again = await resume(world.sending(), spooled, world.own_copies, now=NOW)
    assert again.covers[0].delivery_id == sent.covers[0].delivery_id
    assert again.covers[0].manifest_hash == sent.covers[0].manifest_hash


class Changing(BytesSource):
    """A file whose bytes differ each time that it is read, and that says so at last."""

    reads = 0

    def read_into(self, offset: int, out: memoryview) -> None:
        Changing.reads += 1
        super().read_into(offset, out)
        if len(out):
            out[0] = Changing.reads % 256

    def check_unchanged(self) -> None:
        if Changing.reads == 1:
            raise SourceChangedError("changed")


async def test_a_source_that_changed_is_never_sealed_under_the_same_keys(world: World) -> None:
    invitation = await world.invite()
    Changing.reads = 0
    source = Changing("a.txt", "text/plain", b"x" * 100)
    with pytest.raises(SourceChangedError):
        await world.send(invitation, sources=[source])
    assert not world.spool.segments
    assert not world.service.deposits
    sent = await world.send(invitation, sources=[source])
    # A first upload that breaks, a source that changes again: the spool's bytes go.
    [spooled] = world.spool.documents()
    source.read_into(0, memoryview(bytearray(10)))
    del world.service.deposits[sent.document_id]
    await resume(world.sending(), spooled, world.own_copies, now=NOW)
    assert all(len(versions) == 1 for versions in world.service.sealed_versions.values())


async def test_a_claim_during_the_send_makes_a_new_cover_over_the_same_contents(
    world: World,
) -> None:
    invitation = await world.invite()

    class ClaimedMeanwhile(MemberConnection):
        async def put_segment(self, *arguments: object, **named: object) -> None:
            await super().put_segment(*arguments, **named)  # type: ignore[arg-type]  # passed on
            self.patient = await world.claim(invitation)

    connection = ClaimedMeanwhile(world.service)
    sending = replace(world.sending(), directory=connection, mailbox=connection)
    sent = await send(sending, [REPORT], DESCRIPTION, [world.addressee(invitation)], now=NOW)
    account = connection.patient.account.vault.identity.public
    assert sent.covers[0].sealed_to == account.fingerprint
    assert sent.covers[0].verified is not None
    assert sent.covers[0].verified.binding is not None
    assert await connection.patient.read_all() == [{REPORT.name: REPORT.content}]
    assert all(len(versions) == 1 for versions in world.service.sealed_versions.values())
    # What a resumed program would know after a crash right now.
    [spooled] = world.spool.documents()
    assert spooled.covers[0].manifest_hash == sent.covers[0].manifest_hash


async def test_a_document_in_the_spool_is_sealed_anew_for_who_claimed_since(
    world: World,
) -> None:
    invitation = await world.invite()
    with pytest.raises(UnavailableError):
        await world.send(invitation, faults=dict.fromkeys(range(2, 20), Fault.NOT_APPLIED))
    patient = await world.claim(invitation)
    [spooled] = world.spool.documents()
    sending = world.sending()
    sent = await resume(sending, spooled, world.own_copies, now=NOW)
    # The old cover is not even offered to the service.
    assert sending.mailbox.calls.count("complete_deposit") == 1  # type: ignore[attr-defined]  # of the wrapper
    assert sent.covers[0].sealed_to == patient.account.vault.identity.public.fingerprint
    assert await patient.read_all() == [{REPORT.name: REPORT.content}]


async def test_a_member_whose_time_is_over_seals_nothing(practice: Practice) -> None:
    over = make_practice(not_after=NOW - 1)
    world = World(practice)
    invitation = await world.invite()
    sending = replace(world.sending(), sender=over.sender)
    with pytest.raises(SenderRefusedError):
        await send(sending, [REPORT], DESCRIPTION, [world.addressee(invitation)], now=NOW)
    assert not world.spool.segments


async def test_more_names_than_a_cover_holds_are_refused_before_anything_is_sealed(
    world: World,
) -> None:
    invitation = await world.invite()
    many = [BytesSource(f"{'x' * 190}{n:04}", "text/plain", b"") for n in range(1_000)]
    with pytest.raises(TooLargeToSendError):
        await world.send(invitation, sources=many)
    assert not world.spool.segments
    assert not world.service.deposits
