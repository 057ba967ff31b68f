"""Reads what a zip lists, without unpacking anything (APPNOTE 4.3; intake.md §4).

A reader of our own: `zipfile` believes the listing, makes an object of every entry before
they can be counted, and takes entries that share their bytes (a bomb without nesting).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import Enum
from itertools import pairwise
from typing import Final

from souspli_cli.intake.decoding import decode_text
from souspli_cli.intake.errors import BeyondLimitsError, IntakeError, NotThisFormatError
from souspli_cli.intake.limits import DEFAULT_LIMITS, Limits
from souspli_exchange.patterns import MEDIA_TYPE

STORED, DEFLATED = 0, 8
_END: Final = struct.Struct("<4s4H2LH")
_END_64: Final = struct.Struct("<4sQ2H2L4Q")
_LOCATOR_64: Final = struct.Struct("<4sLQL")
_ENTRY: Final = struct.Struct("<4s6H3L5H2L")
_LOCAL: Final = struct.Struct("<4s5H3L2H")
_EXTRA: Final = struct.Struct("<2H")
_MOST_COMMENT_BYTES = 65_535
_FULL_32 = 0xFFFFFFFF
_ENCRYPTED = 0x2041  # bits 0, 6 and 13
_UTF_8 = 0x800
_MOST_MIMETYPE_BYTES = 100


@dataclass(frozen=True, slots=True, repr=False, kw_only=True)
class Entry:
    """One entry of a zip; its bytes stand at `start`, and are nobody else's."""

    path: str
    method: int
    crc: int
    packed: int
    size: int
    start: int


class ZipKind(Enum):
    """What a zip is for."""

    XDM = "xdm"
    FILES = "files"
    DOCUMENT = "document"
    """One document that happens to be a zip: text processors, spreadsheets, programs."""
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class ZipLook:
    """What a zip's listing tells."""

    kind: ZipKind
    media_type: str = "application/zip"
    executable: bool = False


def look_at_zip(content: bytes, *, limits: Limits = DEFAULT_LIMITS) -> ZipLook:
    """Say what a zip is by its listing. Never raises: reading it does, later."""
    try:
        entries = read_listing(content, limits=limits)
    except IntakeError:
        return ZipLook(ZipKind.UNREADABLE)
    paths = {entry.path.lower() for entry in entries}
    names = {path.rpartition("/")[2] for path in paths}
    macros = "vbaproject.bin" in names or any(path.startswith("basic/") for path in paths)
    if "meta-inf/manifest.mf" in paths or "androidmanifest.xml" in paths:
        return ZipLook(ZipKind.DOCUMENT, "application/java-archive", executable=True)
    if "[content_types].xml" in paths:
        return ZipLook(ZipKind.DOCUMENT, _office_type(paths), executable=macros)
    if entries and entries[0].path == "mimetype" and entries[0].method == STORED:
        first = entries[0]
        raw = content[first.start : first.start + min(first.size, _MOST_MIMETYPE_BYTES)]
        told = raw.decode("latin-1").strip()
        if MEDIA_TYPE.fullmatch(told):
            return ZipLook(ZipKind.DOCUMENT, told, executable=macros)
    return ZipLook(ZipKind.XDM if "metadata.xml" in names else ZipKind.FILES)


def _office_type(paths: set[str]) -> str:
    for folder, name in (
        ("word/", "wordprocessingml.document"),
        ("xl/", "spreadsheetml.sheet"),
        ("ppt/", "presentationml.presentation"),
    ):
        if any(path.startswith(folder) for path in paths):
            return f"application/vnd.openxmlformats-officedocument.{name}"
    return "application/zip"


def stated_totals(content: bytes, *, limits: Limits = DEFAULT_LIMITS) -> tuple[int, int]:
    """Return how many entries a zip says it lists, and the bytes that they say they are.

    Never raises: of a listing that can't be read only the number counts, if there is one.
    """
    count = 0
    try:
        count = _directory(content)[2]
        return count, sum(entry.size for entry in read_listing(content, limits=limits))
    except IntakeError:
        return min(count, limits.entries), 0


def read_listing(content: bytes, *, limits: Limits) -> tuple[Entry, ...]:
    """Return the files that a zip lists, in its order, without its folders.

    Raises NotThisFormatError if the listing is damaged, encrypted or ambiguous (entries
    that overlap), BeyondLimitsError for the number of entries and for the sizes it states.
    """
    listing, stop, count, shift = _directory(content)
    if count > limits.entries:
        raise BeyondLimitsError("entries: a zip lists too many")
    entries: list[Entry] = []
    spans: list[tuple[int, int]] = []
    at = listing
    for _ in range(count):
        entry, begin, at = _read_entry(content, at, stop, shift)
        spans.append((begin, entry.start + entry.packed))
        if not entry.path.endswith("/"):
            entries.append(entry)
    if at != stop:
        raise NotThisFormatError("a zip that lists more than it counts")
    spans.sort()
    for (_, end), (begin, _) in pairwise([*spans, (listing, stop)]):
        if end > begin:
            raise NotThisFormatError("a zip whose entries overlap")
    _check_sizes(entries, limits)
    return tuple(entries)


def _check_sizes(entries: list[Entry], limits: Limits) -> None:
    if sum(entry.size for entry in entries) > limits.unpacked_bytes:
        raise BeyondLimitsError("unpacked_bytes: a zip holds too much")
    for entry in entries:
        if entry.size > 1024**2 and entry.size > limits.ratio * entry.packed:
            raise BeyondLimitsError("ratio: a zip's entry unpacks to too much")


def _directory(content: bytes) -> tuple[int, int, int, int]:
    """Return where the listing begins and ends, its entries, and what stands before the zip."""
    end = content.rfind(b"PK\x05\x06", max(0, len(content) - _MOST_COMMENT_BYTES - _END.size))
    if end < 0 or end + _END.size > len(content):
        raise NotThisFormatError("a zip without an end")
    _, _, _, _, count, size, offset, _ = _END.unpack_from(content, end)
    stop = end
    if count == 0xFFFF or _FULL_32 in {size, offset}:
        stop, count, size, offset = _directory_64(content, end)
    begin = stop - size
    shift = begin - offset
    if begin < 0 or shift < 0:
        raise NotThisFormatError("a zip whose listing is elsewhere")
    return begin, stop, count, shift


def _directory_64(content: bytes, end: int) -> tuple[int, int, int, int]:
    locator = end - _LOCATOR_64.size
    if locator < 0 or not content.startswith(b"PK\x06\x07", locator):
        raise NotThisFormatError("a zip64 without its second end")
    where = _LOCATOR_64.unpack_from(content, locator)[2]
    if where > locator - _END_64.size or not content.startswith(b"PK\x06\x06", where):
        raise NotThisFormatError("a zip64 whose second end is elsewhere")
    found = _END_64.unpack_from(content, where)
    return where, found[7], found[8], found[9]


def _read_entry(content: bytes, at: int, stop: int, shift: int) -> tuple[Entry, int, int]:
    """Return an entry, where its local header begins, and where the next entry does."""
    if at + _ENTRY.size > stop or not content.startswith(b"PK\x01\x02", at):
        raise NotThisFormatError("a zip whose listing is damaged")
    fields = _ENTRY.unpack_from(content, at)
    flags, method, crc, packed, size = fields[3], fields[4], fields[7], fields[8], fields[9]
    name_bytes, extra_bytes, comment_bytes, offset = fields[10], fields[11], fields[12], fields[16]
    name_at = at + _ENTRY.size
    following = name_at + name_bytes + extra_bytes + comment_bytes
    if following > stop:
        raise NotThisFormatError("a zip whose listing is cut")
    raw_name = content[name_at : name_at + name_bytes]
    if _FULL_32 in {packed, size, offset}:
        extra = content[name_at + name_bytes : name_at + name_bytes + extra_bytes]
        size, packed, offset = _sizes_64(extra, size, packed, offset)
    if flags & _ENCRYPTED or method not in {STORED, DEFLATED}:
        raise NotThisFormatError("a zip that is encrypted or packed in an unusual way")
    local = offset + shift
    if local + _LOCAL.size > stop or not content.startswith(b"PK\x03\x04", local):
        raise NotThisFormatError("a zip whose entry is elsewhere")
    here = _LOCAL.unpack_from(content, local)
    local_name = content[local + _LOCAL.size : local + _LOCAL.size + here[9]]
    if local_name != raw_name:
        raise NotThisFormatError("a zip whose entry has two names")
    entry = Entry(
        path=_path(raw_name, utf_8=bool(flags & _UTF_8)),
        method=method,
        crc=crc,
        packed=packed,
        size=size,
        start=local + _LOCAL.size + here[9] + here[10],
    )
    return entry, local, following


def _sizes_64(extra: bytes, size: int, packed: int, offset: int) -> tuple[int, int, int]:
    """Return the three numbers, those that are full from the zip64 field (APPNOTE 4.5.3)."""
    at, numbers = 0, [size, packed, offset]
    while at + _EXTRA.size <= len(extra):
        kind, length = _EXTRA.unpack_from(extra, at)
        at += _EXTRA.size
        if kind == 1:
            for index, number in enumerate(numbers):
                if number == _FULL_32 and at + 8 <= len(extra):
                    numbers[index] = int.from_bytes(extra[at : at + 8], "little")
                    at += 8
            return numbers[0], numbers[1], numbers[2]
        at += length
    raise NotThisFormatError("a zip64 entry without its sizes")


def _path(raw: bytes, *, utf_8: bool) -> str:
    # Without the bit it is the packer's own set; in France that was cp850 for long.
    text, _ = decode_text(raw, "utf-8" if utf_8 or _is_utf_8(raw) else "cp850")
    return text.replace("\\", "/")


def _is_utf_8(raw: bytes) -> bool:
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
