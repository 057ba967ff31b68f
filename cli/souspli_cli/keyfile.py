"""The device's secret in a file, locked with a passphrase (docs/specs/profile.md §2).

Whoever has the file and, if it is locked, the passphrase, is this device: opens
the vault, signs as the member. Losing it is losing the profile.
"""

from __future__ import annotations

import math
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec
from nacl import bindings, pwhash
from nacl.exceptions import CryptoError

from souspli_cli import files
from souspli_cli.errors import Refused
from souspli_keys import canonical
from souspli_keys.errors import CanonicalError, PasswordError
from souspli_keys.framing import frame
from souspli_keys.unlockers import Unlocker, new_device, normalise_password

if TYPE_CHECKING:
    from pathlib import Path

SECRET_BYTES = 32
SALT_BYTES = pwhash.argon2id.SALTBYTES
NONCE_BYTES = bindings.crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
# RFC 9106, second recommended option, as everywhere in keys.md §3. Constants of
# the version: a file can't ask for less.
ARGON2ID_PASSES = 3
ARGON2ID_MEMORY_BYTES = 65_536 * 1024
# The formula and the threshold of claim.md §6 (a): the CNIL's 2022 rule for a
# secret that can be tried without limit, as one in a stolen file can.
MIN_PASSPHRASE_BITS = 80
MAX_KEYFILE_BYTES = 4096

_LABEL = "souspli/v1/profile/keyfile"


class PassphraseWrong(Refused):
    """The passphrase does not open the key file."""

    def __init__(self) -> None:
        super().__init__("passphrase_wrong")


@dataclass(frozen=True)
class Device:
    """The device's unlocker and its id (keys.md §3)."""

    unlocker_id: str
    unlocker: Unlocker

    @classmethod
    def new(cls) -> Device:
        """Draw a device that does not exist yet."""
        return cls(secrets.token_hex(16), new_device())


class _Keyfile(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    version: int
    unlocker_id: str
    salt: str | None
    secret: str


def check_passphrase(passphrase: str) -> str:
    """Give back a passphrase that is strong enough for a file that may be stolen.

    Raises:
        Refused: Fewer than 80 bits by length x log2(alphabet).
    """
    try:
        text = normalise_password(passphrase).decode()
    except PasswordError:
        raise Refused("passphrase_weak") from None
    classes = (
        (26, any("a" <= c <= "z" for c in text)),
        (26, any("A" <= c <= "Z" for c in text)),
        (10, any("0" <= c <= "9" for c in text)),
        (37, any(not (c.isascii() and c.isalnum()) for c in text)),
    )
    alphabet = sum(size for size, present in classes if present)
    if len(text) * math.log2(alphabet) < MIN_PASSPHRASE_BITS:
        raise Refused("passphrase_weak")
    return passphrase


def encode(device: Device, passphrase: str | None) -> bytes:
    """Write a key file; without a passphrase the secret stands in it as it is."""
    salt = secrets.token_bytes(SALT_BYTES) if passphrase is not None else None
    secret = device.unlocker.secret_bytes()
    if passphrase is not None and salt is not None:
        nonce = secrets.token_bytes(NONCE_BYTES)
        secret = nonce + bindings.crypto_aead_xchacha20poly1305_ietf_encrypt(
            secret, _context(device.unlocker_id), nonce, _stretch(passphrase, salt)
        )
    keyfile = _Keyfile(
        version=1,
        unlocker_id=device.unlocker_id,
        salt=salt.hex() if salt is not None else None,
        secret=secret.hex(),
    )
    return canonical.encode(msgspec.to_builtins(keyfile)) + b"\n"


def is_locked(content: bytes) -> bool:
    """Whether the key file needs a passphrase; ``Refused`` where it is none."""
    return _parse(content).salt is not None


def decode(content: bytes, passphrase: str | None) -> Device:
    """Read a key file.

    Raises:
        PassphraseWrong: It is locked, and not with this passphrase. (An altered
            file looks the same: nothing can tell them apart.)
        Refused: Not a key file, or of another version.
    """
    keyfile = _parse(content)
    try:
        secret = bytes.fromhex(keyfile.secret)
        if keyfile.salt is not None:
            secret = bindings.crypto_aead_xchacha20poly1305_ietf_decrypt(
                secret[NONCE_BYTES:],
                _context(keyfile.unlocker_id),
                secret[:NONCE_BYTES],
                _stretch(passphrase or "", bytes.fromhex(keyfile.salt)),
            )
    except (CryptoError, PasswordError):
        raise PassphraseWrong from None
    except ValueError:
        raise Refused("file_damaged", file="device.key") from None
    if len(secret) != SECRET_BYTES:
        raise Refused("file_damaged", file="device.key")
    return Device(keyfile.unlocker_id, Unlocker(secret))


def read(path: Path) -> bytes:
    """Read a key file that nobody else can read.

    Raises:
        Refused: Others can read it.
        OSError: It can't be read.
    """
    return files.read(files.check_private(path), limit=MAX_KEYFILE_BYTES)


def _parse(content: bytes) -> _Keyfile:
    try:
        tree = canonical.decode(content.removesuffix(b"\n"))
        if tree.get("version") != 1:
            raise Refused("file_version_unknown", file="device.key")
        return msgspec.convert(tree, _Keyfile)
    except (CanonicalError, msgspec.ValidationError):
        raise Refused("file_damaged", file="device.key") from None


def _stretch(passphrase: str, salt: bytes) -> bytes:
    return pwhash.argon2id.kdf(
        SECRET_BYTES,
        normalise_password(passphrase),
        salt,
        opslimit=ARGON2ID_PASSES,
        memlimit=ARGON2ID_MEMORY_BYTES,
    )


def _context(unlocker_id: str) -> bytes:
    return frame(_LABEL, unlocker_id)
