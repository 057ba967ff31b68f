"""Nonces for login signatures: each is used once (docs/specs/keys.md §6)."""

from __future__ import annotations

import hashlib
from enum import StrEnum

from sqlalchemy import Connection, delete, insert

from souspli_mailbox.records.errors import NonceRefusedError
from souspli_mailbox.schema import tables


class NoncePurpose(StrEnum):
    """What a signature over the nonce is good for."""

    SIGN_IN = "sign-in"
    CLAIM = "claim"


def keep_nonce(
    connection: Connection, *, nonce: bytes, purpose: NoncePurpose, subject: str, expires_at: int
) -> None:
    """Keep a nonce (its hash) for one account number or invitation id.

    An account number that nobody has is kept as well: an answer that depended
    on it would tell who has an account.
    """
    connection.execute(
        insert(tables.nonces).values(
            nonce_hash=hashlib.sha256(nonce).hexdigest(),
            purpose=purpose,
            subject=subject,
            expires_at=expires_at,
        )
    )


def use_nonce(
    connection: Connection, *, nonce: bytes, purpose: NoncePurpose, subject: str, now: int
) -> None:
    """Use the nonce up, or raise NonceRefusedError.

    Run it in a unit of work of its own, *before* the signature is checked: in
    one that raises afterwards the nonce would live again, and could be tried
    against one key after the other.
    """
    nonces = tables.nonces.c
    used = connection.execute(
        delete(tables.nonces)
        .where(
            nonces.nonce_hash == hashlib.sha256(nonce).hexdigest(),
            nonces.purpose == purpose,
            nonces.subject == subject,
            nonces.expires_at > now,
        )
        .returning(nonces.nonce_hash)
    )
    if used.first() is None:
        raise NonceRefusedError
