"""Letting go of contents that nobody has a cover of any more.

Whoever deletes covers (a purge, a withdrawal) calls this in the same transaction:
contents are wanted exactly as long as somebody could open them.
"""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection, delete, exists, update

from souspli_mailbox.records.sweeps import CondemnReason, condemn
from souspli_mailbox.records.usage import give_back
from souspli_mailbox.schema import tables


def let_go(
    connection: Connection,
    deposit_ids: Collection[int],
    *,
    reason: CondemnReason,
    now: int,
    purge: str | None = None,
) -> tuple[int, int]:
    """Condemn contents of these that wait for nobody any more; return how many stay, and go.

    The sender's own cover goes with them, and the quota is given back. `purge`: the
    invitation whose purge waits until the objects are gone.
    """
    deposit, delivery = tables.deposits.c, tables.deliveries.c
    wanted = exists().where(
        delivery.deposit_id == deposit.deposit_id,
        delivery.delivery_id == tables.covers.c.delivery_id,
    )
    emptied = connection.execute(
        update(tables.deposits)
        .where(deposit.deposit_id.in_(deposit_ids), deposit.emptied_at.is_(None), ~wanted)
        .values(emptied_at=now)
        .returning(
            deposit.deposit_id, deposit.object_key, deposit.organisation, deposit.sealed_length
        )
    ).all()
    connection.execute(
        delete(tables.sender_covers).where(
            tables.sender_covers.c.deposit_id.in_([one.deposit_id for one in emptied])
        )
    )
    give_back(connection, ((one.organisation, one.sealed_length) for one in emptied))
    condemn(
        connection,
        object_keys=[one.object_key for one in emptied],
        reason=reason,
        now=now,
        purge=purge,
    )
    return len(deposit_ids) - len(emptied), len(emptied)
