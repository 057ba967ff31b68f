"""Which notices are due, and what became of them: the ledger's second table.

docs/specs/bridge.md §9. Units of work for `souspli_storage`. What is due is read off the
documents, so that nothing which changes a document has to think of notices.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from sqlalchemy import (
    and_,
    case,
    delete,
    exists,
    func,
    insert,
    literal,
    or_,
    select,
    tuple_,
    update,
)

from souspli_cli.bridge.ledger import DAY
from souspli_cli.bridge.ledger_rows import State
from souspli_cli.bridge.reasons import MAYBE_SENT, TOO_LATE
from souspli_cli.bridge.schema import documents, notices

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from sqlalchemy import ColumnElement, Connection, Update


class Kind(StrEnum):
    """What a laboratory is told of a document; once each, until a person has it tried again."""

    DELAYED = "delayed"
    TO_CHECK = "to-check"
    FAILED = "failed"


class NoticeState(StrEnum):
    """How far a notice has come."""

    DUE = "due"
    SENT = "sent"
    REFUSED = "refused"
    """By the relay, for good, or for longer than anybody would read it."""
    NOBODY = "nobody"
    """There is nobody who could be told by mail."""


@dataclass(frozen=True)
class Undecided:
    """A document of which a notice falls due, and is not in the table yet."""

    document_id: str
    queue_id: str
    kind: Kind


@dataclass(frozen=True)
class Notice:
    """A notice to be sent, with what the document's row says."""

    document_id: str
    queue_id: str
    kind: Kind
    mail: str | None
    attempts: int
    due_at: int
    reason: str | None
    since: int


@dataclass(frozen=True)
class Patience:
    """After how many seconds a document that waits is late; and given up."""

    late: int
    urgent_late: int
    too_late: int


_KIND: Final = case(
    (documents.c.state == State.WAITING, literal(Kind.DELAYED.value)), else_=documents.c.state
)


def any_too_late(connection: Connection, *, before: int) -> bool:
    """Say whether a document has waited since then, or longer."""
    found = select(documents.c.place).where(_waits_since(before)).limit(1)
    return connection.execute(found).first() is not None


def give_up(
    connection: Connection, *, before: int, now: int, may_have_left: Collection[str] = ()
) -> int:
    """Record that documents which have waited since then won't be sent; say how many.

    Only while none is being sent: a laboratory that is told so uses another way. Of those
    that `may_have_left` it is told that their patients may have them.
    """
    given_up = (
        update(documents).where(_waits_since(before)).values(state=State.FAILED, changed_at=now)
    )
    count = 0
    for one in may_have_left:
        begun = given_up.where(documents.c.document_id == one).values(reason=MAYBE_SENT)
        count += connection.execute(begun).rowcount
    return count + connection.execute(given_up.values(reason=TOO_LATE)).rowcount


def undecided(
    connection: Connection, limit: int, *, patience: Patience, now: int
) -> list[Undecided]:
    """Give what falls due and is not in the table, oldest first."""
    allowed = case((documents.c.is_urgent == 1, patience.urgent_late), else_=patience.late)
    is_late = and_(documents.c.state == State.WAITING, documents.c.since <= now - allowed)
    is_ended = documents.c.state.in_((State.TO_CHECK, State.FAILED))
    known = exists().where(
        notices.c.document_id == documents.c.document_id, notices.c.kind == _KIND
    )
    found = (
        select(documents.c.document_id, documents.c.queue_id, _KIND)
        .where(or_(is_late, is_ended), ~known)
        .order_by(documents.c.place)
        .limit(limit)
    )
    return [
        Undecided(document_id, queue_id, Kind(kind))
        for document_id, queue_id, kind in connection.execute(found)
    ]


def add(
    connection: Connection, found: Sequence[Undecided], state: NoticeState, *, now: int
) -> None:
    """Have notices in the table; those that are there stay as they are."""
    rows = [
        {
            "document_id": one.document_id,
            "kind": one.kind,
            "queue_id": one.queue_id,
            "state": state,
            "attempts": 0,
            "next_at": now,
            "due_at": now,
        }
        for one in found
    ]
    connection.execute(insert(notices).prefix_with("OR IGNORE"), rows)


def due(connection: Connection, limit: int, *, now: int) -> list[Notice]:
    """Give notices to be sent now: those that were tried least first, then the oldest.

    A relay that hangs over one address, and looks as if it were away, would otherwise hear of
    that one first each time, and of no other.
    """
    found = (
        select(
            notices.c.document_id,
            notices.c.queue_id,
            notices.c.kind,
            notices.c.mail,
            notices.c.attempts,
            notices.c.due_at,
            documents.c.reason,
            documents.c.since,
        )
        .join(documents, documents.c.document_id == notices.c.document_id)
        .where(notices.c.state == NoticeState.DUE)
        # Later than anybody puts one off: by a clock that was ahead.
        .where(or_(notices.c.next_at <= now, notices.c.next_at > now + DAY))
        .where(notices.c.kind == _KIND)
        .order_by(notices.c.attempts, notices.c.due_at, documents.c.place)
        .limit(limit)
    )
    return [
        Notice(one, queue_id, Kind(kind), mail, attempts, due_at, reason, since)
        for one, queue_id, kind, mail, attempts, due_at, reason, since in connection.execute(found)
    ]


def any_outlived(connection: Connection) -> bool:
    """Say whether a notice waits that is not true any more."""
    found = select(notices.c.kind).where(notices.c.state == NoticeState.DUE, _is_outlived())
    return connection.execute(found.limit(1)).first() is not None


def drop_outlived(connection: Connection) -> None:
    """Forget notices that were not sent while they were true."""
    connection.execute(delete(notices).where(notices.c.state == NoticeState.DUE, _is_outlived()))


def begin(connection: Connection, some: Sequence[Notice], mail: str, *, until: int) -> None:
    """Record in which mail notices are handed over, before they are.

    And when they would be again: a disk on which the end can't be recorded, or a bridge that
    dies each time, must not become a mail every ten seconds.
    """
    connection.execute(_of(some).values(mail=mail, attempts=notices.c.attempts + 1, next_at=until))


def later(connection: Connection, some: Sequence[Notice], *, until: int, keep: bool) -> None:
    """Record when notices are looked at again.

    `keep`: the relay may have the mail, so that the same one has to be handed over again;
    else they go with whatever is due by then.
    """
    values: dict[str, object] = {"next_at": until}
    if not keep:
        values["mail"] = None
    connection.execute(_of(some).values(**values))


def settle(
    connection: Connection, some: Sequence[Notice], state: NoticeState, *, next_at: int
) -> None:
    """Record what became of notices, and when their documents are reminded of."""
    connection.execute(_of(some).values(state=state, next_at=next_at))


def count(connection: Connection) -> dict[tuple[Kind, NoticeState], int]:
    """Count."""
    found = select(notices.c.kind, notices.c.state, func.count()).group_by(
        notices.c.kind, notices.c.state
    )
    return {
        (Kind(kind), NoticeState(state)): number
        for kind, state, number in connection.execute(found)
    }


def told(connection: Connection, document_ids: Collection[str]) -> dict[str, dict[str, str]]:
    """Give, for each of these documents, what was told of it or is to be: kind and state."""
    found = select(notices.c.document_id, notices.c.kind, notices.c.state).where(
        notices.c.document_id.in_(document_ids)
    )
    said: dict[str, dict[str, str]] = {one: {} for one in document_ids}
    for document_id, kind, state in connection.execute(found):
        said[document_id][kind] = state
    return said


def _waits_since(before: int) -> ColumnElement[bool]:
    return and_(documents.c.state == State.WAITING, documents.c.since <= before)


def _is_outlived() -> ColumnElement[bool]:
    return ~exists().where(
        documents.c.document_id == notices.c.document_id, notices.c.kind == _KIND
    )


def _of(some: Sequence[Notice]) -> Update:
    pairs = [(one.document_id, one.kind) for one in some]
    return update(notices).where(tuple_(notices.c.document_id, notices.c.kind).in_(pairs))
