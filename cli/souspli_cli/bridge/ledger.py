"""The ledger: which mails were accepted, and how far each document has come.

docs/specs/bridge.md §6. Units of work for `souspli_storage`; committed means on the
disk. No health data and no address is here: ids, keyed digests, states, moments.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import and_, bindparam, delete, exists, func, insert, or_, select, update

from souspli_cli.bridge.ledger_rows import OPEN, QUARANTINE, Counts, Row, State
from souspli_cli.bridge.schema import MIGRATIONS, documents, mails, notices
from souspli_storage.sqlite import SqliteDatabase

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from pathlib import Path

    from sqlalchemy import ColumnElement, Connection, RowMapping

    from souspli_cli.bridge.ledger_rows import AcceptedMail, Sorted

DAY: Final = 86_400
REPEATS_DAYS: Final = 30
# How late a laboratory corrects a report.
REPORTS_DAYS: Final = 730
# Nobody puts a document off for longer. What seems to be was put off by a clock that was
# ahead: nobody's results wait for days because it was put right.
LONGEST_WAIT_SECONDS: Final = 3_600


_COLUMNS: Final = (
    documents.c.place,
    documents.c.document_id,
    documents.c.queue_id,
    documents.c.state,
    documents.c.reason,
    documents.c.target,
    documents.c.lane,
    documents.c.attempts,
    documents.c.next_try,
    documents.c.received_at,
    documents.c.changed_at,
    documents.c.findings,
    documents.c.decided_by,
    documents.c.decided_at,
)


# Made once, and run once for a batch: SQLAlchemy took longer for each than SQLite. It sets
# the columns that its rows name.
_SORT: Final = (
    update(documents)
    .where(documents.c.document_id == bindparam("of"))
    .where(documents.c.state == State.WAITING)
)


def open_ledger(path: Path) -> SqliteDatabase:
    """Open the ledger with its newest schema. Raises StorageError."""
    database = SqliteDatabase(path)
    try:
        database.upgrade(migrations=MIGRATIONS)
    except BaseException:
        database.close()
        raise
    return database


def repeated(connection: Connection, repeat: bytes) -> str | None:
    """Give the id of a mail that was accepted already."""
    found = select(mails.c.queue_id).where(mails.c.repeat == repeat)
    return connection.execute(found).scalar_one_or_none()


def add_mails(connection: Connection, accepted: Sequence[AcceptedMail]) -> None:
    """Record mails; those that are recorded already stay as they are."""
    for mail in accepted:
        known = select(mails.c.queue_id).where(mails.c.queue_id == mail.queue_id)
        if connection.execute(known).first() is not None:
            continue
        added = connection.execute(
            insert(mails).prefix_with("OR IGNORE"),
            {
                "queue_id": mail.queue_id,
                "repeat": mail.repeat,
                "account": mail.account,
                "received_at": mail.received_at,
            },
        )
        if not added.rowcount:
            # The same mail is recorded under another id: this file was written when the
            # folder could not be synced, and could not be removed either. Nobody was told
            # of it.
            continue
        rows = [
            {
                "document_id": document.document_id,
                "queue_id": mail.queue_id,
                "state": State.WAITING,
                "report": document.report,
                "is_urgent": document.is_urgent,
                "attempts": 0,
                "next_try": 0,
                "received_at": mail.received_at,
                "since": mail.received_at,
                "changed_at": mail.received_at,
            }
            for document in mail.documents
        ]
        connection.execute(insert(documents), rows)


def known_mails(connection: Connection, queue_ids: Collection[str]) -> set[str]:
    """Give those of these mails that are recorded."""
    found = select(mails.c.queue_id).where(mails.c.queue_id.in_(queue_ids))
    return set(connection.execute(found).scalars())


def open_documents(connection: Connection, document_ids: Collection[str]) -> set[str]:
    """Give those of these documents whose files are still needed."""
    found = select(documents.c.document_id).where(
        documents.c.document_id.in_(document_ids), documents.c.state.in_(OPEN)
    )
    return set(connection.execute(found).scalars())


def unsorted(connection: Connection, limit: int) -> list[Row]:
    """Give documents that nobody has sorted, in their order."""
    found = (
        select(*_COLUMNS)
        .where(documents.c.state == State.WAITING, documents.c.lane.is_(None))
        .order_by(documents.c.place)
        .limit(limit)
    )
    return [_row(values) for values in connection.execute(found).mappings()]


def sort(connection: Connection, found: Sequence[Sorted], *, now: int) -> None:
    """Record whom documents are for, or that a person must say so."""
    rows = [
        {
            "of": one.document_id,
            "target": one.target,
            "lane": one.lane,
            "reason": one.reason,
            "state": State.WAITING if one.reason is None else State.TO_CHECK,
            "changed_at": now,
        }
        for one in found
    ]
    if rows:
        connection.execute(_SORT, rows)


def due(connection: Connection, limit: int, *, now: int, but: Collection[bytes] = ()) -> list[Row]:
    """Give sorted documents that may be sent now, in order; none behind one that waits.

    `but`: none of these patients' (lanes).
    """
    before = documents.alias("before")
    held_back = exists().where(
        and_(
            before.c.lane == documents.c.lane,
            before.c.state == State.WAITING,
            before.c.place < documents.c.place,
            _is_put_off(before.c.next_try, now),
        )
    )
    found = (
        select(*_COLUMNS)
        .where(documents.c.state == State.WAITING, documents.c.lane.is_not(None))
        .where(~_is_put_off(documents.c.next_try, now), documents.c.lane.not_in(but), ~held_back)
        .order_by(documents.c.place)
        .limit(limit)
    )
    return [_row(values) for values in connection.execute(found).mappings()]


def is_waiting(connection: Connection, document_id: str) -> bool:
    """Say whether a document is still to be sent."""
    found = select(documents.c.place).where(
        documents.c.document_id == document_id, documents.c.state == State.WAITING
    )
    return connection.execute(found).first() is not None


def is_first(connection: Connection, document_id: str) -> bool:
    """Say whether no document of the same patient waits before this one."""
    own = documents.alias("own")
    found = (
        select(documents.c.place)
        .join(own, own.c.lane == documents.c.lane)
        .where(own.c.document_id == document_id, documents.c.place < own.c.place)
        .where(documents.c.state == State.WAITING)
    )
    return connection.execute(found.limit(1)).first() is None


def next_due(connection: Connection) -> int | None:
    """Give the moment of the next try of all; None if nothing waits."""
    found = select(func.min(documents.c.next_try)).where(documents.c.state == State.WAITING)
    moment: int | None = connection.execute(found).scalar_one()
    return moment


def end(
    connection: Connection,
    document_id: str,
    state: State,
    reason: str | None,
    *,
    now: int,
    findings: str | None = None,
) -> None:
    """Record what became of a document, and what was seen in it."""
    seen = {} if findings is None else {"findings": findings}
    connection.execute(
        update(documents)
        .where(documents.c.document_id == document_id)
        .values(state=state, reason=reason, changed_at=now, **seen)
    )


def postpone(connection: Connection, document_id: str, reason: str, *, until: int) -> None:
    """Record a try that failed, and when the next one is."""
    connection.execute(
        update(documents)
        .where(documents.c.document_id == document_id)
        .values(reason=reason, attempts=documents.c.attempts + 1, next_try=until)
    )


def is_settled(connection: Connection, queue_id: str) -> bool:
    """Say whether nothing of a recorded mail is needed any more."""
    left = select(documents.c.place).where(
        documents.c.queue_id == queue_id, documents.c.state.in_(OPEN)
    )
    any_row = select(documents.c.place).where(documents.c.queue_id == queue_id)
    return (
        connection.execute(left.limit(1)).first() is None
        and connection.execute(any_row.limit(1)).first() is not None
    )


def settled_mails(connection: Connection, queue_ids: Collection[str]) -> set[str]:
    """Give those of these mails that are settled (`is_settled`)."""
    ours = documents.c.queue_id.in_(queue_ids)
    known = set(connection.execute(select(documents.c.queue_id).where(ours)).scalars())
    needed = select(documents.c.queue_id).where(ours, documents.c.state.in_(OPEN))
    return known - set(connection.execute(needed).scalars())


def reported(
    connection: Connection, reports: Collection[bytes], lane: bytes, *, before: str
) -> str | None:
    """Give the newest document of such a report that was delivered to the same people.

    Of those accepted before `before`: a correction that a person held up for a while
    corrects nothing that came after it.
    """
    own_place = select(documents.c.place).where(documents.c.document_id == before)
    found = (
        select(documents.c.document_id)
        .where(documents.c.report.in_(reports), documents.c.lane == lane)
        .where(documents.c.state == State.DELIVERED)
        .where(documents.c.place < own_place.scalar_subquery())
        .order_by(documents.c.place.desc())
        .limit(1)
    )
    return connection.execute(found).scalar_one_or_none()


def try_again(connection: Connection, document_id: str | None, *, now: int) -> int:
    """Have what a person looked at sorted once more; all of it without an id. Says how many."""
    chosen: ColumnElement[bool] = documents.c.state.in_(QUARANTINE)
    if document_id is not None:
        chosen = and_(chosen, documents.c.document_id == document_id)
    # A person looks anew, with whatever has been learnt meanwhile.
    return send_anew(
        connection, chosen, now=now, target=None, lane=None, decided_by=None, decided_at=None
    )


def send_anew(
    connection: Connection, chosen: ColumnElement[bool], *, now: int, **values: object
) -> int:
    """Have documents wait as if they had just come, with these values; say how many."""
    # Whoever was told to look knows; what is late or fails once more is told once more.
    again = select(documents.c.document_id).where(chosen)
    connection.execute(
        delete(notices).where(notices.c.kind != "to-check", notices.c.document_id.in_(again))
    )
    return connection.execute(
        update(documents)
        .where(chosen)
        .values(
            state=State.WAITING,
            reason=None,
            attempts=0,
            next_try=0,
            since=now,
            changed_at=now,
            **values,
        )
    ).rowcount


def rows(connection: Connection, states: Collection[State], limit: int) -> list[Row]:
    """Give documents in some states, oldest first."""
    found = (
        select(*_COLUMNS)
        .where(documents.c.state.in_(states))
        .order_by(documents.c.place)
        .limit(limit)
    )
    return [_row(values) for values in connection.execute(found).mappings()]


def accounts(connection: Connection, queue_ids: Collection[str]) -> dict[str, str]:
    """Give from which account each of these mails came."""
    found = select(mails.c.queue_id, mails.c.account).where(mails.c.queue_id.in_(queue_ids))
    return {row.queue_id: row.account for row in connection.execute(found)}


def document(connection: Connection, document_id: str) -> Row | None:
    """Give a document's row."""
    found = select(*_COLUMNS).where(documents.c.document_id == document_id)
    values = connection.execute(found).mappings().first()
    return None if values is None else _row(values)


def matching(connection: Connection, beginning: str) -> list[str]:
    """Give the ids of documents that begin so, two at most."""
    found = select(documents.c.document_id).where(
        documents.c.document_id.startswith(beginning, autoescape=True)
    )
    return list(connection.execute(found.limit(2)).scalars())


def counts(connection: Connection) -> Counts:
    """Count."""
    found = select(documents.c.state, func.count()).group_by(documents.c.state)
    by_state = {State(state): count for state, count in connection.execute(found)}
    oldest = select(func.min(documents.c.received_at)).where(documents.c.state == State.WAITING)
    return Counts(by_state, connection.execute(oldest).scalar_one())


def sweep(connection: Connection, *, now: int) -> int:
    """Forget what has been kept long enough; say how many rows."""
    settled = ~exists().where(
        and_(documents.c.queue_id == mails.c.queue_id, documents.c.state.in_(OPEN))
    )
    gone = connection.execute(
        delete(mails).where(mails.c.received_at < now - REPEATS_DAYS * DAY, settled)
    ).rowcount
    orphan = ~exists().where(mails.c.queue_id == documents.c.queue_id)
    old = or_(documents.c.report.is_(None), documents.c.changed_at < now - REPORTS_DAYS * DAY)
    gone += connection.execute(
        delete(documents).where(documents.c.state.not_in(OPEN), orphan, old)
    ).rowcount
    unknown = ~exists().where(documents.c.document_id == notices.c.document_id)
    connection.execute(delete(notices).where(unknown))
    return gone


def _is_put_off(next_try: ColumnElement[int], now: int) -> ColumnElement[bool]:
    return next_try.between(now + 1, now + LONGEST_WAIT_SECONDS)


def _row(values: RowMapping) -> Row:
    fields: dict[str, Any] = {**values, "state": State(values["state"])}
    return Row(**fields)
