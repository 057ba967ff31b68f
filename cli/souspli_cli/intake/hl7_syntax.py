"""Where the messages and segments of an HL7 v2 file begin and end.

docs/specs/intake.md §5.1. Bytes in, ranges out: one pass, a range for each segment, and
no list of fields. Line ends of any kind, MLLP's frame, batches, delimiters of the
message's own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Final

from souspli_cli.intake.charsets import find_charset, utf_16_of
from souspli_cli.intake.delimited import Dialect, Part
from souspli_cli.intake.errors import BeyondLimitsError, NotThisFormatError
from souspli_cli.intake.limits import Limits

MOST_SEGMENTS: Final = 50_000
"""Of one file, some 50 µs each. The longest real messages have thousands."""
MOST_LINES: Final = 2_000_000
"""Of one file, those inside values included: 64 MiB of base64 in lines of 76 are fewer."""

_JUNK: Final = b"\x0b\x1c \t\r\n"
# Some indent. Spaces at the end may belong to a value.
_LINE: Final = re.compile(rb"[ \t]*([^\r\n\x0b\x1c]+)")
_BEGINNING: Final = re.compile(rb"(?:MSH|FHS|BHS)[!-/:-@\[-`{-~]")
_ENVELOPES: Final = (b"FHS", b"BHS", b"BTS", b"FTS")
_SIGNS: Final = frozenset(b"!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~")
_NAME: Final = re.compile(rb"[A-Z][A-Z0-9]{2}")

# Table 0211, as far as letters of ours are in it. Sets whose second bytes look like
# delimiters (GB 18030, Big5, ISO IR87) are guessed at.
_CHARSETS: Final = {
    "ASCII": "ascii",
    **{f"8859/{number}": f"iso8859-{number}" for number in range(1, 10)},
    "8859/15": "iso8859-15",
    **dict.fromkeys(("UNICODE UTF-8", "UNICODE", "UTF-8", "UTF8", "UNICODE UTF8"), "utf-8"),
    # Turned into UTF-8 before anything is looked for.
    **dict.fromkeys(("UNICODE UTF-16", "UTF-16"), "utf-8"),
}


@dataclass(slots=True, repr=False)
class Message:
    """One message: its segments, and the bytes that it takes in the file."""

    content: bytes
    start: int
    end: int
    dialect: Dialect
    charset_guessed: bool = False
    segments: list[tuple[int, int]] = field(default_factory=list[tuple[int, int]])

    def segment(self, index: int) -> Part:
        """Return a segment; `Part.field(0)` is its name."""
        start, end = self.segments[index]
        return Part(self.content, start, end, self.dialect)

    def name(self, index: int) -> bytes:
        """Return a segment's name."""
        start, _ = self.segments[index]
        return self.content[start : start + 3]

    @property
    def header(self) -> Part:
        """The MSH segment. Its separator is its first field: `field(n)` is MSH-(n + 1)."""
        return self.segment(0)

    @property
    def end_with_line(self) -> int:
        """Where the message's last line ends, its line end included."""
        end = self.end
        while self.content[end : end + 1] in {b"\r", b"\n"}:
            end += 1
        return end

    def __len__(self) -> int:
        return len(self.segments)


def begins_like_hl7(content: bytes) -> bool:
    """Tell whether the first thing in `content` is a message's or a batch's header."""
    start = content[:256]
    if codec := utf_16_of(content):
        start = start.decode(codec, errors="ignore").encode()
    return bool(_BEGINNING.match(start.removeprefix(b"\xef\xbb\xbf").lstrip(_JUNK)))


def split_messages(content: bytes, *, limits: Limits) -> tuple[Message, ...]:
    """Return the messages of a file (of one byte for each ASCII character).

    Raises NotThisFormatError if there is none or a header is broken, BeyondLimitsError
    for too many messages or segments.
    """
    messages: list[Message] = []
    segments = 0
    current: Message | None = None
    for start, end in _lines(content):
        if content.startswith(b"MSH", start) and end - start > 3 and content[start + 3] in _SIGNS:
            if len(messages) == limits.documents:
                raise BeyondLimitsError("documents")
            current = Message(content, start, end, _read_dialect(content, start, end))
            messages.append(current)
        elif content.startswith(_ENVELOPES, start) and end - start > 3:
            current = None
            continue
        elif current is None:
            continue  # after a batch's trailer, or between frames
        elif not _begins_segment(content, start, current.dialect):
            # A line end inside a value: the line belongs to the segment before.
            current.segments[-1] = (current.segments[-1][0], end)
            current.end = end
            continue
        segments += 1
        if segments > MOST_SEGMENTS:
            raise BeyondLimitsError("segments")
        current.segments.append((start, end))
        current.end = end
    if not messages:
        raise NotThisFormatError("no message")
    for message in messages:
        _find_charset(message)
    return tuple(messages)


def _lines(content: bytes) -> Iterator[tuple[int, int]]:
    for number, match in enumerate(_LINE.finditer(content)):
        if number >= MOST_LINES:
            raise BeyondLimitsError("lines")
        start, end = match.span(1)
        if end - start > 1 or content[start] not in b" \t":
            yield start, end


def _begins_segment(content: bytes, start: int, dialect: Dialect) -> bool:
    return content[start + 3 : start + 4] == dialect.field and bool(_NAME.match(content, start))


def _read_dialect(content: bytes, start: int, end: int) -> Dialect:
    """Return the delimiters of MSH-1 and MSH-2."""
    separator = content[start + 3 : start + 4]
    # Four, and a fifth of which nobody makes use (2.7's mark for what was cut).
    stop = content.find(separator, start + 4, min(end, start + 10))
    signs = content[start + 4 : stop if stop >= 0 else start + 4]
    every = separator + signs
    if not signs or len(set(every)) != len(every) or not _SIGNS.issuperset(every):
        raise NotThisFormatError("the header's delimiters are none")
    return Dialect.of(separator, signs)


def _find_charset(message: Message) -> None:
    # MSH-18. Only the first of several: the others are reached by escapes.
    declared = next(message.header.field(17).repetitions(), None)
    known = _CHARSETS.get((declared.clean or "").upper()) if declared else None
    charset = find_charset(message.content[message.start : message.end], declared=known)
    message.dialect = replace(message.dialect, codec=charset.codec)
    message.charset_guessed = charset.guessed
