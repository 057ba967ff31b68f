"""SHA-256 as S3 writes it: base64, and of a multipart object over its parts' hashes."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Sequence
from typing import Final

_SHA256_BYTES: Final = 32


def base64_sha256(data: bytes) -> str:
    """Return the SHA-256 of `data` as S3 writes checksums."""
    return in_base64(hashlib.sha256(data).digest())


def in_base64(sha256: bytes) -> str:
    """Write a checksum as S3 does."""
    return base64.b64encode(sha256).decode("ascii")


def multipart_checksum(parts: Sequence[bytes]) -> str:
    """Return the checksum of an object made of parts with these SHA-256, as S3 writes it."""
    return f"{base64_sha256(b''.join(parts))}-{len(parts)}"


def parse_sha256(text: str) -> bytes | None:
    """Return a checksum of bytes (32 bytes); None for one of parts, or of another kind."""
    try:
        sha256 = base64.b64decode(text, validate=True)
    except binascii.Error:
        return None
    return sha256 if len(sha256) == _SHA256_BYTES else None
