"""What an invitation replaces, and how it is published so that nothing is lost.

docs/specs/claim.md §1 and §3.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import msgspec

from souspli_cli import consenting, recipients
from souspli_cli.addressbook import MAX_INVITATIONS, OwnInvitation, Patient, with_invitation
from souspli_cli.errors import Refused
from souspli_exchange import port_errors as port
from souspli_exchange.binding import verify_claim
from souspli_exchange.errors import BindingRefusedError
from souspli_exchange.ports.states import InvitationStatus

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from souspli_cli.addressbook import AddressBook, Traits
    from souspli_exchange.binding import OwnCopy
    from souspli_exchange.consent import VerifiedWords
    from souspli_exchange.ids import InvitationId
    from souspli_exchange.invitation import NewInvitation
    from souspli_exchange.ports.directory import DirectoryEntry
    from souspli_exchange.sending import Sending
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


async def plan_correction(
    sending: Sending, book: AddressBook, *, wrong: Address, right: Address
) -> Plan:
    """Say what an invitation for the right address replaces: the one for the wrong one.

    Begun before and interrupted, it replaces what that try has made. The right address's
    entry is made here, with the older invitations: what waits is found through them.

    Raises:
        Refused: The right address is another patient's, or is invited from elsewhere.
        PortError: The service is away.
    """
    old = book.patient(wrong)
    there = book.patient(right)
    if old is None:
        raise Refused("no_invitation", address=wrong)
    if there is not None and _person(there.traits) != _person(old.traits):
        raise Refused("address_taken", address=right)
    try:
        entry = await sending.retry.repeat(lambda: sending.directory.look_up(right))
    except port.NotFoundError:
        planned = await plan(sending, book, old, wrong, again=True)
    else:
        if entry.invitation.status is InvitationStatus.CLAIMED:
            raise Refused("invitation_claimed", address=right)
        if there is None or not _ids(old) & _ids(there):
            # A letter of its own: what waits for the wrong address can't follow it.
            raise Refused("invitation_pending", address=right)
        planned = await plan(sending, book, there, right, again=True)
    if planned.supersedes is not None:
        _inherit(book, old, right)
    return planned


def _inherit(book: AddressBook, old: Patient, right: Address) -> None:
    """Have the right address's entry know the older invitations."""

    def with_older(there: Patient | None) -> Patient:
        patient = there or Patient(address=right, traits=old.traits)
        known = _ids(patient)
        older = tuple(one for one in old.invitations if one.invitation_id not in known)
        kept = (*older, *patient.invitations)[-MAX_INVITATIONS:]
        return msgspec.structs.replace(patient, invitations=kept)

    book.change_patient(right, with_older)


def mark_corrected(book: AddressBook, wrong: Address, *, right: Address) -> None:
    """Have the wrong address's entry point to the right one: nothing is sent there any more."""

    def moved(there: Patient | None) -> Patient:
        if there is None:
            raise Refused("no_invitation", address=wrong)
        return msgspec.structs.replace(there, moved_to=right, stopped=None)

    book.change_patient(wrong, moved)


def _ids(patient: Patient) -> set[str]:
    return {invitation.invitation_id for invitation in patient.invitations}


def _person(traits: Traits) -> tuple[str, str, str]:
    return traits.birth_name, traits.given_names, traits.birth_date


@dataclass(frozen=True, repr=False, eq=False)
class DrawnLetter:
    """A new invitation, its letter, and how the patient agreed where that is said anew."""

    invitation: NewInvitation
    letter: bytes
    consent: Envelope | None


async def publish_in_line(
    sending: Sending,
    book: AddressBook,
    traits: Traits,
    address: Address,
    *,
    planned: Plan,
    draw: Callable[[Plan], DrawnLetter],
) -> tuple[Plan, DrawnLetter]:
    """Publish what `draw` makes, in the line of the invitation before if there is one left.

    Returns what was replaced in the end, and what was published. Raises as `publish`, and
    what `draw` raises.
    """
    drawn = draw(planned)
    try:
        await publish(sending, book, traits, address, drawn.invitation, consent=drawn.consent)
    except port.InvitationExpiredError:
        if planned.supersedes is None:
            raise
        # The purge of the one before has begun: nothing is left that could move, and a
        # line of its own begins (pending.md §1).
        planned = Plan(new_account=planned.new_account)
        drawn = draw(planned)
        await publish(sending, book, traits, address, drawn.invitation, consent=drawn.consent)
    return planned, drawn


class Publishable(Protocol):
    """What the service is given of a new invitation, and what is kept of it."""

    @property
    def invitation_id(self) -> InvitationId: ...
    @property
    def record(self) -> Envelope: ...
    @property
    def letter_number(self) -> str: ...
    @property
    def person_checks(self) -> Sequence[bytes]: ...
    @property
    def not_after(self) -> int: ...


async def publish(
    sending: Sending,
    book: AddressBook,
    traits: Traits,
    address: Address,
    drawn: Publishable,
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
                phone=traits.phone,
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
        return with_invitation(msgspec.structs.replace(patient, stopped=None, moved_to=None), done)

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
