"""The consent: a member notes what a patient told the practice (consent.md §2)."""

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from souspli_keys.address import Origin
from souspli_keys.dsse import Envelope, PayloadType
from souspli_keys.errors import ChainError, SchemaError
from souspli_keys.fields import Fields
from souspli_keys.public import Fingerprint, read_fingerprint
from souspli_keys.statements.chain import verify_chain
from souspli_keys.statements.line import Line, read_line
from souspli_keys.statements.member import check_may
from souspli_keys.statements.roles import Act
from souspli_keys.statements.statement import open_statement, read_payload, write_payload
from souspli_keys.statements.way import Said, Way

MAX_VERSION_CHARACTERS = 32
"""Of a text's version: a date and a letter or two."""


class How(StrEnum):
    """How the patient told the practice."""

    ORAL = "oral"
    WRITTEN = "written"
    ONLINE = "online"


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """Signed by a member of the organisation that it is about."""

    payload_type: ClassVar[PayloadType] = PayloadType.CONSENT

    line: Line
    """Its subject is the id of the first invitation of the patient's line."""
    organisation: Fingerprint
    member: Fingerprint
    way: Way
    how: How
    given_at: int
    text_version: str | None
    """Of the text that was read to the patient; None if none was."""
    text_hash: str | None
    """SHA-256 of its bytes."""

    @classmethod
    def parse(cls, payload: bytes) -> "Consent":
        """Return the statement that a payload holds; StatementSchemaError if it holds none."""
        return read_payload(payload, _read)

    def to_payload(self) -> bytes:
        """Return the canonical JSON that is signed."""
        fields: dict[str, object] = {
            "given_at": self.given_at,
            "how": self.how.value,
            "member": self.member,
            "organisation": self.organisation,
            "text_hash": self.text_hash,
            "text_version": self.text_version,
            "way": self.way.value,
        }
        return write_payload(self.line, fields)

    @property
    def said(self) -> Said:
        """What it says, for `in_force`."""
        return Said(way=self.way, at=self.line.issued_at)


def verify_consent(
    consent: Envelope,
    *,
    organisation_statement: Envelope,
    member_statement: Envelope,
    organisation: Fingerprint,
    origin: Origin,
    subject: str,
) -> Consent:
    """Return the consent if a member of `organisation` signed it for this patient's line.

    `subject` is that of the reader's own copy of the invitation. Raises StatementError.
    """
    # Read before it is verified, only to know at which moment the chain has to hold.
    claimed = Consent.parse(consent.payload)
    signer = verify_chain(
        organisation_statement,
        member_statement,
        organisation=organisation,
        origin=origin,
        at=claimed.line.issued_at,
    )
    statement = open_statement(consent, Consent, signer=signer.member.member, origin=origin)
    if statement.organisation != organisation:
        raise ChainError("a consent that names another organisation")
    if statement.member != signer.member.fingerprint:
        raise ChainError("a consent that names another member")
    if statement.line.subject != subject:
        raise ChainError("a consent about another patient")
    check_may(signer.member, Act.CONSENTS)
    return statement


def _read(fields: Fields) -> Consent:
    consent = Consent(
        line=read_line(fields),
        organisation=read_fingerprint(fields, "organisation"),
        member=read_fingerprint(fields, "member"),
        way=fields.choice("way", Way),
        how=fields.choice("how", How),
        given_at=fields.integer("given_at"),
        text_version=fields.or_null(
            "text_version", lambda name: fields.text(name, most=MAX_VERSION_CHARACTERS)
        ),
        text_hash=fields.or_null("text_hash", fields.hash),
    )
    if consent.given_at > consent.line.issued_at:
        raise SchemaError("a consent that was noted before it was given")
    if (consent.text_version is None) != (consent.text_hash is None):
        raise SchemaError("a text has a version and a hash")
    if consent.way is Way.ELECTRONIC and consent.text_hash is None:
        raise SchemaError("nobody agrees to a text that nobody read")
    return consent
