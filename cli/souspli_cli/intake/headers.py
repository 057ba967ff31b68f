"""The few header fields of a mail's part that intake reads, decoded with bounds.

RFC 5322, 2045, 2047, 2231; docs/specs/intake.md §3. Everything here takes linear time.
The standard library's structured headers do not (python/cpython issues 136063 and 87075),
and its unstructured ones keep every field of a part, so neither is used: of a part's
headers only the seven fields of `_FIELD` are ever taken out.
"""

from __future__ import annotations

import binascii
import re
from dataclasses import dataclass, field
from typing import Final

from souspli_cli.intake.decoding import decode_text
from souspli_cli.intake.errors import BeyondLimitsError

# One field after the other, as long as they are fields: RFC 5322 names, folded lines. The
# possessive quantifiers are what keeps it linear.
_BLOCK: Final = re.compile(rb"(?:[!-9;-~]++[ \t]*+:[^\n]*+(?:\n|\Z)(?:[ \t][^\n]*+(?:\n|\Z))*+)*+")
_NAME: Final = re.compile(rb"[!-9;-~]{1,1000}+[ \t]*+:")
_MBOX_LINE: Final = re.compile(rb">?From [^\n]*+\n")
_BLANK_LINE: Final = re.compile(rb"\r?\n")
_FIELD: Final = re.compile(
    rb"^(content-type|content-disposition|content-transfer-encoding|message-id|subject"
    rb"|date|auto-submitted)"
    rb"[ \t]*+:([^\n]*+(?:\n[ \t][^\n]*+)*+)",
    re.IGNORECASE | re.MULTILINE,
)
_MOST_VALUE_BYTES: Final = 16_384
"""Of one field: names of 255 bytes and subjects of 200 characters, however encoded."""

_PARAMETER: Final = re.compile(
    r';\s*+([^\s=;"]++)\s*+=\s*+(?:"((?:[^"\\]|\\.)*+)"|([^;"\s]*+))', re.DOTALL
)
_SEGMENT: Final = re.compile(r"([^*]+)\*([0-9]{1,3})(\*?)")
_ENCODED_WORD: Final = re.compile(r"=\?([^?\s]{1,40})\?([bBqQ])\?([^?]*)\?=")
_Q_PAIR: Final = re.compile(rb"=([0-9A-Fa-f]{2})")
_PERCENT_PAIR: Final = re.compile(rb"%([0-9A-Fa-f]{2})")
_DATE: Final = re.compile(
    r"(?:[A-Z][a-z]{2}, ?)?[0-9]{1,2} [A-Z][a-z]{2} [0-9]{4} [0-9]{2}:[0-9]{2}(?::[0-9]{2})?"
    r" (?:[+-][0-9]{4}|[A-Z]{1,5})(?: \([A-Za-z]{1,5}\))?",
    re.ASCII,
)
_MESSAGE_ID: Final = re.compile(r"\s*<([!-;=?A-~]{1,250}@[!-;=?A-~]{1,250})>\s*")


@dataclass(frozen=True, slots=True, repr=False)
class Headers:
    """The fields of one part that intake reads, still encoded; the first of each name."""

    fields: dict[str, bytes] = field(default_factory=dict[str, bytes])

    def text(self, name: str) -> tuple[str, bool]:
        """Return a field as text, and whether its character set had to be guessed."""
        return _as_text(self.fields.get(name, b""))

    def value(self, name: str) -> tuple[str, dict[str, str], bool]:
        """Return a structured field's value in lower case, its parameters, whether guessed."""
        text, guessed = _as_text(self.fields.get(name, b""))
        parameters, guessed_too = _parameters(text)
        return text.partition(";")[0].strip().lower(), parameters, guessed or guessed_too


def read_headers(content: bytes, start: int, end: int, *, most: int) -> tuple[Headers, int, bool]:
    """Return the headers that stand at `start`, where the body begins, whether any are there.

    Like every mail program, this takes the first line that is no field for the body's
    first. Raises BeyondLimitsError if they are longer than `most` bytes.
    """
    begin = mbox.end() if (mbox := _MBOX_LINE.match(content, start, end)) else start
    window = min(end, begin + most + 1)
    block = _BLOCK.match(content, begin, window)
    stop = block.end() if block else begin
    # The window may also have cut a field's name, which then looked like none.
    if stop - begin > most or (window < end and stop > begin and _NAME.match(content, stop, end)):
        raise BeyondLimitsError("header_bytes: a part's headers are too long")
    fields: dict[str, bytes] = {}
    for found in _FIELD.finditer(content, begin, stop):
        fields.setdefault(found[1].decode("ascii").lower(), found[2][:_MOST_VALUE_BYTES])
    blank = _BLANK_LINE.match(content, stop, end)
    return Headers(fields), blank.end() if blank else stop, stop > begin


def read_message_id(headers: Headers) -> str | None:
    """Return the Message-ID without its angle brackets, None if it is not one.

    Strict, because it names a mail that is sent twice: what two programs may read in two
    ways names none.
    """
    raw = headers.fields.get("message-id", b"").decode("latin-1")
    found = _MESSAGE_ID.fullmatch(raw)
    return found[1] if found and len(raw) < _MOST_VALUE_BYTES else None


def read_date(headers: Headers) -> str | None:
    """Return the Date, None if it is not spelt as one (RFC 5322 §3.3)."""
    raw = headers.fields.get("date", b"").strip().decode("latin-1")
    return raw if _DATE.fullmatch(raw) else None


def is_reply_of_a_program(headers: Headers) -> bool:
    """Say whether the mail calls itself one (RFC 3834 §5), as notices do."""
    said = headers.fields.get("auto-submitted", b"").partition(b";")[0]
    return said.strip().lower() == b"auto-replied"


def file_name(headers: Headers) -> tuple[str | None, bool]:
    """Return the name that a part gives itself, unchanged but decoded, and whether guessed."""
    for name, parameter in (("content-disposition", "filename"), ("content-type", "name")):
        _, parameters, guessed = headers.value(name)
        if found := parameters.get(parameter):
            # Encoded words have no place in a parameter (RFC 2047 §5), and are everywhere.
            words, guessed_too = _decode_words(found)
            return words, guessed or guessed_too
    return None, False


def _as_text(raw: bytes) -> tuple[str, bool]:
    text, guessed = decode_text(raw)
    return re.sub(r"\r?\n", "", text).strip(), guessed


def decode_words(text: str) -> tuple[str, bool]:
    """Return `text` with its RFC 2047 encoded words decoded, and whether one was guessed."""
    return _decode_words(text)


def _decode_words(text: str) -> tuple[str, bool]:
    pieces: list[str] = []
    waiting, charset, guessed, at = b"", "", False, 0
    for found in _ENCODED_WORD.finditer(text):
        between = text[at : found.start()]
        encoded = _word_bytes(found[2], found[3])
        # Space between two words is none, and a letter's bytes may be in both of them.
        if waiting and not between.strip() and found[1].lower() == charset:
            waiting += encoded
        else:
            decoded, guess = decode_text(waiting, charset)
            pieces += [decoded, between if between.strip() or not waiting else ""]
            waiting, charset, guessed = encoded, found[1].lower(), guessed or guess
        at = found.end()
    decoded, guess = decode_text(waiting, charset)
    return "".join([*pieces, decoded, text[at:]]), guessed or guess


def _word_bytes(encoding: str, text: str) -> bytes:
    raw = text.encode("utf-8", "replace")
    if encoding in "qQ":
        return _unescape(raw.replace(b"_", b" "), _Q_PAIR)
    try:
        return binascii.a2b_base64(raw + b"=" * (-len(raw) % 4))
    except binascii.Error:
        return raw


def _unescape(raw: bytes, pair_of: re.Pattern[bytes]) -> bytes:
    return pair_of.sub(lambda pair: bytes([int(pair[1], 16)]), raw)


def _parameters(text: str) -> tuple[dict[str, str], bool]:
    plain: dict[str, str] = {}
    segments: dict[str, dict[int, tuple[str, bool]]] = {}
    for found in _PARAMETER.finditer(text):
        name = found[1].lower()
        value = found[3] if found[2] is None else re.sub(r"\\(.)", r"\1", found[2], flags=re.DOTALL)
        if segment := _SEGMENT.fullmatch(name):
            parts = segments.setdefault(segment[1], {})
            parts.setdefault(int(segment[2]), (value, bool(segment[3])))
        elif name.endswith("*"):
            segments.setdefault(name[:-1], {}).setdefault(0, (value, True))
        else:
            plain.setdefault(name, value)
    guessed = False
    for name, parts in segments.items():
        # Programs that write both write the plain one for readers that know no better.
        plain[name], guess = _join_segments([parts[number] for number in sorted(parts)])
        guessed |= guess
    return plain, guessed


def _join_segments(parts: list[tuple[str, bool]]) -> tuple[str, bool]:
    charset = ""
    raw = bytearray()
    for number, (value, encoded) in enumerate(parts):
        rest = value
        if number == 0 and encoded and value.count("'") >= 2:
            charset, _, rest = value.split("'", 2)
        octets = rest.encode("utf-8", "surrogateescape")
        raw += _unescape(octets, _PERCENT_PAIR) if encoded else octets
    return decode_text(bytes(raw), charset)
