"""Unlockers: one idea for every way into an account (keys.md §3).

Each yields a 32-byte secret S; from S come a login key, whose public half the
service stores, and a wrap key, which it never sees. The service never imports this
module; `tests/test_floors.py` sees to it.
"""

import os
import re
import unicodedata

from souspli_keys import ed25519
from souspli_keys.address import Origin
from souspli_keys.argon2 import argon2id, salt_of
from souspli_keys.codes import AccountNumber
from souspli_keys.errors import MisuseError, PasswordError
from souspli_keys.framing import derive
from souspli_keys.login import LoginChallenge
from souspli_keys.secret import Secret
from souspli_keys.values import has_lone_surrogate
from souspli_keys.whitespace import WHITE_SPACE

SECRET_BYTES = 32

_WHITE_SPACE = re.compile(f"[{WHITE_SPACE}]+")


class LoginKey(Secret):
    """An Ed25519 key that signs login challenges and nothing else. Prints as `…`."""

    __slots__ = ("_public_key", "_seed")

    def __init__(self, seed: bytes) -> None:
        """Take a 32-byte seed; MisuseError for another length."""
        self._public_key = ed25519.public_key_of(seed)
        self._seed = bytes(seed)

    @property
    def public_key(self) -> bytes:
        """The 32 bytes that the service stores."""
        return self._public_key

    def sign(self, challenge: LoginChallenge) -> bytes:
        """Return the signature of a challenge; MisuseError if it names another key."""
        if challenge.login_public_key != self._public_key:
            raise MisuseError("the challenge names another login key")
        return ed25519.sign(challenge.signed_bytes(), seed=self._seed)


class WrapKey(Secret):
    """The key under which a vault key is wrapped (`vault`). Prints as `…`."""

    __slots__ = ("_key",)

    def __init__(self, key: bytes) -> None:
        """Take 32 bytes; MisuseError for another length."""
        if len(key) != SECRET_BYTES:
            raise MisuseError(f"a wrap key is {SECRET_BYTES} bytes long")
        self._key = bytes(key)

    def secret_bytes(self) -> bytes:
        """Return the key, for `vault` and for nothing else."""
        return self._key


class Unlocker(Secret):
    """The secret S of one unlocker, and the two keys that come from it. Prints as `…`."""

    __slots__ = ("_login_key", "_secret", "_wrap_key")

    def __init__(self, secret: bytes) -> None:
        """Take S, 32 bytes of full strength; MisuseError for another length."""
        self._secret = bytes(secret)
        self._login_key = LoginKey(derive(self._secret, "souspli/v1/unlocker/login"))
        self._wrap_key = WrapKey(derive(self._secret, "souspli/v1/unlocker/wrap"))

    @property
    def login_key(self) -> LoginKey:
        """What signs in."""
        return self._login_key

    @property
    def wrap_key(self) -> WrapKey:
        """What opens the vault key."""
        return self._wrap_key

    def secret_bytes(self) -> bytes:
        """Return S, for a key file and for nothing else."""
        return self._secret


def new_device() -> Unlocker:
    """Return a new `device` unlocker, its S from the system's random source."""
    return Unlocker(os.urandom(SECRET_BYTES))


def from_password(password: str, *, origin: Origin, account: AccountNumber) -> Unlocker:
    """Return the `password` unlocker of an account. Takes about 0.1 s.

    The strength of a password is checked where it is chosen (claim.md §6), not here.
    Raises PasswordError for one that is nothing but white space.
    """
    salt = salt_of("souspli/v1/password-salt", origin, account)
    return Unlocker(argon2id(normalise_password(password), salt=salt))


def normalise_password(password: str) -> bytes:
    """Return the bytes that are hashed: UTF-8 of NFKC, runs of white space as one space.

    So a password is the same on every keyboard: é typed as one key or two, and the
    spaces between words however wide. Raises PasswordError if nothing is left, or
    half a character.
    """
    composed = unicodedata.normalize("NFKC", password)
    text = _WHITE_SPACE.sub(" ", composed).strip(" ")
    if not text:
        raise PasswordError("an empty password")
    # Asked first: UnicodeEncodeError would carry the password along.
    if has_lone_surrogate(text):
        raise PasswordError("a password with a lone surrogate")
    return text.encode("utf-8")
