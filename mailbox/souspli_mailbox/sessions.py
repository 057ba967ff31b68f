"""Sessions: tokens, cookies, lifetimes, decoys. Pure but for the random numbers drawn.

A session is found by the SHA-256 of its token: whoever reads the database, or one
of its backups, can't sign in with what it holds (docs/specs/mailbox.md §3).
"""

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass
from enum import Enum
from typing import Final, NewType

from souspli_keys.codes import check_digit
from souspli_keys.login import NONCE_BYTES

Token = NewType("Token", str)
"""A secret. 32 random bytes, base64 for addresses, 43 characters."""

TokenHash = NewType("TokenHash", str)
"""SHA-256 of a token, hexadecimal: what is stored."""

TOKEN_BYTES: Final = 32
TOKEN_CHARACTERS: Final = 43


class CookieName(Enum):
    """The browser's two sessions. `__Host-`: no other host or path can set them."""

    ACCOUNT = "__Host-souspli"
    CLAIM = "__Host-souspli-claim"


@dataclass(frozen=True, slots=True)
class Credential:
    """A token as it came in, and the way it came."""

    token_hash: TokenHash
    by_cookie: bool


def new_token() -> Token:
    """Draw a token."""
    return Token(_text(secrets.token_bytes(TOKEN_BYTES)))


def new_nonce() -> bytes:
    """Draw a nonce."""
    return secrets.token_bytes(NONCE_BYTES)


def hash_token(token: str) -> TokenHash:
    """Return what a token is stored and found by. Any text has one; few are known."""
    return TokenHash(hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest())


def bearer_token(authorization: str | None) -> str | None:
    """Return the token of an `Authorization` header, None if it is of no use."""
    scheme, _, token = (authorization or "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" and token.strip() else None


def end_of_session(*, last_seen_at: int, expires_at: int, idle_seconds: int | None) -> int:
    """Return when a session ends if nothing more happens; it has ended at that moment."""
    return expires_at if idle_seconds is None else min(expires_at, last_seen_at + idle_seconds)


def decoy_account_number(secret: bytes, *, address: str) -> str:
    """Return the account number that an address without account is always given.

    Stable, well-formed and without an account behind it: sign-in goes on as for
    everybody, and ends as for a wrong password. `address` is canonical.
    """
    digest = hmac.new(secret, b"souspli/v1/decoy\0" + address.encode(), hashlib.sha256).digest()
    # 2^64 is so far above 10^9 that the remainder favours no number noticeably.
    nine = f"{int.from_bytes(digest[:8], 'big') % 10**9:09d}"
    return nine + check_digit(nine)


def mask_address(address: str) -> str:
    """Return `j…@o…fr` for `jeanne@orange.fr`: enough to recognise, too little to learn."""
    local, _, domain = address.rpartition("@")
    name, _, top = domain.rpartition(".")
    return f"{local[:1]}…@{name[:1]}…{top}"


def _text(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode("ascii")
