"""Making an account, and an organisation with its first member."""

from typing import Annotated, Literal

from msgspec import Meta

from souspli_mailbox.protocol.values import (
    Bytes32,
    Envelope,
    Id,
    Message,
    Number,
    SealedVault,
    UnlockerKind,
    WrappedVaultKey,
)


class NewUnlocker(Message, frozen=True, kw_only=True):
    """An unlocker's public half and the vault key that it wraps (docs/specs/keys.md §3)."""

    unlocker_id: Id
    kind: UnlockerKind
    login_public_key: Bytes32
    wrapped_vault_key: WrappedVaultKey


class NewVault(Message, frozen=True, kw_only=True):
    """The first generation of an account's vault."""

    generation: Literal[1]
    sealed: SealedVault


class NewAccount(Message, frozen=True, kw_only=True):
    """An account as its client drew it: the service never chooses what becomes a salt."""

    account_number: Number
    vault: NewVault
    # Eight is what fits one person: a password and a few devices.
    unlockers: Annotated[list[NewUnlocker], Meta(min_length=1, max_length=8)]


class OrganisationRequest(Message, frozen=True, kw_only=True):
    """POST /v1/organisations."""

    admission_code: Annotated[str, Meta(min_length=16, max_length=40)]
    organisation: Envelope
    member: Envelope
    account: NewAccount


class OrganisationAnswer(Message, frozen=True, kw_only=True):
    """The organisation exists, and so does its first member's account."""

    account_number: Number
