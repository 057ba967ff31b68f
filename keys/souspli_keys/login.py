"""What a login signature is over, and checking it (keys.md §6).

Public: the service verifies here; making the signature is for `unlockers`.
"""

from dataclasses import dataclass
from enum import StrEnum

from souspli_keys import ed25519
from souspli_keys.address import Origin
from souspli_keys.errors import LoginRefusedError, SignatureError
from souspli_keys.framing import frame

NONCE_BYTES = 32
NONCE_SECONDS = 120
"""A nonce is used once, within this time."""


class UnlockerKind(StrEnum):
    """Ways to get into an account (keys.md §3). `recovery` and `passkey` are reserved."""

    PASSWORD = "password"  # noqa: S105 – the kind, not a password
    DEVICE = "device"


class LoginPurpose(StrEnum):
    """What a login signature opens; its subject is named beside."""

    SIGN_IN = "sign-in"  # subject: the account number
    CLAIM = "claim"  # subject: the invitation id
    CLOSE = "close"  # subject: the hash of the closing


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginChallenge:
    """Everything that a login signature is bound to.

    A signature for one service, purpose, account, key or moment opens no other.
    """

    purpose: LoginPurpose
    origin: Origin
    subject: str
    """Account number (10 digits), invitation id (32 hexadecimal digits), or hash (64)."""
    login_public_key: bytes
    nonce: bytes

    def signed_bytes(self) -> bytes:
        """Return what the login key signs."""
        return frame(
            "souspli/v1/login",
            self.purpose.value,
            self.origin,
            self.subject,
            self.login_public_key,
            self.nonce,
        )


def verify_login(signature: bytes, challenge: LoginChallenge) -> LoginChallenge:
    """Return the challenge if its login key signed it; raise LoginRefusedError if not.

    That the nonce is the service's, fresh and unused, and the key the account's, is
    for the caller to see to.
    """
    if len(challenge.nonce) != NONCE_BYTES:
        raise LoginRefusedError("a nonce of another length")
    try:
        ed25519.verify(
            challenge.signed_bytes(), signature=signature, public_key=challenge.login_public_key
        )
    except SignatureError:
        raise LoginRefusedError("the login signature does not hold") from None
    return challenge
