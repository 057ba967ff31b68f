"""The choice: a patient says themselves how an organisation writes to them (consent.md §2)."""

from dataclasses import dataclass
from typing import ClassVar

from souspli_keys.address import Origin
from souspli_keys.dsse import Envelope, PayloadType
from souspli_keys.errors import ChainError
from souspli_keys.fields import Fields
from souspli_keys.public import Fingerprint, PublicIdentity, read_fingerprint
from souspli_keys.statements.line import Line, read_line
from souspli_keys.statements.statement import open_statement, read_payload, write_payload
from souspli_keys.statements.way import Said, Way


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Signed by the account's identity."""

    payload_type: ClassVar[PayloadType] = PayloadType.CHOICE

    line: Line
    """One for each account and organisation."""
    organisation: Fingerprint
    way: Way

    @classmethod
    def parse(cls, payload: bytes) -> "Choice":
        """Return the statement that a payload holds; StatementSchemaError if it holds none."""
        return read_payload(payload, _read)

    def to_payload(self) -> bytes:
        """Return the canonical JSON that is signed."""
        fields: dict[str, object] = {"organisation": self.organisation, "way": self.way.value}
        return write_payload(self.line, fields)

    @property
    def said(self) -> Said:
        """What it says, for `in_force`."""
        return Said(way=self.way, at=self.line.issued_at)


def verify_choice(
    choice: Envelope, *, identity: PublicIdentity, organisation: Fingerprint, origin: Origin
) -> Choice:
    """Return the choice if the account signed it for this organisation.

    `identity` is that of a verified binding, or one's own. Raises StatementError.
    """
    statement = open_statement(choice, Choice, signer=identity, origin=origin)
    if statement.organisation != organisation:
        raise ChainError("a choice about another organisation")
    return statement


def _read(fields: Fields) -> Choice:
    return Choice(
        line=read_line(fields),
        organisation=read_fingerprint(fields, "organisation"),
        way=fields.choice("way", Way),
    )
