"""Purges of letters that nobody answered: how far each has come (docs/specs/pending.md §4).

Each step is one transaction, finds done what was done, and may be run by two processes at
once. In order: `due` and `decide` (`deciding`), then the tombstone outside of the database,
`told`, `empty` until nothing is left, the objects outside of the database, `forget`
(both in `emptying`).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import Connection, select, update

from souspli_mailbox.schema import tables

# In one transaction: a statement takes some ten thousand ids, and others wait for it.
LETTERS_AT_ONCE: Final = 100

# A store that lets nothing go does so for minutes; one that holds an object under a lock,
# for months.
RESUME_SECONDS: Final = 300
LONGEST_RESUME_SECONDS: Final = 4 * 3_600


@dataclass(frozen=True, slots=True, kw_only=True)
class Purge:
    """What a purge has come to. Counts grow until it has ended."""

    invitation_id: str
    begun_at: int
    told_at: int | None
    resumes_at: int | None
    """From when it may go on; None until it was told."""
    ended_at: int | None
    deliveries: int
    objects_deleted: int
    objects_kept: int
    envelope: bytes | None = field(repr=False)
    """The signed statement, from the moment at which it ended."""


def untold(connection: Connection, *, but: Collection[str] = ()) -> tuple[str, ...]:
    """Return letters whose purge is decided and has no tombstone that we know of."""
    purge = tables.purges.c
    return tuple(
        connection.execute(
            select(purge.invitation_id)
            .where(purge.told_at.is_(None), purge.invitation_id.not_in(but))
            .order_by(purge.begun_at)
            .limit(LETTERS_AT_ONCE)
        ).scalars()
    )


def told(connection: Connection, *, invitation_ids: Collection[str], now: int) -> int:
    """Note that these have their tombstones: from now on the rest may be done. Count them."""
    purge = tables.purges.c
    return connection.execute(
        update(tables.purges)
        .where(purge.invitation_id.in_(invitation_ids), purge.told_at.is_(None))
        .values(told_at=now, resumes_at=now)
    ).rowcount


def unended(
    connection: Connection, *, now: int, limit: int, but: Collection[str] = ()
) -> tuple[str, ...]:
    """Return letters whose purge may go on, the longest due first."""
    purge = tables.purges.c
    return tuple(
        connection.execute(
            select(purge.invitation_id)
            .where(tables.IS_UNENDED, purge.resumes_at <= now, purge.invitation_id.not_in(but))
            .order_by(purge.resumes_at, purge.invitation_id)
            .limit(limit)
        ).scalars()
    )


def put_off(connection: Connection, *, invitation_id: str, now: int) -> None:
    """Have it go on later: something is left that can't be deleted now.

    After five minutes, then after as long again as it has resisted, four hours at most: so
    what resists comes after what was not tried yet.
    """
    purge = tables.purges.c
    begun_at = connection.execute(
        select(purge.begun_at).where(purge.invitation_id == invitation_id, purge.ended_at.is_(None))
    ).scalar_one_or_none()
    if begun_at is not None:
        wait = min(max(now - begun_at, RESUME_SECONDS), LONGEST_RESUME_SECONDS)
        _resume_at(connection, invitation_id, now + wait)


def put_off_shortly(connection: Connection, *, invitation_id: str, now: int) -> None:
    """Have it go on in five minutes: nothing is known to be wrong with it."""
    _resume_at(connection, invitation_id, now + RESUME_SECONDS)


def _resume_at(connection: Connection, invitation_id: str, moment: int) -> None:
    purge = tables.purges.c
    connection.execute(
        update(tables.purges)
        .where(purge.invitation_id == invitation_id, purge.ended_at.is_(None))
        .values(resumes_at=moment)
    )


def resume(connection: Connection, *, now: int) -> None:
    """Have all that was put off go on now: somebody has mended what resisted, or hopes so."""
    purge = tables.purges.c
    connection.execute(
        update(tables.purges)
        .where(tables.IS_UNENDED, purge.resumes_at > now)
        .values(resumes_at=now)
    )


def read_purge(connection: Connection, *, invitation_id: str) -> Purge | None:
    """Return what the purge of this letter has come to; None if there is none."""
    row = (
        connection.execute(
            select(tables.purges).where(tables.purges.c.invitation_id == invitation_id)
        )
        .mappings()
        .one_or_none()
    )
    return None if row is None else Purge(**row)


def read_purge_of_line(
    connection: Connection, *, organisation: str, invitation_id: str
) -> Purge | None:
    """Return the purge of this letter of the organisation's, or of the one that replaced it."""
    invitation = tables.invitations.c
    following: str | None = invitation_id
    while following is not None:
        purge = read_purge(connection, invitation_id=following)
        known = connection.execute(
            select(invitation.superseded_by).where(
                invitation.invitation_id == following, invitation.organisation == organisation
            )
        ).one_or_none()
        if known is None or purge is not None:
            return purge if known is not None else None
        following = known.superseded_by
    return None
