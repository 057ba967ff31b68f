"""The invitation record R: a member invites one person, who holds a letter (claim.md)."""

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from souspli_keys.address import Origin
from souspli_keys.dsse import Envelope, PayloadType
from souspli_keys.errors import ChainError, DatesError, SchemaError
from souspli_keys.fields import Fields
from souspli_keys.public import (
    ED25519_PUBLIC_BYTES,
    Fingerprint,
    PublicIdentity,
    parse_public,
    read_fingerprint,
)
from souspli_keys.statements.chain import VerifiedMember, verify_chain
from souspli_keys.statements.line import Line, read_line
from souspli_keys.statements.member import check_may
from souspli_keys.statements.roles import Act
from souspli_keys.statements.statement import (
    DAY_SECONDS,
    open_statement,
    read_payload,
    write_payload,
)
from souspli_keys.values import encode_base64

MAX_VALIDITY_SECONDS = 30 * DAY_SECONDS


class Gate(StrEnum):
    """The second gate of a claim; there is no invitation without one."""

    EMAIL = "email"


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """Signed by a member who may invite."""

    payload_type: ClassVar[PayloadType] = PayloadType.INVITATION

    line: Line
    """Its subject is the id of the first invitation of the line."""
    invitation_id: str
    organisation: Fingerprint
    member: Fingerprint
    claim_identity: PublicIdentity
    claim_login_key: bytes
    """Ed25519 public key."""
    gate: Gate
    not_before: int
    not_after: int
    supersedes: str | None
    """The invitation that a re-issue replaces, the one before on the line."""

    @classmethod
    def parse(cls, payload: bytes) -> "Invitation":
        """Return the statement that a payload holds; StatementSchemaError if it holds none."""
        return read_payload(payload, _read)

    def to_payload(self) -> bytes:
        """Return the canonical JSON that is signed."""
        fields: dict[str, object] = {
            "checkpoint": None,
            "claim_identity": self.claim_identity.to_json(),
            "claim_login_key": encode_base64(self.claim_login_key),
            "gate": self.gate.value,
            "invitation_id": self.invitation_id,
            "log_key": None,
            "member": self.member,
            "not_after": self.not_after,
            "not_before": self.not_before,
            "organisation": self.organisation,
            "supersedes": self.supersedes,
        }
        return write_payload(self.line, fields)


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifiedInvitation:
    """An invitation record and who made it. Made by `verify_invitation` only."""

    record: Invitation
    record_hash: str
    """What a binding names."""
    inviter: VerifiedMember


def verify_invitation(
    record: Envelope,
    *,
    organisation_statement: Envelope,
    member_statement: Envelope,
    organisation: Fingerprint,
    origin: Origin,
) -> VerifiedInvitation:
    """Return the invitation if a member who may invite signed it for `organisation`.

    The chain is checked at the record's own `issued_at`. Whether the invitation is in
    force *now* is another question: `check_in_force`. Raises StatementError.
    """
    # Read before it is verified, only to know at which moment the chain has to hold;
    # the record returned is read from the verified bytes.
    claimed = Invitation.parse(record.payload)
    inviter = verify_chain(
        organisation_statement,
        member_statement,
        organisation=organisation,
        origin=origin,
        at=claimed.line.issued_at,
    )
    invitation = open_statement(
        record,
        Invitation,
        signer=inviter.member.member,
        origin=origin,
    )
    if invitation.organisation != organisation:
        raise ChainError("an invitation that names another organisation")
    if invitation.member != inviter.member.fingerprint:
        raise ChainError("an invitation that names another member")
    check_may(inviter.member, Act.INVITATIONS)
    return VerifiedInvitation(record=invitation, record_hash=record.payload_hash, inviter=inviter)


def check_in_force(invitation: VerifiedInvitation, *, now: int) -> VerifiedInvitation:
    """Return the invitation if `now` lies in its validity; raise DatesError if not."""
    if not invitation.record.not_before <= now <= invitation.record.not_after:
        raise DatesError("the invitation is not yet, or no longer, in force")
    return invitation


def _read(fields: Fields) -> Invitation:
    fields.constant("checkpoint", None)
    fields.constant("log_key", None)
    invitation = Invitation(
        line=read_line(fields),
        invitation_id=fields.id("invitation_id"),
        organisation=read_fingerprint(fields, "organisation"),
        member=read_fingerprint(fields, "member"),
        claim_identity=fields.parsed("claim_identity", parse_public),
        claim_login_key=fields.base64("claim_login_key", length=ED25519_PUBLIC_BYTES),
        gate=fields.choice("gate", Gate),
        not_before=fields.integer("not_before"),
        not_after=fields.integer("not_after"),
        supersedes=fields.or_null("supersedes", fields.id),
    )
    if not 0 <= invitation.not_after - invitation.not_before <= MAX_VALIDITY_SECONDS:
        raise SchemaError("an invitation lasts at most 30 days")
    first = invitation.line.sequence == 1
    if first != (invitation.supersedes is None):
        raise SchemaError("the first invitation of a line, and only it, supersedes none")
    if first != (invitation.line.subject == invitation.invitation_id):
        raise SchemaError("the subject of an invitation is the id of its line's first")
    return invitation
