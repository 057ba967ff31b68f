"""The joining: who has the code says which identity is theirs (enrolment.md §3)."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import ClassVar, Protocol

from souspli_keys.dsse import Envelope, PayloadType, Signer
from souspli_keys.errors import ChainError, DatesError, SchemaError
from souspli_keys.fields import Fields
from souspli_keys.framing import frame
from souspli_keys.public import PublicIdentity, parse_public
from souspli_keys.statements.enrolment import Enrolment
from souspli_keys.statements.line import Line, read_line
from souspli_keys.statements.statement import (
    open_statement,
    read_payload,
    sign_statement,
    write_payload,
)
from souspli_keys.values import ID_BYTES, decode_hex


@dataclass(frozen=True, slots=True, kw_only=True)
class Joining:
    """Signed by the code's identity and, over the same payload, by the new identity."""

    payload_type: ClassVar[PayloadType] = PayloadType.JOINING

    line: Line
    """Its subject is the enrolment's id. There is one joining for each."""
    record_hash: str
    """Hash of the enrolment record: name, address and role are in it."""
    identity: PublicIdentity
    account_hash: str
    """`account_hash` of the account that the identity is to have."""
    joined_at: int

    @classmethod
    def parse(cls, payload: bytes) -> "Joining":
        """Return the statement that a payload holds; StatementSchemaError if it holds none."""
        return read_payload(payload, _read)

    def to_payload(self) -> bytes:
        """Return the canonical JSON that is signed."""
        fields: dict[str, object] = {
            "account_hash": self.account_hash,
            "identity": self.identity.to_json(),
            "joined_at": self.joined_at,
            "record_hash": self.record_hash,
        }
        return write_payload(self.line, fields)


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifiedJoining:
    """A joining that both identities signed. Made by `verify_joining` only."""

    joining: Joining
    joining_hash: str


class UnlockerParts(Protocol):
    """What of an unlocker is hashed."""

    @property
    def unlocker_id(self) -> str:
        """32 hexadecimal digits."""
        ...

    @property
    def kind(self) -> str:
        """`device`, `password`, …"""
        ...

    @property
    def login_public_key(self) -> bytes:
        """32 bytes."""
        ...

    @property
    def wrapped_vault_key(self) -> bytes:
        """72 bytes."""
        ...


class AccountParts(Protocol):
    """What of a new account is hashed: all of it."""

    @property
    def account_number(self) -> str:
        """10 digits."""
        ...

    @property
    def sealed_vault(self) -> bytes:
        """The first generation."""
        ...

    @property
    def unlockers(self) -> Sequence[UnlockerParts]:
        """In their order."""
        ...


def account_hash(account: AccountParts) -> str:
    """Return what a joining says of the account that travels beside it.

    Without it whoever carries the request could give the new identity's account
    unlockers of their own, and sign in as the member.
    """
    items: list[bytes | str] = [account.account_number, account.sealed_vault]
    for unlocker in account.unlockers:
        items += (
            decode_hex(unlocker.unlocker_id, length=ID_BYTES),
            unlocker.kind,
            unlocker.login_public_key,
            unlocker.wrapped_vault_key,
        )
    return sha256(frame("souspli/v1/joining-account", *items)).hexdigest()


def sign_joining(
    joining: Joining, *, code_identity: Signer, identity: Signer
) -> tuple[Envelope, Envelope]:
    """Return the two envelopes, by the code's identity and by the new one."""
    return sign_statement(joining, code_identity), sign_statement(joining, identity)


def verify_joining(
    by_code: Envelope, by_identity: Envelope, *, record: Enrolment, record_hash: str
) -> VerifiedJoining:
    """Return the joining if it answers this enrolment and both identities signed it.

    `record` is the reader's own copy or one it has verified, with its hash. That no
    other joining was seen for it is for the caller to see to. Raises StatementError.
    """
    if by_code.payload != by_identity.payload:
        raise ChainError("two envelopes over different payloads")
    claimed = Joining.parse(by_code.payload)
    origin = record.line.origin
    open_statement(by_code, Joining, signer=record.code_identity, origin=origin)
    joining = open_statement(by_identity, Joining, signer=claimed.identity, origin=origin)
    if joining.line.subject != record.enrolment_id or joining.record_hash != record_hash:
        raise ChainError("a joining for another enrolment")
    # Whoever finds the code later could sign as the member.
    if joining.identity == record.code_identity:
        raise ChainError("a joining of the code's identity itself")
    if joining.identity.fingerprint == record.organisation:
        raise ChainError("a joining of the organisation's root")
    if not record.not_before <= joining.joined_at <= record.not_after:
        raise DatesError("joined outside the enrolment's validity")
    return VerifiedJoining(joining=joining, joining_hash=by_code.payload_hash)


def _read(fields: Fields) -> Joining:
    joining = Joining(
        line=read_line(fields),
        record_hash=fields.hash("record_hash"),
        identity=fields.parsed("identity", parse_public),
        account_hash=fields.hash("account_hash"),
        joined_at=fields.integer("joined_at"),
    )
    if joining.line.sequence != 1:
        raise SchemaError("a joining that follows something: there is one")
    return joining
