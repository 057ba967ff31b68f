"""The binding B: whoever held the letter says which identity is theirs (claim.md §4, §5)."""

from dataclasses import dataclass
from typing import ClassVar

from souspli_keys.dsse import Envelope, PayloadType, Signer
from souspli_keys.errors import ChainError, DatesError, SchemaError
from souspli_keys.fields import Fields
from souspli_keys.public import PublicIdentity, parse_public
from souspli_keys.statements.invitation import Invitation
from souspli_keys.statements.line import Line, read_line
from souspli_keys.statements.statement import (
    open_statement,
    read_payload,
    sign_statement,
    write_payload,
)

BINDING_GRACE_SECONDS = 3_600
"""A claim begun in the invitation's last minutes may end after it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Binding:
    """Signed by the claim identity and, over the same payload, by the new identity."""

    payload_type: ClassVar[PayloadType] = PayloadType.BINDING

    line: Line
    """Its subject is the invitation's id. There is one binding for each."""
    invitation_id: str
    record_hash: str
    """Hash of the invitation record."""
    identity: PublicIdentity
    bound_at: int

    @classmethod
    def parse(cls, payload: bytes) -> "Binding":
        """Return the statement that a payload holds; StatementSchemaError if it holds none."""
        return read_payload(payload, _read)

    def to_payload(self) -> bytes:
        """Return the canonical JSON that is signed."""
        fields: dict[str, object] = {
            "bound_at": self.bound_at,
            "identity": self.identity.to_json(),
            "invitation_id": self.invitation_id,
            "record_hash": self.record_hash,
        }
        return write_payload(self.line, fields)


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifiedBinding:
    """A binding that both identities signed. Made by `verify_binding` only."""

    binding: Binding
    binding_hash: str
    """What an attestation names."""


def sign_binding(
    binding: Binding, *, claim_identity: Signer, identity: Signer
) -> tuple[Envelope, Envelope]:
    """Return the two envelopes, by the claim identity and by the new one."""
    return sign_statement(binding, claim_identity), sign_statement(binding, identity)


def verify_binding(
    by_claim: Envelope, by_identity: Envelope, *, record: Invitation, record_hash: str
) -> VerifiedBinding:
    """Return the binding if it answers this invitation and both identities signed it.

    `record` is the reader's own copy or one it has verified, with its hash. That no
    other binding was seen for it is for the caller to see to. Raises StatementError.
    """
    if by_claim.payload != by_identity.payload:
        raise ChainError("two envelopes over different payloads")
    claimed = Binding.parse(by_claim.payload)
    origin = record.line.origin
    open_statement(by_claim, Binding, signer=record.claim_identity, origin=origin)
    binding = open_statement(by_identity, Binding, signer=claimed.identity, origin=origin)
    if binding.invitation_id != record.invitation_id or binding.record_hash != record_hash:
        raise ChainError("a binding for another invitation")
    # Whoever finds the letter later could sign as it.
    if binding.identity == record.claim_identity:
        raise ChainError("a binding of the claim identity to itself")
    if not record.not_before <= binding.bound_at <= record.not_after + BINDING_GRACE_SECONDS:
        raise DatesError("bound outside the invitation's validity")
    return VerifiedBinding(binding=binding, binding_hash=by_claim.payload_hash)


def _read(fields: Fields) -> Binding:
    binding = Binding(
        line=read_line(fields),
        invitation_id=fields.id("invitation_id"),
        record_hash=fields.hash("record_hash"),
        identity=fields.parsed("identity", parse_public),
        bound_at=fields.integer("bound_at"),
    )
    if binding.line.subject != binding.invitation_id or binding.line.sequence != 1:
        raise SchemaError("a binding is alone on its line, whose subject is the invitation")
    return binding
