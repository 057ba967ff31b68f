"""What a purge would do now, counted: for an operator who looks before it happens.

Nothing in it says anything about anybody: organisations by their fingerprints, and counts.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, and_, exists, func, select

from souspli_mailbox.deliveries import ENDED
from souspli_mailbox.schema import tables


@dataclass(frozen=True, slots=True, kw_only=True)
class DuePurges:
    """What is due of one organisation."""

    organisation: str
    letters: int
    deliveries: int
    """That wait for these letters."""
    objects: int
    """Sealed contents that nobody else waits for."""
    sealed_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UnderWay:
    """Purges that were decided and have not ended."""

    letters: int
    begun_at: int | None
    """When the oldest was decided."""


def due_purges(connection: Connection, *, now: int) -> tuple[DuePurges, ...]:
    """Return what would be decided at `now`, by organisation."""
    invitation, session = tables.invitations.c, tables.claim_sessions.c
    delivery, deposit, cover = tables.deliveries.c, tables.deposits.c, tables.covers.c
    due = (
        select(invitation.invitation_id, invitation.organisation)
        .where(
            tables.IS_UNANSWERED,
            invitation.not_after < now,
            ~exists().where(tables.purges.c.invitation_id == invitation.invitation_id),
            ~exists().where(
                session.invitation_id == invitation.invitation_id, session.expires_at > now
            ),
        )
        .cte("due")
    )
    waiting = (
        select(delivery.delivery_id, delivery.deposit_id, due.c.organisation)
        .join(due, due.c.invitation_id == delivery.invitation_id)
        .where(delivery.account_number.is_(None), delivery.state.not_in(ENDED))
        .cte("waiting")
    )
    others = tables.deliveries.alias()
    wanted = exists().where(
        and_(
            others.c.deposit_id == deposit.deposit_id,
            others.c.delivery_id == cover.delivery_id,
            others.c.delivery_id.not_in(select(waiting.c.delivery_id)),
        )
    )
    letters = select(due.c.organisation, func.count()).group_by(due.c.organisation)
    deliveries = select(waiting.c.organisation, func.count()).group_by(waiting.c.organisation)
    objects = (
        select(deposit.organisation, func.count(), func.sum(deposit.sealed_length))
        .where(deposit.deposit_id.in_(select(waiting.c.deposit_id)), ~wanted)
        .group_by(deposit.organisation)
    )
    waits = {row[0]: row[1] for row in connection.execute(deliveries)}
    goes = {row[0]: (row[1], int(row[2])) for row in connection.execute(objects)}
    return tuple(
        DuePurges(
            organisation=organisation,
            letters=count,
            deliveries=waits.get(organisation, 0),
            objects=goes.get(organisation, (0, 0))[0],
            sealed_bytes=goes.get(organisation, (0, 0))[1],
        )
        for organisation, count in sorted((row[0], row[1]) for row in connection.execute(letters))
    )


def purges_under_way(connection: Connection) -> UnderWay:
    """Return how many have not ended, and since when the oldest has not."""
    purge = tables.purges.c
    count, begun_at = connection.execute(
        select(func.count(), func.min(purge.begun_at)).where(purge.ended_at.is_(None))
    ).one()
    return UnderWay(letters=count, begun_at=begun_at)
