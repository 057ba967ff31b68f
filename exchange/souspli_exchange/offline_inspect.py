"""What anybody can know of a sealed file, without a key: its shape and its lengths.

docs/specs/age.md and sealed-document.md §1 and §2. Nothing said here is authenticated:
whoever writes a file chooses its lengths, and the names beside it.
"""

import os
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from souspli_exchange.age.errors import HeaderError, HeaderIncompleteError, PayloadError
from souspli_exchange.age.header import MAX_HEADER_BYTES, parse_header
from souspli_exchange.age.hybrid import MLKEM768X25519
from souspli_exchange.age.lengths import CHUNK_BYTES, PAYLOAD_NONCE_BYTES, StreamLayout
from souspli_exchange.age.sealed_header import parse_sealed_header
from souspli_exchange.bundle import BLOCK_BYTES, MIN_PADDED_BYTES, padded_length
from souspli_exchange.cover import MAX_COVER_BYTES, PADDING_BYTES
from souspli_exchange.errors import SealedFolderError
from souspli_exchange.offline_folder import (
    CONTENTS_NAME,
    COVER_SUFFIX,
    COVERS_NAME,
    cover_path,
    open_regular,
)
from souspli_exchange.segments import SEGMENT_BYTES
from souspli_keys.errors import SpellingError
from souspli_keys.public import Fingerprint, parse_fingerprint

_ARMOR_START: Final = b"-----BEGIN AGE ENCRYPTED FILE-----"

# The least tar: one empty file's header, and two zero blocks.
_LEAST_TAR_BYTES: Final = 3 * BLOCK_BYTES


class NotOurs(StrEnum):
    """Why Souspli refuses a file."""

    NOT_AGE = "not_age"
    """No age v1 file."""
    ARMORED = "armored"
    """age's text form: sealed documents are binary."""
    HEADER = "header"
    """It begins like an age file, and its header breaks age's rules."""
    CUT_SHORT = "cut_short"
    """It ends within its header or its nonce."""
    RECIPIENTS = "recipients"
    """More than one stanza: a second reader that nobody would see."""
    RECIPIENT_TYPE = "recipient_type"
    """One stanza, and not of the post-quantum type."""
    LENGTH = "length"
    """No payload has this length: it was cut short or added to."""


class Role(StrEnum):
    """Which of the two files of a sealed document something may be."""

    COVER = "cover"
    CONTENTS = "contents"


@dataclass(frozen=True, slots=True)
class Payload:
    """What a payload's length tells. Exact, if the file is whole."""

    plain_bytes: int
    chunks: int
    segments: int


@dataclass(frozen=True, slots=True)
class FileFacts:
    """One file."""

    size: int
    not_ours: NotOurs | None
    """None if it has the shape that Souspli writes."""
    recipient_types: tuple[str, ...] = ()
    """age's names, one for each stanza; empty where there is no header."""
    header_bytes: int | None = None
    payload: Payload | None = None

    @property
    def roles(self) -> tuple[Role, ...]:
        """What it may be, by its length alone."""
        if self.not_ours is not None or self.payload is None:
            return ()
        plain = self.payload.plain_bytes
        roles: list[Role] = []
        if 0 < plain <= MAX_COVER_BYTES and plain % PADDING_BYTES == 0:
            roles.append(Role.COVER)
        if plain >= MIN_PADDED_BYTES and padded_length(plain) == plain:
            roles.append(Role.CONTENTS)
        return tuple(roles)

    @property
    def tar_bytes(self) -> range | None:
        """How long the tar in contents may be, in blocks; None if these are none.

        The range's last length, less one header and the end, is the most that the files
        can have.
        """
        if self.payload is None or Role.CONTENTS not in self.roles:
            return None
        plain = self.payload.plain_bytes
        least, most = _LEAST_TAR_BYTES // BLOCK_BYTES, plain // BLOCK_BYTES
        while least < most:  # padded_length grows with the tar: halve until it fits
            middle = (least + most) // 2
            if padded_length(middle * BLOCK_BYTES) < plain:
                least = middle + 1
            else:
                most = middle
        return range(least * BLOCK_BYTES, plain + 1, BLOCK_BYTES)


@dataclass(frozen=True, slots=True)
class FolderFacts:
    """A sealed document's folder, as it lies there."""

    contents: FileFacts
    covers: dict[Fingerprint, FileFacts]
    """By the fingerprint that stands in the file's name: it proves nothing."""
    others: tuple[str, ...]
    """Names of files that are none of ours."""


def inspect_file(path: Path) -> FileFacts:
    """Return what a file's beginning and length tell.

    Raises SealedFolderError if it can't be opened or read, or is no regular file.
    """
    descriptor = open_regular(path)
    with os.fdopen(descriptor, "rb") as file:
        try:
            size = os.fstat(descriptor).st_size
            # One byte more than a header has, so that a longer one is seen to be longer.
            start = file.read(MAX_HEADER_BYTES + 1)
        except OSError as failure:
            raise SealedFolderError("a file can't be read") from failure
    return _facts(start, size)


def inspect_folder(folder: Path) -> FolderFacts:
    """Return what a folder's files tell; raises SealedFolderError if it is none of ours."""
    try:
        names = sorted(path.name for path in folder.iterdir())
        cover_names = sorted(path.name for path in (folder / COVERS_NAME).iterdir())
    except OSError as failure:
        raise SealedFolderError("not the folder of a sealed document") from failure
    others = [name for name in names if name not in {CONTENTS_NAME, COVERS_NAME}]
    covers: dict[Fingerprint, FileFacts] = {}
    for name in cover_names:
        try:
            recipient = parse_fingerprint(name.removesuffix(COVER_SUFFIX))
        except SpellingError:
            recipient = None
        if recipient is None or not name.endswith(COVER_SUFFIX):
            others.append(f"{COVERS_NAME}/{name}")
        else:
            try:
                covers[recipient] = inspect_file(cover_path(folder, recipient))
            except SealedFolderError:
                others.append(f"{COVERS_NAME}/{name}")
    return FolderFacts(inspect_file(folder / CONTENTS_NAME), covers, tuple(others))


def _facts(start: bytes, size: int) -> FileFacts:
    if start.startswith(_ARMOR_START):
        return FileFacts(size, NotOurs.ARMORED)
    try:
        header, header_bytes = parse_header(start)
    except HeaderIncompleteError:
        return FileFacts(size, NotOurs.CUT_SHORT if start else NotOurs.NOT_AGE)
    except HeaderError:
        known = start.startswith(b"age-encryption.org/v1\n")
        return FileFacts(size, NotOurs.HEADER if known else NotOurs.NOT_AGE)
    types = tuple(stanza.recipient_type for stanza in header.stanzas)
    stream_bytes = size - header_bytes - PAYLOAD_NONCE_BYTES
    payload: Payload | None = None
    if stream_bytes < 0:
        not_ours: NotOurs | None = NotOurs.CUT_SHORT
    else:
        payload = _payload(stream_bytes)
        not_ours = _why_not_ours(start, types, payload)
    return FileFacts(size, not_ours, types, header_bytes, payload)


def _payload(stream_bytes: int) -> Payload | None:
    try:
        layout = StreamLayout.of_sealed(stream_bytes)
    except PayloadError:
        return None
    segments = -(-layout.chunk_count // (SEGMENT_BYTES // CHUNK_BYTES))
    return Payload(layout.plain_bytes, layout.chunk_count, segments)


def _why_not_ours(start: bytes, types: tuple[str, ...], payload: Payload | None) -> NotOurs | None:
    if len(types) > 1:
        return NotOurs.RECIPIENTS
    if types != (MLKEM768X25519,):
        return NotOurs.RECIPIENT_TYPE
    try:
        parse_sealed_header(start)
    except HeaderError:
        return NotOurs.HEADER
    return NotOurs.LENGTH if payload is None else None
