"""The organisation statement: a practice, laboratory or hospital says who it is."""

from dataclasses import dataclass
from typing import ClassVar

from souspli_keys.dsse import PayloadType
from souspli_keys.errors import SchemaError
from souspli_keys.fields import Fields
from souspli_keys.public import Fingerprint, PublicIdentity, parse_public
from souspli_keys.statements.line import Line, read_line
from souspli_keys.statements.statement import read_payload, write_payload

MAX_NAME_CHARACTERS = 200

_PHONE_CHARACTERS = (3, 30)
_MAX_POSTAL_LINES = 6  # of a French address, NF Z 10-011, below the name
_MAX_POSTAL_LINE_CHARACTERS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Organisation:
    """Signed by its own root, so it proves nothing but itself.

    Whose it is, the reader knows from a fingerprint that it already trusts.
    """

    payload_type: ClassVar[PayloadType] = PayloadType.ORGANISATION

    line: Line
    name: str
    phone: str
    postal_address: tuple[str, ...]
    root: PublicIdentity

    @property
    def fingerprint(self) -> Fingerprint:
        """The root's fingerprint: it names the organisation everywhere."""
        return self.root.fingerprint

    @classmethod
    def parse(cls, payload: bytes) -> "Organisation":
        """Return the statement that a payload holds; StatementSchemaError if it holds none."""
        return read_payload(payload, _read)

    def to_payload(self) -> bytes:
        """Return the canonical JSON that is signed."""
        fields: dict[str, object] = {
            "name": self.name,
            "phone": self.phone,
            "postal_address": self.postal_address,
            "root": self.root.to_json(),
        }
        return write_payload(self.line, fields)


def _read(fields: Fields) -> Organisation:
    least, most = _PHONE_CHARACTERS
    return Organisation(
        line=read_line(fields),
        name=fields.text("name", most=MAX_NAME_CHARACTERS),
        phone=fields.text("phone", least=least, most=most),
        postal_address=tuple(
            _read_postal_line(line)
            for line in fields.list("postal_address", most=_MAX_POSTAL_LINES)
        ),
        root=fields.parsed("root", parse_public),
    )


def _read_postal_line(value: object) -> str:
    if not isinstance(value, str) or not 1 <= len(value) <= _MAX_POSTAL_LINE_CHARACTERS:
        raise SchemaError("a postal line is no text of 1 to 100 characters")
    return value
