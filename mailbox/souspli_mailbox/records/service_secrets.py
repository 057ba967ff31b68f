"""The service's own random keys, drawn once (docs/what-is-kept.md).

None of them protects a document: they make decoy account numbers stable,
one-time codes recomputable (`onetime.py`) and tombstones mute (`tombstones.py`).
"""

from __future__ import annotations

import secrets
from enum import StrEnum

from sqlalchemy import Connection, insert, select

from souspli_mailbox.schema import tables

# As long as the output of the HMAC-SHA256 that they key.
SECRET_BYTES = 32


class SecretPurpose(StrEnum):
    """One key per purpose."""

    DECOY_NUMBERS = "decoy-numbers"
    ONE_TIME_CODES = "one-time-codes"
    THROTTLE_KEYS = "throttle-keys"
    TOMBSTONES = "tombstones"


def service_secret(connection: Connection, *, purpose: SecretPurpose) -> bytes:
    """Return the key, drawn now if this is the first time: run it as a writing unit."""
    secret = tables.service_secrets.c
    value = connection.execute(
        select(secret.value).where(secret.purpose == purpose)
    ).scalar_one_or_none()
    if value is None:
        value = secrets.token_bytes(SECRET_BYTES)
        connection.execute(insert(tables.service_secrets).values(purpose=purpose, value=value))
    return bytes(value)
