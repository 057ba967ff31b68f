"""The character set of bytes that do not say it, or say it wrongly.

docs/specs/intake.md §6: laboratories' software is as old as its files. Deterministic: the
same bytes are always read the same way, and a guess is always said to be one.
"""

from __future__ import annotations

import codecs
import re
from collections import Counter
from dataclasses import dataclass
from itertools import islice
from typing import Final

_SLICE_BYTES: Final = 1_048_576
_LOOKED_AT_FOR_UTF_16: Final = 512
_C1: Final = bytes(range(0x80, 0xA0))
_ASCII: Final = bytes(range(0x80))
_MOST_COUNTED: Final = 1_000_000
"""Of the bytes beyond ASCII: more of them would tell nothing new."""

SINGLE_BYTE: Final = ("cp1252", "cp850", "mac_roman")
"""Windows, DOS and old Macintosh. Each reads what the others wrote, as other letters."""

# How often a letter stands in a French result, é being by far the commonest; signs are
# those of units and quotation. Only the order of the sums matters.
_FREQUENCIES: Final = {
    "é": 40,
    "è": 12,
    "à": 10,
    "ê": 5,
    "ç": 4,
    "É": 8,
    "ù": 2,
    "ô": 3,
    "î": 2,
    "û": 2,
    "â": 2,
    "ë": 2,
    "ï": 2,
    "ü": 1,
    "ö": 1,
    "ä": 1,
    "œ": 1,
    "È": 3,
    "À": 2,
    "Ç": 2,
    "Ê": 2,
    "Ë": 1,
    "Ï": 1,
    "Î": 1,
    "Ô": 1,
    "Û": 1,
    "Ù": 1,
    "Â": 1,
    "µ": 6,
    "°": 5,
    "²": 3,
    "³": 2,
    "’": 3,
    "«": 2,
    "»": 2,
    "–": 2,
    "…": 1,
    "±": 1,
    "\xa0": 3,
    "€": 1,
    "½": 1,
    "ñ": 1,
    "£": 0,
}
_PRIOR: Final = {"cp1252": 5}
"""Old Macintoshes are rare: one `Ë` alone is no `À`."""
_INSIDE: Final = re.compile(rb"[A-Z][\x80-\xff][A-Z]|[a-z][\x80-\xff][a-z]")
_MOST_INSIDE: Final = 5_000
_FITS: Final = 50
"""More than any letter's frequency: names in capitals have few of the common ones."""
_NEVER: Final = -10
"""A box, a control, a Greek letter: nobody's spelling of a French word."""


@dataclass(frozen=True, slots=True)
class Charset:
    """How some bytes are to be decoded."""

    codec: str
    guessed: bool
    """Not what was declared, or one of several that would do."""


def find_charset(content: bytes, *, declared: str | None = None) -> Charset:
    """Return the character set of `content`, as Python calls it; it decodes all of it.

    `declared` (a codec's name) counts if all of `content` is valid in it; but what is
    valid UTF-8, and more than ASCII, is UTF-8 whatever was declared: no other text looks
    like it by chance. UTF-16 is not considered here (see `to_utf_8`).
    """
    if content.isascii():
        return Charset("ascii", guessed=False)
    if decodes(content, "utf-8"):
        return Charset("utf-8", guessed=declared not in {None, "utf-8"})
    if declared is not None and declared not in {"utf-8", "ascii"}:
        # As browsers do: Windows calls its own set by that name.
        codec = "cp1252" if declared == "iso8859-1" else declared
        if decodes(content, codec):
            return Charset(codec, guessed=codec != declared and _has_c1(content))
    return Charset(_likeliest(content), guessed=True)


def decodes(content: bytes, codec: str) -> bool:
    """Tell whether all of `content` is valid in `codec`, without keeping the text."""
    decoder = codecs.getincrementaldecoder(codec)()
    view = memoryview(content)
    try:
        for start in range(0, len(view), _SLICE_BYTES):
            decoder.decode(view[start : start + _SLICE_BYTES])
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def utf_16_of(content: bytes) -> str | None:
    """Return `utf-16-le` or `-be` if `content` begins like a text in one of them.

    By its mark, or by the zeros that Western letters have beside them.
    """
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16-le" if content.startswith(codecs.BOM_UTF16_LE) else "utf-16-be"
    start = content[:_LOOKED_AT_FOR_UTF_16]
    even, odd = start[::2].count(0), start[1::2].count(0)
    if len(start) >= 8 and max(even, odd) >= len(start) // 4 and min(even, odd) == 0:
        return "utf-16-le" if odd else "utf-16-be"
    return None


@dataclass(frozen=True, slots=True)
class Rewritten:
    """A text as bytes in which every ASCII character is one byte, and the way back."""

    content: bytes
    """Without a mark at its beginning."""
    utf_16: str | None
    mark: bytes

    def restore(self, part: bytes) -> bytes:
        """Return a part of `content` as it stood in the file, with the file's mark."""
        if self.utf_16 is None:
            return self.mark + part
        return self.mark + part.decode("utf-8").encode(self.utf_16)


def to_utf_8(content: bytes) -> Rewritten | None:
    """Return `content` with UTF-16 turned into UTF-8 and anything else as it is.

    None if it begins as UTF-16 and is not. Delimiters and line ends can then be looked
    for as bytes, whatever the character set is.
    """
    codec = utf_16_of(content)
    if codec is None:
        mark = codecs.BOM_UTF8 if content.startswith(codecs.BOM_UTF8) else b""
        return Rewritten(content[len(mark) :], None, mark)
    mark = content[:2] if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else b""
    try:
        return Rewritten(content[len(mark) :].decode(codec).encode(), codec, mark)
    except UnicodeDecodeError:
        return None


def _has_c1(content: bytes) -> bool:
    return len(content.translate(None, _C1)) != len(content)


def _likeliest(content: bytes) -> str:
    """Return the single-byte set in which `content` looks most like French."""
    counts = Counter(content.translate(None, _ASCII)[:_MOST_COUNTED])
    inside = Counter(match[0] for match in islice(_INSIDE.finditer(content), _MOST_INSIDE))

    def likelihood(codec: str) -> int:
        found = sum(count * _weight(byte, codec) for byte, count in counts.items())
        found += sum(count * _fit(three, codec) for three, count in inside.items())
        return found + _PRIOR.get(codec, 0)

    # `max` takes the first of equals: Windows.
    likeliest = max(SINGLE_BYTE, key=likelihood)
    # Windows leaves five bytes without a meaning; Latin-1 has controls there, which the
    # cleaning drops.
    if likeliest == "cp1252" and not decodes(content, "cp1252"):
        return "iso8859-1"
    return likeliest


def _fit(three: bytes, codec: str) -> int:
    """Judge a letter between two others: `FRANÇOIS` is a word, `FRAN€OIS` and `FRANéOIS` none."""
    letter = three[1:2].decode(codec, errors="replace")
    fits = letter.isupper() if three[:1].isupper() else letter.islower()
    return _FITS if fits else -_FITS


def _weight(byte: int, codec: str) -> int:
    letter = bytes([byte]).decode(codec, errors="replace")
    return _FREQUENCIES.get(letter, _NEVER if not letter.isalpha() else -3)
