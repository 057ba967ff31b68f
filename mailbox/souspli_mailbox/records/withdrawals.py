"""Documents that their senders took back (docs/specs/withdrawal.md §2).

In order: `decide_withdrawal`, then the tombstones of `untold` outside of the database, then
`carry_out`. Each finds done what was done, and may be run by two processes at once.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from sqlalchemy import Connection, and_, delete, insert, select, update

from souspli_exchange.ports.states import DeliveryState
from souspli_mailbox.deliveries import ENDED
from souspli_mailbox.records.errors import NotFoundError, WithdrawnError
from souspli_mailbox.records.jobs import JobName, enqueue, forget_jobs
from souspli_mailbox.records.letting_go import let_go
from souspli_mailbox.records.sweeps import CondemnReason
from souspli_mailbox.schema import tables

# Of a delivery that is withdrawn: nobody was given its contents, and nobody will be.
_NOT_HANDED_OUT = and_(
    tables.deliveries.c.state == DeliveryState.WITHDRAWN,
    tables.deliveries.c.fetched_at.is_(None),
    tables.deliveries.c.opened_at.is_(None),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewWithdrawal:
    """A withdrawal that was verified; `withdrawal_hash` is that of what was signed."""

    withdrawal_hash: str
    member: str
    envelope: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptWithdrawal:
    """A withdrawal, and the statements that its signer's chain is verified from."""

    envelope: bytes = field(repr=False)
    organisation_envelope: bytes = field(repr=False)
    member_envelope: bytes = field(repr=False)


def decide_withdrawal(
    connection: Connection, *, deposit_id: int, withdrawal: NewWithdrawal, now: int
) -> bool:
    """Keep the withdrawal of a stored deposit; return whether it is still to be carried out.

    From here on what was not handed out is not handed out any more. The same one again
    is fine. Raises WithdrawnError if the document was withdrawn by another one.
    """
    table = tables.withdrawals.c
    kept = connection.execute(
        select(table.withdrawal_hash, table.carried_out_at).where(table.deposit_id == deposit_id)
    ).one_or_none()
    if kept is not None:
        if kept.withdrawal_hash != withdrawal.withdrawal_hash:
            raise WithdrawnError
        return kept.carried_out_at is None
    connection.execute(
        insert(tables.withdrawals),
        {
            "deposit_id": deposit_id,
            "withdrawal_hash": withdrawal.withdrawal_hash,
            "member": withdrawal.member,
            "kept_at": now,
            "envelope": withdrawal.envelope,
        },
    )
    delivery = tables.deliveries.c
    withdrawn = connection.execute(
        update(tables.deliveries)
        .where(delivery.deposit_id == deposit_id, delivery.state.not_in(ENDED))
        .values(state=DeliveryState.WITHDRAWN, withdrawn_at=now)
        .returning(delivery.delivery_id)
    ).scalars()
    forget_jobs(connection, name=JobName.NOTIFY, key="delivery_id", ids=list(withdrawn))
    enqueue(connection, name=JobName.WITHDRAW, ids={"deposit_id": str(deposit_id)}, now=now)
    return True


def untold(connection: Connection, *, deposit_id: int) -> tuple[str, ...]:
    """Return the deliveries that a decided withdrawal takes away, and that need tombstones.

    None once it was carried out.
    """
    delivery, table = tables.deliveries.c, tables.withdrawals.c
    return tuple(
        connection.execute(
            select(delivery.delivery_id)
            .join(tables.withdrawals, table.deposit_id == delivery.deposit_id)
            .where(
                delivery.deposit_id == deposit_id, table.carried_out_at.is_(None), _NOT_HANDED_OUT
            )
            .order_by(delivery.position)
        ).scalars()
    )


def carry_out(connection: Connection, *, deposit_id: int, now: int) -> None:
    """Delete the covers of what was not handed out, and contents that nobody has left.

    Their tombstones are written.
    """
    table = tables.withdrawals.c
    done = connection.execute(
        update(tables.withdrawals)
        .where(table.deposit_id == deposit_id, table.carried_out_at.is_(None))
        .values(carried_out_at=now)
        .returning(table.deposit_id)
    )
    if done.first() is not None:
        _take_away(connection, [deposit_id], now=now)


def withdraw_again(connection: Connection, delivery_ids: Collection[str], now: int) -> None:
    """Take these away, whatever the rows say: they have their tombstones.

    They come from a backup. The withdrawal itself is lost if it is younger than that, and
    comes back when its sender posts it again.
    """
    delivery = tables.deliveries.c
    withdrawn = connection.execute(
        update(tables.deliveries)
        .where(
            delivery.delivery_id.in_(delivery_ids),
            delivery.state.not_in((DeliveryState.WITHDRAWN, DeliveryState.EXPIRED)),
        )
        .values(state=DeliveryState.WITHDRAWN, withdrawn_at=now)
        .returning(delivery.delivery_id)
    ).scalars()
    forget_jobs(connection, name=JobName.NOTIFY, key="delivery_id", ids=list(withdrawn))
    deposits = connection.execute(
        select(delivery.deposit_id).where(delivery.delivery_id.in_(delivery_ids)).distinct()
    ).scalars()
    _take_away(connection, list(deposits), now=now)


def _take_away(connection: Connection, deposit_ids: Collection[int], *, now: int) -> None:
    delivery = tables.deliveries.c
    connection.execute(
        delete(tables.covers).where(
            tables.covers.c.delivery_id.in_(
                select(delivery.delivery_id).where(
                    delivery.deposit_id.in_(deposit_ids), _NOT_HANDED_OUT
                )
            )
        )
    )
    let_go(connection, deposit_ids, reason=CondemnReason.WITHDRAWN, now=now)


def read_withdrawal(connection: Connection, *, delivery_id: str) -> KeptWithdrawal:
    """Return the withdrawal of a delivery's document; NotFoundError if none is kept."""
    table = tables.withdrawals.c
    row = connection.execute(
        select(
            table.envelope,
            tables.organisations.c.envelope.label("organisation_envelope"),
            tables.members.c.envelope.label("member_envelope"),
        )
        .select_from(tables.deliveries)
        .join(tables.withdrawals, table.deposit_id == tables.deliveries.c.deposit_id)
        .join(tables.members, tables.members.c.fingerprint == table.member)
        .join(
            tables.organisations,
            tables.organisations.c.fingerprint == tables.members.c.organisation,
        )
        .where(tables.deliveries.c.delivery_id == delivery_id)
    ).one_or_none()
    if row is None:
        raise NotFoundError
    return KeptWithdrawal(
        envelope=row.envelope,
        organisation_envelope=row.organisation_envelope,
        member_envelope=row.member_envelope,
    )
