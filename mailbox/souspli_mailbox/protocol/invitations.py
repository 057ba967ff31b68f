"""Invitations, as members make and follow them (docs/specs/claim.md §1, §3, §5)."""

from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from souspli_mailbox.protocol.values import (
    Address,
    Binding,
    Bytes32,
    Envelope,
    Id,
    InvitationStatus,
    Message,
    Moment,
    Number,
    Phone,
)


class NotedConsent(Message, frozen=True, kw_only=True):
    """What the practice noted, and the statement of the member who signed it."""

    consent: Envelope
    member: Envelope


class InvitationRequest(Message, frozen=True, kw_only=True):
    """POST /v1/invitations: R, and what the service alone needs beside it."""

    record: Envelope
    letter_number: Number
    # One per accepted surname; four is birth name, used name and a spelling of each.
    person_checks: Annotated[list[Bytes32], Meta(min_length=1, max_length=4)]
    address: Address
    # For a text message where no mail arrives; absent if the practice gave none.
    phone: Phone | UnsetType = UNSET
    consent: Envelope | UnsetType = UNSET
    """How the patient agreed (docs/specs/consent.md §4); absent from programs from before."""


class InvitationAnswer(Message, frozen=True, kw_only=True):
    """The invitation as it now stands."""

    invitation_id: Id
    status: InvitationStatus


class InvitationView(Message, frozen=True, kw_only=True):
    """GET /v1/invitations/{invitation_id}: material to verify, not to trust."""

    invitation_id: Id
    status: InvitationStatus
    binding: Binding | None
    attestation: Envelope | None
    consent: NotedConsent | None
    choice: Envelope | None
    closed_at: Moment | None
    """Since when the account that it led to is closed (closing.md §4)."""
    closing: Envelope | None
    log_proof: None


class PurgeView(Message, frozen=True, kw_only=True):
    """GET /v1/invitations/{invitation_id}/purge."""

    invitation_id: Id
    begun_at: Moment
    ended_at: Moment | None
    """None while the store keeps something that it should let go: never called done."""
    deliveries: int
    objects_deleted: int
    objects_kept: int
    statement: Envelope | None
    """Signed by the service's audit key, from the moment at which it ended."""


class LookupRequest(Message, frozen=True, kw_only=True):
    """POST /v1/directory/lookup."""

    address: Address


class LookupAnswer(Message, frozen=True, kw_only=True):
    """The newest invitation that the caller's organisation made for the address."""

    invitation_id: Id
    status: InvitationStatus
    binding: Binding | None
    attestation: Envelope | None
    consent: NotedConsent | None
    choice: Envelope | None
    log_proof: None
    record: Envelope


class AttestationRequest(Message, frozen=True, kw_only=True):
    """POST /v1/attestations."""

    attestation: Envelope
