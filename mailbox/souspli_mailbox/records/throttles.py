"""Failures counted per key, for the growing delays of docs/specs/mailbox.md §5.

What a key is made of and how delays grow is `throttle.py`'s rule; these rows only
keep it over restarts and between processes.
"""

from __future__ import annotations

from sqlalchemy import Connection, delete, insert, select

from souspli_mailbox.schema import tables
from souspli_mailbox.throttle import Bucket


def find_bucket(connection: Connection, *, throttle_key: str) -> Bucket | None:
    """Return the failures kept for the key, or None: the ordinary case."""
    throttle = tables.throttles.c
    row = (
        connection.execute(
            select(throttle.failures, throttle.window_started_at, throttle.blocked_until).where(
                throttle.throttle_key == throttle_key
            )
        )
        .mappings()
        .one_or_none()
    )
    return None if row is None else Bucket(**row)


def keep_bucket(connection: Connection, *, throttle_key: str, bucket: Bucket) -> None:
    """Replace what is kept for the key."""
    forget_bucket(connection, throttle_key=throttle_key)
    connection.execute(
        insert(tables.throttles).values(
            throttle_key=throttle_key,
            failures=bucket.failures,
            window_started_at=bucket.window_started_at,
            blocked_until=bucket.blocked_until,
            expires_at=bucket.expires_at,
        )
    )


def forget_bucket(connection: Connection, *, throttle_key: str) -> None:
    """Forget the key's failures, after a success."""
    connection.execute(
        delete(tables.throttles).where(tables.throttles.c.throttle_key == throttle_key)
    )
