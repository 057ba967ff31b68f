"""Sealed files of a profile: readable with the device's secret, each in its own place.

A box is a line that names its version and purpose, then a nonce, then the
ciphertext (docs/specs/profile.md §3). A box that was moved to another name, or
altered by one bit, does not open.
"""

from __future__ import annotations

import re
import secrets
from enum import Enum
from functools import lru_cache
from typing import TYPE_CHECKING

from nacl import bindings
from nacl.exceptions import CryptoError

from souspli_cli.errors import Refused
from souspli_keys import canonical
from souspli_keys.errors import CanonicalError
from souspli_keys.framing import derive, frame

if TYPE_CHECKING:
    from collections.abc import Mapping

    from souspli_keys.canonical import JsonValue

NONCE_BYTES = bindings.crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
# Canonical JSON's own limit, and room for the line, the nonce and the tag.
MAX_BOX_BYTES = canonical.MAX_BYTES + 1024

_ANY_FIRST_LINE = re.compile(rb"souspli/[ -~]{1,100}\n")


class Purpose(Enum):
    """What a box holds; each purpose has a key of its own."""

    ROOT = "root"
    REQUEST = "request"
    PATIENT = "patient"
    DOCUMENT = "document"
    AUDIT_KEY = "audit-key"
    PURGE = "purge"
    ENROLMENT = "enrolment"
    SPOOL = "spool"
    ROUTES = "routes"
    TARGET = "target"
    ADDRESSES = "addresses"
    LETTER = "letter"

    @property
    def label(self) -> str:
        """The label of its key, and its first line."""
        return f"souspli/v1/profile/{self.value}"


class BoxDamaged(Refused):
    """The file is not what was written: altered, cut short, moved, another profile's."""

    def __init__(self, place: str) -> None:
        super().__init__("file_damaged", file=place)


class BoxVersionUnknown(Refused):
    """The file was written by another version of Souspli."""

    def __init__(self, place: str) -> None:
        super().__init__("file_version_unknown", file=place)


def seal(secret: bytes, value: Mapping[str, object], *, purpose: Purpose, place: str) -> bytes:
    """Seal a value for its place, the file's path inside the profile."""
    nonce = secrets.token_bytes(NONCE_BYTES)
    sealed = bindings.crypto_aead_xchacha20poly1305_ietf_encrypt(
        canonical.encode(value),
        frame(purpose.label, place),
        nonce,
        _key(secret, purpose.label),
    )
    return _first_line(purpose) + nonce + sealed


def unseal(secret: bytes, box: bytes, *, purpose: Purpose, place: str) -> dict[str, JsonValue]:
    """Open the box of a place.

    Raises:
        BoxVersionUnknown: Its first line names a version or purpose not known here.
        BoxDamaged: It does not open, or holds no canonical JSON.
    """
    line = _first_line(purpose)
    if not box.startswith(line):
        if _ANY_FIRST_LINE.match(box):
            raise BoxVersionUnknown(place)
        raise BoxDamaged(place)
    rest = box[len(line) :]
    nonce, sealed = rest[:NONCE_BYTES], rest[NONCE_BYTES:]
    try:
        plain = bindings.crypto_aead_xchacha20poly1305_ietf_decrypt(
            sealed, frame(purpose.label, place), nonce, _key(secret, purpose.label)
        )
        return canonical.decode(plain)
    except (CryptoError, CanonicalError):
        # Not chained: the cause could carry what was opened.
        raise BoxDamaged(place) from None


# One for each purpose, of the one profile that a program works for.
@lru_cache(maxsize=32)
def _key(secret: bytes, label: str) -> bytes:
    return derive(secret, label)


def _first_line(purpose: Purpose) -> bytes:
    return purpose.label.encode("ascii") + b"\n"
