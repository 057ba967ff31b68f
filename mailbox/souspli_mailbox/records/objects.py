"""The objects that stored deposits name: for backups, and for looking whether they are there."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from souspli_exchange.ports.states import DepositState
from souspli_mailbox.schema import tables


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredObject:
    """An object that a stored deposit needs."""

    deposit_id: int
    document_id: str
    object_key: str
    sealed_length: int


def stored_objects(connection: Connection, *, after: int, limit: int) -> tuple[StoredObject, ...]:
    """Return objects of stored deposits in order of `deposit_id`, following `after`."""
    deposit = tables.deposits.c
    rows = connection.execute(
        select(deposit.deposit_id, deposit.document_id, deposit.object_key, deposit.sealed_length)
        .where(
            deposit.state == DepositState.STORED,
            deposit.emptied_at.is_(None),
            deposit.deposit_id > after,
        )
        .order_by(deposit.deposit_id)
        .limit(limit)
    ).mappings()
    return tuple(StoredObject(**row) for row in rows)


def still_stored(connection: Connection, *, object_keys: Collection[str]) -> frozenset[str]:
    """Return those of the keys that a stored deposit names."""
    deposit = tables.deposits.c
    return frozenset(
        connection.execute(
            select(deposit.object_key).where(
                deposit.state == DepositState.STORED,
                deposit.emptied_at.is_(None),
                deposit.object_key.in_(object_keys),
            )
        ).scalars()
    )


def count_stored_objects(connection: Connection) -> int:
    """Count them."""
    return connection.execute(
        select(func.count()).where(
            tables.deposits.c.state == DepositState.STORED,
            tables.deposits.c.emptied_at.is_(None),
        )
    ).scalar_one()
