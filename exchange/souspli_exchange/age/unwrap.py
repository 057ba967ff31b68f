"""Secret keys, and the file key that they find in a header.

The service never imports this module (tests/test_floors.py).
"""

import os
from collections.abc import Iterable
from typing import Final, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hpke

from souspli_exchange.age.bech32 import decode_bech32, encode_bech32
from souspli_exchange.age.errors import HeaderError, KeyStringError, NoMatchError
from souspli_exchange.age.filekey import FileKey
from souspli_exchange.age.header import Header, Stanza
from souspli_exchange.age.hybrid import (
    HPKE_INFO,
    HPKE_SUITE,
    MLKEM768X25519,
    parse_hybrid_stanza,
)
from souspli_exchange.age.recipient import HybridRecipient
from souspli_keys.agekey import AGE_IDENTITY_PREFIX, SEED_BYTES, expand_seed, recipient_key

SCRYPT: Final = "scrypt"
"""age's name for the stanza that a passphrase opens (`scrypt`)."""


class Identity(Protocol):
    """A secret that may open stanzas of one recipient type."""

    def unwrap(self, stanza: Stanza) -> FileKey | None:
        """Return the file key, or None if the stanza is for somebody else.

        For the implementer: None for another recipient type and for a stanza that
        doesn't decrypt; HeaderError for one of your type whose shape is wrong.
        """
        ...


class HybridIdentity:
    """An MLKEM768-X25519 secret key: `AGE-SECRET-KEY-PQ-1…`. Prints as `…`.

    The key is a seed of 32 bytes; both halves are expanded from it as HPKE's
    MLKEM768-X25519 prescribes (docs/specs/age.md, Keys).
    """

    __slots__ = ("_private_key", "_recipient", "_seed")

    def __init__(self, seed: bytes) -> None:
        """Raises KeyStringError for another length than 32 bytes."""
        if len(seed) != SEED_BYTES:
            raise KeyStringError(f"an identity is {SEED_BYTES} bytes long")
        self._seed = bytes(seed)
        # Each half is made when first asked for: who seals needs the public one, who
        # opens the secret one, and either costs as much as sealing 100 KB.
        self._recipient: HybridRecipient | None = None
        self._private_key: hpke.MLKEM768X25519PrivateKey | None = None

    @classmethod
    def generate(cls) -> "HybridIdentity":
        """Return a new identity from the system's random source."""
        return cls(os.urandom(SEED_BYTES))

    @classmethod
    def parse(cls, text: str) -> "HybridIdentity":
        """Return the identity that `AGE-SECRET-KEY-PQ-1…` spells, or raise KeyStringError."""
        return cls(decode_bech32(text, prefix=AGE_IDENTITY_PREFIX))

    @property
    def recipient(self) -> HybridRecipient:
        """The public half."""
        if self._recipient is None:
            self._recipient = HybridRecipient(recipient_key(self._seed))
        return self._recipient

    def to_secret_string(self) -> str:
        """Spell the secret as age does: `AGE-SECRET-KEY-PQ-1…`. Never log it."""
        return encode_bech32(AGE_IDENTITY_PREFIX, self._seed).upper()

    def secret_seed(self) -> bytes:
        """Return the 32-byte seed, to be sealed and stored."""
        return self._seed

    def unwrap(self, stanza: Stanza) -> FileKey | None:
        """Return the file key, or None if the stanza is for somebody else.

        Raises HeaderError for a stanza of type mlkem768x25519 of the wrong shape.
        """
        if stanza.recipient_type != MLKEM768X25519:
            return None
        hybrid = parse_hybrid_stanza(stanza)
        if self._private_key is None:
            self._private_key = hpke.MLKEM768X25519PrivateKey(*expand_seed(self._seed))
        try:
            secret = HPKE_SUITE.decrypt(
                hybrid.enc + hybrid.wrapped_file_key, self._private_key, info=HPKE_INFO
            )
        except InvalidTag:
            return None
        return FileKey(secret)

    def __repr__(self) -> str:
        return "HybridIdentity(…)"


def unwrap_file_key(header: Header, identities: Iterable[Identity]) -> FileKey:
    """Return the file key that one of `identities` finds, the header's MAC checked.

    Raises HeaderError if a stanza of an identity's own type is malformed or a scrypt
    stanza is not the only one, NoMatchError if none is for these identities, HmacError
    if the header was changed.
    """
    _check_passphrase_alone(header)
    for identity in identities:
        for stanza in header.stanzas:
            file_key = identity.unwrap(stanza)
            if file_key is not None:
                file_key.check_header(header)
                return file_key
    raise NoMatchError("the file is not for this key")


def _check_passphrase_alone(header: Header) -> Header:
    # Who shares a passphrase takes what it opens to come from the other one who knows
    # it. Beside another stanza it could come from anybody.
    if len(header.stanzas) > 1 and any(s.recipient_type == SCRYPT for s in header.stanzas):
        raise HeaderError("a scrypt stanza is the only one of its header")
    return header
