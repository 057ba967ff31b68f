"""Documents that were sent although something was seen in their PDFs (docs/specs/bridge.md §10).

Units of work for `souspli_storage`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sqlalchemy import and_, func, select

from souspli_cli.bridge.ledger import DAY
from souspli_cli.bridge.ledger_rows import State
from souspli_cli.bridge.pdf import words as pdf_words
from souspli_cli.bridge.schema import documents

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Connection

# As long as rows without a report are kept.
SHOWN_DAYS: Final = 30

_LEFT: Final = (State.DELIVERED, State.WITHDRAWN)
# Nothing; or that by the settings nobody looks, which is so of every document.
_NOT_SAID: Final = ("", pdf_words.NOT_EXAMINED)


@dataclass(frozen=True)
class SentWithFindings:
    """What the ledger says of such a document."""

    document_id: str
    state: State
    received_at: int
    sent_at: int
    """For one that was withdrawn: when that was."""
    findings: tuple[str, ...]


def recent(
    connection: Connection, limit: int, *, now: int, days: int = SHOWN_DAYS
) -> list[SentWithFindings]:
    """Give those of the last days, newest first."""
    found = (
        select(
            documents.c.document_id,
            documents.c.state,
            documents.c.received_at,
            documents.c.changed_at,
            documents.c.findings,
        )
        .where(_chosen(now=now, days=days))
        .order_by(documents.c.place.desc())
        .limit(limit)
    )
    return [
        SentWithFindings(one, State(state), received_at, sent_at, tuple(findings.split(",")))
        for one, state, received_at, sent_at, findings in connection.execute(found)
    ]


def count(connection: Connection, *, now: int, days: int = SHOWN_DAYS) -> int:
    """Count them."""
    found = select(func.count()).where(_chosen(now=now, days=days))
    number: int = connection.execute(found).scalar_one()
    return number


def _chosen(*, now: int, days: int) -> ColumnElement[bool]:
    return and_(
        documents.c.state.in_(_LEFT),
        documents.c.findings.is_not(None),
        documents.c.findings.not_in(_NOT_SAID),
        documents.c.changed_at > now - days * DAY,
    )
