"""The fields that all statements carry: which line they continue, and where."""

import os
from dataclasses import dataclass

from souspli_keys.address import Origin, parse_origin
from souspli_keys.errors import SchemaError
from souspli_keys.fields import Fields
from souspli_keys.values import ID_BYTES

VERSION = 1

_MOST_ORIGIN_CHARACTERS = 253


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A statement's place in its line of statements (statements.md, first table).

    Sequence, previous and salt are what a transparency log's leaf will need.
    """

    origin: Origin
    subject: str
    """128-bit id that all statements of the line share."""
    sequence: int
    previous: str | None
    """Hash of the statement before; None for the first."""
    salt: str
    """128 random bits: without them a hash would confirm a guess of the contents."""
    issued_at: int

    @classmethod
    def first(cls, *, origin: Origin, issued_at: int, subject: str | None = None) -> "Line":
        """Return the beginning of a line; its subject is random unless it is given."""
        return cls(
            origin=origin,
            subject=subject or _random_id(),
            sequence=1,
            previous=None,
            salt=_random_id(),
            issued_at=issued_at,
        )

    def after(self, statement_hash: str, *, issued_at: int) -> "Line":
        """Return what follows on this line.

        `statement_hash` is the hash of the statement that carries this one.
        """
        return Line(
            origin=self.origin,
            subject=self.subject,
            sequence=self.sequence + 1,
            previous=statement_hash,
            salt=_random_id(),
            issued_at=issued_at,
        )

    def to_json(self) -> dict[str, object]:
        """Return the fields, to stand beside the statement's own."""
        return {
            "issued_at": self.issued_at,
            "origin": self.origin,
            "previous": self.previous,
            "salt": self.salt,
            "sequence": self.sequence,
            "subject": self.subject,
            "version": VERSION,
        }


def read_line(fields: Fields) -> Line:
    """Return these fields of a statement, or raise a FormatError."""
    fields.constant("version", VERSION)
    line = Line(
        origin=parse_origin(fields.text("origin", most=_MOST_ORIGIN_CHARACTERS)),
        subject=fields.id("subject"),
        sequence=fields.integer("sequence", least=1),
        previous=fields.or_null("previous", fields.hash),
        salt=fields.id("salt"),
        issued_at=fields.integer("issued_at"),
    )
    if (line.sequence == 1) != (line.previous is None):
        raise SchemaError("the first statement of a line, and only it, follows none")
    return line


def _random_id() -> str:
    return os.urandom(ID_BYTES).hex()
