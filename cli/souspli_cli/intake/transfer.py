"""Takes a part's transfer encoding off (RFC 2045 §6): the bytes as they were attached."""

from __future__ import annotations

import binascii

from souspli_cli.intake.base64_lenient import decode_base64
from souspli_cli.intake.errors import NotThisFormatError
from souspli_cli.intake.values import Finding


def decode_transfer(content: bytes, encoding: str) -> tuple[bytes, frozenset[Finding]]:
    """Return `content` decoded, and what had to be repaired for it.

    An encoding that nobody knows is none, and what can't be decoded is left as it is: the
    bytes travel as they came.
    """
    match encoding:
        case "base64":
            return _decode_base64(content)
        case "quoted-printable":
            return binascii.a2b_qp(content), frozenset()
        case _:
            return content, frozenset()


def _decode_base64(content: bytes) -> tuple[bytes, frozenset[Finding]]:
    if not content or content.isspace():
        return b"", frozenset()
    try:
        decoded, repaired = decode_base64(content)
    except NotThisFormatError:
        return content, frozenset({Finding.BROKEN})
    return decoded, frozenset({Finding.BASE64_REPAIRED} if repaired else ())
