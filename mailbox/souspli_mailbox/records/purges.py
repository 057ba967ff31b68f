"""Purging letters that nobody answered: each step one transaction (docs/specs/pending.md §4).

Each finds done what was done, and may be run by two processes at once. In order:
`decide`, then the tombstone outside of the database, `told`, `empty` until nothing is
left, the objects outside of the database, `forget`.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, and_, delete, exists, insert, literal, or_, select, update

from souspli_exchange.ports import DeliveryState, InvitationStatus
from souspli_mailbox.deliveries import ENDED
from souspli_mailbox.records.jobs import JobName, enqueue, forget_jobs
from souspli_mailbox.records.sweeps import CondemnReason, condemn
from souspli_mailbox.records.usage import give_back
from souspli_mailbox.schema import tables

# In one transaction: a statement takes some ten thousand ids, and others wait for it.
LETTERS_AT_ONCE: Final = 100
DELIVERIES_AT_ONCE: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Purge:
    """What a purge has come to. Counts grow until it has ended."""

    invitation_id: str
    begun_at: int
    told_at: int | None
    ended_at: int | None
    deliveries: int
    objects_deleted: int
    objects_kept: int


def decide(connection: Connection, *, now: int) -> tuple[str, ...]:
    """Decide to purge letters that are due, the longest due first; return which.

    Those that a claim under way may still end are not. From here on a letter admits
    nothing, whoever asks: the row of its purge is looked for in the same transaction.
    """
    invitation, session = tables.invitations.c, tables.claim_sessions.c
    claimed = exists().where(
        session.invitation_id == invitation.invitation_id, session.expires_at > now
    )
    begun = exists().where(tables.purges.c.invitation_id == invitation.invitation_id)
    due = (
        connection.execute(
            select(invitation.invitation_id)
            .where(tables.IS_UNANSWERED, invitation.not_after < now, ~begun, ~claimed)
            .order_by(invitation.not_after, invitation.invitation_id)
            .limit(LETTERS_AT_ONCE)
        )
        .scalars()
        .all()
    )
    if due:
        connection.execute(
            update(tables.invitations)
            .where(invitation.invitation_id.in_(due))
            .values(status=InvitationStatus.EXPIRED)
        )
        _begin(connection, due, now=now)
    return tuple(due)


def decide_again(connection: Connection, invitation_ids: Collection[str], now: int) -> None:
    """Purge these, whatever the clock says: they have their tombstones.

    They come from a backup, as it was at any moment before; claimed they can't be, since
    the purge had won. What is left of it is done by a job, as for any other.
    """
    invitation, purge = tables.invitations.c, tables.purges.c
    unended = (
        connection.execute(
            select(invitation.invitation_id)
            .outerjoin(tables.purges, purge.invitation_id == invitation.invitation_id)
            .where(
                invitation.invitation_id.in_(invitation_ids),
                tables.IS_UNANSWERED,
                purge.ended_at.is_(None),
            )
        )
        .scalars()
        .all()
    )
    begun = connection.execute(
        update(tables.purges)
        .where(purge.invitation_id.in_(unended))
        .values(told_at=None)
        .returning(purge.invitation_id)
    ).scalars()
    fresh = sorted(set(unended) - set(begun))
    connection.execute(
        update(tables.invitations)
        .where(invitation.invitation_id.in_(fresh))
        .values(status=InvitationStatus.EXPIRED)
    )
    _begin(connection, fresh, now=now)
    told(connection, invitation_ids=unended, now=now)


def _begin(connection: Connection, invitation_ids: Collection[str], *, now: int) -> None:
    if invitation_ids:
        nothing_yet = {"begun_at": now, "deliveries": 0, "objects_deleted": 0, "objects_kept": 0}
        connection.execute(
            insert(tables.purges), [{"invitation_id": one, **nothing_yet} for one in invitation_ids]
        )


def untold(connection: Connection) -> tuple[str, ...]:
    """Return letters whose purge is decided and has no tombstone that we know of."""
    purge = tables.purges.c
    return tuple(
        connection.execute(
            select(purge.invitation_id)
            .where(purge.told_at.is_(None))
            .order_by(purge.begun_at)
            .limit(LETTERS_AT_ONCE)
        ).scalars()
    )


def told(connection: Connection, *, invitation_ids: Collection[str], now: int) -> None:
    """Note that these have their tombstones, and have the rest done as a job for each."""
    purge = tables.purges.c
    fresh = connection.execute(
        update(tables.purges)
        .where(purge.invitation_id.in_(invitation_ids), purge.told_at.is_(None))
        .values(told_at=now)
        .returning(purge.invitation_id)
    ).scalars()
    for one in sorted(fresh):
        enqueue(connection, name=JobName.PURGE, ids={"invitation_id": one}, now=now)


def empty(connection: Connection, *, invitation_id: str, now: int) -> bool:
    """Delete covers of what waits for the letter, `expired` from now on; say if there is more.

    Contents that wait for nobody else are condemned, with the sender's own cover: from
    then on this service holds nothing that could be opened. Others stay for whoever they
    wait for.
    """
    delivery = tables.deliveries.c
    waiting = connection.execute(
        select(delivery.delivery_id, delivery.deposit_id)
        .where(
            delivery.invitation_id == invitation_id,
            delivery.account_number.is_(None),
            delivery.state.not_in(ENDED),
        )
        .limit(DELIVERIES_AT_ONCE)
    ).all()
    if not waiting:
        return False
    ids = [one.delivery_id for one in waiting]
    connection.execute(
        update(tables.deliveries)
        .where(delivery.delivery_id.in_(ids))
        .values(state=DeliveryState.EXPIRED, expired_at=now)
    )
    connection.execute(delete(tables.covers).where(tables.covers.c.delivery_id.in_(ids)))
    forget_jobs(connection, name=JobName.NOTIFY, key="delivery_id", ids=ids)
    kept, deleted = _let_go(
        connection, {one.deposit_id for one in waiting}, invitation_id=invitation_id, now=now
    )
    purge = tables.purges.c
    connection.execute(
        update(tables.purges)
        .where(purge.invitation_id == invitation_id)
        .values(
            deliveries=purge.deliveries + len(ids),
            objects_deleted=purge.objects_deleted + deleted,
            objects_kept=purge.objects_kept + kept,
        )
    )
    return True


def _let_go(
    connection: Connection, deposit_ids: Collection[int], *, invitation_id: str, now: int
) -> tuple[int, int]:
    """Condemn contents that wait for nobody any more; return how many stay, and go."""
    deposit, delivery = tables.deposits.c, tables.deliveries.c
    # Contents are wanted as long as somebody has a cover of them.
    wanted = exists().where(
        delivery.deposit_id == deposit.deposit_id,
        delivery.delivery_id == tables.covers.c.delivery_id,
    )
    emptied = connection.execute(
        update(tables.deposits)
        .where(deposit.deposit_id.in_(deposit_ids), deposit.emptied_at.is_(None), ~wanted)
        .values(emptied_at=now)
        .returning(
            deposit.deposit_id, deposit.object_key, deposit.organisation, deposit.sealed_length
        )
    ).all()
    connection.execute(
        delete(tables.sender_covers).where(
            tables.sender_covers.c.deposit_id.in_([one.deposit_id for one in emptied])
        )
    )
    give_back(connection, ((one.organisation, one.sealed_length) for one in emptied))
    condemn(
        connection,
        object_keys=[one.object_key for one in emptied],
        reason=CondemnReason.PURGED,
        now=now,
        purge=invitation_id,
    )
    return len(deposit_ids) - len(emptied), len(emptied)


def objects_left(connection: Connection, *, invitation_id: str, limit: int) -> tuple[str, ...]:
    """Return objects that the purge waits for, the longest condemned first."""
    condemned = tables.condemned_objects.c
    return tuple(
        connection.execute(
            select(condemned.object_key)
            .where(condemned.purge == invitation_id)
            .order_by(condemned.condemned_at, condemned.object_key)
            .limit(limit)
        ).scalars()
    )


def forget(connection: Connection, *, invitation_id: str, now: int) -> bool:
    """Delete what says who the patient was, and end the purge; say if that could be done.

    Not while something waits for the letter, or an object is not known to be gone. Letters
    that it replaced go with it: they were about the same person.
    """
    delivery, condemned = tables.deliveries.c, tables.condemned_objects.c
    unfinished = or_(
        exists().where(
            delivery.invitation_id == invitation_id,
            delivery.account_number.is_(None),
            delivery.state.not_in(ENDED),
        ),
        exists().where(condemned.purge == invitation_id),
    )
    if connection.execute(select(unfinished)).scalar():
        return False
    line = (invitation_id, *_replaced(connection, invitation_id))
    invitation, session = tables.invitations.c, tables.claim_sessions.c
    sessions = connection.execute(
        delete(tables.claim_sessions)
        .where(session.invitation_id.in_(line))
        .returning(session.claim_session_id)
    ).scalars()
    _forget_code_jobs(connection, list(sessions))
    for table in (tables.person_checks, tables.attestations):
        connection.execute(delete(table).where(table.c.invitation_id.in_(line)))
    connection.execute(delete(tables.consents).where(tables.consents.c.subject.in_(line)))
    connection.execute(
        delete(tables.notifications).where(
            tables.notifications.c.recipient.in_([f"invitation:{one}" for one in line])
        )
    )
    connection.execute(
        update(tables.invitations)
        .where(invitation.invitation_id.in_(line))
        .values(
            address=None,
            # Unique, and of no letter: numbers have digits alone.
            letter_number=literal("purged-") + invitation.invitation_id,
            record_hash="",
            claim_fingerprint="",
            claim_login_key=b"",
            envelope=b"",
        )
    )
    purge = tables.purges.c
    connection.execute(
        update(tables.purges)
        .where(purge.invitation_id == invitation_id, purge.ended_at.is_(None))
        .values(ended_at=now)
    )
    return True


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


def _replaced(connection: Connection, invitation_id: str) -> tuple[str, ...]:
    table = tables.invitations.c
    replaced: list[str] = []
    statement = select(table.supersedes).where(table.invitation_id == invitation_id)
    while (before := connection.execute(statement).scalar()) is not None:
        replaced.append(before)
        statement = select(table.supersedes).where(table.invitation_id == before)
    return tuple(replaced)


def _forget_code_jobs(connection: Connection, claim_session_ids: Collection[str]) -> None:
    job = tables.jobs.c
    for one in claim_session_ids:
        connection.execute(
            delete(tables.jobs).where(
                and_(job.job == JobName.EMAIL_CODE, job.payload.contains(one, autoescape=True))
            )
        )
