"""The closing: a patient ends their account (docs/specs/closing.md §1)."""

from dataclasses import dataclass
from typing import ClassVar

from souspli_keys.address import Origin
from souspli_keys.dsse import Envelope, PayloadType
from souspli_keys.errors import SchemaError
from souspli_keys.fields import Fields
from souspli_keys.public import PublicIdentity
from souspli_keys.statements.line import Line, read_line
from souspli_keys.statements.statement import open_statement, read_payload, write_payload


@dataclass(frozen=True, slots=True, kw_only=True)
class Closing:
    """Signed by the account's identity: it closes the account that is that identity's."""

    payload_type: ClassVar[PayloadType] = PayloadType.CLOSING

    line: Line
    """Of one statement: nothing follows it."""

    @classmethod
    def parse(cls, payload: bytes) -> "Closing":
        """Return the statement that a payload holds; StatementSchemaError if it holds none."""
        return read_payload(payload, _read)

    def to_payload(self) -> bytes:
        """Return the canonical JSON that is signed."""
        return write_payload(self.line, {})


def verify_closing(closing: Envelope, *, identity: PublicIdentity, origin: Origin) -> Closing:
    """Return the closing if the account signed it; StatementError otherwise."""
    return open_statement(closing, Closing, signer=identity, origin=origin)


def _read(fields: Fields) -> Closing:
    closing = Closing(line=read_line(fields))
    if closing.line.sequence != 1:
        raise SchemaError("a closing that follows something: there is one")
    return closing
