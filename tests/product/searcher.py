"""Finds a text in bytes, however it was written there.

Two halves. A *needle* is searched for in several character sets. What is searched is
opened up first: every run of base64 (both alphabets, at every alignment), hexadecimal,
percent-encoding, quoted-printable and JSON escapes is decoded, every zlib, gzip and
deflate stream is inflated, every cell of an SQLite database is taken out, and all of
that again with what comes out. So a name in UTF-16 in a gzip stream in base64 is found
as the name alone is.
"""

from __future__ import annotations

import binascii
import quopri
import re
import sqlite3
import unicodedata
import zlib
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote_to_bytes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

# Shorter needles turn up in random bytes: 6 of them in a gigabyte with 1 : 260,000.
LEAST_NEEDLE_BYTES: Final = 6
# Encodings inside encodings; more than anything that is found in practice.
DEPTH: Final = 4
# What a stream may swell to: a document's texts are at its beginning.
INFLATED_BYTES: Final = 4_194_304
# A raw deflate stream has no header: one attempt per byte, about 8 µs.
RAW_WINDOW_BYTES: Final = 4_096

CHARACTER_SETS: Final = ("utf-8", "latin-1", "utf-16-le", "utf-16-be")

_BASE64: Final = re.compile(rb"[A-Za-z0-9+/_-]{8,}")
_HEX: Final = re.compile(rb"[0-9A-Fa-f]{12,}")
_PERCENT: Final = re.compile(rb"%[0-9A-Fa-f]{2}")
_QUOTED: Final = re.compile(rb"=[0-9A-Fa-f]{2}")
# JSON inside JSON doubles the backslash.
_JSON_ESCAPE: Final = re.compile(rb"(?:\\+u[0-9A-Fa-f]{4})+")
_LINE_END: Final = re.compile(rb"[\r\n]+[ \t]*")
_TEXT: Final = re.compile(rb"[\t\r\n\x20-\x7e]{8,}")
# Big-endian; little-endian without its first letter. Begins with one byte, to be quick.
_UTF_16: Final = re.compile(rb"(?:\0[\x20-\x7e]){7,}")
# RFC 1950: method 8, a window of at most 32 KiB, a check modulo 31, no dictionary.
_ZLIB: Final = re.compile(
    b"|".join(
        re.escape(bytes([window << 4 | 8, flags]))
        for window in range(8)
        for flags in range(256)
        if not flags & 0x20 and ((window << 4 | 8) << 8 | flags) % 31 == 0
    )
)
_GZIP: Final = re.compile(rb"\x1f\x8b\x08")
_SQLITE: Final = b"SQLite format 3\0"
# Between things that do not belong together: no needle has it.
_APART: Final = b"\x00\xff\n\xff\x00"


@dataclass(frozen=True)
class Found:
    """A needle that should not have been there."""

    needle: str
    place: str
    how: str
    """The encodings, from the outside in."""

    def __str__(self) -> str:
        return f"{self.needle} in {self.place} ({self.how})"


class Searcher:
    """Searches for texts and secret bytes, each with a name that reports may show."""

    def __init__(self, needles: Mapping[str, str | bytes]) -> None:
        self._patterns: dict[bytes, tuple[str, str]] = {}
        for name, needle in needles.items():
            for written, how in _written(needle):
                if len(written) < LEAST_NEEDLE_BYTES:
                    raise ValueError(f"too short to search for: {name}")
                self._patterns.setdefault(written.lower(), (name, how))

    def search(self, data: bytes, *, place: str, raw_deflate: bool = False) -> list[Found]:
        """Everything found in some bytes. `raw_deflate`: also streams without a header, slowly."""
        found: dict[str, Found] = {}
        for view, how in _views(data, raw_deflate=raw_deflate):
            lowered = view.lower()
            for pattern, (name, written) in self._patterns.items():
                if name not in found and pattern in lowered:
                    found[name] = Found(name, place, f"{how}, {written}" if how else written)
        return list(found.values())

    def search_files(self, root: Path, *, raw_deflate: bool = False) -> list[Found]:
        """Everything found in a file or in all files below a folder, in names as well."""
        found: list[Found] = []
        paths = [root] if root.is_file() else sorted(root.rglob("*"))
        for path in paths:
            place = path.relative_to(root.parent).as_posix()
            found += self.search(str(path).encode(), place=f"name of {place}")
            if path.is_file():
                data = path.read_bytes()
                found += self.search(data, place=place, raw_deflate=raw_deflate)
                if data.startswith(_SQLITE):
                    cells = _APART.join(_cells(path))
                    place = f"cells of {place}"
                    found += self.search(cells, place=place, raw_deflate=raw_deflate)
        return found


def _written(needle: str | bytes) -> Iterator[tuple[bytes, str]]:
    if isinstance(needle, bytes):
        yield needle, "as it is"
        return
    for form in dict.fromkeys(unicodedata.normalize(form, needle) for form in ("NFC", "NFD")):
        for text in dict.fromkeys((form, form.lower(), form.upper())):
            for character_set in CHARACTER_SETS:
                try:
                    yield text.encode(character_set), character_set
                except UnicodeEncodeError:
                    continue  # Œ is not in Latin-1


def _views(data: bytes, *, raw_deflate: bool) -> Iterator[tuple[bytes, str]]:
    """The bytes themselves, and everything that can be decoded out of them."""
    waiting = [(data, "")]
    seen: set[bytes] = set()
    while waiting:
        view, how = waiting.pop()
        if view in seen:
            continue
        seen.add(view)
        yield view, how
        depth = how.count(", ") + 1 if how else 0
        if depth < DEPTH:
            layers = [*_decoded(view)]
            if raw_deflate and depth < 2:
                layers.append((_inflated_anywhere(view), "deflate"))
            waiting += [(out, f"{how}, {layer}" if how else layer) for out, layer in layers if out]


def _decoded(view: bytes) -> Iterator[tuple[bytes, str]]:
    yield _APART.join(_from_utf_16(view, run) for run in _UTF_16.finditer(view)), "UTF-16"
    runs = _BASE64.findall(view)
    for alignment in range(4):
        yield _APART.join(_from_base64(run[alignment:]) for run in runs), "base64"
    runs = _HEX.findall(view)
    for alignment in range(2):
        yield _APART.join(_from_hex(run[alignment:]) for run in runs), "hex"
    yield _APART.join(_inflated(view, _ZLIB, zlib.MAX_WBITS)), "zlib"
    yield _APART.join(_inflated(view, _GZIP, zlib.MAX_WBITS | 16)), "gzip"
    # What leaves most of a text as it is, is done to texts alone: with noise, each
    # would give nearly the same noise again.
    texts = _TEXT.findall(view)
    for how, escape, decode in _ESCAPES:
        yield _APART.join(decode(text) for text in texts if escape.search(text)), how


def _from_json_escapes(text: bytes) -> bytes:
    def units(found: re.Match[bytes]) -> bytes:
        digits = found[0].replace(b"\\", b"").replace(b"u", b"")
        return binascii.unhexlify(digits).decode("utf-16-be", "replace").encode("utf-8", "replace")

    return _JSON_ESCAPE.sub(units, text)


_ESCAPES: Final[tuple[tuple[str, re.Pattern[bytes], Callable[[bytes], bytes]], ...]] = (
    # Base64 in mails and PEM files is cut into lines.
    ("lines joined", _LINE_END, lambda text: _LINE_END.sub(b"", text)),
    ("percent", _PERCENT, unquote_to_bytes),
    ("form", _PERCENT, lambda text: unquote_to_bytes(text.replace(b"+", b" "))),
    ("quoted-printable", _QUOTED, quopri.decodestring),
    ("quoted-printable header", _QUOTED, lambda text: quopri.decodestring(text, header=True)),
    ("JSON", _JSON_ESCAPE, _from_json_escapes),
)


def _from_base64(run: bytes) -> bytes:
    whole = run.translate(bytes.maketrans(b"-_", b"+/"))[: len(run) // 4 * 4]
    rest = run[len(whole) :].translate(bytes.maketrans(b"-_", b"+/"))
    # The last digits may hold one or two bytes; a single one holds none.
    tail = rest + b"=" * (4 - len(rest)) if len(rest) > 1 else b""
    return binascii.a2b_base64(whole + tail)


def _from_utf_16(view: bytes, run: re.Match[bytes]) -> bytes:
    return view[max(run.start() - 1, 0) : run.end()].replace(b"\0", b"")


def _from_hex(run: bytes) -> bytes:
    return binascii.unhexlify(run[: len(run) // 2 * 2])


def _inflated(view: bytes, header: re.Pattern[bytes], window: int) -> Iterator[bytes]:
    for start in header.finditer(view):
        out = _inflate(view[start.start() :], window)
        if len(out) >= LEAST_NEEDLE_BYTES:
            yield out


def _inflate(stream: bytes, window: int) -> bytes:
    """As much as comes out before the stream ends or breaks."""
    inflater = zlib.decompressobj(window)
    out = bytearray()
    # Byte by byte: what came out before an error counts, and would be lost with it.
    for begin in range(len(stream)):
        try:
            out += inflater.decompress(stream[begin : begin + 1], INFLATED_BYTES)
        except zlib.error:
            break
        if inflater.eof or len(out) >= INFLATED_BYTES:
            break
    return bytes(out)


def _inflated_anywhere(view: bytes) -> bytes:
    pieces: list[bytes] = []
    for start in range(len(view)):
        if view[start] & 0b110 == 0b110:
            continue  # no such type of block
        inflater = zlib.decompressobj(-zlib.MAX_WBITS)
        try:
            out = inflater.decompress(view[start : start + RAW_WINDOW_BYTES], RAW_WINDOW_BYTES * 8)
        except zlib.error:
            continue
        if len(out) >= LEAST_NEEDLE_BYTES:
            pieces.append(out)
    return _APART.join(pieces)


def _cells(path: Path) -> Iterable[bytes]:
    """Every value of every row, with what the write-ahead log has: pages cut them up."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        database.text_factory = bytes
        tables = database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        return [
            cell if isinstance(cell, bytes) else str(cell).encode()
            for (table,) in tables
            for row in database.execute(f'SELECT * FROM "{table.decode()}"')  # noqa: S608  (its own names)
            for cell in row
            if cell is not None
        ]
