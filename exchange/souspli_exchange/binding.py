"""After the claim, at the sender's: is this the person who was invited?

docs/specs/claim.md §5. A directory answer alone is never enough: what counts is the
sender's own copy of the invitation record, and that nothing about it is ambiguous.
"""

from dataclasses import dataclass

from souspli_exchange.age.errors import KeyStringError
from souspli_exchange.age.recipient import HybridRecipient
from souspli_exchange.errors import BindingRefusedError, InvitationRefusedError
from souspli_exchange.ids import InvitationId
from souspli_exchange.port_errors import InvitationExpiredError, InvitationSupersededError
from souspli_exchange.ports.directory import DirectoryEntry, InvitationView
from souspli_exchange.ports.statements import BindingEnvelopes
from souspli_exchange.ports.states import InvitationStatus
from souspli_keys.address import Address
from souspli_keys.dsse import Envelope, Signer
from souspli_keys.errors import StatementError
from souspli_keys.public import PublicIdentity
from souspli_keys.statements import (
    Act,
    Attestation,
    Invitation,
    Line,
    Member,
    VerifiedBinding,
    check_may,
    sign_statement,
    verify_binding,
)


@dataclass(frozen=True, slots=True)
class OwnCopy:
    """What the sender's address book knows of an invitation that it made."""

    record: Envelope
    """R as it was signed here, or by a colleague who handed it over."""
    superseded: bool = False
    """Whether it was re-issued since."""
    seen_binding: str | None = None
    """Hash of the binding that was accepted for it before, if any."""

    @property
    def invitation(self) -> Invitation:
        """R's content. The address book is authenticated, so it is not verified again."""
        try:
            return Invitation.parse(self.record.payload)
        except StatementError as refused:
            raise InvitationRefusedError("the own copy is no invitation") from refused

    @property
    def invitation_id(self) -> InvitationId:
        """R's id."""
        return InvitationId(self.invitation.invitation_id)


@dataclass(frozen=True, slots=True)
class VerifiedRecipient:
    """An identity that may be sealed to, and why. Made by `verify_recipient`."""

    invitation_id: InvitationId
    identity: PublicIdentity
    """The claim identity while the invitation is pending, then the account's."""
    binding: VerifiedBinding | None
    """None while the invitation is pending."""
    attested: bool
    """Whether colleagues have been told of the binding."""


def check_entry(entry: DirectoryEntry, own: OwnCopy) -> InvitationView:
    """Return what the directory says, if it is about the sender's own copy.

    Raises InvitationRefusedError if the service shows another record or id.
    """
    if entry.record.payload_hash != own.record.payload_hash:
        raise InvitationRefusedError("the service shows another invitation than the own copy")
    return entry.invitation


def verify_recipient(view: InvitationView, own: OwnCopy, *, now: int) -> VerifiedRecipient:
    """Return the identity to seal to, as things stand `now`.

    Raises InvitationExpiredError or InvitationSupersededError: re-issue; and
    BindingRefusedError, the red stop: show it, and let a person ask the patient.
    """
    record = own.invitation
    if view.invitation_id != record.invitation_id:
        raise InvitationRefusedError("the service answers for another invitation")
    if own.superseded or view.status is InvitationStatus.SUPERSEDED:
        raise InvitationSupersededError("a newer invitation has taken this one's place")
    if view.status is InvitationStatus.CLAIMED:
        binding = verify_claim(view.binding, own)
        _check_can_be_sealed_to(binding.binding.identity)
        return VerifiedRecipient(
            invitation_id=own.invitation_id,
            identity=binding.binding.identity,
            binding=binding,
            attested=view.attestation is not None,
        )
    if own.seen_binding is not None:
        # Sealing to the claim identity again would open the document to whoever has
        # the old letter.
        raise BindingRefusedError("the service has forgotten a claim that was seen before")
    if view.status is InvitationStatus.EXPIRED or now > record.not_after:
        raise InvitationExpiredError("the invitation's time is over")
    if now < record.not_before:
        raise InvitationRefusedError("the invitation is not yet in force: is the clock right?")
    return VerifiedRecipient(
        invitation_id=own.invitation_id,
        identity=record.claim_identity,
        binding=None,
        attested=False,
    )


def _check_can_be_sealed_to(identity: PublicIdentity) -> None:
    """Raise BindingRefusedError now, not after a large document was sealed for others."""
    try:
        HybridRecipient(identity.recipient_key)
    except KeyStringError:
        raise BindingRefusedError("the account has a key that nothing can be sealed to") from None


def verify_claim(binding: BindingEnvelopes | None, own: OwnCopy) -> VerifiedBinding:
    """Return the binding if all of claim.md §5 holds; raise BindingRefusedError if not.

    For a pending invitation ask `verify_recipient`.
    """
    if own.superseded:
        raise BindingRefusedError("the claimed invitation had been superseded")
    if binding is None:
        raise BindingRefusedError("the invitation is said to be claimed, without a binding")
    try:
        verified = verify_binding(
            binding.by_claim,
            binding.by_identity,
            record=own.invitation,
            record_hash=own.record.payload_hash,
        )
    except StatementError as refused:
        raise BindingRefusedError("the binding does not answer the own copy") from refused
    if own.seen_binding not in {None, verified.binding_hash}:
        raise BindingRefusedError("another binding was accepted for this invitation before")
    return verified


def sign_attestation(
    verified: VerifiedBinding, *, member: Member, signer: Signer, address: Address, now: int
) -> Envelope:
    """Return the attestation by which colleagues learn that the binding was checked.

    `address` is the patient's. Raises StatementError (RoleError) if the member's role
    attests nothing.
    """
    check_may(member, Act.ATTESTATIONS)
    binding = verified.binding
    attestation = Attestation(
        line=Line.first(origin=binding.line.origin, issued_at=now, subject=binding.invitation_id),
        organisation=member.organisation,
        member=member.fingerprint,
        invitation_id=binding.invitation_id,
        binding_hash=verified.binding_hash,
        identity=binding.identity.fingerprint,
        address=address,
    )
    return sign_statement(attestation, signer)
