"""Sending through a service that fails, forgets nothing, and sees claims come in."""

import asyncio
import hashlib
import threading
from dataclasses import replace

import pytest
from exchange.people import DAY, DESCRIPTION, NOW, PATIENT_ADDRESS, Practice, make_practice
from exchange.simulator import Fault, MemberConnection, MemorySpool
from exchange.world import AT_ONCE, REPORT, World

from souspli_exchange import retry
from souspli_exchange.binding import OwnCopy
from souspli_exchange.errors import (
    BindingRefusedError,
    ExchangeUsageError,
    InvitationRefusedError,
    SenderRefusedError,
    SourceChangedError,
    TooLargeToSendError,
)
from souspli_exchange.ids import DocumentId
from souspli_exchange.port_errors import (
    InvitationExpiredError,
    InvitationSupersededError,
    NotFoundError,
    StorageFullError,
    UnavailableError,
)
from souspli_exchange.ports import InvitationStatus
from souspli_exchange.receive import reseal_waiting
from souspli_exchange.retry import RetryPolicy
from souspli_exchange.segments import SEGMENT_BYTES, SegmentLayout
from souspli_exchange.send import Addressee, Step, attest, find_recipients, resume, send
from souspli_exchange.sources import BytesSource
from souspli_exchange.spool import SpooledDocument
from souspli_keys.address import Address
from souspli_keys.identity import Identity
from souspli_keys.statements import sign_statement

# look up, open, put the one segment, complete.
CALLS_OF_A_SMALL_SEND = 4


@pytest.fixture
def world(practice: Practice) -> World:
    return World(practice)


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


async def test_a_send_cancelled_while_it_seals_keeps_nothing(world: World) -> None:
    invitation = await world.invite()
    reading, go_on = threading.Event(), threading.Event()

    class Slow(BytesSource):
        def read_into(self, offset: int, out: memoryview) -> None:
            reading.set()
            go_on.wait()
            super().read_into(offset, out)

    slow = Slow("a.txt", "text/plain", b"x")
    sending = asyncio.create_task(world.send(invitation, sources=[slow]))
    await asyncio.to_thread(reading.wait)
    sending.cancel()
    await asyncio.sleep(0)
    assert not sending.done()
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await sending
    assert not world.spool.documents()
    assert not world.spool.segments
    assert not world.service.deposits


async def test_a_send_cancelled_while_it_commits_keeps_nothing(world: World) -> None:
    committing, go_on = threading.Event(), threading.Event()

    class Slow(MemorySpool):
        def commit(self, document: SpooledDocument) -> None:
            committing.set()
            go_on.wait()
            super().commit(document)

    world.spool = Slow()
    sending = asyncio.create_task(world.send(await world.invite()))
    await asyncio.to_thread(committing.wait)
    sending.cancel()
    await asyncio.sleep(0)
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await sending
    assert not world.spool.documents()
    assert not world.spool.segments
    assert not world.service.deposits


async def test_a_large_send_cancelled_while_it_seals_ends_soon(world: World) -> None:
    invitation = await world.invite()
    reading = threading.Event()
    read: set[int] = set()

    class Told(BytesSource):
        def read_into(self, offset: int, out: memoryview) -> None:
            read.add(offset)
            reading.set()
            super().read_into(offset, out)

    told = Told("a.bin", "a/b", bytes(40 * SEGMENT_BYTES))
    before = set(threading.enumerate())
    sending = asyncio.create_task(world.send(invitation, sources=[told]))
    await asyncio.to_thread(reading.wait)
    sending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sending
    assert max(read) < 39 * SEGMENT_BYTES
    left = set(threading.enumerate()) - before
    assert not [thread for thread in left if thread.name.startswith("souspli-")]
    assert not world.spool.segments
    assert not world.service.deposits


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


async def test_delays_grow_and_the_service_s_wish_is_followed() -> None:
    delays: list[float] = []

    async def sleep(seconds: float) -> None:
        delays.append(seconds)

    failures = [None, None, None, 7.0, 900.0]

    async def call() -> str:
        if failures:
            raise UnavailableError("no", retry_after=failures.pop(0))
        return "done"

    policy = RetryPolicy(sleep=sleep)
    assert await policy.repeat(call) == "done"
    assert all(0.75 * 2**n <= delay <= 2**n for n, delay in enumerate(delays[:3]))
    assert delays[3:] == [7.0, policy.longest_delay]


async def test_a_service_that_is_never_back_is_asked_seven_times_within_a_minute(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    delays: list[float] = []
    asked: list[str] = []

    async def sleep(seconds: float) -> None:
        delays.append(seconds)

    async def call() -> None:
        asked.append("again")
        raise UnavailableError("no")

    monkeypatch.setattr(retry.random, "random", lambda: 1.0)
    with pytest.raises(UnavailableError):
        await RetryPolicy(sleep=sleep).repeat(call)
    assert len(asked) == 7
    assert delays == [0.75, 1.5, 3.0, 6.0, 12.0, 22.5]


async def test_what_is_refused_for_good_is_not_asked_again() -> None:
    asked: list[str] = []

    async def call() -> None:
        asked.append("again")
        raise NotFoundError("no")

    with pytest.raises(NotFoundError):
        await AT_ONCE.repeat(call)
    assert len(asked) == 1


async def test_waiting_covers_survive_a_fault_at_any_call_of_the_re_sealing(
    world: World,
) -> None:
    for call in range(4):
        for fault in Fault:
            fresh = World(world.practice)
            invitation = await fresh.invite()
            await fresh.send(invitation)
            patient = await fresh.claim(invitation)
            resealed = await reseal_waiting(
                patient.receiving({call: fault}), patient.account.vault.identity, now=NOW
            )
            assert not resealed.failures
            again = await reseal_waiting(
                patient.receiving(), patient.account.vault.identity, now=NOW
            )
            assert not again.deliveries
            assert await patient.read_all() == [{REPORT.name: REPORT.content}]
