"""What an invitation replaces, and how it is published so that nothing is lost.

docs/specs/claim.md §1 and §3.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from souspli_cli import consenting, recipients
from souspli_cli.addressbook import OwnInvitation, Patient, with_invitation
from souspli_cli.errors import Refused
from souspli_exchange import port_errors as port
from souspli_exchange.binding import verify_claim
from souspli_exchange.errors import BindingRefusedError
from souspli_exchange.ports import InvitationStatus

if TYPE_CHECKING:
    from souspli_cli.addressbook import AddressBook, Traits
    from souspli_exchange.binding import OwnCopy
    from souspli_exchange.consent import VerifiedWords
    from souspli_exchange.invitation import NewInvitation
    from souspli_exchange.ports import DirectoryEntry
    from souspli_exchange.send import Sending
    from souspli_keys.address import Address
    from souspli_keys.dsse import Envelope


@dataclass(frozen=True)
class Plan:
    """What the new invitation does to the one before it."""

    supersedes: OwnCopy | None = None
    """The own copy of the one that it replaces."""
    new_account: bool = False
    """Whether the patient has an account, which this one does not lead into."""
    words: VerifiedWords | None = None
    """What was said on the line that it goes on with."""


async def plan(
    sending: Sending, book: AddressBook, known: Patient | None, address: Address, *, again: bool
) -> Plan:
    """Say what a new invitation replaces, as things stand at the service.

    Raises:
        Refused: One waits or was used and ``again`` was not asked for; or there is
            none to replace; or the one that waits was made on another machine.
        PortError: The service is away.
    """
    try:
        entry = await sending.retry.repeat(lambda: sending.directory.look_up(address))
    except port.NotFoundError:
        if again and (known is None or not known.invitations):
            raise Refused("nothing_to_replace", address=address) from None
        return Plan()
    status = entry.invitation.status
    if status is InvitationStatus.CLAIMED:
        if not again:
            raise Refused("invitation_claimed", address=address)
        return Plan(new_account=True, words=_last_words(sending, book, known, entry))
    if status is InvitationStatus.PENDING and not again:
        raise Refused("invitation_pending", address=address)
    own = _own_copy_of(known, entry.record.payload_hash)
    if own is None and status is InvitationStatus.PENDING:
        raise Refused("invitation_pending_elsewhere", address=address)
    if own is None or known is None:
        return Plan(supersedes=own)
    words = consenting.hear(
        book, known, entry.invitation, own, sender=sending.sender, identity=None
    )
    return Plan(supersedes=own, words=words)


def _last_words(
    sending: Sending, book: AddressBook, known: Patient | None, entry: DirectoryEntry
) -> VerifiedWords | None:
    """Give what was said while the account before was used; None if that can't be known.

    Who went back to paper there has not agreed to a new letter.
    """
    own = _own_copy_of(known, entry.record.payload_hash)
    if own is None or known is None:
        return None
    try:
        identity = verify_claim(entry.invitation.binding, own).binding.identity
    except BindingRefusedError:
        return None  # a red stop: nobody knows whose word it is
    return consenting.hear(
        book, known, entry.invitation, own, sender=sending.sender, identity=identity
    )


async def publish(
    sending: Sending,
    book: AddressBook,
    traits: Traits,
    address: Address,
    drawn: NewInvitation,
    *,
    consent: Envelope | None,
) -> None:
    """Keep our own copy, publish, note the answer: in this order.

    A crash after the first step leaves an invitation nobody has a letter for; the
    next one replaces it.

    Raises:
        Refused: Somebody was quicker.
        PortError: The service is away (the copy stays, unconfirmed) or refuses.
    """
    copy = OwnInvitation(
        invitation_id=drawn.invitation_id,
        record=drawn.record.to_json(),
        record_hash=drawn.record.payload_hash,
        not_before=recipients.not_before_of(drawn.record),
        not_after=drawn.not_after,
        confirmed=False,
    )

    def keep(there: Patient | None) -> Patient:
        patient = there or Patient(address=address, traits=traits)
        return with_invitation(msgspec.structs.replace(patient, traits=traits), copy)

    book.change_patient(address, keep)
    try:
        await sending.retry.repeat(
            lambda: sending.directory.publish_invitation(
                record=drawn.record,
                letter_number=drawn.letter_number,
                person_checks=drawn.person_checks,
                address=address,
                consent=consent,
            )
        )
    except (port.ConflictError, port.RequestRefusedError) as refused:
        # Definite: nobody has it, and nobody will.
        book.change_patient(address, lambda there: _without(there, copy, address, traits))
        raise _in_words(refused, address) from None

    def confirm(there: Patient | None) -> Patient:
        patient = keep(there)
        done = msgspec.structs.replace(copy, confirmed=True)
        if consent is not None:
            patient = msgspec.structs.replace(
                patient, words=consenting.words_with(sending.sender, consent)
            )
        # The new letter ends a red stop: it was handed over in person.
        return with_invitation(msgspec.structs.replace(patient, stopped=None), done)

    book.change_patient(address, confirm)


def _own_copy_of(known: Patient | None, record_hash: str) -> OwnCopy | None:
    for invitation in known.invitations if known is not None else ():
        if known is not None and invitation.record_hash == record_hash:
            return recipients.own_copy(known, invitation)
    return None


def _without(
    there: Patient | None, copy: OwnInvitation, address: Address, traits: Traits
) -> Patient:
    patient = there or Patient(address=address, traits=traits)
    kept = tuple(i for i in patient.invitations if i.invitation_id != copy.invitation_id)
    return msgspec.structs.replace(patient, invitations=kept)


def _in_words(error: port.PortError, address: Address) -> Exception:
    match error:
        case port.AddressInUseError():
            return Refused("invitation_pending", address=address)
        case port.InvitationUsedError():
            return Refused("invitation_claimed", address=address)
        case _:
            return error
