"""The public half of an identity, and the fingerprint that people compare (keys.md §1)."""

from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import sha256
from typing import NewType

from souspli_keys.bech32 import decode_bech32
from souspli_keys.errors import KeyStringError, SpellingError
from souspli_keys.fields import Fields, read_object
from souspli_keys.framing import frame
from souspli_keys.values import HASH_BYTES, check_hex, encode_base64

RECIPIENT_PREFIX = "age1pq"
"""Human-readable part of `age1pq1…`."""

RECIPIENT_KEY_BYTES = 1_216  # ML-KEM-768 encapsulation key (1,184), X25519 point (32)
ED25519_PUBLIC_BYTES = 32
ML_DSA_65_PUBLIC_BYTES = 1_952  # FIPS 204

_RECIPIENT_CHARACTERS = 1_959  # prefix, 1, ⌈1,216 × 8 / 5⌉ symbols, 6 of checksum
_RECIPIENTS_KEPT = 512  # 3 kB each
_GROUP = 4

Fingerprint = NewType("Fingerprint", str)
"""SHA-256 over an identity's public keys, as 64 lower-case hexadecimal digits."""


def parse_fingerprint(text: str) -> Fingerprint:
    """Return `text` as a fingerprint, or raise SpellingError."""
    return Fingerprint(check_hex(text, length=HASH_BYTES))


def read_fingerprint(fields: Fields, name: str) -> Fingerprint:
    """Return the field `name` as a fingerprint, or raise SchemaError or SpellingError."""
    return Fingerprint(fields.hash(name))


def format_fingerprint(fingerprint: Fingerprint) -> str:
    """Return the fingerprint as people compare it: 16 groups of 4 digits."""
    return " ".join(
        fingerprint[start : start + _GROUP] for start in range(0, len(fingerprint), _GROUP)
    )


# The same few identities stand in the statements around every document, and 1,959 symbols
# take as long as verifying a signature.
@lru_cache(maxsize=_RECIPIENTS_KEPT)
def _recipient_key(recipient: str) -> bytes:
    """Return the bytes that a recipient spells, or raise KeyStringError."""
    if recipient != recipient.lower():
        raise KeyStringError("a recipient is written in lower case")
    key = decode_bech32(recipient, prefix=RECIPIENT_PREFIX)
    if len(key) != RECIPIENT_KEY_BYTES:
        raise KeyStringError(f"a recipient is {RECIPIENT_KEY_BYTES} bytes long")
    return key


@dataclass(frozen=True, slots=True, repr=False)
class PublicIdentity:
    """What others know of an identity: one key to seal to, two to verify with.

    That it is the right person's is not said here: see `souspli_keys.statements`.
    Raises SpellingError if a key has the wrong length or the recipient is misspelt.
    """

    recipient: str
    """`age1pq1…`, lower case."""
    ed25519: bytes
    ml_dsa_65: bytes
    fingerprint: Fingerprint = field(init=False)
    recipient_key: bytes = field(init=False, compare=False)
    """The 1,216 bytes that `recipient` spells."""

    def __post_init__(self) -> None:
        if len(self.ed25519) != ED25519_PUBLIC_BYTES:
            raise SpellingError(f"an Ed25519 key is {ED25519_PUBLIC_BYTES} bytes long")
        if len(self.ml_dsa_65) != ML_DSA_65_PUBLIC_BYTES:
            raise SpellingError(f"an ML-DSA-65 key is {ML_DSA_65_PUBLIC_BYTES} bytes long")
        recipient_key = _recipient_key(self.recipient)
        framed = frame("souspli/v1/fingerprint", recipient_key, self.ed25519, self.ml_dsa_65)
        # object.__setattr__ is how a frozen class sets a computed field.
        object.__setattr__(self, "recipient_key", recipient_key)
        object.__setattr__(self, "fingerprint", Fingerprint(sha256(framed).hexdigest()))

    def to_json(self) -> dict[str, object]:
        """Return the object that `parse_public` reads."""
        return {
            "ed25519": encode_base64(self.ed25519),
            "ml_dsa_65": encode_base64(self.ml_dsa_65),
            "recipient": self.recipient,
        }

    def __repr__(self) -> str:
        return f"PublicIdentity({self.fingerprint})"


def parse_public(value: object) -> PublicIdentity:
    """Return the public identity that a JSON object holds.

    Raises SchemaError for other fields than the three, SpellingError for a key that
    is not one.
    """

    def read(fields: Fields) -> PublicIdentity:
        recipient = fields.text("recipient", most=_RECIPIENT_CHARACTERS)
        ed25519 = fields.base64("ed25519", length=ED25519_PUBLIC_BYTES)
        ml_dsa_65 = fields.base64("ml_dsa_65", length=ML_DSA_65_PUBLIC_BYTES)
        return PublicIdentity(recipient=recipient, ed25519=ed25519, ml_dsa_65=ml_dsa_65)

    return read_object(value, read)
