"""Nonces for login signatures: each is used once (docs/specs/keys.md §6)."""

from __future__ import annotations

import hashlib
from enum import StrEnum
from typing import Final

from sqlalchemy import Connection, case, delete, insert, update

from souspli_keys.login import NONCE_SECONDS
from souspli_mailbox.records.errors import NonceRefusedError, TooManyTriesError
from souspli_mailbox.schema import tables
from souspli_storage.database import each_statement_decides

# In the two minutes that a nonce lives: a hospital behind one address signs in at
# eight o'clock; a machine that fills a disk asks a thousand times a second.
MOST_NONCES: Final = 300


class NoncePurpose(StrEnum):
    """What a signature over the nonce is good for."""

    SIGN_IN = "sign-in"
    CLAIM = "claim"


@each_statement_decides
def keep_nonce(
    connection: Connection,
    *,
    nonce: bytes,
    purpose: NoncePurpose,
    subject: str,
    drawn_by: str,
    now: int,
) -> None:
    """Keep a nonce (its hash) for one account number or invitation id.

    An account number that nobody has is kept as well: an answer that depended
    on it would tell who has an account. `drawn_by` names the count of whoever asks
    (`throttle.nonces_key`): beyond MOST_NONCES in a window TooManyTriesError.
    """
    _count(connection, drawn_by=drawn_by, now=now)
    connection.execute(
        insert(tables.nonces).values(
            nonce_hash=hashlib.sha256(nonce).hexdigest(),
            purpose=purpose,
            subject=subject,
            expires_at=now + NONCE_SECONDS,
        )
    )


def _count(connection: Connection, *, drawn_by: str, now: int) -> None:
    """Count one nonce more in this window of two minutes, for all processes together.

    Anybody may ask for a nonce, and each is a row until it is used or swept: without a
    bound one machine could fill the disk.
    """
    window = now - now % NONCE_SECONDS
    count = tables.throttles.c
    counted = connection.execute(
        update(tables.throttles)
        .where(count.throttle_key == drawn_by)
        .values(
            failures=case((count.window_started_at == window, count.failures + 1), else_=1),
            window_started_at=window,
            expires_at=window + NONCE_SECONDS,
        )
        .returning(count.failures)
    ).scalar_one_or_none()
    if counted is None:
        connection.execute(
            insert(tables.throttles).values(
                throttle_key=drawn_by,
                failures=1,
                window_started_at=window,
                blocked_until=0,
                expires_at=window + NONCE_SECONDS,
            )
        )
    elif counted > MOST_NONCES:
        raise TooManyTriesError(retry_at=window + NONCE_SECONDS)


@each_statement_decides
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
