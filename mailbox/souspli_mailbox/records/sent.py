"""Stored deposits as their sender sees them (docs/specs/mailbox.md §4)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Row, select, tuple_

from souspli_exchange.ports.states import DeliveryState
from souspli_mailbox.records.errors import NotFoundError
from souspli_mailbox.schema import tables


@dataclass(frozen=True, slots=True, kw_only=True)
class SentDelivery:
    """A delivery as its sender sees it."""

    delivery_id: str
    invitation_id: str
    state: DeliveryState
    stored_at: int
    notified_at: int | None
    bounced_at: int | None
    fetched_at: int | None
    opened_at: int | None
    withdrawn_at: int | None
    expired_at: int | None
    bounce_reason: str | None
    receipt: bytes | None = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class SentDeposit:
    """A stored deposit with its deliveries, in the order in which they were made."""

    document_id: str
    stored_at: int
    withdrawal_hash: str | None
    """Of the withdrawal that is kept: the sender posts it again if it was lost."""
    deliveries: tuple[SentDelivery, ...]


def sent_deposits(
    connection: Connection, *, member: str, after: tuple[int, str] | None, limit: int
) -> tuple[SentDeposit, ...]:
    """Return a member's stored deposits, newest first, following `after`.

    `after` is (stored_at, document_id) of the last one on the page before.
    """
    table = tables.deposits.c
    page = (
        select(
            table.deposit_id,
            table.document_id,
            table.stored_at,
            tables.withdrawals.c.withdrawal_hash,
        )
        .outerjoin(tables.withdrawals, tables.withdrawals.c.deposit_id == table.deposit_id)
        .where(table.member == member, table.stored_at.is_not(None))
        .order_by(table.stored_at.desc(), table.document_id.desc())
        .limit(limit)
    )
    if after is not None:
        page = page.where(tuple_(table.stored_at, table.document_id) < tuple_(*after))
    deposits = connection.execute(page).all()
    deliveries = _sent_deliveries(connection, [one.deposit_id for one in deposits])
    return tuple(
        SentDeposit(
            document_id=one.document_id,
            stored_at=one.stored_at,
            withdrawal_hash=one.withdrawal_hash,
            deliveries=deliveries[one.deposit_id],
        )
        for one in deposits
    )


def sent_deliveries(connection: Connection, *, deposit_id: int) -> tuple[SentDelivery, ...]:
    """Return the deliveries of one deposit as its sender sees them, in their order."""
    return _sent_deliveries(connection, [deposit_id])[deposit_id]


def _sent_deliveries(
    connection: Connection, deposit_ids: Sequence[int]
) -> dict[int, tuple[SentDelivery, ...]]:
    delivery = tables.deliveries.c
    rows = connection.execute(
        select(tables.deliveries, tables.receipts.c.envelope.label("receipt"))
        .outerjoin(tables.receipts, tables.receipts.c.delivery_id == delivery.delivery_id)
        .where(delivery.deposit_id.in_(deposit_ids))
        .order_by(delivery.deposit_id, delivery.position)
    ).all()
    return {one: tuple(_sent(row) for row in rows if row.deposit_id == one) for one in deposit_ids}


def _sent(row: Row[Any]) -> SentDelivery:
    return SentDelivery(
        delivery_id=row.delivery_id,
        invitation_id=row.invitation_id,
        state=DeliveryState(row.state),
        stored_at=row.stored_at,
        notified_at=row.notified_at,
        bounced_at=row.bounced_at,
        fetched_at=row.fetched_at,
        opened_at=row.opened_at,
        withdrawn_at=row.withdrawn_at,
        expired_at=row.expired_at,
        bounce_reason=row.bounce_reason,
        receipt=row.receipt,
    )


def read_sender_cover(connection: Connection, *, deposit_id: int) -> bytes:
    """Return the sender's own cover; NotFoundError while the deposit is `uploading`."""
    cover = connection.execute(
        select(tables.sender_covers.c.cover).where(tables.sender_covers.c.deposit_id == deposit_id)
    ).scalar_one_or_none()
    if cover is None:
        raise NotFoundError
    return bytes(cover)
