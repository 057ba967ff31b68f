"""The attestation: a member tells colleagues that a binding was checked (claim.md §5)."""

from dataclasses import dataclass
from typing import ClassVar

from souspli_keys.address import Address, Origin, parse_address
from souspli_keys.dsse import Envelope, PayloadType
from souspli_keys.errors import ChainError, SchemaError
from souspli_keys.fields import Fields
from souspli_keys.public import Fingerprint, read_fingerprint
from souspli_keys.statements.binding import VerifiedBinding
from souspli_keys.statements.chain import verify_chain
from souspli_keys.statements.line import Line, read_line
from souspli_keys.statements.member import MAX_ADDRESS_CHARACTERS, check_may
from souspli_keys.statements.roles import Act
from souspli_keys.statements.statement import open_statement, read_payload, write_payload


@dataclass(frozen=True, slots=True, kw_only=True)
class Attestation:
    """Signed by a member of the organisation that invited."""

    payload_type: ClassVar[PayloadType] = PayloadType.ATTESTATION

    line: Line
    """Its subject is the invitation's id."""
    organisation: Fingerprint
    member: Fingerprint
    invitation_id: str
    binding_hash: str
    identity: Fingerprint
    """Of the identity that the binding binds."""
    address: Address
    """The patient's, as the practice knows it."""

    @classmethod
    def parse(cls, payload: bytes) -> "Attestation":
        """Return the statement that a payload holds; StatementSchemaError if it holds none."""
        return read_payload(payload, _read)

    def to_payload(self) -> bytes:
        """Return the canonical JSON that is signed."""
        fields: dict[str, object] = {
            "address": self.address,
            "binding_hash": self.binding_hash,
            "identity": self.identity,
            "invitation_id": self.invitation_id,
            "member": self.member,
            "organisation": self.organisation,
        }
        return write_payload(self.line, fields)


def verify_attestation(
    attestation: Envelope,
    *,
    organisation_statement: Envelope,
    member_statement: Envelope,
    organisation: Fingerprint,
    origin: Origin,
    binding: VerifiedBinding,
) -> Attestation:
    """Return the attestation if a member who may attest signed it for this binding.

    That the address is the one that was asked for is for the caller to see to.
    Raises StatementError.
    """
    # Read before it is verified, only to know at which moment the chain has to hold.
    claimed = Attestation.parse(attestation.payload)
    attester = verify_chain(
        organisation_statement,
        member_statement,
        organisation=organisation,
        origin=origin,
        at=claimed.line.issued_at,
    )
    statement = open_statement(
        attestation,
        Attestation,
        signer=attester.member.member,
        origin=origin,
    )
    if statement.organisation != organisation:
        raise ChainError("an attestation that names another organisation")
    if statement.member != attester.member.fingerprint:
        raise ChainError("an attestation that names another member")
    if (statement.invitation_id, statement.binding_hash, statement.identity) != (
        binding.binding.invitation_id,
        binding.binding_hash,
        binding.binding.identity.fingerprint,
    ):
        raise ChainError("an attestation of another binding")
    check_may(attester.member, Act.ATTESTATIONS)
    return statement


def _read(fields: Fields) -> Attestation:
    attestation = Attestation(
        line=read_line(fields),
        organisation=read_fingerprint(fields, "organisation"),
        member=read_fingerprint(fields, "member"),
        invitation_id=fields.id("invitation_id"),
        binding_hash=fields.hash("binding_hash"),
        identity=read_fingerprint(fields, "identity"),
        address=parse_address(fields.text("address", most=MAX_ADDRESS_CHARACTERS)),
    )
    if attestation.line.subject != attestation.invitation_id:
        raise SchemaError("the subject of an attestation is the invitation's id")
    return attestation
