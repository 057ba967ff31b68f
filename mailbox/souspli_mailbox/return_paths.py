"""The envelope's sender of a mail: what comes back says what it is about (mails.md §7). Pure.

VERP: the delivery's id and a tag stand in the local part. The tag is keyed, so that who
knows an id can't make a bounce; and made of the address, so that a late bounce from an
address of before says nothing about the one that has taken its place.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass
from typing import Final

# 64 bits: whoever guesses has to send a mail for each guess.
TAG_BYTES: Final = 8
_ID_BYTES: Final = 16

# Of 24 bytes; base 32, since relays on the way may change the letters' case.
TOKEN_CHARACTERS: Final = 39

# RFC 5321 §4.5.3.1.1 allows 64 octets before the @, one of them is the `+`.
MOST_SENDER_LOCAL: Final = 64 - 1 - TOKEN_CHARACTERS

_PURPOSE: Final = b"souspli return path v1"


@dataclass(frozen=True, slots=True)
class Token:
    """What a return path says: about which delivery, and the tag that proves it ours."""

    delivery_id: str
    tag: bytes


def tag(*, key: bytes, delivery_id: str, address: str) -> bytes:
    """Return the tag of a mail about the delivery to this address."""
    # Each part but the last has one length: no two pairs give the same bytes.
    parts = b"\0".join((_PURPOSE, delivery_id.encode(), address.encode()))
    return hmac.digest(key, parts, hashlib.sha256)[:TAG_BYTES]


def return_path(*, sender: str, key: bytes, delivery_id: str, address: str) -> str:
    """Return `sender` with `+` and the token in its local part."""
    local, _, domain = sender.rpartition("@")
    raw = bytes.fromhex(delivery_id) + tag(key=key, delivery_id=delivery_id, address=address)
    token = base64.b32encode(raw).decode("ascii").rstrip("=").lower()
    return f"{local}+{token}@{domain}"


def read_return_path(recipient: str) -> Token | None:
    """Return the token in the address to which a bounce came; None if there is none.

    Nothing is proved by that: compare the tag.
    """
    text = recipient.rpartition("@")[0].rpartition("+")[2].upper()
    if len(text) != TOKEN_CHARACTERS or not text.isascii():
        return None
    try:
        raw = base64.b32decode(text + "=")
    except binascii.Error:
        return None
    return Token(raw[:_ID_BYTES].hex(), raw[_ID_BYTES:])
