"""Failures counted per key, for the growing delays of docs/specs/mailbox.md §5.

What a key is made of and how delays grow is the throttle's rule; these rows only
keep it over restarts and between processes.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, delete, insert, select

from souspli_mailbox.schema import tables


@dataclass(frozen=True, slots=True, kw_only=True)
class Throttle:
    """Failures of one key since `window_started_at`, and until when it must wait."""

    failures: int
    window_started_at: int
    blocked_until: int


def find_throttle(connection: Connection, *, throttle_key: str) -> Throttle | None:
    """Return what is kept for the key, or None: the ordinary case."""
    row = connection.execute(
        select(tables.throttles).where(tables.throttles.c.throttle_key == throttle_key)
    ).one_or_none()
    if row is None:
        return None
    return Throttle(
        failures=row.failures,
        window_started_at=row.window_started_at,
        blocked_until=row.blocked_until,
    )


def keep_throttle(
    connection: Connection, *, throttle_key: str, throttle: Throttle, expires_at: int
) -> None:
    """Replace what is kept for the key; swept after `expires_at`."""
    forget_throttle(connection, throttle_key=throttle_key)
    connection.execute(
        insert(tables.throttles).values(
            throttle_key=throttle_key,
            failures=throttle.failures,
            window_started_at=throttle.window_started_at,
            blocked_until=throttle.blocked_until,
            expires_at=expires_at,
        )
    )


def forget_throttle(connection: Connection, *, throttle_key: str) -> None:
    """Forget the key's failures, after a success."""
    connection.execute(
        delete(tables.throttles).where(tables.throttles.c.throttle_key == throttle_key)
    )
