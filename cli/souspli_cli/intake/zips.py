"""Unpacks a zip: every file it lists, checked, within bounds (docs/specs/intake.md §4)."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from souspli_cli.intake.errors import NotThisFormatError
from souspli_cli.intake.zip_listing import STORED, Entry, read_listing
from souspli_exchange.filenames import fold

if TYPE_CHECKING:
    from souspli_cli.intake.limits import Limits

_JUNK_FOLDERS: Final = frozenset({"__macosx", ".git", ".svn", "$recycle.bin"})
_JUNK_NAMES: Final = frozenset({".ds_store", ".localized", "thumbs.db", "desktop.ini"})


@dataclass(frozen=True, slots=True, repr=False)
class Unpacked:
    """One file out of a zip."""

    path: str
    """With `/`, as the zip has it: nothing to store a file under."""
    content: bytes

    @property
    def name(self) -> str:
        """The last part of its path."""
        return self.path.rpartition("/")[2]


@dataclass(frozen=True, slots=True, repr=False)
class Archive:
    """A zip's files."""

    files: tuple[Unpacked, ...]
    ignored: bool
    """Something was left out that a computer put there, not a person."""


def read_zip(content: bytes, *, limits: Limits) -> Archive:
    """Return everything in a zip but what computers leave in them.

    Raises NotThisFormatError if the zip is damaged, encrypted or ambiguous,
    BeyondLimitsError if it lists or unpacks to more than `limits`.
    """
    entries = read_listing(content, limits=limits)
    wanted = [entry for entry in entries if not _is_junk(entry.path)]
    if len({fold(entry.path) for entry in wanted}) != len(wanted):
        raise NotThisFormatError("a zip with two files of one name")
    if any(".." in entry.path.split("/") for entry in wanted):
        raise NotThisFormatError("a zip with a file outside of itself")
    files = tuple(Unpacked(entry.path, _unpack(content, entry)) for entry in wanted)
    return Archive(files, ignored=len(wanted) != len(entries))


def _unpack(content: bytes, entry: Entry) -> bytes:
    packed = content[entry.start : entry.start + entry.packed]
    if entry.method == STORED:
        unpacked = packed
    else:
        inflater = zlib.decompressobj(-zlib.MAX_WBITS)
        try:
            # Not one byte more than was promised, and counted, is ever made.
            unpacked = inflater.decompress(packed, entry.size + 1)
        except zlib.error:
            raise NotThisFormatError("a zip's entry is damaged") from None
    if len(unpacked) != entry.size or zlib.crc32(unpacked) != entry.crc:
        raise NotThisFormatError("a zip's entry is not what was listed")
    return unpacked


def _is_junk(path: str) -> bool:
    *folders, name = path.lower().split("/")
    return name in _JUNK_NAMES or name.startswith("._") or not _JUNK_FOLDERS.isdisjoint(folders)
