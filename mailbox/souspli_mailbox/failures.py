"""Counting failures and making people wait, inside units of work (docs/specs/mailbox.md §5).

Nobody sleeps: a handler that slept would be a way to keep the service busy. Checked
and counted in the same transaction as what is tried, so that a thousand tries at
once are counted like a thousand in a row.
"""

from collections.abc import Iterable

from sqlalchemy import Connection

from souspli_mailbox.errors import Refusal
from souspli_mailbox.protocol.problems import ProblemKind
from souspli_mailbox.records.throttles import Throttle, find_throttle, keep_throttle
from souspli_mailbox.throttle import Bucket, after_failure, free_failures, seconds_to_wait


def require_no_wait(connection: Connection, *, keys: Iterable[str], now: int) -> None:
    """Raise Refusal `too-many-tries` if one of these buckets still has to wait."""
    waits = [seconds_to_wait(_find(connection, key), now=now) for key in keys]
    if longest := max(waits, default=0):
        raise Refusal(ProblemKind.TOO_MANY_TRIES, retry_after=longest)


def count_failure(connection: Connection, *, keys: Iterable[str], now: int) -> None:
    """Count one failure in each bucket."""
    for key in keys:
        bucket = after_failure(_find(connection, key), now=now, free=free_failures(key))
        keep_throttle(
            connection,
            throttle_key=key,
            throttle=Throttle(
                failures=bucket.failures,
                window_started_at=bucket.window_started_at,
                blocked_until=bucket.blocked_until,
            ),
            expires_at=bucket.expires_at,
        )


def _find(connection: Connection, key: str) -> Bucket | None:
    kept = find_throttle(connection, throttle_key=key)
    return (
        None if kept is None else Bucket(kept.failures, kept.window_started_at, kept.blocked_until)
    )
