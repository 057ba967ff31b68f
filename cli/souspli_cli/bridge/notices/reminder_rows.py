"""Who is to be reminded, and when next: units of work on the ledger's table of notices.

docs/specs/bridge.md §9. A notice `to-check` that is settled keeps in `next_at` when its
document is next reminded of, while it is still to be checked. No row is added or ended.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sqlalchemy import and_, select, update

from souspli_cli.bridge.ledger_rows import State
from souspli_cli.bridge.notices.rows import Kind, NoticeState
from souspli_cli.bridge.schema import documents, notices

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import ColumnElement, Connection, Select

# In one statement.
_AT_ONCE: Final = 500


@dataclass(frozen=True)
class ToCheck:
    """A document that still waits for a person, and whose notice is settled."""

    document_id: str
    queue_id: str
    since: int
    next_at: int


def any_due(connection: Connection, *, now: int) -> bool:
    """Say whether there is a document of which somebody is to be reminded by now."""
    found = _to_check().where(notices.c.next_at <= now).limit(1)
    return connection.execute(found).first() is not None


def to_check(connection: Connection) -> list[ToCheck]:
    """Give all that may be reminded of, due or not, oldest first."""
    found = connection.execute(_to_check().order_by(documents.c.place))
    return [ToCheck(one, queue_id, since, next_at) for one, queue_id, since, next_at in found]


def put_off(connection: Connection, document_ids: Sequence[str], *, until: int) -> None:
    """Record when documents are next reminded of."""
    for start in range(0, len(document_ids), _AT_ONCE):
        some = document_ids[start : start + _AT_ONCE]
        connection.execute(
            update(notices)
            .where(notices.c.document_id.in_(some), _is_settled())
            .values(next_at=until)
        )


def _to_check() -> Select[str, str, int, int]:
    return (
        select(documents.c.document_id, documents.c.queue_id, documents.c.since, notices.c.next_at)
        .join(notices, notices.c.document_id == documents.c.document_id)
        .where(documents.c.state == State.TO_CHECK, _is_settled())
    )


def _is_settled() -> ColumnElement[bool]:
    return and_(notices.c.kind == Kind.TO_CHECK, notices.c.state != NoticeState.DUE)
