"""Base64 as interfaces mangle it: broken lines, lost padding, another alphabet.

Strict decoding would throw away a report for one missing `=`. What had to be repaired is
said; what is hardly base64 at all is no file.
"""

from __future__ import annotations

import binascii
import re
from typing import Final

from souspli_cli.intake.errors import NotThisFormatError

_SPACE: Final = b" \t\r\n\x0b\x0c"
_ALPHABET: Final = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_FOREIGN: Final = bytes(set(range(256)) - set(_ALPHABET) - set(b"="))
_FROM_URL_ALPHABET: Final = bytes.maketrans(b"-_", b"+/")
# HL7's escapes for a line break, as letters of the alphabet stand in them; and how a
# browser would begin.
_LINE_BREAKS: Final = re.compile(rb"\\(?:\.br|X0[DA](?:0[DA])?)\\", re.IGNORECASE)
_DATA_URL: Final = re.compile(rb"\s*data:[^,]{0,200},", re.IGNORECASE)

_MOST_FOREIGN: Final = 100
"""One of so many characters, at most, may be no base64: beyond it, it is something else."""
_MOST_PIECES: Final = 10_000
"""Pieces with a padding of their own, of interfaces that encode line by line."""


def decode_base64(text: bytes) -> tuple[bytes, bool]:
    """Return what `text` encodes, and whether it had to be repaired.

    White space is ordinary. Raises NotThisFormatError for what is empty, or is mostly
    something else.
    """
    if match := _DATA_URL.match(text):
        text = text[match.end() :]
    packed = text.translate(None, _SPACE)
    try:
        # As it should be, nearly always.
        if decoded := binascii.a2b_base64(packed, strict_mode=True):
            return decoded, False
    except binascii.Error:
        pass
    if b"\\" in packed:
        packed = _LINE_BREAKS.sub(b"", packed)
    known = packed.translate(_FROM_URL_ALPHABET)
    known = known.translate(None, _FOREIGN)
    letters = len(known) - known.count(b"=")
    if letters < 2 or (len(packed) - len(known)) * _MOST_FOREIGN > len(packed):
        raise NotThisFormatError("no base64")
    return _decode_pieces(known), True


def _decode_pieces(known: bytes) -> bytes:
    pieces = known.split(b"=", _MOST_PIECES)
    if len(pieces) > _MOST_PIECES:
        raise NotThisFormatError("no base64, but equals signs")
    return b"".join(_decode_piece(piece) for piece in pieces)


def _decode_piece(piece: bytes) -> bytes:
    # A single letter more says nothing: six bits of a byte of eight.
    whole = piece[:-1] if len(piece) % 4 == 1 else piece
    return binascii.a2b_base64(whole + b"=" * (-len(whole) % 4))
