"""The enrolment record: an organisation asks somebody to become a member (enrolment.md §2).

It certifies nothing. Who answers it with the code becomes a member when the root signs
their member statement, which has to say what stands here.
"""

from dataclasses import dataclass
from typing import ClassVar

from souspli_keys.address import Address, Origin, parse_address
from souspli_keys.dsse import Envelope, PayloadType
from souspli_keys.errors import ChainError, DatesError, SchemaError
from souspli_keys.fields import Fields
from souspli_keys.public import Fingerprint, PublicIdentity, parse_public, read_fingerprint
from souspli_keys.statements.chain import VerifiedMember, verify_chain
from souspli_keys.statements.line import Line, read_line
from souspli_keys.statements.member import (
    MAX_ADDRESS_CHARACTERS,
    MAX_NAME_CHARACTERS,
    Member,
    check_may,
    read_rpps,
)
from souspli_keys.statements.roles import Act, Role
from souspli_keys.statements.statement import (
    DAY_SECONDS,
    open_statement,
    read_payload,
    write_payload,
)

MAX_VALIDITY_SECONDS = 7 * DAY_SECONDS
"""Who is told a code works next door: a week is long, and a new one costs a minute."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolment:
    """Signed by a member who may sign enrolments."""

    payload_type: ClassVar[PayloadType] = PayloadType.ENROLMENT

    line: Line
    """Its subject is the enrolment's id. It is alone on its line."""
    organisation: Fingerprint
    member: Fingerprint
    """Who asks."""
    code_identity: PublicIdentity
    """What the code gives for this enrolment of this organisation."""
    name: str
    address: Address
    role: Role
    rpps: str | None
    may_invite: bool
    not_before: int
    not_after: int

    @property
    def enrolment_id(self) -> str:
        """The enrolment's id, 32 hexadecimal digits."""
        return self.line.subject

    @classmethod
    def parse(cls, payload: bytes) -> "Enrolment":
        """Return the statement that a payload holds; StatementSchemaError if it holds none."""
        return read_payload(payload, _read)

    def to_payload(self) -> bytes:
        """Return the canonical JSON that is signed."""
        fields: dict[str, object] = {
            "address": self.address,
            "code_identity": self.code_identity.to_json(),
            "may_invite": self.may_invite,
            "member": self.member,
            "name": self.name,
            "not_after": self.not_after,
            "not_before": self.not_before,
            "organisation": self.organisation,
            "role": self.role.value,
            "rpps": self.rpps,
        }
        return write_payload(self.line, fields)


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifiedEnrolment:
    """An enrolment record and who asks. Made by `verify_enrolment` only."""

    record: Enrolment
    record_hash: str
    """What a joining names."""
    asker: VerifiedMember


def verify_enrolment(
    record: Envelope,
    *,
    organisation_statement: Envelope,
    member_statement: Envelope,
    organisation: Fingerprint,
    origin: Origin,
) -> VerifiedEnrolment:
    """Return the enrolment if a member who may ask signed it for `organisation`.

    The chain is checked at the record's own `issued_at`. Whether it is in force *now* is
    another question: `check_enrolment_in_force`. Raises StatementError.
    """
    # Read before it is verified, only to know at which moment the chain has to hold.
    claimed = Enrolment.parse(record.payload)
    asker = verify_chain(
        organisation_statement,
        member_statement,
        organisation=organisation,
        origin=origin,
        at=claimed.line.issued_at,
    )
    enrolment = open_statement(record, Enrolment, signer=asker.member.member, origin=origin)
    if enrolment.organisation != organisation:
        raise ChainError("an enrolment that names another organisation")
    if enrolment.member != asker.member.fingerprint:
        raise ChainError("an enrolment that names another member")
    check_may(asker.member, Act.ENROLMENTS)
    return VerifiedEnrolment(record=enrolment, record_hash=record.payload_hash, asker=asker)


def check_enrolment_in_force(enrolment: VerifiedEnrolment, *, now: int) -> VerifiedEnrolment:
    """Return the enrolment if `now` lies in its validity; raise DatesError if not."""
    if not enrolment.record.not_before <= now <= enrolment.record.not_after:
        raise DatesError("the enrolment is not yet, or no longer, in force")
    return enrolment


def check_certificate(member: Member, *, record: Enrolment, identity: PublicIdentity) -> Member:
    """Return the member if it is whom the record asked for; raise ChainError if not.

    `member` is verified (`verify_chain`), `identity` is the joining's. Every field that
    people see or that a right hangs on has to be the one asked for.
    """
    asked = (record.organisation, record.name, record.address, record.role, record.rpps)
    certified = (member.organisation, member.name, member.address, member.role, member.rpps)
    if certified != asked or member.may_invite != record.may_invite:
        raise ChainError("a membership other than the one that was asked for")
    if member.member != identity:
        raise ChainError("a membership of another identity than the one that answered")
    return member


def _read(fields: Fields) -> Enrolment:
    enrolment = Enrolment(
        line=read_line(fields),
        organisation=read_fingerprint(fields, "organisation"),
        member=read_fingerprint(fields, "member"),
        code_identity=fields.parsed("code_identity", parse_public),
        name=fields.text("name", most=MAX_NAME_CHARACTERS),
        address=parse_address(fields.text("address", most=MAX_ADDRESS_CHARACTERS)),
        role=fields.choice("role", Role),
        rpps=fields.or_null("rpps", lambda name: read_rpps(fields, name)),
        may_invite=fields.boolean("may_invite"),
        not_before=fields.integer("not_before"),
        not_after=fields.integer("not_after"),
    )
    if enrolment.line.sequence != 1:
        raise SchemaError("an enrolment that follows something: it is alone on its line")
    if not 0 <= enrolment.not_after - enrolment.not_before <= MAX_VALIDITY_SECONDS:
        raise SchemaError("an enrolment lasts at most 7 days")
    return enrolment
