"""Which letters are purged: decided once, and from then on they admit nothing (pending.md §4)."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Text,
    and_,
    exists,
    insert,
    literal,
    select,
    tuple_,
    update,
)

from souspli_exchange.ports.states import InvitationStatus
from souspli_mailbox.records.emptying import waits_for
from souspli_mailbox.records.purges import LETTERS_AT_ONCE, told
from souspli_mailbox.schema import tables


def due(
    connection: Connection, *, now: int, after: tuple[int, str] = (0, "")
) -> tuple[tuple[int, str], ...]:
    """Return letters that are due, the longest due first, each as (not_after, invitation_id).

    `after` is the last one of the call before, so that those of a whole night are found
    without reading the first of them again and again. Those that a claim under way may
    still end are not due.
    """
    invitation = tables.invitations.c
    place = tuple_(invitation.not_after, invitation.invitation_id)
    found = connection.execute(
        select(invitation.not_after, invitation.invitation_id)
        .where(
            _is_due(now), place > tuple_(literal(after[0], BigInteger()), literal(after[1], Text()))
        )
        .order_by(invitation.not_after, invitation.invitation_id)
        .limit(LETTERS_AT_ONCE)
    )
    return tuple((one.not_after, one.invitation_id) for one in found)


def decide(connection: Connection, *, invitation_ids: Collection[str], now: int) -> int:
    """Decide to purge those of these letters that are due; return how many.

    From here on a letter admits nothing, whoever asks: the row of its purge is looked for
    in the same transaction.
    """
    invitation = tables.invitations.c
    ids = (
        connection.execute(
            select(invitation.invitation_id)
            .where(invitation.invitation_id.in_(invitation_ids), _is_due(now))
            .order_by(invitation.not_after, invitation.invitation_id)
        )
        .scalars()
        .all()
    )
    _expire(connection, ids)
    _begin(connection, ids, now=now)
    return len(ids)


def _is_due(now: int) -> ColumnElement[bool]:
    invitation, session = tables.invitations.c, tables.claim_sessions.c
    claimed = exists().where(
        session.invitation_id == invitation.invitation_id, session.expires_at > now
    )
    begun = exists().where(tables.purges.c.invitation_id == invitation.invitation_id)
    return and_(tables.IS_UNANSWERED, invitation.not_after < now, ~begun, ~claimed)


def decide_again(connection: Connection, invitation_ids: Collection[str], now: int) -> None:
    """Purge these, whatever the clock says: they have their tombstones.

    They come from a backup, as it was at any moment before; claimed they can't be, since
    the purge had won.
    """
    invitation, purge = tables.invitations.c, tables.purges.c
    unended = set(
        connection.execute(
            select(invitation.invitation_id)
            .outerjoin(tables.purges, purge.invitation_id == invitation.invitation_id)
            .where(
                invitation.invitation_id.in_(invitation_ids),
                invitation.status != InvitationStatus.CLAIMED,
                purge.ended_at.is_(None),
            )
        ).scalars()
    )
    begun = connection.execute(
        select(purge.invitation_id).where(purge.invitation_id.in_(unended))
    ).scalars()
    fresh = sorted(unended - set(begun))
    _expire(connection, fresh)
    _begin(connection, fresh, now=now)
    told(connection, invitation_ids=unended, now=now)


def decide_replaced(connection: Connection, *, invitation_id: str, now: int) -> bool:
    """Decide to purge what still waits for a letter that was replaced; say if anything does.

    It should have moved to the letter's successor, and never did: nobody can open it there.
    """
    invitation = tables.invitations.c
    waiting = select(invitation.invitation_id).where(
        invitation.invitation_id == invitation_id,
        invitation.status == InvitationStatus.SUPERSEDED,
        exists().where(waits_for((invitation_id,))),
        ~exists().where(tables.purges.c.invitation_id == invitation_id),
    )
    if connection.execute(waiting).first() is None:
        return False
    _begin(connection, (invitation_id,), now=now)
    return True


def _expire(connection: Connection, invitation_ids: Collection[str]) -> None:
    """Write down what the clock has decided; a letter that was replaced stays replaced."""
    invitation = tables.invitations.c
    connection.execute(
        update(tables.invitations)
        .where(
            invitation.invitation_id.in_(invitation_ids),
            invitation.status == InvitationStatus.PENDING,
        )
        .values(status=InvitationStatus.EXPIRED)
    )


def _begin(connection: Connection, invitation_ids: Collection[str], *, now: int) -> None:
    if invitation_ids:
        nothing_yet = {"begun_at": now, "deliveries": 0, "objects_deleted": 0, "objects_kept": 0}
        connection.execute(
            insert(tables.purges), [{"invitation_id": one, **nothing_yet} for one in invitation_ids]
        )
