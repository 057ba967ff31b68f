"""Sending a document: look up, verify, seal into the spool, deposit, complete.

docs/specs/mailbox.md §1 and §4, claim.md §5. What a crash leaves at each step:

1. while sealing: segments in the spool without a commit; discarded at the next start.
2. after `Spool.commit`: a document that `resume` deposits, however often.
3. after the service completed the deposit: the same; `resume` gets the same answer.

The caller records the result first and then discards the document from the spool.
"""

import asyncio
import threading
from collections.abc import Iterable, Mapping, Sequence

from souspli_exchange.binding import OwnCopy, VerifiedRecipient
from souspli_exchange.ids import DocumentId, InvitationId, new_document_id
from souspli_exchange.manifest import Description
from souspli_exchange.outgoing import draft_of, seal_into_spool, spool_cover
from souspli_exchange.port_errors import (
    BrokenAnswerError,
    IncompleteDepositError,
    RecipientClaimedError,
)
from souspli_exchange.ports.sender import AddressedCover, CompletedDeposit
from souspli_exchange.ports.states import DepositState
from souspli_exchange.recipients import find_recipients, verify_again
from souspli_exchange.sending import Addressee, Sending, SentCover, SentDocument, Step
from souspli_exchange.sources import Source
from souspli_exchange.spool import SpooledDocument
from souspli_exchange.uploading import open_deposit, put_missing, put_segments

# Segments are put again when the service says that it misses some: once because a
# store lost them, twice at most; more is a service that can't keep them.
_MAX_REFILLS = 2


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
    progress = await open_deposit(sending, spooled)
    await put_missing(sending, spooled, progress)
    return await _complete(sending, spooled, verified, own_copies, now=now)


async def resume(
    sending: Sending,
    spooled: SpooledDocument,
    own_copies: Mapping[InvitationId, OwnCopy],
    *,
    just_verified: Iterable[VerifiedRecipient] = (),
    now: int,
) -> SentDocument:
    """Deposit a document of the spool, whatever part of it the service has already.

    `own_copies` are the sender's, by invitation. Unless all is stored already, every
    cover's recipient is verified again: since it was sealed the invitation may have
    been claimed, or re-issued; those that were verified for this very try need not be.
    Sends the spool's segments and seals none of them
    again. Raises PortErrors after all retries, and BindingRefusedError if a claim met
    on the way is refused.
    """
    progress = await open_deposit(sending, spooled)
    verified = {recipient.invitation_id: recipient for recipient in just_verified}
    if progress.state is DepositState.UPLOADING:
        for cover in spooled.covers:
            recipient = verified.get(cover.invitation_id)
            if recipient is None:
                recipient = await verify_again(sending, cover.invitation_id, own_copies, now=now)
                verified[cover.invitation_id] = recipient
            if recipient.identity.fingerprint != cover.recipient:
                spooled = await asyncio.to_thread(_seal_again, sending, spooled, recipient)
        await put_missing(sending, spooled, progress)
    return await _complete(sending, spooled, verified, own_copies, now=now)


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
    # invitation stays the one who did (`verify_again`).
    while True:
        try:
            completed = await _complete_once(sending, spooled)
            break
        except IncompleteDepositError as incomplete:
            if not refills or not incomplete.missing:
                raise
            refills -= 1
            await put_segments(sending, spooled, incomplete.missing)
        except RecipientClaimedError as claimed:
            invitation_id = InvitationId(claimed.invitation_id)
            recipient = await verify_again(
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
