"""Segments are put side by side, again where one was lost, and progress is told."""

import asyncio
import hashlib
from dataclasses import replace

import pytest
from exchange.faults import Fault
from exchange.people import DESCRIPTION, NOW
from exchange.simulated_member import MemberConnection
from exchange.world import REPORT, World

from souspli_exchange.ids import DocumentId
from souspli_exchange.port_errors import StorageFullError, UnavailableError
from souspli_exchange.segments import SEGMENT_BYTES, SegmentLayout
from souspli_exchange.send import resume, send
from souspli_exchange.sending import Step
from souspli_exchange.spool import SpooledDocument


async def test_segments_that_the_service_lost_are_put_again(world: World) -> None:
    invitation = await world.invite()

    class Forgetful(MemberConnection):
        forgot = False

        async def complete_deposit(self, *arguments: object, **named: object) -> object:  # type: ignore[override]  # passed on
            if not self.forgot:
                self.forgot = True
                for deposit in self.service.deposits.values():
                    deposit.segments.clear()
            return await super().complete_deposit(*arguments, **named)  # type: ignore[arg-type]  # passed on

    sending = replace(world.sending(), mailbox=Forgetful(world.service))  # type: ignore[arg-type]  # the overridden method
    await send(sending, [REPORT], DESCRIPTION, [world.addressee(invitation)], now=NOW)
    assert len(world.service.deliveries) == 1


SEGMENTS = 8


async def spooled_in_segments(world: World) -> SpooledDocument:
    """Return a document that waits in the spool, in many segments of a few bytes."""
    invitation = await world.invite()
    with pytest.raises(UnavailableError):
        await world.send(invitation, faults=dict.fromkeys(range(1, 20), Fault.NOT_APPLIED))
    [spooled] = world.spool.documents()
    pieces = [bytes([index]) for index in range(SEGMENTS)]
    for index, piece in enumerate(pieces):
        world.spool.segments[spooled.document_id, index] = piece
    return replace(
        spooled,
        sealed_length=SegmentLayout(SEGMENTS * SEGMENT_BYTES).sealed_length,
        checksums=tuple(hashlib.sha256(piece).digest() for piece in pieces),
    )


@pytest.mark.parametrize("received", [0, SEGMENTS // 2])
async def test_four_segments_are_put_side_by_side(world: World, received: int) -> None:
    spooled = await spooled_in_segments(world)
    under_way: set[int] = set()
    most: list[int] = []
    told: list[tuple[Step, int, int]] = []

    class Waiting(MemberConnection):
        together = asyncio.Barrier(4)

        async def put_segment(
            self, document_id: DocumentId, index: int, sealed: bytes, *, sha256: bytes
        ) -> None:
            under_way.add(index)
            most.append(len(under_way))
            async with asyncio.timeout(60):
                await self.together.wait()
            under_way.remove(index)
            await super().put_segment(document_id, index, sealed, sha256=sha256)

    early = MemberConnection(world.service)
    await early.open_deposit(
        spooled.document_id, sealed_length=spooled.sealed_length, segments=SEGMENTS
    )
    for index in range(received):
        sealed = world.spool.segment(spooled.document_id, index)
        await early.put_segment(spooled.document_id, index, sealed, sha256=spooled.checksums[index])
    sending = replace(
        world.sending(),
        mailbox=Waiting(world.service),
        progress=lambda *step: told.append(step),
    )
    sent = await resume(sending, spooled, world.own_copies, now=NOW)
    assert world.service.deposits[sent.document_id].contents == bytes(range(SEGMENTS))
    assert (len(most), max(most)) == (SEGMENTS - received, 4)
    depositing = [(done, total) for step, done, total in told if step is Step.DEPOSITING]
    assert depositing == [(done, SEGMENTS) for done in range(received, SEGMENTS + 1)]


async def test_after_an_error_no_segment_is_under_way(world: World) -> None:
    """What they use is the caller's, who closes it then; the first error is what is told."""
    spooled = await spooled_in_segments(world)
    begun: list[int] = []
    ended: list[int] = []

    class Full(MemberConnection):
        together = asyncio.Barrier(4)

        async def put_segment(
            self, _document_id: DocumentId, index: int, _sealed: bytes, *, sha256: bytes
        ) -> None:
            del sha256
            begun.append(index)
            try:
                await self.together.wait()
                if index == 2:
                    raise StorageFullError("full")
                await asyncio.Event().wait()
            finally:
                for _ in range(10):  # a connection takes its time to close
                    await asyncio.sleep(0)
                ended.append(index)

    sending = replace(world.sending(), mailbox=Full(world.service))
    async with asyncio.timeout(60):
        with pytest.raises(StorageFullError):
            await resume(sending, spooled, world.own_copies, now=NOW)
    assert sorted(begun) == sorted(ended) == [0, 1, 2, 3]


async def test_a_full_store_is_not_asked_again(world: World) -> None:
    invitation = await world.invite()

    class Full(MemberConnection):
        asked = 0

        async def put_segment(self, *_arguments: object, **_named: object) -> None:
            Full.asked += 1
            raise StorageFullError("full")

    sending = replace(world.sending(), mailbox=Full(world.service))
    with pytest.raises(StorageFullError):
        await send(sending, [REPORT], DESCRIPTION, [world.addressee(invitation)], now=NOW)
    assert Full.asked == 1
    assert world.spool.documents()


async def test_the_progress_is_told_step_by_step(world: World) -> None:
    told: list[tuple[Step, int, int]] = []

    def tell(step: Step, done: int, total: int) -> None:
        told.append((step, done, total))

    sending = replace(world.sending(), progress=tell)
    invitation = await world.invite()
    await send(sending, [REPORT], DESCRIPTION, [world.addressee(invitation)], now=NOW)
    assert [step for step, _, _ in told] == sorted(
        (step for step, _, _ in told), key=list(Step).index
    )
    assert told[-2:] == [(Step.COMPLETING, 0, 1), (Step.COMPLETING, 1, 1)]
