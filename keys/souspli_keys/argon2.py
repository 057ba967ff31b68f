"""Argon2id with the one set of parameters that is used (keys.md §3).

They are constants of the client. A service that could choose them, or the salt,
could make guessing cheap.
"""

from hashlib import sha256

from nacl import bindings

from souspli_keys.framing import frame

MEMORY_BYTES = 65_536 * 1_024  # 64 MiB
PASSES = 3  # t; with 64 MiB the low-memory choice of RFC 9106 §4, but for p = 1
OUTPUT_BYTES = 32
_SALT_BYTES = 16


def salt_of(label: str, *items: bytes | str) -> bytes:
    """Return the salt that stands for these framed items."""
    return sha256(frame(label, *items)).digest()[:_SALT_BYTES]


def argon2id(secret: bytes, *, salt: bytes) -> bytes:
    """Return 32 bytes from a password or code (version 1.3, one lane).

    Takes about 0.1 s and 64 MiB: in a server's event loop, call it in a thread.
    """
    return bindings.crypto_pwhash_alg(
        OUTPUT_BYTES,
        secret,
        salt,
        PASSES,
        MEMORY_BYTES,
        bindings.crypto_pwhash_ALG_ARGON2ID13,
    )
