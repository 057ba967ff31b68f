"""Purging letters that nobody answered: each step one transaction (docs/specs/pending.md §4).

Each finds done what was done, and may be run by two processes at once. In order:
`due`, `decide`, then the tombstone outside of the database, `told`, `empty` until nothing is
left, the objects outside of the database, `forget`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Text,
    and_,
    delete,
    exists,
    insert,
    literal,
    or_,
    select,
    tuple_,
    update,
)

from souspli_exchange.ports.states import DeliveryState, InvitationStatus
from souspli_keys.statements import MAX_DOCUMENTS
from souspli_mailbox.deliveries import ENDED
from souspli_mailbox.records.invitations import replaced_by
from souspli_mailbox.records.jobs import JobName, forget_jobs
from souspli_mailbox.records.letting_go import let_go
from souspli_mailbox.records.recipients import forget_recipients
from souspli_mailbox.records.service_facts import Fact, forget_fact, keep_fact, read_fact
from souspli_mailbox.records.sweeps import CondemnReason
from souspli_mailbox.schema import tables

# In one transaction: a statement takes some ten thousand ids, and others wait for it.
LETTERS_AT_ONCE: Final = 100
DELIVERIES_AT_ONCE: Final = 100

# A store that lets nothing go does so for minutes; one that holds an object under a lock,
# for months.
RESUME_SECONDS: Final = 300
LONGEST_RESUME_SECONDS: Final = 4 * 3_600
# Of `Fact.PURGED_SINCE`: deleted, and no run has begun since that makes the files forget.
_NOT_BEGUN: Final = "not-begun"

# Where what was about somebody is deleted, and what could be opened.
EMPTIED: Final = tuple(
    table.name
    for table in (
        tables.invitations,
        tables.person_checks,
        tables.claim_sessions,
        tables.attestations,
        tables.consents,
        tables.covers,
        tables.sender_covers,
        # Of an account that was closed (records/closings.py).
        tables.accounts,
        tables.unlockers,
        tables.vaults,
        tables.acceptances,
    )
)


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


def decide_replaced(connection: Connection, *, invitation_id: str, now: int) -> bool:
    """Decide to purge what still waits for a letter that was replaced; say if anything does.

    It should have moved to the letter's successor, and never did: nobody can open it there.
    """
    invitation = tables.invitations.c
    waiting = select(invitation.invitation_id).where(
        invitation.invitation_id == invitation_id,
        invitation.status == InvitationStatus.SUPERSEDED,
        exists().where(_waits_for((invitation_id,))),
        ~exists().where(tables.purges.c.invitation_id == invitation_id),
    )
    if connection.execute(waiting).first() is None:
        return False
    _begin(connection, (invitation_id,), now=now)
    return True


def _waits_for(invitation_ids: Collection[str]) -> ColumnElement[bool]:
    delivery = tables.deliveries.c
    return and_(
        delivery.invitation_id.in_(invitation_ids),
        delivery.account_number.is_(None),
        delivery.state.not_in(ENDED),
    )


def _line(connection: Connection, invitation_id: str) -> tuple[str, ...]:
    """Return the letter and those that it replaced: they were about the same person."""
    return (invitation_id, *replaced_by(connection, invitation_id=invitation_id))


def empty(connection: Connection, *, invitation_id: str, now: int) -> bool:
    """Delete covers of what waits for the letter, `expired` from now on; say if there is more.

    Also of what waits for a letter that it replaced. Contents that wait for nobody else are
    condemned, with the sender's own cover: from then on this service holds nothing that
    could be opened. Others stay for whoever they wait for.
    """
    delivery = tables.deliveries.c
    waiting = connection.execute(
        select(delivery.delivery_id, delivery.deposit_id)
        .where(_waits_for(_line(connection, invitation_id)))
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
    line = _line(connection, invitation_id)
    unfinished = or_(
        exists().where(_waits_for(line)),
        exists().where(tables.condemned_objects.c.purge == invitation_id),
    )
    if connection.execute(select(unfinished)).scalar():
        return False
    purge = tables.purges.c
    ended = connection.execute(
        select(tables.purges, tables.invitations.c.organisation)
        .join(tables.invitations, tables.invitations.c.invitation_id == purge.invitation_id)
        .where(purge.invitation_id == invitation_id, purge.ended_at.is_(None))
    ).one_or_none()
    if ended is None:
        return True
    forget_person(connection, line)
    note_deletion(connection)
    envelope = certify(
        Ended(
            invitation_id=invitation_id,
            organisation=ended.organisation,
            begun_at=ended.begun_at,
            # Whatever a clock did in between.
            ended_at=max(now, ended.begun_at),
            deliveries=ended.deliveries,
            documents=_documents(connection, line),
            objects_deleted=ended.objects_deleted,
            objects_kept=ended.objects_kept,
        )
    )
    connection.execute(
        update(tables.purges)
        .where(purge.invitation_id == invitation_id)
        .values(ended_at=max(now, ended.begun_at), envelope=envelope)
    )
    return True


def _documents(connection: Connection, line: Collection[str]) -> tuple[str, ...]:
    deposit, delivery = tables.deposits.c, tables.deliveries.c
    return tuple(
        connection.execute(
            select(deposit.document_id)
            .distinct()
            .join(tables.deliveries, delivery.deposit_id == deposit.deposit_id)
            .where(
                delivery.invitation_id.in_(line),
                delivery.account_number.is_(None),
                delivery.state == DeliveryState.EXPIRED,
            )
            .order_by(deposit.document_id)
            .limit(MAX_DOCUMENTS)
        ).scalars()
    )


def forget_person(connection: Connection, line: Collection[str]) -> None:
    """Delete what says whom these letters were for."""
    end_claims(connection, line)
    invitation = tables.invitations.c
    for table in (tables.person_checks, tables.attestations):
        connection.execute(delete(table).where(table.c.invitation_id.in_(line)))
    forget_recipients(connection, invitation_ids=line)
    connection.execute(delete(tables.consents).where(tables.consents.c.subject.in_(line)))
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


def end_claims(connection: Connection, invitation_ids: Collection[str]) -> None:
    """End every claim of these letters that is under way, and mail no code for it."""
    session, job = tables.claim_sessions.c, tables.jobs.c
    ended = connection.execute(
        delete(tables.claim_sessions)
        .where(session.invitation_id.in_(invitation_ids))
        .returning(session.claim_session_id)
    ).scalars()
    for one in list(ended):
        connection.execute(
            delete(tables.jobs).where(
                and_(job.job == JobName.EMAIL_CODE, job.payload.contains(one, autoescape=True))
            )
        )


def note_deletion(connection: Connection) -> None:
    """Note that the database's files hold what was deleted, whatever is killed from here on.

    A row that all purges share, so it is written only if it says something else: between
    two purges of one night it does not.
    """
    if read_fact(connection, fact=Fact.PURGED_SINCE) != _NOT_BEGUN:
        keep_fact(connection, fact=Fact.PURGED_SINCE, value=_NOT_BEGUN)


def begin_forgetting(connection: Connection, *, run: str) -> bool:
    """Note that this run has the files forget from now on; say if there is anything to forget.

    `run`: a word of its own. A crash after it leaves another word than none: still due.
    """
    if read_fact(connection, fact=Fact.PURGED_SINCE) is None:
        return False
    keep_fact(connection, fact=Fact.PURGED_SINCE, value=run)
    return True


def forgotten(connection: Connection, *, run: str) -> None:
    """Note that the files hold nothing of what had been deleted when this run began.

    Whoever has deleted anything since, or has begun a run since, has taken its word away.
    """
    if read_fact(connection, fact=Fact.PURGED_SINCE) == run:
        forget_fact(connection, fact=Fact.PURGED_SINCE)


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
