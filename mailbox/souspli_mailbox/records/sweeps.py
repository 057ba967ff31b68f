"""Deleting rows that are due, and noting objects that must follow them.

An object is *condemned* in the transaction that deletes the row it belongs to,
and absolved when the store has confirmed that nothing of it is left. A crash in
between leaves the note, and the next sweep goes on from it.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import Connection, case, delete, insert, select, update

from souspli_mailbox.records.usage import give_back
from souspli_mailbox.retention import Due
from souspli_mailbox.schema import tables
from souspli_storage.database import each_statement_decides


class CondemnReason(StrEnum):
    """Why an object is to be deleted."""

    STALE_UPLOAD = "stale-upload"
    """Its deposit was deleted: that is for ever, and gets a tombstone."""
    ORPHAN = "orphan"
    """No deposit knows it. Another backup of the database may: no tombstone."""
    AGAIN = "again"
    """It has its tombstone already."""
    PURGED = "purged"
    """Nobody is left whom its document waits for; the letter has the tombstone."""
    WITHDRAWN = "withdrawn"
    """Its sender took it back from everybody; each delivery has a tombstone."""
    CLOSED = "closed"
    """The last who could open it closed their account, which has the tombstone."""


@dataclass(frozen=True, slots=True)
class CondemnedObject:
    """An object to be deleted; `reason` as text, None in rows of before there were reasons."""

    object_key: str
    reason: str | None


def delete_due(connection: Connection, *, due: Due) -> int:
    """Delete nonces, sessions, throttles, codes, enrolments, mail moments due; count them."""
    expired = (
        delete(tables.nonces).where(tables.nonces.c.expires_at <= due.nonce_expires_at),
        delete(tables.sessions).where(tables.sessions.c.expires_at <= due.session_expires_at),
        delete(tables.claim_sessions).where(
            tables.claim_sessions.c.expires_at <= due.claim_session_expires_at
        ),
        delete(tables.throttles).where(tables.throttles.c.expires_at <= due.throttle_expires_at),
        delete(tables.admission_codes).where(
            tables.admission_codes.c.expires_at <= due.admission_code_expires_at
        ),
        delete(tables.enrolments).where(tables.enrolments.c.ends_at <= due.enrolment_ends_at),
        delete(tables.notifications).where(
            tables.notifications.c.mailed_at <= due.notification_mailed_at
        ),
    )
    return sum(connection.execute(statement).rowcount for statement in expired)


def condemn_stale_uploads(connection: Connection, *, due: Due, now: int) -> int:
    """Delete deposits that were opened too long ago and never completed; count them."""
    deposit = tables.deposits.c
    stale = connection.execute(
        delete(tables.deposits)
        .where(
            tables.IS_UPLOADING,
            deposit.opened_at <= due.upload_opened_at,
        )
        .returning(deposit.object_key, deposit.organisation, deposit.sealed_length)
    ).all()
    give_back(connection, ((one.organisation, one.sealed_length) for one in stale))
    return condemn(
        connection,
        object_keys=[one.object_key for one in stale],
        reason=CondemnReason.STALE_UPLOAD,
        now=now,
    )


def condemn_orphans(connection: Connection, *, object_keys: Collection[str], now: int) -> int:
    """Condemn those of these objects that no deposit knows; count them.

    A deposit's row is committed before its upload begins in the store, so that
    an object without a row is never one that is about to get it.
    """
    deposit = tables.deposits.c
    known = set(
        connection.execute(
            select(deposit.object_key).where(deposit.object_key.in_(object_keys))
        ).scalars()
    )
    return condemn(
        connection,
        object_keys=set(object_keys) - known,
        reason=CondemnReason.ORPHAN,
        now=now,
    )


def condemned_objects(
    connection: Connection, *, limit: int, told: bool = False
) -> tuple[CondemnedObject, ...]:
    """Return objects that are to be deleted, the longest condemned first.

    `told`: only those that need no tombstone any more, or none at all.
    """
    condemned = tables.condemned_objects.c
    asked = select(condemned.object_key, condemned.reason)
    if told:
        asked = asked.where(condemned.reason.is_distinct_from(CondemnReason.STALE_UPLOAD))
    rows = connection.execute(
        asked.order_by(condemned.condemned_at, condemned.object_key).limit(limit)
    )
    return tuple(CondemnedObject(row.object_key, row.reason) for row in rows)


@each_statement_decides
def absolve_object(connection: Connection, *, object_key: str) -> None:
    """Forget an object of which the store has confirmed that nothing is left."""
    condemned = tables.condemned_objects.c
    connection.execute(delete(tables.condemned_objects).where(condemned.object_key == object_key))


@each_statement_decides
def defer_object(connection: Connection, *, object_key: str, now: int) -> None:
    """Move an object that could not be deleted to the end of the queue.

    By then it has the tombstone that its reason asks for.
    """
    condemned = tables.condemned_objects.c
    told = case(
        (condemned.reason == CondemnReason.STALE_UPLOAD, CondemnReason.AGAIN.value),
        else_=condemned.reason,
    )
    connection.execute(
        update(tables.condemned_objects)
        .where(condemned.object_key == object_key)
        .values(condemned_at=now, reason=told)
    )


def condemn(
    connection: Connection,
    *,
    object_keys: Collection[str],
    reason: CondemnReason,
    now: int,
    purge: str | None = None,
) -> int:
    """Note that these objects must go; count those of which that was not known.

    `purge`: the invitation whose purge waits until they are gone.
    """
    condemned = tables.condemned_objects.c
    already = set(
        connection.execute(
            select(condemned.object_key).where(condemned.object_key.in_(object_keys))
        ).scalars()
    )
    fresh = sorted(set(object_keys) - already)
    if fresh:
        connection.execute(
            insert(tables.condemned_objects),
            [
                {"object_key": key, "condemned_at": now, "reason": reason, "purge": purge}
                for key in fresh
            ],
        )
    return len(fresh)
