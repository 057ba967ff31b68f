"""Sending a document: look up, verify, seal into the spool, deposit, complete.

docs/specs/mailbox.md §1 and §4, claim.md §5. What a crash leaves at each step:

1. while sealing: segments in the spool without a commit; discarded at the next start.
2. after `Spool.commit`: a document that `resume` deposits, however often.
3. after the service completed the deposit: the same; `resume` gets the same answer.

The caller records the result first and then discards the document from the spool.
"""

import asyncio
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import partial

from souspli_exchange.binding import (
    OwnCopy,
    VerifiedRecipient,
    check_entry,
    sign_attestation,
    verify_recipient,
)
from souspli_exchange.consent import identity_of, verify_words
from souspli_exchange.errors import ExchangeUsageError
from souspli_exchange.ids import DeliveryId, DocumentId, InvitationId, new_document_id
from souspli_exchange.manifest import DEFAULT_LIMITS, Description, Limits
from souspli_exchange.outgoing import (
    SendingMember,
    draft_of,
    seal_into_spool,
    spool_cover,
)
from souspli_exchange.port_errors import (
    BrokenAnswerError,
    IncompleteDepositError,
    RecipientClaimedError,
)
from souspli_exchange.ports.directory import Directory, InvitationView
from souspli_exchange.ports.sender import (
    AddressedCover,
    CompletedDeposit,
    DepositProgress,
    SenderMailbox,
)
from souspli_exchange.ports.states import DepositState
from souspli_exchange.retry import RetryPolicy
from souspli_exchange.sources import Source
from souspli_exchange.spool import Spool, SpooledDocument
from souspli_keys.address import Address
from souspli_keys.public import Fingerprint

# Segments are put again when the service says that it misses some: once because a
# store lost them, twice at most; more is a service that can't keep them.
_MAX_REFILLS = 2

# One waits for the answer while another is on the line; 32 MiB in memory at most.
_PUT_AT_ONCE = 4


class Step(StrEnum):
    """What `send` is doing."""

    SEALING = "sealing"
    DEPOSITING = "depositing"
    COMPLETING = "completing"


Progress = Callable[[Step, int, int], None]
"""`(step, done, in all)`, in segments; may be called from another thread."""


def _no_progress(_step: Step, _done: int, _total: int) -> None:
    return


@dataclass(frozen=True, slots=True)
class Addressee:
    """Whom the sender means: an address, and their own copy of its invitation."""

    address: Address
    own_copy: OwnCopy


@dataclass(frozen=True, slots=True)
class SentCover:
    """What the sender keeps about one recipient of a document."""

    delivery_id: DeliveryId
    invitation_id: InvitationId
    sealed_to: Fingerprint
    manifest_hash: str
    """A receipt for this delivery has to name it."""
    verified: VerifiedRecipient | None
    """As verified on the way, to note a binding that was met; None if a resumed
    document had been stored already."""
    letter_ends_at: int | None = None
    """Until when its letter is good, says the service; None for an account."""


@dataclass(frozen=True, slots=True)
class SentDocument:
    """A document that the service has stored durably, with one delivery per recipient."""

    document_id: DocumentId
    covers: tuple[SentCover, ...]


@dataclass(frozen=True, slots=True)
class Sending:
    """Who sends, through what. Made once per program run."""

    sender: SendingMember
    directory: Directory
    mailbox: SenderMailbox
    spool: Spool
    limits: Limits = DEFAULT_LIMITS
    """Of what `send` seals; what is sealed is resumed whatever they are."""
    retry: RetryPolicy = field(default_factory=RetryPolicy)
    progress: Progress = _no_progress


async def find_recipients(
    sending: Sending, addressees: Iterable[Addressee], *, now: int
) -> tuple[VerifiedRecipient, ...]:
    """Return the verified identities to seal to; nothing is sent.

    Raises NotFoundError (invite first), InvitationExpiredError,
    InvitationSupersededError (re-issue), InvitationRefusedError and
    BindingRefusedError (red stop), BackToPaperError (print), WordRefusedError,
    and PortErrors.
    """
    found: list[VerifiedRecipient] = []
    for addressee in addressees:
        address = addressee.address
        entry = await sending.retry.repeat(partial(sending.directory.look_up, address))
        view = check_entry(entry, addressee.own_copy)
        recipient = verify_recipient(view, addressee.own_copy, now=now)
        _check_electronic(sending, view, addressee.own_copy, recipient)
        found.append(recipient)
    return tuple(found)


async def send(
    sending: Sending,
    sources: Sequence[Source],
    document: Description,
    addressees: Sequence[Addressee],
    *,
    now: int,
    document_id: DocumentId | None = None,
) -> SentDocument:
    """Send a document to everybody named, or raise and leave nothing half-done.

    `document_id` lets the caller note the document before it is sent; it must be new.
    Cancelled while it seals, it ends once the sealing threads have, and keeps nothing.
    Raises what `find_recipients`, `seal_into_spool` and `resume` raise. After an
    error of `resume` (all PortErrors, and a red stop met at the end) the document
    is in the spool: resume it, or discard it.
    """
    recipients = await find_recipients(sending, addressees, now=now)
    document_id = document_id or new_document_id()
    spooled = await _seal(sending, sources, document, recipients, document_id, now=now)
    own_copies = {a.own_copy.invitation_id: a.own_copy for a in addressees}
    verified = {recipient.invitation_id: recipient for recipient in recipients}
    progress = await _open_deposit(sending, spooled)
    await _put_missing(sending, spooled, progress)
    return await _complete(sending, spooled, verified, own_copies, now=now)


async def resume(
    sending: Sending,
    spooled: SpooledDocument,
    own_copies: Mapping[InvitationId, OwnCopy],
    *,
    now: int,
) -> SentDocument:
    """Deposit a document of the spool, whatever part of it the service has already.

    `own_copies` are the sender's, by invitation. Unless all is stored already, every
    cover's recipient is verified again: since it was sealed the invitation may have
    been claimed, or re-issued. Sends the spool's segments and seals none of them
    again. Raises PortErrors after all retries, and BindingRefusedError if a claim met
    on the way is refused.
    """
    progress = await _open_deposit(sending, spooled)
    verified: dict[InvitationId, VerifiedRecipient] = {}
    if progress.state is DepositState.UPLOADING:
        for cover in spooled.covers:
            recipient = await _verify_again(sending, cover.invitation_id, own_copies, now=now)
            verified[cover.invitation_id] = recipient
            if recipient.identity.fingerprint != cover.recipient:
                spooled = await asyncio.to_thread(_seal_again, sending, spooled, recipient)
        await _put_missing(sending, spooled, progress)
    return await _complete(sending, spooled, verified, own_copies, now=now)


async def attest(
    sending: Sending, recipient: VerifiedRecipient, address: Address, *, now: int
) -> None:
    """Tell colleagues that the recipient's binding was checked. `address` is the patient's.

    Raises PortErrors, and StatementError if the sender's role attests nothing.
    """
    if recipient.binding is None:
        raise ExchangeUsageError("a pending invitation has no binding to attest")
    attestation = sign_attestation(
        recipient.binding,
        member=sending.sender.statement,
        signer=sending.sender.identity,
        address=address,
        now=now,
    )
    await sending.retry.repeat(lambda: sending.directory.attest(attestation))


class _SealingCancelledError(Exception):
    """Ends the thread that seals, where nobody waits for its result any more."""


async def _seal(
    sending: Sending,
    sources: Sequence[Source],
    document: Description,
    recipients: Sequence[VerifiedRecipient],
    document_id: DocumentId,
    *,
    now: int,
) -> SpooledDocument:
    cancelled = threading.Event()

    def on_segment(done: int, total: int) -> None:
        if cancelled.is_set():
            raise _SealingCancelledError
        sending.progress(Step.SEALING, done, total)

    sealing = asyncio.ensure_future(
        asyncio.to_thread(
            seal_into_spool,
            sources,
            document,
            recipients,
            document_id=document_id,
            sender=sending.sender,
            spool=sending.spool,
            now=now,
            limits=sending.limits,
            on_segment=on_segment,
        )
    )
    try:
        return await asyncio.shield(sealing)
    except asyncio.CancelledError:
        # The thread goes on to the end of the segment. Waited for, since it reads files
        # that the caller is about to close, and since after the last segment it still
        # commits a document that nobody wants sent.
        cancelled.set()
        await asyncio.wait([sealing])
        sealing.exception()  # looked at: that it failed now is nobody's concern
        await asyncio.to_thread(sending.spool.discard, document_id)
        raise


async def _open_deposit(sending: Sending, spooled: SpooledDocument) -> DepositProgress:
    return await sending.retry.repeat(
        lambda: sending.mailbox.open_deposit(
            spooled.document_id,
            sealed_length=spooled.sealed_length,
            segments=len(spooled.checksums),
        )
    )


async def _put_missing(
    sending: Sending, spooled: SpooledDocument, progress: DepositProgress
) -> None:
    if progress.state is DepositState.UPLOADING:
        missing = set(range(len(spooled.checksums))) - progress.received
        await _put_segments(sending, spooled, sorted(missing))


async def _put_segments(sending: Sending, spooled: SpooledDocument, indices: Sequence[int]) -> None:
    """Put these segments, a few side by side; after an error none is under way any more."""
    total = len(spooled.checksums)
    if any(not 0 <= index < total for index in indices):
        raise BrokenAnswerError("the service misses a segment that does not exist")
    done = total - len(indices)
    sending.progress(Step.DEPOSITING, done, total)
    waiting = iter(indices)  # shared: each segment is taken by one of the tasks

    async def put_some() -> None:
        nonlocal done
        for index in waiting:
            await _put_segment(sending, spooled, index)
            done += 1
            sending.progress(Step.DEPOSITING, done, total)

    tasks = [asyncio.create_task(put_some()) for _ in range(min(_PUT_AT_ONCE, len(indices)))]
    try:
        await asyncio.gather(*tasks)
    finally:
        # The first error is the caller's; the others end here, before the caller closes
        # what they use.
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _put_segment(sending: Sending, spooled: SpooledDocument, index: int) -> None:
    # A function of its own: a segment is let go before the next one is read.
    sealed = await asyncio.to_thread(sending.spool.segment, spooled.document_id, index)
    await sending.retry.repeat(
        partial(
            sending.mailbox.put_segment,
            spooled.document_id,
            index,
            sealed,
            sha256=spooled.checksums[index],
        )
    )


async def _complete(
    sending: Sending,
    spooled: SpooledDocument,
    verified: dict[InvitationId, VerifiedRecipient],
    own_copies: Mapping[InvitationId, OwnCopy],
    *,
    now: int,
) -> SentDocument:
    sending.progress(Step.COMPLETING, 0, 1)
    refills = _MAX_REFILLS
    # Ends: each cover is sealed again once at most, since whoever was seen to claim its
    # invitation stays the one who did (`_verify_again`).
    while True:
        try:
            completed = await _complete_once(sending, spooled)
            break
        except IncompleteDepositError as incomplete:
            if not refills or not incomplete.missing:
                raise
            refills -= 1
            await _put_segments(sending, spooled, incomplete.missing)
        except RecipientClaimedError as claimed:
            invitation_id = InvitationId(claimed.invitation_id)
            recipient = await _verify_again(
                sending, invitation_id, own_copies, before=verified.get(invitation_id), now=now
            )
            sealed_to = {cover.recipient for cover in spooled.covers}
            if recipient.identity.fingerprint in sealed_to:
                raise  # the service refuses the very key that it says is in force
            spooled = await asyncio.to_thread(_seal_again, sending, spooled, recipient)
            verified[invitation_id] = recipient
    sending.progress(Step.COMPLETING, 1, 1)
    return _result(spooled, completed, verified)


async def _complete_once(sending: Sending, spooled: SpooledDocument) -> CompletedDeposit:
    covers: list[AddressedCover] = [cover.addressed for cover in spooled.covers]
    return await sending.retry.repeat(
        lambda: sending.mailbox.complete_deposit(
            spooled.document_id,
            checksums=spooled.checksums,
            covers=covers,
            sender_cover=spooled.sender_cover,
        )
    )


async def _verify_again(
    sending: Sending,
    invitation_id: InvitationId,
    own_copies: Mapping[InvitationId, OwnCopy],
    *,
    before: VerifiedRecipient | None = None,
    now: int,
) -> VerifiedRecipient:
    """Ask and verify once more; `before` is what was verified a moment ago."""
    own = own_copies.get(invitation_id)
    if own is None:
        raise BrokenAnswerError("the service names an invitation that is not in this document")
    if before is not None and before.binding is not None:
        # The own copy may be older than this claim: a service that takes it back would
        # have the document sealed to whoever holds the old letter.
        own = replace(own, seen_binding=before.binding.binding_hash)
    view = await sending.retry.repeat(lambda: sending.directory.invitation(invitation_id))
    recipient = verify_recipient(view, own, now=now)
    _check_electronic(sending, view, own, recipient)
    return recipient


def _check_electronic(
    sending: Sending, view: InvitationView, own: OwnCopy, recipient: VerifiedRecipient
) -> None:
    words = verify_words(view, own, sender=sending.sender, identity=identity_of(recipient))
    words.check_electronic()


def _seal_again(
    sending: Sending, spooled: SpooledDocument, recipient: VerifiedRecipient
) -> SpooledDocument:
    """Seal a new cover over the same contents, and have the spool know it first."""
    own = sending.sender.open_own_cover(spooled.sender_cover, spooled.document_id)
    cover = spool_cover(draft_of(own), own.document_key, recipient, sender=sending.sender)
    spooled = spooled.with_cover(cover)
    # Before it is sent: were it lost in a crash, the receipt would name a manifest
    # that nobody here knows.
    sending.spool.commit(spooled)
    return spooled


def _result(
    spooled: SpooledDocument,
    completed: CompletedDeposit,
    verified: Mapping[InvitationId, VerifiedRecipient],
) -> SentDocument:
    delivered = {new.invitation_id: new for new in completed.deliveries}
    expected = {cover.invitation_id for cover in spooled.covers}
    if completed.document_id != spooled.document_id or delivered.keys() != expected:
        raise BrokenAnswerError("the service completed another deposit")
    covers = tuple(
        SentCover(
            delivery_id=delivered[cover.invitation_id].delivery_id,
            invitation_id=cover.invitation_id,
            sealed_to=cover.recipient,
            manifest_hash=cover.manifest_hash,
            verified=verified.get(cover.invitation_id),
            letter_ends_at=delivered[cover.invitation_id].letter_ends_at,
        )
        for cover in spooled.covers
    )
    return SentDocument(spooled.document_id, covers)
