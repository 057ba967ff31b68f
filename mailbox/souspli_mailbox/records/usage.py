"""What an organisation keeps here and sends a day, and its quota (docs/specs/mailbox.md §5a).

Counted when a deposit is opened, in the same transaction, so that a thousand openings
at once don't pass a bound that each of them saw below; given back when one is deleted.
One row an organisation: its openings wait for each other's commit, those of others
don't.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    bindparam,
    case,
    insert,
    select,
    update,
)
from sqlalchemy.sql.dml import ReturningUpdate

from souspli_mailbox.records.errors import QuotaReachedError
from souspli_mailbox.schema import tables

# A "day" is the 24 hours that the first document begins, as for the claims' tries.
DAY: Final = 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    """Bounds for one organisation. 0: none."""

    sealed_bytes: int
    """Sealed contents kept, uploads under way included."""
    documents_a_day: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What is counted of an organisation."""

    documents: int
    sealed_bytes: int
    day_began_at: int
    documents_today: int


def _take() -> ReturningUpdate[*tuple[Any, ...]]:
    usage, now = tables.organisation_usage.c, bindparam("now", type_=BigInteger())
    same_day = usage.day_began_at > bindparam("day_ago")
    return (
        update(tables.organisation_usage)
        .where(usage.organisation == bindparam("whose"))
        .values(
            documents=usage.documents + 1,
            sealed_bytes=usage.sealed_bytes + bindparam("more"),
            day_began_at=case((same_day, usage.day_began_at), else_=now),
            documents_today=case((same_day, usage.documents_today + 1), else_=1),
        )
        .returning(usage.sealed_bytes, usage.day_began_at, usage.documents_today)
    )


# Made once: every new deposit runs it.
_TAKE: Final = _take()


def take(
    connection: Connection, *, organisation: str, sealed_bytes: int, quota: Quota, now: int
) -> None:
    """Count a new deposit. Raises QuotaReachedError, and then nothing is to be kept."""
    counted = connection.execute(
        _TAKE, {"whose": organisation, "more": sealed_bytes, "now": now, "day_ago": now - DAY}
    ).one_or_none()
    if counted is None:
        # The organisation's first. Two firsts at once: the key decides, and the other
        # unit is run again.
        first = {"sealed_bytes": sealed_bytes, "day_began_at": now, "documents_today": 1}
        connection.execute(
            insert(tables.organisation_usage).values(
                organisation=organisation, documents=1, **first
            )
        )
        kept, began, today = sealed_bytes, now, 1
    else:
        kept, began, today = counted
    _require(kept, at_most=quota.sealed_bytes)
    if quota.documents_a_day and today > quota.documents_a_day:
        raise QuotaReachedError(retry_at=began + DAY)


def require_room(connection: Connection, *, organisation: str, quota: Quota) -> None:
    """Raise QuotaReachedError if the organisation, all counted, keeps more than it may.

    That can only be if the quota was lowered since the deposit was opened.
    """
    if quota.sealed_bytes:
        _require(
            usage_of(connection, organisation=organisation).sealed_bytes,
            at_most=quota.sealed_bytes,
        )


def give_back(connection: Connection, deposits: Iterable[tuple[str, int]]) -> None:
    """Count these (organisation, sealed bytes) less, in one statement.

    The day's count stays: it bounds what is begun.
    """
    gone: dict[str, tuple[int, int]] = {}
    for organisation, sealed_bytes in deposits:
        documents, kept = gone.get(organisation, (0, 0))
        gone[organisation] = (documents + 1, kept + sealed_bytes)
    if not gone:
        return
    usage = tables.organisation_usage.c
    connection.execute(
        update(tables.organisation_usage)
        .where(usage.organisation == bindparam("whose"))
        .values(
            documents=_less(usage.documents, bindparam("gone_documents")),
            sealed_bytes=_less(usage.sealed_bytes, bindparam("gone_bytes")),
        ),
        # In one order for everybody: who locks rows in another waits in a circle.
        [
            {"whose": whose, "gone_documents": documents, "gone_bytes": kept}
            for whose, (documents, kept) in sorted(gone.items())
        ],
    )


def usage_of(connection: Connection, *, organisation: str) -> Usage:
    """Return what is counted of the organisation: nothing, if it never sent."""
    usage = tables.organisation_usage.c
    row = (
        connection.execute(
            select(
                usage.documents, usage.sealed_bytes, usage.day_began_at, usage.documents_today
            ).where(usage.organisation == organisation)
        )
        .mappings()
        .one_or_none()
    )
    if row is None:
        return Usage(documents=0, sealed_bytes=0, day_began_at=0, documents_today=0)
    return Usage(**row)


def _require(kept: int, *, at_most: int) -> None:
    if at_most and kept > at_most:
        raise QuotaReachedError(retry_at=None)


def _less(column: ColumnElement[int], by: ColumnElement[int]) -> ColumnElement[int]:
    # Never below nothing: a process of 0.1.0 beside this one counts no deposit.
    return case((column > by, column - by), else_=0)
