"""The service's own random keys, drawn once (docs/what-is-kept.md).

None of them protects a document: they make decoy account numbers stable,
one-time codes recomputable (`onetime.py`) and tombstones mute (`tombstones.py`).
"""

from __future__ import annotations

import secrets
from enum import StrEnum

from sqlalchemy import Connection, insert, select, update

from souspli_mailbox.schema import tables

# As long as the output of the HMAC-SHA256 that they key.
SECRET_BYTES = 32


class SecretPurpose(StrEnum):
    """One key per purpose."""

    DECOY_NUMBERS = "decoy-numbers"
    ONE_TIME_CODES = "one-time-codes"
    THROTTLE_KEYS = "throttle-keys"
    TOMBSTONES = "tombstones"
    AUDIT = "audit"  # the root of an `operator.OperatorKey`
    RETURN_PATHS = "return-paths"
    LOG_PSEUDONYMS = "log-pseudonyms"  # of one day: see `secret_of_day`


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


def secret_of_day(connection: Connection, *, purpose: SecretPurpose, day: int) -> bytes:
    """Return the key of this day, drawn now if it is a new one: run it as a writing unit.

    The key of the day before is gone with that. A process whose clock is behind gets the
    newest there is.
    """
    secret = tables.service_secrets.c
    kept = connection.execute(
        select(secret.value).where(secret.purpose == purpose)
    ).scalar_one_or_none()
    if kept is not None and int.from_bytes(bytes(kept)[:_DAY_BYTES], "big") >= day:
        return bytes(kept)[_DAY_BYTES:]
    drawn = secrets.token_bytes(SECRET_BYTES)
    value = day.to_bytes(_DAY_BYTES, "big") + drawn
    if kept is None:
        connection.execute(insert(tables.service_secrets).values(purpose=purpose, value=value))
    else:
        connection.execute(
            update(tables.service_secrets).where(secret.purpose == purpose).values(value=value)
        )
    return drawn


_DAY_BYTES = 4
