"""The age half of an identity: its key pair, from a 32-byte seed.

The seed expands as SHAKE256(seed, 96 bytes): 64 of ML-KEM-768 seed, then the X25519
scalar (https://c2sp.org/age, MLKEM768-X25519).
"""

from hashlib import shake_256

from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from souspli_keys.bech32 import decode_bech32, encode_bech32
from souspli_keys.errors import KeyStringError, MisuseError
from souspli_keys.public import RECIPIENT_PREFIX

AGE_IDENTITY_PREFIX = "age-secret-key-pq-"
"""Human-readable part of `AGE-SECRET-KEY-PQ-1…`, in lower case."""

SEED_BYTES = 32
_ML_KEM_768_SEED_BYTES = 64  # FIPS 203: d ‖ z
_X25519_BYTES = 32


def expand_seed(seed: bytes) -> tuple[MLKEM768PrivateKey, X25519PrivateKey]:
    """Return the two private keys that a seed stands for; MisuseError for another length."""
    if len(seed) != SEED_BYTES:
        raise MisuseError(f"an age seed is {SEED_BYTES} bytes long")
    expanded = shake_256(seed).digest(_ML_KEM_768_SEED_BYTES + _X25519_BYTES)
    return (
        MLKEM768PrivateKey.from_seed_bytes(expanded[:_ML_KEM_768_SEED_BYTES]),
        X25519PrivateKey.from_private_bytes(expanded[_ML_KEM_768_SEED_BYTES:]),
    )


def recipient_key(seed: bytes) -> bytes:
    """Return the public key of a seed, 1,216 bytes: ML-KEM-768's, then X25519's."""
    ml_kem, x25519 = expand_seed(seed)
    return ml_kem.public_key().public_bytes_raw() + x25519.public_key().public_bytes_raw()


def recipient_of(seed: bytes) -> str:
    """Return the recipient `age1pq1…` of a seed."""
    return encode_bech32(RECIPIENT_PREFIX, recipient_key(seed))


def spell_age_identity(seed: bytes) -> str:
    """Return `AGE-SECRET-KEY-PQ-1…`: a secret, for a cover or a file and nothing else."""
    return encode_bech32(AGE_IDENTITY_PREFIX, seed).upper()


def parse_age_identity(text: str) -> bytes:
    """Return the seed that `AGE-SECRET-KEY-PQ-1…` spells, or raise KeyStringError."""
    if text != text.upper():
        raise KeyStringError("an age identity is written in upper case")
    seed = decode_bech32(text, prefix=AGE_IDENTITY_PREFIX)
    if len(seed) != SEED_BYTES:
        raise KeyStringError(f"an age identity is {SEED_BYTES} bytes long")
    return seed
