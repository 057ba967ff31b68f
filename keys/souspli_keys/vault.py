"""The vault: an account's secrets, sealed so that the service can keep them (keys.md §7).

It is sealed under a random vault key, and that is wrapped once for each unlocker.
What is inside: `vault_contents`. The service never imports this module;
`tests/test_floors.py` sees to it.
"""

import os
from hashlib import sha256

from nacl import bindings
from nacl.exceptions import CryptoError

from souspli_keys import canonical
from souspli_keys.codes import AccountNumber
from souspli_keys.errors import (
    FormatError,
    MisuseError,
    VaultContentsError,
    VaultKeyError,
    VaultMismatchError,
)
from souspli_keys.framing import frame
from souspli_keys.login import UnlockerKind
from souspli_keys.secret import Secret
from souspli_keys.unlockers import WrapKey
from souspli_keys.vault_contents import Vault, read_vault

KEY_BYTES = 32
NONCE_BYTES = 24
TAG_BYTES = 16
PADDING_BYTES = 1_024
"""A sealed vault's length tells that of its contents to the kibibyte only."""

_GENERATION_BYTES = 8


class VaultKey(Secret):
    """The random key of one or more generations of a vault. Prints as `…`."""

    __slots__ = ("_key",)

    def __init__(self, key: bytes) -> None:
        """Hold a key that was unwrapped; a new vault takes `generate`."""
        if len(key) != KEY_BYTES:
            raise MisuseError(f"a vault key is {KEY_BYTES} bytes long")
        self._key = bytes(key)

    @classmethod
    def generate(cls) -> "VaultKey":
        """Return a new vault key from the system's random source."""
        return cls(os.urandom(KEY_BYTES))

    def secret_bytes(self) -> bytes:
        """Return the key, for this module and for nothing else."""
        return self._key


def seal_vault(vault: Vault, *, vault_key: VaultKey) -> bytes:
    """Return the sealed vault, whose hash is the next one's `previous`.

    Raises CanonicalError if it holds a text that canonical JSON refuses, and
    MisuseError if a reader would refuse it for anything else.
    """
    contents = vault.to_json()
    plaintext = canonical.encode_padded(contents, multiple=PADDING_BYTES)
    try:
        read_vault(contents)
    except FormatError as error:
        raise MisuseError(f"not a vault: {error}") from None
    return _seal(
        plaintext,
        associated=_vault_associated_data(vault.account, vault.generation),
        key=vault_key.secret_bytes(),
    )


def open_vault(
    sealed: bytes,
    *,
    vault_key: VaultKey,
    account: AccountNumber,
    generation: int,
    seen_generation: int,
) -> Vault:
    """Return the vault that the service gave as this account's, in this generation.

    `seen_generation` is the newest that this client has seen, 0 if it remembers none:
    an older vault would bring removed unlockers back. Raises VaultKeyError if it was
    sealed under another key or for another account or generation, or was altered;
    VaultMismatchError if it is older than seen, or differs inside from outside;
    VaultContentsError if it is no vault of a version that is understood.
    """
    if generation < seen_generation:
        raise VaultMismatchError("an older generation than this client has seen")
    plaintext = _open(
        sealed,
        associated=_vault_associated_data(account, generation),
        key=vault_key.secret_bytes(),
    )
    try:
        vault = read_vault(canonical.decode_padded(plaintext, multiple=PADDING_BYTES))
    except FormatError as error:
        raise VaultContentsError(str(error)) from None
    if vault.account != account or vault.generation != generation:
        raise VaultMismatchError("another account or generation inside than outside")
    return vault


def sealed_vault_hash(sealed: bytes) -> str:
    """Return what the next generation names as `previous`."""
    return sha256(sealed).hexdigest()


def wrap_vault_key(
    vault_key: VaultKey,
    *,
    wrap_key: WrapKey,
    account: AccountNumber,
    kind: UnlockerKind,
    unlocker_id: str,
) -> bytes:
    """Return the vault key wrapped for one unlocker, 72 bytes."""
    return _seal(
        vault_key.secret_bytes(),
        associated=_wrap_associated_data(account, kind, unlocker_id),
        key=wrap_key.secret_bytes(),
    )


def unwrap_vault_key(
    wrapped: bytes,
    *,
    wrap_key: WrapKey,
    account: AccountNumber,
    kind: UnlockerKind,
    unlocker_id: str,
) -> VaultKey:
    """Return the vault key that was wrapped for this unlocker, or raise VaultKeyError."""
    key = _open(
        wrapped,
        associated=_wrap_associated_data(account, kind, unlocker_id),
        key=wrap_key.secret_bytes(),
    )
    if len(key) != KEY_BYTES:
        raise VaultKeyError("a wrapped vault key of another length")
    return VaultKey(key)


def _vault_associated_data(account: AccountNumber, generation: int) -> bytes:
    if not 0 < generation <= canonical.MAX_INTEGER:
        raise VaultMismatchError("no generation of a vault")
    return frame("souspli/v1/vault", account, generation.to_bytes(_GENERATION_BYTES, "big"))


def _wrap_associated_data(account: AccountNumber, kind: UnlockerKind, unlocker_id: str) -> bytes:
    return frame("souspli/v1/vault-wrap", account, kind.value, unlocker_id)


def _seal(plaintext: bytes, *, associated: bytes, key: bytes) -> bytes:
    # 24 random bytes do not repeat in practice: that is what XChaCha20 is for.
    nonce = os.urandom(NONCE_BYTES)
    return _seal_with_nonce_for_vectors_only(plaintext, associated, nonce=nonce, key=key)


def _seal_with_nonce_for_vectors_only(
    plaintext: bytes, associated: bytes, *, nonce: bytes, key: bytes
) -> bytes:
    """Seal under a given nonce. A nonce used twice gives both plaintexts away."""
    return nonce + bindings.crypto_aead_xchacha20poly1305_ietf_encrypt(
        plaintext, associated, nonce, key
    )


def _open(sealed: bytes, *, associated: bytes, key: bytes) -> bytes:
    if len(sealed) < NONCE_BYTES + TAG_BYTES:
        raise VaultKeyError("too short to be sealed")
    try:
        return bindings.crypto_aead_xchacha20poly1305_ietf_decrypt(
            sealed[NONCE_BYTES:], associated, sealed[:NONCE_BYTES], key
        )
    except CryptoError:
        raise VaultKeyError("another key's, for another place, or altered") from None
