"""Between the address book and the exchange: whom we mean, and what we learnt of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from souspli_cli import consenting, people
from souspli_cli.addressbook import AcceptedBinding, Patient
from souspli_cli.errors import CliError, Refused
from souspli_exchange import errors as exchange
from souspli_exchange import port_errors as port
from souspli_exchange.binding import OwnCopy, VerifiedRecipient, check_entry, verify_recipient
from souspli_exchange.consent import identity_of
from souspli_exchange.ids import InvitationId
from souspli_exchange.ports.directory import InvitationView
from souspli_exchange.ports.statements import BindingEnvelopes
from souspli_exchange.ports.states import InvitationStatus
from souspli_exchange.recipients import attest
from souspli_keys import dsse
from souspli_keys.address import Address
from souspli_keys.errors import RoleError

if TYPE_CHECKING:
    from souspli_cli.addressbook import AddressBook, OwnInvitation
    from souspli_exchange.consent import VerifiedWords
    from souspli_exchange.sending import Sending
    from souspli_keys.dsse import Envelope


def current(patient: Patient) -> OwnInvitation:
    """Give the invitation in force, as far as is known here.

    Raises:
        Refused: A red stop; or the newest invitation never got its answer, and so
            nobody has a letter for it.
    """
    if patient.moved_to is not None:
        raise Refused("address_corrected", address=patient.address, right=patient.moved_to)
    if patient.stopped is not None:
        raise Refused("red_stop", address=patient.address)
    if not patient.invitations:
        raise Refused("no_invitation", address=patient.address)
    newest = patient.invitations[-1]
    if not newest.confirmed:
        raise Refused("invitation_unconfirmed", address=patient.address)
    return newest


def own_copy(patient: Patient, invitation: OwnInvitation) -> OwnCopy:
    """Give the own copy of an invitation as the exchange checks things against it."""
    later = patient.invitations[patient.invitations.index(invitation) + 1 :]
    kept = accepted(patient, invitation)
    return OwnCopy(
        record=dsse.parse(invitation.record),
        superseded=any(other.confirmed for other in later),
        seen_binding=kept.binding_hash if kept is not None else None,
    )


def not_before_of(record: Envelope) -> int:
    """Give the moment from which an invitation record of ours is in force."""
    return OwnCopy(record).invitation.not_before


def accepted(patient: Patient, invitation: OwnInvitation) -> AcceptedBinding | None:
    """Give the binding that was accepted for this very invitation, if any."""
    kept = patient.binding
    same = kept is not None and kept.invitation_id == invitation.invitation_id
    return kept if same else None


async def find(
    sending: Sending, book: AddressBook, patient: Patient, *, now: int
) -> VerifiedRecipient:
    """Ask the service about a patient and give the verified identity to seal to.

    What was learnt is kept: an accepted binding, or a red stop.

    Raises:
        Refused: Not to be sent to; the words hold the command that helps.
        PortError: The service is away, or answers something else.
    """
    newest = current(patient)
    own = own_copy(patient, newest)
    try:
        entry = await sending.retry.repeat(lambda: sending.directory.look_up(patient.address))
        view = check_entry(entry, own)
    except port.NotFoundError:
        # Nobody is found by the address of an account that was closed.
        await _check_open(sending, book, patient, newest, now=now)
        raise Refused("no_invitation", address=patient.address) from None
    except exchange.InvitationRefusedError:
        raise Refused("invitation_superseded", address=patient.address) from None
    recipient = await learn(sending, book, patient, view, own, now=now)
    try:
        hear(sending, book, patient, view, own=own, recipient=recipient).check_electronic()
    except port.BackToPaperError as paper:
        raise consenting.on_paper(paper, patient.address) from None
    return recipient


async def _check_open(
    sending: Sending, book: AddressBook, patient: Patient, letter: OwnInvitation, *, now: int
) -> None:
    """Refuse with the patient's own word if they closed their account; nothing if not."""
    try:
        words = await hear_of(sending, book, patient, letter, now=now)
    except port.NotFoundError:
        return
    if words.closed is not None:
        try:
            words.check_electronic()
        except port.BackToPaperError as closed:
            raise consenting.on_paper(closed, patient.address) from None


async def hear_of(
    sending: Sending, book: AddressBook, patient: Patient, letter: OwnInvitation, *, now: int
) -> VerifiedWords:
    """Learn what became of one of our letters, and what was said by whoever used it.

    Raises as `learn`, NotFoundError.
    """
    view = await sending.retry.repeat(
        lambda: sending.directory.invitation(InvitationId(letter.invitation_id))
    )
    own = own_copy(patient, letter)
    recipient = await learn(sending, book, patient, view, own, now=now)
    # What was just learnt is in the book.
    known = book.patient(patient.address) or patient
    return hear(sending, book, known, view, own=own, recipient=recipient)


def hear(
    sending: Sending,
    book: AddressBook,
    patient: Patient,
    view: InvitationView,
    *,
    own: OwnCopy,
    recipient: VerifiedRecipient,
) -> VerifiedWords:
    """Verify and keep what was said about electronic or paper (consent.md §6).

    Raises:
        RefusedError: The service shows a statement that does not verify.
    """
    return consenting.hear(
        book,
        patient,
        view,
        own,
        sender=sending.sender,
        identity=identity_of(recipient),
    )


async def learn(
    sending: Sending,
    book: AddressBook,
    patient: Patient,
    view: InvitationView,
    own: OwnCopy,
    *,
    now: int,
) -> VerifiedRecipient:
    """Verify what the service says of an own invitation, and keep what it means.

    Raises:
        Refused: As `find` does.
        PortError: Colleagues could not be told of a new binding.
    """
    try:
        recipient = verify_recipient(view, own, now=now)
    except exchange.BindingRefusedError:
        # Kept first: whatever happens next, nothing is sent there any more.
        _stop(book, patient, own.invitation_id)
        raise Refused("red_stop", address=patient.address) from None
    except (port.ConflictError, exchange.InvitationRefusedError) as refused:
        raise in_words(refused, patient.address) or refused from None
    if recipient.binding is not None and view.binding is not None:
        # Of an account that is closed there is nothing left to tell colleagues.
        tell = view.closed is None
        await _keep(sending, book, patient, recipient, view.binding, tell=tell, now=now)
    return recipient


def offline(patient: Patient, *, now: int) -> VerifiedRecipient:
    """Give the identity that was in force when the service was last asked.

    For sealing while the service is away: before anything is deposited every
    recipient is verified again, and sealed to again if it has changed.
    """
    invitation = current(patient)
    if patient.paper_since is not None:
        raise Refused(
            "back_to_paper_known",
            address=patient.address,
            date=people.shown_day(patient.paper_since),
        )
    kept = accepted(patient, invitation)
    view = InvitationView(
        invitation_id=InvitationId(invitation.invitation_id),
        status=InvitationStatus.PENDING if kept is None else InvitationStatus.CLAIMED,
        binding=envelopes(kept) if kept is not None else None,
        attestation=None,
    )
    try:
        return verify_recipient(view, own_copy(patient, invitation), now=now)
    except port.InvitationExpiredError as refused:
        raise in_words(refused, patient.address) or refused from None


def envelopes(kept: AcceptedBinding) -> BindingEnvelopes:
    """Give a kept binding as it travelled."""
    return BindingEnvelopes(
        by_claim=dsse.parse(kept.by_claim), by_identity=dsse.parse(kept.by_identity)
    )


def in_words(error: Exception, address: str) -> CliError | None:
    """Give the end that a refused recipient means; None where it is about something else."""
    match error:
        case port.InvitationExpiredError():
            return Refused("invitation_expired", address=address)
        case port.InvitationSupersededError():
            return Refused("invitation_superseded", address=address)
        case port.BackToPaperError():
            return consenting.on_paper(error, address)
        case exchange.BindingRefusedError():
            return Refused("red_stop", address=address)
        case _:
            return None


async def _keep(
    sending: Sending,
    book: AddressBook,
    patient: Patient,
    recipient: VerifiedRecipient,
    binding: BindingEnvelopes,
    *,
    tell: bool,
    now: int,
) -> None:
    """Keep an accepted binding, then tell colleagues; a crash in between tells them later."""
    if recipient.binding is None:
        return
    known = patient.binding
    new = known is None or known.binding_hash != recipient.binding.binding_hash
    attested = recipient.attested or (known is not None and not new and known.attested)
    kept = AcceptedBinding(
        invitation_id=recipient.invitation_id,
        binding_hash=recipient.binding.binding_hash,
        by_claim=binding.by_claim.to_json(),
        by_identity=binding.by_identity.to_json(),
        attested=attested,
    )
    if new:
        _put(book, patient, kept)
    if tell and not attested:
        try:
            await attest(sending, recipient, Address(patient.address), now=now)
        except RoleError:
            return  # a role that attests nothing: a colleague will
        _put(book, patient, msgspec.structs.replace(kept, attested=True))


def _put(book: AddressBook, patient: Patient, binding: AcceptedBinding) -> None:
    def change(there: Patient | None) -> Patient:
        return msgspec.structs.replace(there or patient, binding=binding)

    book.change_patient(patient.address, change)


def _stop(book: AddressBook, patient: Patient, invitation_id: InvitationId) -> None:
    def change(there: Patient | None) -> Patient:
        return msgspec.structs.replace(there or patient, stopped=invitation_id)

    book.change_patient(patient.address, change)
