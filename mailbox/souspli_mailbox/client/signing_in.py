"""What signing in needs and gives, apart from how it travels."""

from collections.abc import Callable
from dataclasses import dataclass, field

from souspli_keys.login import LoginChallenge

Sign = Callable[[LoginChallenge], bytes]
"""Signs a login challenge: an unlocker's `login_key.sign`. The secret stays with it."""


@dataclass(frozen=True, slots=True)
class SignInChallenge:
    """The service's nonce, good for one try within two minutes."""

    account_number: str
    """For an e-mail address: what the service says, a decoy included. Salts the password."""
    nonce: bytes = field(repr=False)
    expires_at: int


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A session is open; its token stays inside the client."""

    account_number: str
    kind: str
    """`patient` or `member`."""
    unlocker_id: str
    expires_at: int


@dataclass(frozen=True, slots=True)
class StoredVault:
    """The vault as the service keeps it: opened and checked by `souspli_keys.vault`."""

    account_number: str
    generation: int
    sealed: bytes = field(repr=False)
    unlocker_id: str
    unlocker_kind: str
    wrapped_vault_key: bytes = field(repr=False)
    saved_at: int
