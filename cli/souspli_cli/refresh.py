"""Learning from the service what became of documents and invitations, and keeping it.

Nothing is believed: bindings are verified against our own copies (claim.md §5),
receipts against the identity we verified and the manifest we sealed
(sealed-document.md §6).
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

import msgspec

from souspli_cli import outbox, recipients, withdrawing
from souspli_cli.addressbook import AddressBook, Patient, SentDocument, SentTo
from souspli_cli.certificates import Certificates, Learnt, learn
from souspli_cli.errors import CliError, Refused
from souspli_cli.reissue import move_waiting
from souspli_exchange.errors import ReceiptRefusedError, RefusedError
from souspli_exchange.ids import DocumentId, InvitationId
from souspli_exchange.port_errors import NotFoundError, PortError
from souspli_exchange.ports.states import DeliveryState
from souspli_exchange.receipt import verify_receipt
from souspli_keys.public import PublicIdentity
from souspli_keys.statements import Binding

if TYPE_CHECKING:
    from collections.abc import Iterable

    from souspli_exchange.ports.sender import SentDelivery
    from souspli_exchange.receipt import Receipt
    from souspli_exchange.sending import Sending

PAGE = 100
# A letter is good for 30 days, a claim begun in time for an hour more; who has not
# claimed by then never will.
ASKED_AFTER_END_SECONDS = 2 * 86_400
# As long as a service may be put back from a backup that knows nothing of a withdrawal.
ASKED_AFTER_WITHDRAWAL_SECONDS = 90 * 86_400


@dataclass
class Refreshed:
    """What is new."""

    claimed: list[str] = field(default_factory=list[str])
    """Addresses whose binding was verified now."""
    away: bool = False
    certificates: Learnt = field(default_factory=Learnt)
    """About letters that nobody answered."""


async def refresh(sending: Sending, book: AddressBook, *, now: int) -> Refreshed:
    """Bring the address book up to what the service says and can prove.

    Raises:
        PortError: The service is away or refuses; what was learnt before is kept.
    """
    refreshed = Refreshed()
    for patient in list(book.patients()):
        if not isinstance(patient, CliError):
            await _refresh_patient(sending, book, patient, refreshed, now=now)
    await _refresh_paper(sending, book, now=now)
    known = {d.document_id: d for d in book.documents() if not isinstance(d, CliError)}
    await _refresh_documents(sending, book, known, now=now)
    await _hear_closings(sending, book, known.keys(), now=now)
    refreshed.certificates = await learn(
        sending.directory,
        book,
        organisation=sending.sender.statement.organisation,
        origin=sending.sender.origin,
    )
    return refreshed


async def _refresh_patient(
    sending: Sending, book: AddressBook, patient: Patient, refreshed: Refreshed, *, now: int
) -> None:
    """Look whether the newest letter was used; move what waits for an older one."""
    newest = patient.invitations[-1] if patient.invitations else None
    if newest is None or not newest.confirmed or patient.stopped is not None:
        return
    kept = recipients.accepted(patient, newest)
    if kept is not None and kept.attested:
        return
    if kept is None and now > newest.not_after + ASKED_AFTER_END_SECONDS:
        return
    own = recipients.own_copy(patient, newest)
    try:
        view = await sending.retry.repeat(
            lambda: sending.directory.invitation(InvitationId(newest.invitation_id))
        )
        recipient = await recipients.learn(sending, book, patient, view, own, now=now)
        recipients.hear(sending, book, patient, view, own=own, recipient=recipient)
    except (Refused, NotFoundError):
        return  # a red stop was kept; expired and superseded are shown with the document
    if recipient.binding is not None and kept is None:
        refreshed.claimed.append(patient.address)
    if recipient.binding is None:
        await move_waiting(sending, book, patient.address, now=now)


async def _refresh_paper(sending: Sending, book: AddressBook, *, now: int) -> None:
    """Look up who is on paper by the service's word and not by ours, or the other way round.

    Of those who have an account; the others were asked about one by one. What a statement
    doesn't prove changes nothing.
    """
    said = await _said_to_be_on_paper(sending)
    for patient in list(book.patients()):
        if isinstance(patient, CliError) or not patient.invitations or patient.stopped is not None:
            continue
        newest = patient.invitations[-1]
        kept = recipients.accepted(patient, newest)
        if kept is None or not kept.attested or newest.closed_since is not None:
            continue
        if said.get(newest.invitation_id) == patient.paper_since:
            continue
        own = recipients.own_copy(patient, newest)
        with contextlib.suppress(Refused, RefusedError, NotFoundError):
            view = await sending.retry.repeat(
                partial(sending.directory.invitation, InvitationId(newest.invitation_id))
            )
            recipient = await recipients.learn(sending, book, patient, view, own, now=now)
            recipients.hear(sending, book, patient, view, own=own, recipient=recipient)


async def _said_to_be_on_paper(sending: Sending) -> dict[str, int]:
    said: dict[str, int] = {}
    cursor: str | None = None
    while True:
        page = await sending.retry.repeat(
            partial(sending.directory.on_paper, after=cursor, limit=PAGE)
        )
        said.update(page.on_paper)
        cursor = page.next_cursor
        if cursor is None:
            return said


async def _refresh_documents(
    sending: Sending, book: AddressBook, known: dict[str, SentDocument], *, now: int
) -> None:
    waiting = {d.document_id for d in known.values() if d.stored and not _settled(d, now=now)}
    cursor: str | None = None
    while waiting:
        page = await sending.retry.repeat(
            partial(sending.mailbox.deposits, after=cursor, limit=PAGE)
        )
        for deposit in page.deposits:
            if deposit.document_id in waiting:
                waiting.discard(deposit.document_id)
                document = known[deposit.document_id]
                keep(sending, book, document, deposit.deliveries)
                if document.withdrawal is not None and deposit.withdrawal_hash is None:
                    # We were killed before it was answered, or the service was put back
                    # from a backup of before.
                    await _post_again(sending, book, document)
        cursor = page.next_cursor
        if cursor is None:
            break
    for document_id in waiting:
        keep(sending, book, known[document_id], ())


async def _hear_closings(
    sending: Sending, book: AddressBook, document_ids: Iterable[str], *, now: int
) -> None:
    """Ask about letters whose documents nobody can open any more, and no certificate says why.

    A purge takes nothing from who has an account: then the patient has closed it.
    """
    certificates = Certificates.of(book)
    ended = {
        (to.address, to.invitation_id)
        for document in map(book.document, document_ids)
        if document is not None
        for to in document.recipients
        if to.state == DeliveryState.EXPIRED.value
    }
    for address, invitation_id in sorted(ended):
        patient = book.patient(address)
        letter = None if patient is None else patient.letter(invitation_id)
        if patient is None or letter is None or letter.closed_since is not None:
            continue
        if certificates.of_letter(invitation_id) is not None:
            continue
        try:
            await recipients.hear_of(sending, book, patient, letter, now=now)
        except (Refused, NotFoundError):
            continue  # purged, or a red stop that was kept: shown with the document


async def _post_again(sending: Sending, book: AddressBook, document: SentDocument) -> None:
    try:
        await post_withdrawal(sending, book, document)
    except PortError as refused:
        # It shows as not passed on, and keeps nothing else from being learnt.
        if refused.temporary:
            raise


async def post_withdrawal(
    sending: Sending, book: AddressBook, document: SentDocument
) -> SentDocument:
    """Have the service take a withdrawal that was noted; learn what it was in time for.

    Raises:
        PortError: The service is away or refuses; what was noted is posted again later.
    """
    deliveries = await withdrawing.post(sending, document)
    if deliveries is not None:
        keep(sending, book, document, deliveries)
    return withdrawing.note_taken(book, document)


def _settled(document: SentDocument, *, now: int) -> bool:
    """Whether nothing more can become of it: everybody has proved that they opened it.

    And what was taken back stays so, even if the service is put back from a backup.
    """
    if document.withdrawal is not None:
        return now > document.withdrawal.withdrawn_at + ASKED_AFTER_WITHDRAWAL_SECONDS
    return all(to.opened_verified for to in document.recipients)


def keep(
    sending: Sending,
    book: AddressBook,
    document: SentDocument,
    deliveries: tuple[SentDelivery, ...],
) -> None:
    """Write what was learnt about a document, if it is new."""
    patients = {to.address: book.patient(to.address) for to in document.recipients}

    def learnt(to: SentTo) -> SentTo:
        patient = patients[to.address]
        delivery = _delivery_of(to, patient, deliveries)
        if delivery is None:
            return msgspec.structs.replace(to, state=outbox.LOST)
        return _learnt(sending, document, to, patient, delivery)

    new = tuple(map(learnt, document.recipients))
    if new != document.recipients:
        book.change_document(
            document.document_id,
            lambda there: msgspec.structs.replace(there or document, recipients=new),
        )


def _delivery_of(
    to: SentTo, patient: Patient | None, deliveries: tuple[SentDelivery, ...]
) -> SentDelivery | None:
    by_id = [d for d in deliveries if d.delivery_id == to.delivery_id]
    if by_id:
        return by_id[0]
    # An answer was lost in a crash: the delivery is the one for the same person.
    own = {i.invitation_id for i in patient.invitations} if patient is not None else set[str]()
    of_patient = [d for d in deliveries if d.invitation_id in own]
    return of_patient[0] if to.delivery_id is None and of_patient else None


def _learnt(
    sending: Sending,
    document: SentDocument,
    to: SentTo,
    patient: Patient | None,
    delivery: SentDelivery,
) -> SentTo:
    moments = {
        state.value: moment
        for state, moment in (
            (DeliveryState.STORED, delivery.stored_at),
            (DeliveryState.NOTIFIED, delivery.notified_at),
            (DeliveryState.BOUNCED, delivery.bounced_at),
            (DeliveryState.FETCHED, delivery.fetched_at),
            (DeliveryState.OPENED, delivery.opened_at),
            (DeliveryState.WITHDRAWN, delivery.withdrawn_at),
            (DeliveryState.EXPIRED, delivery.expired_at),
        )
        if moment is not None
    }
    state = delivery.state.value
    receipt = _receipt(sending, document, to, patient, delivery)
    # Proved once, proved for ever: the service can't take it back, nor say another state.
    if to.opened_verified or receipt is not None:
        opened = DeliveryState.OPENED.value
        if receipt is not None:
            moments.setdefault(opened, receipt.opened_at)
        elif opened in to.moments:
            moments[opened] = to.moments[opened]
        # Unless we took it back ourselves.
        if state != DeliveryState.WITHDRAWN.value or document.withdrawal is None:
            state = opened
    return msgspec.structs.replace(
        to,
        delivery_id=delivery.delivery_id,
        state=state,
        moments=moments,
        opened_verified=to.opened_verified or receipt is not None,
        bounce_reason=delivery.bounce_reason,
    )


def _receipt(
    sending: Sending,
    document: SentDocument,
    to: SentTo,
    patient: Patient | None,
    delivery: SentDelivery,
) -> Receipt | None:
    """Give the delivery's receipt if the identity that we verified signed it for our manifest."""
    reader = _reader(patient, delivery)
    if delivery.receipt is None or reader is None:
        return None
    try:
        return verify_receipt(
            delivery.receipt,
            reader=reader,
            document_id=DocumentId(document.document_id),
            manifest_hash=to.manifest_hash,
            origin=sending.sender.origin,
        )
    except ReceiptRefusedError:
        return None


def _reader(patient: Patient | None, delivery: SentDelivery) -> PublicIdentity | None:
    kept = patient.binding if patient is not None else None
    if kept is None or kept.invitation_id != delivery.invitation_id:
        return None
    # Verified when it was kept, in a sealed file.
    return Binding.parse(recipients.envelopes(kept).by_claim.payload).identity
