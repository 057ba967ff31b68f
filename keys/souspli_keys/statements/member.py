"""The member statement: an organisation says who works for it, and as what."""

import re
from dataclasses import dataclass
from typing import ClassVar

from souspli_keys.address import Address, parse_address
from souspli_keys.codes import passes_luhn
from souspli_keys.dsse import PayloadType
from souspli_keys.errors import RoleError, SchemaError
from souspli_keys.fields import Fields
from souspli_keys.public import Fingerprint, PublicIdentity, parse_public, read_fingerprint
from souspli_keys.statements.line import Line, read_line
from souspli_keys.statements.roles import MAY_SIGN, Act, Role
from souspli_keys.statements.statement import DAY_SECONDS, read_payload, write_payload

MAX_NAME_CHARACTERS = 200
MAX_ADDRESS_CHARACTERS = 254
MAX_VALIDITY_SECONDS = 366 * DAY_SECONDS

_RPPS_DIGITS = 11  # Répertoire partagé des professionnels de santé
_RPPS = re.compile(r"[0-9]{11}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """Signed by the organisation's root."""

    payload_type: ClassVar[PayloadType] = PayloadType.MEMBER

    line: Line
    organisation: Fingerprint
    member: PublicIdentity
    name: str
    address: Address
    role: Role
    rpps: str | None
    """Number in the French register of health professionals."""
    may_invite: bool
    not_before: int
    not_after: int

    @property
    def fingerprint(self) -> Fingerprint:
        """The member's own fingerprint."""
        return self.member.fingerprint

    @classmethod
    def parse(cls, payload: bytes) -> "Member":
        """Return the statement that a payload holds; StatementSchemaError if it holds none."""
        return read_payload(payload, _read)

    def to_payload(self) -> bytes:
        """Return the canonical JSON that is signed."""
        fields: dict[str, object] = {
            "address": self.address,
            "may_invite": self.may_invite,
            "member": self.member.to_json(),
            "name": self.name,
            "not_after": self.not_after,
            "not_before": self.not_before,
            "organisation": self.organisation,
            "role": self.role.value,
            "rpps": self.rpps,
        }
        return write_payload(self.line, fields)


def check_may(member: Member, act: Act) -> Member:
    """Return the member if its role allows the act; raise RoleError if not."""
    allowed = act in MAY_SIGN[member.role]
    if not allowed or (act is Act.INVITATIONS and not member.may_invite):
        raise RoleError(f"a member who may not sign {act.name.lower()}")
    return member


def _read(fields: Fields) -> Member:
    member = Member(
        line=read_line(fields),
        organisation=read_fingerprint(fields, "organisation"),
        member=fields.parsed("member", parse_public),
        name=fields.text("name", most=MAX_NAME_CHARACTERS),
        address=parse_address(fields.text("address", most=MAX_ADDRESS_CHARACTERS)),
        role=fields.choice("role", Role),
        rpps=fields.or_null("rpps", lambda name: read_rpps(fields, name)),
        may_invite=fields.boolean("may_invite"),
        not_before=fields.integer("not_before"),
        not_after=fields.integer("not_after"),
    )
    if not 0 <= member.not_after - member.not_before <= MAX_VALIDITY_SECONDS:
        raise SchemaError("a membership lasts at most 366 days")
    return member


def read_rpps(fields: Fields, name: str) -> str:
    """Return the RPPS number in a field, or raise SchemaError."""
    rpps = fields.text(name, most=_RPPS_DIGITS)
    if not _RPPS.fullmatch(rpps) or not passes_luhn(rpps):
        raise SchemaError("no RPPS number")
    return rpps
