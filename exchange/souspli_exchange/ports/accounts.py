"""A new account, as the service keeps it: nothing in it opens anything."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class NewUnlocker:
    """An unlocker as the service keeps it: nothing in it is secret."""

    unlocker_id: str
    kind: str
    login_public_key: bytes
    wrapped_vault_key: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class NewAccount:
    """What makes an account: its number, its first vault, its unlockers (1–8)."""

    account_number: str
    sealed_vault: bytes = field(repr=False)
    unlockers: tuple[NewUnlocker, ...]
