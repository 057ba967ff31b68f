"""The acceptance: a patient agrees to one version of the operator's terms (consent.md §7)."""

from dataclasses import dataclass
from typing import ClassVar

from souspli_keys.address import Origin
from souspli_keys.dsse import Envelope, PayloadType
from souspli_keys.fields import Fields
from souspli_keys.public import PublicIdentity
from souspli_keys.statements.consent import MAX_VERSION_CHARACTERS
from souspli_keys.statements.line import Line, read_line
from souspli_keys.statements.statement import open_statement, read_payload, write_payload


@dataclass(frozen=True, slots=True, kw_only=True)
class Acceptance:
    """Signed by the account's identity."""

    payload_type: ClassVar[PayloadType] = PayloadType.ACCEPTANCE

    line: Line
    """One for each account."""
    terms_version: str
    terms_hash: str
    """SHA-256 of the bytes that were shown: it tells the language too."""

    @classmethod
    def parse(cls, payload: bytes) -> "Acceptance":
        """Return the statement that a payload holds; StatementSchemaError if it holds none."""
        return read_payload(payload, _read)

    def to_payload(self) -> bytes:
        """Return the canonical JSON that is signed."""
        fields: dict[str, object] = {
            "terms_hash": self.terms_hash,
            "terms_version": self.terms_version,
        }
        return write_payload(self.line, fields)


def verify_acceptance(
    acceptance: Envelope, *, identity: PublicIdentity, origin: Origin
) -> Acceptance:
    """Return the acceptance if the account signed it; StatementError otherwise.

    Whether these are the terms in force is for the caller to see to.
    """
    return open_statement(acceptance, Acceptance, signer=identity, origin=origin)


def _read(fields: Fields) -> Acceptance:
    return Acceptance(
        line=read_line(fields),
        terms_version=fields.text("terms_version", most=MAX_VERSION_CHARACTERS),
        terms_hash=fields.hash("terms_hash"),
    )
