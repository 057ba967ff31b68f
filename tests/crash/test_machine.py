"""Deliveries in any order of events, doubled, late, broken off: no path breaks a promise.

A state machine (hypothesis) drives the service's own records, outbox, worker and sweeper
on a real SQLite database, beside a model of a few dictionaries. What the model does not
know is what the service must not depend on: which of two workers was first, what a
killed one had done.
"""

from __future__ import annotations

import asyncio
import contextlib
import shutil
from typing import TYPE_CHECKING

import pytest
from crash.machine_parts import (
    ADDRESSES,
    CHECKSUM,
    LONGEST_SECONDS,
    SEALED,
    Document,
    Recipient,
    Sending,
    memory_folder,
)
from crash.machine_world import World, make_beginning
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    precondition,
    rule,
)
from simulation.rows import NO_QUOTA, NOW, Rows, hex32, hex64, new_cover, sha256

from souspli_exchange.ports.states import DeliveryState
from souspli_mailbox.deliveries import INITIAL, DeliveryEvent
from souspli_mailbox.jobs import LEASE_SECONDS
from souspli_mailbox.records import completion, deliveries, deposits
from souspli_mailbox.records.errors import LeaseLostError, NotFoundError
from souspli_mailbox.records.jobs import JobName, claim_jobs, next_due
from souspli_mailbox.routes.deposits import _begin, _complete
from souspli_storage.errors import StorageError, StoreUnavailableError
from souspli_storage.memory import Fault

if TYPE_CHECKING:
    from collections.abc import Iterator

breaks = st.sampled_from([None, None, None, Fault.BEFORE, Fault.AFTER])


@pytest.fixture(scope="module", autouse=True)
def beginning() -> Iterator[None]:
    folder = memory_folder()
    World.beginning = make_beginning(folder)
    yield
    shutil.rmtree(folder)


class DeliveryMachine(World):
    """See the module."""

    documents = Bundle("documents")

    def teardown(self) -> None:
        try:
            self.let_it_end()
        finally:
            for sending in self.sendings:
                self.drop(sending)
            self.loop.close()
            self.database.close()
            shutil.rmtree(self.folder)

    # --- the sender -------------------------------------------------------------------

    @rule(target=documents, to=st.sampled_from([ADDRESSES[:1], ADDRESSES[1:], ADDRESSES]))
    def seal(self, to: tuple[str, ...]) -> Document:
        document = Document(
            hex32(),
            hex64(),
            {
                one: new_cover(self.recipients[one].invitation_id, self.recipients[one].fingerprint)
                for one in to
            },
        )
        self.sent[document.document_id] = document
        return document

    def open(self, document: Document, fault: Fault | None = None) -> deposits.Deposit | None:
        practice = self.beginning.practice
        deposit: deposits.Deposit | None = self.write(
            fault,
            deposits.open_deposit,
            deposit=deposits.NewDeposit(
                organisation=practice.organisation.fingerprint,
                document_id=document.document_id,
                member=practice.member.fingerprint,
                object_key=hex32(),
                sealed_length=len(SEALED),
                segments=1,
            ),
            quota=NO_QUOTA,
            now=self.now,
        )
        return deposit

    @rule(document=documents, row=breaks, upload=breaks, part=breaks, only_open=st.booleans())
    def upload(
        self,
        document: Document,
        row: Fault | None,
        upload: Fault | None,
        part: Fault | None,
        only_open: bool,
    ) -> None:
        """Open the deposit and put the segment: again and again is fine."""
        deposit = self.open(document, row)
        if deposit is None:
            return
        try:
            with self.breaking("begin", upload):
                received = _begin(self.blobs, deposit)
            assert document.kept <= bool(received), "a kept part is gone"
            if only_open:
                return
            with self.breaking("put_part", part):
                self.blobs.put_part(deposit.object_key, 0, SEALED, CHECKSUM, of=deposit.segments)
        except StoreUnavailableError:
            return
        document.kept = True

    @rule(document=documents, whole=breaks, row=breaks)
    def complete(self, document: Document, whole: Fault | None, row: Fault | None) -> None:
        """Complete, or repeat it: every answer is the first one's."""
        practice = self.beginning.practice
        where = {
            "organisation": practice.organisation.fingerprint,
            "document_id": document.document_id,
        }
        request = {"request_hash": document.request_hash}
        covers = tuple(document.covers.values())
        try:
            deposit = self.database.read_now(deposits.read_deposit, **where)
            done = self.database.read_now(completion.completed_deposit, **where, **request)
        except NotFoundError:
            assert not document.stored, "a stored deposit is gone"
            return
        if done is None:
            assert not document.stored, "a stored deposit is uploading again"
            if any(
                self.recipients[one].fingerprint != cover.recipient_fingerprint
                for one, cover in document.covers.items()
            ):
                return  # claimed meanwhile: the sender has to seal again
            try:
                with self.breaking("complete", whole):
                    _complete(self.blobs, deposit, [CHECKSUM])
            except StorageError:
                return
            done = self.write(
                row,
                completion.complete_deposit,
                **where,
                **request,
                covers=covers,
                sender_cover=b"own",
                sender_cover_hash=sha256(b"own"),
                quota=NO_QUOTA,
                now=self.now,
            )
            if row is not Fault.BEFORE:
                document.stored = True
                for address, cover in document.covers.items():
                    self.states[cover.delivery_id] = address, INITIAL
        if done is not None:
            made = [(one.delivery_id, one.invitation_id) for one in done]
            assert document.answered in (None, made), "another answer than the first time"
            document.answered = made
            # Of the letter, what holds when it is asked.
            for one in done:
                address, _ = self.states[one.delivery_id]
                assert (one.letter_ends_at is None) == (address in self.claimed)

    @rule(to=st.sampled_from([ADDRESSES[:1], ADDRESSES[1:], ADDRESSES]), target=documents)
    def deliver(self, to: tuple[str, ...]) -> Document:
        """All of that without a fault: most documents arrive."""
        document: Document = self.seal(to)  # type: ignore[assignment]  # a rule called as a method
        self.upload(document, None, None, None, only_open=False)
        self.complete(document, None, None)
        return document

    # --- the service's own work ----------------------------------------------------------

    @rule()
    def take_job(self) -> None:
        """A worker takes a job and gets as far as the relay, or finds nothing to tell."""
        taken = self.database.write_now(
            claim_jobs,
            names=[JobName.NOTIFY],
            lease=hex32(),
            now=self.now,
            lease_until=self.now + LEASE_SECONDS,
            most=1,
        )
        if not taken:
            return
        (job,) = taken
        before = len(self.relay.waiting)
        self.relay.entered.clear()
        task = self.loop.create_task(self.worker._settle(job))
        self.loop.run_until_complete(self.until_it_waits(task))
        if task.done():
            task.result()
            return
        ((address, answer),) = self.relay.waiting[before:]
        self.sendings.append(Sending(job, address, task, answer, self.now))

    async def until_it_waits(self, task: asyncio.Task[None]) -> None:
        entered = asyncio.ensure_future(self.relay.entered.wait())
        await asyncio.wait({task, entered}, return_when=asyncio.FIRST_COMPLETED)
        entered.cancel()

    @precondition(lambda self: self.sendings)
    @rule(
        which=st.integers(0, 9),
        answer=st.sampled_from(["accepted", "accepted, answer lost", "refused", "delayed"]),
    )
    def relay_answers(self, which: int, answer: str) -> None:
        sending = self.sendings.pop(which % len(self.sendings))
        told = self.relay.told[sending.address]
        sending.answer.set_result(answer)
        try:
            self.loop.run_until_complete(sending.task)
        except LeaseLostError:
            # Somebody else has the job: nothing of this one was written down.
            told.unrecorded += answer.startswith("accepted")
            return
        if answer == "accepted, answer lost" or self.now >= sending.begun_at + LEASE_SECONDS:
            told.unrecorded += answer.startswith("accepted")
        if answer == "accepted":
            self.accept(sending.address, begun_at=sending.begun_at)
        elif answer == "refused":
            self.bounce(sending.job.ids["delivery_id"], begun_at=sending.begun_at)

    @precondition(lambda self: self.sendings)
    @rule(which=st.integers(0, 9), accepted=st.booleans())
    def worker_dies(self, which: int, accepted: bool) -> None:
        """Killed while it waits for the relay, which may have the mail."""
        sending = self.sendings.pop(which % len(self.sendings))
        self.drop(sending)
        if accepted:
            self.relay.told[sending.address].accepted += 1
            self.relay.told[sending.address].unrecorded += 1

    def drop(self, sending: Sending) -> None:
        """End a task where it is: it catches nothing on the way out."""
        sending.task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            self.loop.run_until_complete(sending.task)

    @rule()
    def sweep(self) -> None:
        self.loop.run_until_complete(self.sweeper.sweep(None))  # type: ignore[arg-type]  # not looked at
        known = {row.document_id for row in self.rows("deposits")}
        for document in self.sent.values():
            if document.document_id not in known:
                assert not document.stored, "a stored deposit was swept"
                document.kept = False

    @rule(seconds=st.sampled_from([1, 31, LEASE_SECONDS + 1, 3_600, 26 * 3_600, -26 * 3_600]))
    def time_passes(self, seconds: int) -> None:
        """A clock may also jump back."""
        if self.passed + seconds <= LONGEST_SECONDS and self.now + seconds > NOW:
            self.now += seconds
            self.furthest = max(self.furthest, self.now)
            self.passed += max(seconds, 0)

    # --- the recipients --------------------------------------------------------------------

    @rule()
    def claim(self) -> None:
        """The pending patient makes an account: what waited is theirs."""
        address = ADDRESSES[0]
        if address in self.claimed:
            return
        recipient = self.recipients[address]
        rows = Rows(self.database)
        account = rows.claim(recipient, now=self.now)
        self.recipients[address] = Recipient(recipient.invitation_id, account.fingerprint)
        self.claimed.add(address)

    @precondition(lambda self: self.states)
    @rule(which=st.integers(0, 99), fault=breaks)
    def collect(self, which: int, fault: Fault | None) -> None:
        delivery_id = self.delivery(which)
        self.write(
            fault,
            deliveries.record_event,
            delivery_id=delivery_id,
            event=DeliveryEvent.COLLECTED,
            now=self.now,
        )
        if fault is not Fault.BEFORE:
            self.advance(delivery_id, DeliveryEvent.COLLECTED)

    @precondition(lambda self: self.states)
    @rule(which=st.integers(0, 99), fault=breaks)
    def receipt(self, which: int, fault: Fault | None) -> None:
        delivery_id = self.delivery(which)
        self.write(
            fault,
            deliveries.keep_receipt,
            delivery_id=delivery_id,
            receipt=b"receipt",
            now=self.now,
        )
        if fault is not Fault.BEFORE:
            self.advance(delivery_id, DeliveryEvent.RECEIPT)
            self.receipts.add(delivery_id)

    # --- how it has to end -------------------------------------------------------------------

    def let_it_end(self) -> None:
        """Nothing fails any more: everybody is told, and nothing is left lying about."""
        while self.sendings:
            self.relay_answers(0, "accepted")
        for _ in range(200):
            due = self.database.read_now(next_due, names=[JobName.NOTIFY])
            if due is None:
                break
            self.passed += max(due - self.now, 0)
            self.now = max(self.now, due)
            self.take_job()
            while self.sendings:
                self.relay_answers(0, "accepted")
        jobs = [row for row in self.rows("jobs") if row.job == JobName.NOTIFY]
        assert jobs == [], "a job that never ends"
        for delivery_id, (address, state) in self.states.items():
            if state is DeliveryState.BOUNCED:
                assert delivery_id in self.bounced
            else:
                assert state is not DeliveryState.STORED, "never told"
            if state is DeliveryState.NOTIFIED:
                assert self.relay.told[address].accepted
        self.states_are_the_models()
        self.nobody_is_told_too_often()
        # What was opened by a clock that was ahead is a day old a day after that.
        self.now = max(self.now, self.furthest) + 26 * 3_600
        self.sweep()
        self.sweep()
        deposits_left = self.rows("deposits")
        assert {row.state for row in deposits_left} <= {"stored"}
        keys = {*self.blobs.incomplete(), *self.blobs.objects()}
        assert keys == {row.object_key for row in deposits_left}, "an orphan was not swept"
        assert self.rows("condemned_objects") == []
        self.each_document_is_there_once_and_whole()


DeliveryMachine.TestCase.settings = settings(
    max_examples=60,
    stateful_step_count=40,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
TestDeliveries = DeliveryMachine.TestCase
