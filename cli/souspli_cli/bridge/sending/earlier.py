"""The earlier documents of a report that is taken back, as the ledger knows them.

docs/specs/bridge.md §11. Units of work, as in `ledger`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import or_, select, update

from souspli_cli.bridge import ledger
from souspli_cli.bridge.ledger_rows import QUARANTINE, State
from souspli_cli.bridge.reasons import MAY_BE_THERE
from souspli_cli.bridge.schema import documents

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from sqlalchemy import ColumnElement, Connection

    from souspli_cli.bridge.ledger_rows import Row, Sorted


@dataclass(frozen=True)
class Earlier:
    """What was accepted of a report before the document that takes it back."""

    delivered: tuple[str, ...]
    """In their order."""
    withdrawn: bool
    """Some of it was taken back already, or never sent."""
    in_quarantine: bool
    """Of some of it a person has still to decide."""
    waiting: bool = False
    """Some of it is to be sent first."""
    maybe_sent: bool = False
    """Some of it was rejected by a person, and may be at the service all the same."""


def sort(
    connection: Connection,
    found: Sequence[Sorted],
    *,
    may_have_left: Callable[[str], bool],
    now: int,
) -> set[str]:
    """Do what `ledger.sort` does; what waits and was just taken back is never sent.

    Of what `may_have_left` nobody knows whether the service has it: it is sent to its end,
    and withdrawn afterwards. Gives the ids of the mails of which something ended.
    """
    ledger.sort(connection, found, now=now)
    ended: set[str] = set()
    for one in found:
        if one.lane is None or not one.withdraws:
            continue
        waiting = select(documents.c.document_id, documents.c.queue_id).where(
            _before(one.document_id, one.withdraws),
            documents.c.lane == one.lane,
            documents.c.state == State.WAITING,
        )
        for document_id, queue_id in connection.execute(waiting).all():
            if not may_have_left(document_id):
                ledger.end(connection, document_id, State.WITHDRAWN, None, now=now)
                ended.add(queue_id)
    return ended


def earlier(connection: Connection, row: Row, reports: Collection[bytes]) -> Earlier:
    """Give what was accepted of these reports before a row, for the same people."""
    before = _before(row.document_id, reports)
    ours = documents.c.lane == row.lane
    sent = (
        select(documents.c.document_id)
        .where(before, ours, documents.c.state == State.DELIVERED)
        .order_by(documents.c.place)
    )
    gone = select(documents.c.place).where(before, ours, documents.c.state == State.WITHDRAWN)
    # Not sorted: it may be theirs.
    theirs = or_(ours, documents.c.lane.is_(None))
    open_ones = select(documents.c.place).where(before, theirs, documents.c.state.in_(QUARANTINE))
    # A person let it go this instant, out of the quarantine.
    waiting = select(documents.c.place).where(before, theirs, documents.c.state == State.WAITING)
    maybe_sent = select(documents.c.place).where(
        before, documents.c.state == State.REJECTED, documents.c.reason.in_(MAY_BE_THERE)
    )
    return Earlier(
        delivered=tuple(connection.execute(sent).scalars()),
        withdrawn=connection.execute(gone.limit(1)).first() is not None,
        in_quarantine=connection.execute(open_ones.limit(1)).first() is not None,
        waiting=connection.execute(waiting.limit(1)).first() is not None,
        maybe_sent=connection.execute(maybe_sent.limit(1)).first() is not None,
    )


def note_withdrawn(connection: Connection, document_ids: Collection[str], *, now: int) -> None:
    """Record that the service has the withdrawals of documents that were delivered."""
    connection.execute(
        update(documents)
        .where(documents.c.document_id.in_(document_ids))
        .where(documents.c.state == State.DELIVERED)
        .values(state=State.WITHDRAWN, changed_at=now)
    )


def _before(document_id: str, reports: Collection[bytes]) -> ColumnElement[bool]:
    own = select(documents.c.place).where(documents.c.document_id == document_id)
    return documents.c.report.in_(reports) & (documents.c.place < own.scalar_subquery())
