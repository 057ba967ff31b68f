"""The records of an HPRIM Santé file, and which of them are about whom.

docs/specs/intake.md §6.2. A file is one message or several: `H`, then for each patient a
`P` and what follows it, then `L`. A line that begins with `A` goes on with the one before,
in the middle of a word if need be.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

from souspli_cli.intake.charsets import find_charset, utf_16_of
from souspli_cli.intake.delimited import Dialect, Part
from souspli_cli.intake.errors import BeyondLimitsError, NotThisFormatError

MOST_LINES: Final = 100_000
"""Of one file. A line has 220 characters at most in the standard."""

_BEGINNING: Final = re.compile(rb"H([!-/:-@\[-`{-~])([!-/:-@\[-`{-~]{2,5})\1")
_LINE: Final = re.compile(rb"[^\r\n]+")
_NAME: Final = re.compile(rb"[A-Z][A-Z0-9]{0,2}")
_JUNK: Final = b" \t\r\n"


@dataclass(slots=True, repr=False)
class Record:
    """One record: its name, where its lines stand in the file, and what they say together."""

    name: bytes
    start: int
    end: int
    """Behind its last line, line end included."""
    text: list[bytes]
    """Its lines, joined by nothing."""

    def part(self, dialect: Dialect) -> Part:
        """Return the record, to be asked for fields."""
        content = b"".join(self.text)
        return Part(content, 0, len(content), dialect)


@dataclass(slots=True, repr=False)
class Message:
    """From an `H` to its `L`."""

    dialect: Dialect
    header: Record
    before: list[Record] = field(default_factory=list[Record])
    """What stands between `H` and the first patient."""
    patients: list[list[Record]] = field(default_factory=list[list[Record]])
    """For each, its `P` and what belongs to it."""
    trailer: Record | None = None


def begins_like_hprim_sante(content: bytes) -> bool:
    """Tell whether the first thing in `content` is an HPRIM Santé header."""
    start = content[:256]
    if codec := utf_16_of(content):
        start = start.decode(codec, errors="ignore").encode()
    return bool(_BEGINNING.match(start.removeprefix(b"\xef\xbb\xbf").lstrip(_JUNK)))


def split_messages(content: bytes) -> tuple[tuple[Message, ...], bool]:
    """Return the messages of a file, and whether its character set was guessed.

    Raises NotThisFormatError if a header is broken or something stands outside of all
    messages, BeyondLimitsError for too many lines.
    """
    charset = find_charset(content)
    messages: list[Message] = []
    last: Record | None = None
    for number, match in enumerate(_LINE.finditer(content)):
        if number >= MOST_LINES:
            raise BeyondLimitsError("lines")
        start, end = match.span()
        if not content[start : start + 200].strip(_JUNK):
            continue
        if header := _BEGINNING.match(content, start):
            last = Record(b"H", start, _behind_line(content, end), [content[start:end]])
            dialect = _dialect(header, charset.codec)
            messages.append(Message(dialect=dialect, header=last))
            continue
        if not messages or last is None:
            raise NotThisFormatError("something stands before the header, or behind the end")
        message = messages[-1]
        name = _name(content, start, message.dialect)
        if name == b"A" or not name:
            # Without its mark, a line end inside a value.
            said = content[start + 2 : end] if name else b"\n" + content[start:end]
            last.text.append(said)
            last.end = _behind_line(content, end)
            continue
        record = Record(name, start, _behind_line(content, end), [content[start:end]])
        _place(message, record)
        last = None if name == b"L" else record
    if not messages:
        raise NotThisFormatError("no HPRIM Santé")
    return tuple(messages), charset.guessed


def _place(message: Message, record: Record) -> None:
    if record.name == b"L":
        message.trailer = record
    elif record.name == b"P":
        message.patients.append([record])
    elif message.patients:
        message.patients[-1].append(record)
    else:
        message.before.append(record)


def _name(content: bytes, start: int, dialect: Dialect) -> bytes:
    """Return the name of the record that begins here; none of a line that begins none."""
    match = _NAME.match(content, start)
    if match is None or not content.startswith(dialect.field, match.end()):
        return b""
    return match[0]


def _dialect(header: re.Match[bytes], codec: str) -> Dialect:
    separator, signs = header[1], header[2]
    every = separator + signs
    if len(set(every)) != len(every):
        raise NotThisFormatError("the header's delimiters are none")
    return Dialect.of(separator, signs, codec=codec)


def _behind_line(content: bytes, end: int) -> int:
    """Return where the next line begins."""
    for line_end in (b"\r\r\n", b"\r\n", b"\n", b"\r"):
        if content.startswith(line_end, end):
            return end + len(line_end)
    return end
