"""What a purge deletes, and when it has ended: certified and gone, or neither (pending.md §4)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy import ColumnElement, Connection, and_, bindparam, delete, select, update

from souspli_exchange.ports.states import DeliveryState
from souspli_keys.statements import MAX_DOCUMENTS
from souspli_mailbox.deliveries import ENDED
from souspli_mailbox.records.forgetting import forget_person, note_deletion
from souspli_mailbox.records.invitations import replaced_by
from souspli_mailbox.records.jobs import JobName, forget_jobs
from souspli_mailbox.records.letting_go import let_go
from souspli_mailbox.records.recipients import is_unclaimed
from souspli_mailbox.records.sweeps import CondemnReason
from souspli_mailbox.schema import tables

DELIVERIES_AT_ONCE: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """What is certified of a purge that ends now."""

    invitation_id: str
    organisation: str
    begun_at: int
    ended_at: int
    deliveries: int
    documents: tuple[str, ...]
    objects_deleted: int
    objects_kept: int


def empty(connection: Connection, *, invitation_id: str, now: int) -> bool:
    """Delete covers of what waits for the letter, `expired` from now on; say if there is more.

    Also of what waits for a letter that it replaced. Contents that wait for nobody else are
    condemned, with the sender's own cover: from then on this service holds nothing that
    could be opened. Others stay for whoever they wait for.
    """
    delivery = tables.deliveries.c
    waiting = connection.execute(
        select(delivery.delivery_id, delivery.deposit_id)
        .where(waits_for(_line(connection, invitation_id)))
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
    note_deletion(connection)
    forget_jobs(connection, name=JobName.NOTIFY, key="delivery_id", ids=ids)
    kept, deleted = let_go(
        connection,
        {one.deposit_id for one in waiting},
        reason=CondemnReason.PURGED,
        now=now,
        purge=invitation_id,
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


def forget(
    connection: Connection, *, invitation_id: str, now: int, certify: Callable[[Ended], bytes]
) -> bool:
    """Delete what says who the patient was, and end the purge; say if that could be done.

    Not while something waits for the letter, or an object is not known to be gone. Letters
    that it replaced go with it. `certify` makes the signed statement that is kept in the
    same transaction: nothing is ever called gone without one, nor certified and not gone.
    """
    return bool(forget_all(connection, invitation_ids=(invitation_id,), now=now, certify=certify))


def forget_all(
    connection: Connection,
    *,
    invitation_ids: Collection[str],
    now: int,
    certify: Callable[[Ended], bytes],
) -> tuple[str, ...]:
    """Do the same for several in one transaction; return those that have ended.

    On a night of a hundred thousand letters most have nothing that waits for them, and a
    transaction for each would be most of the work.
    """
    lines = _lines(connection, invitation_ids)
    finished = _finished(connection, lines)
    purge = tables.purges.c
    ending = connection.execute(
        select(tables.purges, tables.invitations.c.organisation)
        .join(tables.invitations, tables.invitations.c.invitation_id == purge.invitation_id)
        .where(purge.invitation_id.in_(finished), purge.ended_at.is_(None))
    ).all()
    if not ending:
        return finished
    forget_person(connection, {letter for one in ending for letter in lines[one.invitation_id]})
    note_deletion(connection)
    documents = _documents(
        connection, {one.invitation_id: lines[one.invitation_id] for one in ending}
    )
    certified = [
        Ended(
            invitation_id=one.invitation_id,
            organisation=one.organisation,
            begun_at=one.begun_at,
            # Whatever a clock did in between.
            ended_at=max(now, one.begun_at),
            deliveries=one.deliveries,
            documents=documents[one.invitation_id],
            objects_deleted=one.objects_deleted,
            objects_kept=one.objects_kept,
        )
        for one in ending
    ]
    connection.execute(
        _END,
        [
            {"purged": one.invitation_id, "ended": one.ended_at, "signed": certify(one)}
            for one in certified
        ],
    )
    return finished


_END: Final = (
    update(tables.purges)
    .where(tables.purges.c.invitation_id == bindparam("purged"))
    .values(ended_at=bindparam("ended"), envelope=bindparam("signed"))
)


def bare(connection: Connection, *, invitation_ids: Collection[str]) -> tuple[str, ...]:
    """Return those for which nothing waits, and of which no object is known to be left."""
    return _finished(connection, _lines(connection, invitation_ids))


def _finished(connection: Connection, lines: Mapping[str, Collection[str]]) -> tuple[str, ...]:
    delivery, condemned = tables.deliveries.c, tables.condemned_objects.c
    letters = [letter for line in lines.values() for letter in line]
    waited_for = set(
        connection.execute(
            select(delivery.invitation_id).distinct().where(waits_for(letters))
        ).scalars()
    )
    held = set(
        connection.execute(
            select(condemned.purge).distinct().where(condemned.purge.in_(list(lines)))
        ).scalars()
    )
    return tuple(
        one for one, line in lines.items() if one not in held and waited_for.isdisjoint(line)
    )


def _documents(
    connection: Connection, lines: Mapping[str, Collection[str]]
) -> dict[str, tuple[str, ...]]:
    """Return the ids of the documents that waited for each line, in order."""
    delivery = tables.deliveries.c
    letters = [letter for line in lines.values() for letter in line]
    had_some = set(
        connection.execute(
            select(delivery.invitation_id).distinct().where(_waited_in_vain(letters))
        ).scalars()
    )
    return {
        one: () if had_some.isdisjoint(line) else _documents_of(connection, line)
        for one, line in lines.items()
    }


def _waited_in_vain(letters: Collection[str]) -> ColumnElement[bool]:
    delivery = tables.deliveries.c
    return and_(
        delivery.invitation_id.in_(letters),
        is_unclaimed(),
        delivery.state == DeliveryState.EXPIRED,
    )


def _documents_of(connection: Connection, line: Collection[str]) -> tuple[str, ...]:
    deposit, delivery = tables.deposits.c, tables.deliveries.c
    return tuple(
        connection.execute(
            select(deposit.document_id)
            .distinct()
            .join(tables.deliveries, delivery.deposit_id == deposit.deposit_id)
            .where(_waited_in_vain(line))
            .order_by(deposit.document_id)
            .limit(MAX_DOCUMENTS)
        ).scalars()
    )


def waits_for(invitation_ids: Collection[str]) -> ColumnElement[bool]:
    """Say which deliveries wait for these letters: told or not, and collected by nobody."""
    delivery = tables.deliveries.c
    return and_(
        delivery.invitation_id.in_(invitation_ids),
        is_unclaimed(),
        delivery.state.not_in(ENDED),
    )


def _line(connection: Connection, invitation_id: str) -> tuple[str, ...]:
    """Return the letter and those that it replaced: they were about the same person."""
    return (invitation_id, *replaced_by(connection, invitation_id=invitation_id))


def _lines(connection: Connection, invitation_ids: Collection[str]) -> dict[str, tuple[str, ...]]:
    """Return the same of each: most have replaced none."""
    invitation = tables.invitations.c
    followers = set(
        connection.execute(
            select(invitation.invitation_id).where(
                invitation.invitation_id.in_(invitation_ids), invitation.supersedes.is_not(None)
            )
        ).scalars()
    )
    return {one: _line(connection, one) if one in followers else (one,) for one in invitation_ids}
