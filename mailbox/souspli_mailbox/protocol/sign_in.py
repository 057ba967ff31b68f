"""Signing in: a nonce, a signature, a session, the vault (docs/specs/keys.md §3, §6, §7)."""

from typing import Annotated

from msgspec import Meta

from souspli_mailbox.protocol.values import (
    AccountKind,
    Bytes32,
    ClientKind,
    Ed25519Signature,
    Id,
    Message,
    Moment,
    Number,
    SealedVault,
    UnlockerKind,
    WrappedVaultKey,
)

Token = Annotated[str, Meta(min_length=43, max_length=43, description="bearer token: a secret")]


class SignInStartRequest(Message, frozen=True, kw_only=True):
    """POST /v1/sign-in/start."""

    account: Annotated[
        str,
        Meta(min_length=3, max_length=254, description="account number or e-mail address"),
    ]


class SignInStartAnswer(Message, frozen=True, kw_only=True):
    """The same shape whether the account exists or not."""

    account_number: Number
    nonce: Bytes32
    expires_at: Moment


class SignInRequest(Message, frozen=True, kw_only=True):
    """POST /v1/sign-in. The account need not exist, nor the key be one of its own."""

    account_number: Number
    kind: UnlockerKind
    login_public_key: Bytes32
    nonce: Bytes32
    signature: Ed25519Signature
    client: ClientKind


class SignInAnswer(Message, frozen=True, kw_only=True):
    """Signed in; `token` is for programs only, browsers have a cookie instead."""

    account_number: Number
    kind: AccountKind
    unlocker_id: Id
    token: Token | None
    expires_at: Moment


class SessionAnswer(Message, frozen=True, kw_only=True):
    """GET /v1/session."""

    account_number: Number
    kind: AccountKind
    expires_at: Moment


class VaultUnlocker(Message, frozen=True, kw_only=True):
    """The unlocker that this session signed in with."""

    unlocker_id: Id
    kind: UnlockerKind
    wrapped_vault_key: WrappedVaultKey


class VaultAnswer(Message, frozen=True, kw_only=True):
    """GET /v1/vault."""

    account_number: Number
    generation: Annotated[int, Meta(ge=1)]
    sealed: SealedVault
    unlocker: VaultUnlocker
    saved_at: Moment
