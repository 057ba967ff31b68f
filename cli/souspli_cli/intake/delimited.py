"""Records of fields between delimiters, as HL7 v2 and HPRIM Santé have them.

Lazy: nothing is split before it is asked for, and nothing is copied before its value is.
A reader that builds lists of lists of lists needs gigabytes for a few megabytes of
delimiters (docs/decisions/0024).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from souspli_cli.intake.cleaning import clean_text

MOST_REPETITIONS: Final = 50
"""Of one field. People have fewer identifiers, names and addresses."""
_CLEANED_BYTES: Final = 8_000
"""Looked at for a text of 200 characters, however each of them is escaped."""
_NULL: Final = b'""'
"""How HL7 says that a value is to be deleted: for us, that there is none."""
_HEX: Final = re.compile(rb"X((?:[0-9A-Fa-f]{2})*)")
_LAYOUT: Final = re.compile(rb"\.(?:br|sp|ce|in|ti|sk|fi|nf)[ 0-9+-]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """The delimiters of one message, each a byte or (none) empty, and its character set."""

    field: bytes
    component: bytes
    repetition: bytes
    escape: bytes
    subcomponent: bytes
    codec: str = "ascii"

    @classmethod
    def of(cls, separator: bytes, signs: bytes, *, codec: str = "ascii") -> Dialect:
        """Return the dialect of a header's separator and the signs that follow it, in order."""
        return cls(
            field=separator,
            component=signs[0:1],
            repetition=signs[1:2],
            escape=signs[2:3],
            subcomponent=signs[3:4],
            codec=codec,
        )


@dataclass(frozen=True, slots=True, repr=False)
class Part:
    """A range of a message: a record, a field, a component."""

    content: bytes
    start: int
    end: int
    dialect: Dialect

    @property
    def raw(self) -> bytes:
        """The bytes as they stand there."""
        return self.content[self.start : self.end]

    @property
    def empty(self) -> bool:
        """Nothing stands there, or the mark for nothing."""
        return self.start >= self.end or (self.end - self.start == 2 and self.raw == _NULL)

    @property
    def text(self) -> str:
        """All of it, without its escapes; '' for the mark for nothing."""
        return "" if self.empty else decode(self.raw, self.dialect)

    @property
    def clean(self) -> str | None:
        """A text for a manifest, or None (`cleaning.clean_text`)."""
        if self.empty:
            return None
        return clean_text(decode(self.content[self.start : self._cleaned_end], self.dialect))

    @property
    def _cleaned_end(self) -> int:
        return min(self.end, self.start + _CLEANED_BYTES)

    def field(self, number: int) -> Part:
        """Return the record's field, counted as HL7 counts: its name is field 0."""
        return self._nth(self.dialect.field, number + 1)

    def component(self, number: int) -> Part:
        """Return the field's component, the first being 1."""
        return self._nth(self.dialect.component, number)

    def subcomponent(self, number: int) -> Part:
        """Return the component's part, the first being 1."""
        return self._nth(self.dialect.subcomponent, number)

    def repetitions(self) -> Iterator[Part]:
        """Give the field's repetitions, those that hold anything, up to `MOST_REPETITIONS`."""
        at = self.start
        for _ in range(MOST_REPETITIONS):
            end = self._find(self.dialect.repetition, at)
            part = Part(self.content, at, end, self.dialect)
            if not part.empty:
                yield part
            if end >= self.end:
                return
            at = end + 1

    def _nth(self, delimiter: bytes, number: int) -> Part:
        content, at, end = self.content, self.start, self.end
        for _ in range(number - 1):
            found = content.find(delimiter, at, end) if delimiter else -1
            if found < 0:
                return Part(content, end, end, self.dialect)
            at = found + 1
        return Part(content, at, self._find(delimiter, at), self.dialect)

    def _find(self, delimiter: bytes, at: int) -> int:
        """Return where the next `delimiter` stands, or the end."""
        found = self.content.find(delimiter, at, self.end) if delimiter else -1
        return self.end if found < 0 else found


def decode(raw: bytes, dialect: Dialect) -> str:
    """Return `raw` without its escapes, decoded; what can't be decoded is `�`."""
    # Escapes first: `\XC3A9\` stands for bytes of the message's own character set.
    if dialect.escape and dialect.escape in raw:
        raw = _escapes(dialect.escape).sub(lambda match: _unescaped(match, dialect), raw)
    return raw.decode(dialect.codec, errors="replace")


@lru_cache(maxsize=64)  # of the 32 signs that can be an escape
def _escapes(escape: bytes) -> re.Pattern[bytes]:
    sign = re.escape(escape)
    return re.compile(sign + rb"([^" + sign + rb"]*)" + sign)


def _unescaped(match: re.Match[bytes], dialect: Dialect) -> bytes:
    code = match[1]
    signs = {
        b"F": dialect.field,
        b"S": dialect.component,
        b"R": dialect.repetition,
        b"E": dialect.escape,
        b"T": dialect.subcomponent,
        b"H": b"",  # bold on, and off
        b"N": b"",
    }
    if code in signs:
        return signs[code]
    if hexadecimal := _HEX.fullmatch(code):
        return bytes.fromhex(hexadecimal[1].decode())
    if _LAYOUT.fullmatch(code):
        return b"\n"
    # Local escapes, and paths of Windows: left as they are, nothing is lost.
    return match[0]
