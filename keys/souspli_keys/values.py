"""Base64 and hexadecimal, one spelling per value (encoding.md §2).

Were two spellings of one value accepted, a signed or hashed thing could be changed
without its meaning changing.
"""

import base64
import binascii
import re

from souspli_keys.errors import SpellingError

ID_BYTES = 16
"""128 random bits name an invitation, a document, an unlocker, a line of statements."""

HASH_BYTES = 32
"""SHA-256."""

_HEX = re.compile(r"[0-9a-f]*")
_SURROGATE = re.compile("[\\ud800-\\udfff]")


def encode_base64(value: bytes) -> str:
    """Return the padded standard base64 of `value`."""
    return base64.b64encode(value).decode("ascii")


def decode_base64(text: str, *, length: int | None = None) -> bytes:
    """Return the bytes that `text` is the canonical base64 of.

    Raises SpellingError for white space, missing padding, the URL alphabet, unused
    bits that are not zero, or another number of bytes than `length`.
    """
    # isascii first: UnicodeEncodeError would carry the text along, maybe a secret.
    if not text.isascii():
        raise SpellingError("not base64")
    try:
        value = base64.b64decode(text, validate=True)
    except binascii.Error:
        raise SpellingError("not base64") from None
    # The decoder ignores unused bits; encoding again shows them.
    if encode_base64(value) != text:
        raise SpellingError("not the canonical base64 of its value")
    if length is not None and len(value) != length:
        raise SpellingError(f"{len(value)} bytes where {length} belong")
    return value


def check_hex(text: str, *, length: int) -> str:
    """Return `text` if it is the lower-case hexadecimal of `length` bytes.

    Raises SpellingError otherwise.
    """
    if len(text) != 2 * length or not _HEX.fullmatch(text):
        raise SpellingError(f"not {2 * length} lower-case hexadecimal digits")
    return text


def decode_hex(text: str, *, length: int) -> bytes:
    """Return the `length` bytes that `text` spells, or raise SpellingError."""
    return bytes.fromhex(check_hex(text, length=length))


def has_lone_surrogate(text: str) -> bool:
    """Say whether `text` holds half a character, which UTF-8 can't spell.

    Python makes them of bytes that are not UTF-8, on a command line or in a file name.
    """
    return _SURROGATE.search(text) is not None
