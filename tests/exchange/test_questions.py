"""What sending, receiving and re-issuing ask of a service, word for word."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from exchange.memory_spool import MemorySpool
from exchange.people import DESCRIPTION, NOW
from exchange.simulated_member import MemberConnection
from exchange.simulated_patient import PatientConnection
from exchange.world import AT_ONCE, MemorySink, World

from souspli_exchange.binding import OwnCopy
from souspli_exchange.errors import AnotherDocumentError, TooLargeToSendError
from souspli_exchange.ids import DeliveryId, DocumentId, new_document_id
from souspli_exchange.manifest import MAX_FILES, Limits
from souspli_exchange.ports.recipient import DeliveriesPage
from souspli_exchange.ports.sender import DepositsPage
from souspli_exchange.receive import Receiving, all_deliveries, read_contents
from souspli_exchange.reissue import rekey_waiting
from souspli_exchange.sealed import Reader
from souspli_exchange.segments import SEGMENT_BYTES, SegmentLayout
from souspli_exchange.send import Step, resume, send
from souspli_exchange.sources import BytesSource

TWO_SEGMENTS = BytesSource("scan.bin", "a/b", bytes(SEGMENT_BYTES) + b"end")


def receiving_from(world: World, mailbox: PatientConnection) -> Receiving:
    reader = Reader((world.practice.sender.identity,), world.practice.sender.origin, ())
    return Receiving(reader, mailbox, AT_ONCE)


async def test_deliveries_are_asked_for_by_the_hundred_from_the_first_on(world: World) -> None:
    asked: list[dict[str, Any]] = []

    class TwoPages(PatientConnection):
        async def deliveries(self, **named: Any) -> DeliveriesPage:
            asked.append(named)
            return DeliveriesPage((), "next" if len(asked) == 1 else None)

    receiving = receiving_from(world, TwoPages(world.service))
    assert [found async for found in all_deliveries(receiving)] == []
    assert asked == [{"after": None, "limit": 100}, {"after": "next", "limit": 100}]


async def test_deposits_are_asked_for_by_the_hundred_from_the_first_on(world: World) -> None:
    asked: list[dict[str, Any]] = []

    class TwoPages(MemberConnection):
        async def deposits(self, **named: Any) -> DepositsPage:
            asked.append(named)
            return DepositsPage((), "next" if len(asked) == 1 else None)

    first = OwnCopy(world.practice.invite().record)
    nothing = await rekey_waiting(
        world.practice.sender,
        TwoPages(world.service),
        superseded=first,
        successor=OwnCopy(world.practice.invite(supersedes=first).record),
        now=NOW,
    )
    assert (nothing.moved, nothing.failures) == ((), ())
    assert asked == [{"after": None, "limit": 100}, {"after": "next", "limit": 100}]


async def test_contents_are_asked_for_segment_by_segment(world: World) -> None:
    invitation = await world.invite()
    sent = await world.send(invitation, sources=[TWO_SEGMENTS])
    deposit = world.service.deposits[sent.document_id]
    asked: list[range] = []

    class Asked(PatientConnection):
        async def read_contents(self, delivery_id: DeliveryId, *, start: int, stop: int) -> bytes:
            asked.append(range(start, stop))
            return await super().read_contents(delivery_id, start=start, stop=stop)

    cover = world.practice.sender.open_own_cover(deposit.sender_cover, sent.document_id)
    sink = MemorySink()
    receiving = receiving_from(world, Asked(world.service))
    delivery_id = sent.covers[0].delivery_id
    verified = await read_contents(receiving, delivery_id, cover, write=sink.write)
    assert verified.cover is cover
    assert sink.content(0) == TWO_SEGMENTS.content
    layout = SegmentLayout.of_sealed(deposit.sealed_length)
    assert asked == [layout.sealed_range(0), layout.sealed_range(1)]


async def test_the_steps_of_a_document_of_two_segments(world: World) -> None:
    """Resumed with the first of them at the service already, it takes up with the second."""
    told: list[tuple[Step, int, int]] = []
    sending = replace(world.sending(), progress=lambda *step: told.append(step))
    invitation = await world.invite()
    document_id = new_document_id()
    sent = await send(
        sending,
        [TWO_SEGMENTS],
        DESCRIPTION,
        [world.addressee(invitation)],
        now=NOW,
        document_id=document_id,
    )
    assert sent.document_id == document_id
    assert told == [
        (Step.SEALING, 1, 2),
        (Step.SEALING, 2, 2),
        (Step.DEPOSITING, 0, 2),
        (Step.DEPOSITING, 1, 2),
        (Step.DEPOSITING, 2, 2),
        (Step.COMPLETING, 0, 1),
        (Step.COMPLETING, 1, 1),
    ]
    told.clear()
    kept = world.service.deposits.pop(document_id).segments[0]
    [spooled] = world.spool.documents()
    await sending.mailbox.open_deposit(document_id, sealed_length=spooled.sealed_length, segments=2)
    world.service.deposits[document_id].segments[0] = kept
    again = await resume(sending, spooled, world.own_copies, now=NOW)
    assert again.covers[0].verified is not None
    assert told == [
        (Step.DEPOSITING, 1, 2),
        (Step.DEPOSITING, 2, 2),
        (Step.COMPLETING, 0, 1),
        (Step.COMPLETING, 1, 1),
    ]


async def test_no_more_than_four_segments_are_in_memory_while_they_go_out(world: World) -> None:
    alive: set[int] = set()
    most = 0

    class Counted(bytes):
        def __del__(self) -> None:
            alive.discard(id(self))

    class Counting(MemorySpool):
        def segment(self, document_id: DocumentId, index: int) -> bytes:
            nonlocal most
            sealed = Counted(super().segment(document_id, index))
            alive.add(id(sealed))
            most = max(most, len(alive))
            return sealed

    class Copying(MemberConnection):
        async def put_segment(
            self, document_id: DocumentId, index: int, sealed: bytes, *, sha256: bytes
        ) -> None:
            await super().put_segment(document_id, index, b"".join([sealed, b""]), sha256=sha256)

    sending = replace(world.sending(), spool=Counting(), mailbox=Copying(world.service))
    six = [BytesSource("six.bin", "a/b", bytes(5 * SEGMENT_BYTES + 1))]
    addressees = [world.addressee(await world.invite())]
    await send(sending, six, DESCRIPTION, addressees, now=NOW)
    assert 1 <= most <= 4


async def test_a_sender_s_limits_are_those_of_what_they_send(world: World) -> None:
    sending = replace(world.sending(), limits=Limits(max_bytes=2))
    addressees = [world.addressee(await world.invite())]
    with pytest.raises(TooLargeToSendError):
        await send(sending, [BytesSource("a", "a/b", b"xxx")], DESCRIPTION, addressees, now=NOW)


async def test_a_document_beyond_the_usual_limits_is_sealed_again_for_who_claimed_since(
    world: World,
) -> None:
    """By whom has the usual ones now; not with the sender's cover of another document."""
    invitation = await world.invite()
    sending = replace(world.sending(), limits=Limits(max_files=MAX_FILES + 1))
    many = [BytesSource(f"{number}", "a/b", b"") for number in range(MAX_FILES + 1)]
    addressees = [world.addressee(invitation)]
    await send(sending, many, DESCRIPTION, addressees, now=NOW)
    await send(sending, many[:1], DESCRIPTION, addressees, now=NOW)
    world.service.deposits.clear()
    patient = await world.claim(invitation)
    large, small = world.spool.documents()
    mixed = replace(large, sender_cover=small.sender_cover)
    with pytest.raises(AnotherDocumentError):
        await resume(world.sending(), mixed, world.own_copies, now=NOW)
    sent = await resume(world.sending(), large, world.own_copies, now=NOW)
    [cover] = sent.covers
    assert cover.sealed_to == patient.account.vault.identity.public.fingerprint
    [delivery] = world.service.deliveries
    assert (cover.delivery_id, cover.invitation_id) == (
        delivery.delivery_id,
        invitation.invitation_id,
    )
