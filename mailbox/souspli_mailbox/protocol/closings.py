"""Accounts that their patients close (docs/specs/closing.md §2)."""

from souspli_mailbox.protocol.values import (
    Bytes32,
    Ed25519Signature,
    Envelope,
    Message,
    Moment,
    Number,
    UnlockerKind,
)


class ClosingRequest(Message, frozen=True, kw_only=True):
    """POST /v1/closing. The signature is over this very closing."""

    account_number: Number
    closing: Envelope
    kind: UnlockerKind
    login_public_key: Bytes32
    nonce: Bytes32
    signature: Ed25519Signature


class ClosingAnswer(Message, frozen=True, kw_only=True):
    """The account is closed; nothing of it can be opened any more."""

    closed_at: Moment
    backups_until: Moment
    """Until when backups of the operator may still hold ciphertext."""
