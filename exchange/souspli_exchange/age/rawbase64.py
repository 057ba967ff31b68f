"""Base64 as age writes it: RFC 4648 section 4, no padding, one spelling per value."""

import base64
import binascii

from souspli_exchange.age.errors import HeaderError


def encode_base64(value: bytes) -> bytes:
    """Return the canonical unpadded base64 of `value`."""
    return base64.b64encode(value).rstrip(b"=")


def decode_base64(text: bytes) -> bytes:
    """Return the bytes that `text` is the canonical unpadded base64 of.

    Raises HeaderError for any other spelling: padding, white space, characters
    outside the alphabet, or non-zero bits after the last byte. Were two spellings
    accepted, a header could be changed without its meaning changing.
    """
    try:
        value = base64.b64decode(text + b"=" * (-len(text) % 4), validate=True)
    except binascii.Error:
        value = None
    # Python's decoder ignores bits after the last byte, and padding that was
    # already there: encoding again catches all of it.
    if value is None or encode_base64(value) != text:
        raise HeaderError("not canonical unpadded base64")
    return value
