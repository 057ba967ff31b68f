"""Rows that tombstones speak of: finding the ids of a kind, deleting them again.

`SUBJECTS` is the table by kind; a new kind is a row more in it. Deleting is what the
deletion did when it was first decided, whatever state the rows have now: they come from
a backup, which may be from any moment before.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from sqlalchemy import Connection, delete, select, update

from souspli_exchange.ports.states import InvitationStatus
from souspli_mailbox.records.closings import close_again, open_accounts
from souspli_mailbox.records.deciding import decide_again
from souspli_mailbox.records.jobs import JobName, forget_jobs
from souspli_mailbox.records.sweeps import CondemnReason, condemn
from souspli_mailbox.records.usage import give_back
from souspli_mailbox.records.withdrawals import withdraw_again
from souspli_mailbox.schema import tables
from souspli_mailbox.tombstones import Kind

# Ids in memory at a time, while all of a kind are looked through.
IDS_AT_ONCE: Final = 1_000


@dataclass(frozen=True, slots=True)
class Subject:
    """How the rows of one kind are found and deleted."""

    ids: Callable[[Connection], Iterator[str]]
    """Every id that could be deleted, in constant memory."""
    delete: Callable[[Connection, Collection[str], int], None]
    """Deletes these (at most 100) at a moment; what is gone already is fine."""


def _object_keys(connection: Connection) -> Iterator[str]:
    statement = select(tables.deposits.c.object_key)
    return iter(
        connection.execute(statement, execution_options={"yield_per": IDS_AT_ONCE}).scalars()
    )


def _delete_deposits(connection: Connection, object_keys: Collection[str], now: int) -> None:
    deposit, delivery = tables.deposits.c, tables.deliveries.c
    deposits = connection.execute(
        select(deposit.deposit_id, deposit.organisation, deposit.sealed_length).where(
            deposit.object_key.in_(object_keys)
        )
    ).all()
    give_back(connection, ((one.organisation, one.sealed_length) for one in deposits))
    deposit_ids = [one.deposit_id for one in deposits]
    delivery_ids = list(
        connection.execute(
            select(delivery.delivery_id).where(delivery.deposit_id.in_(deposit_ids))
        ).scalars()
    )
    forget_jobs(connection, name=JobName.NOTIFY, key="delivery_id", ids=delivery_ids)
    for table in (tables.receipts, tables.covers, tables.deliveries):
        connection.execute(delete(table).where(table.c.delivery_id.in_(delivery_ids)))
    for table in (tables.sender_covers, tables.withdrawals, tables.deposits):
        connection.execute(delete(table).where(table.c.deposit_id.in_(deposit_ids)))
    condemn(connection, object_keys=object_keys, reason=CondemnReason.AGAIN, now=now)


def _covered_deliveries(connection: Connection) -> Iterator[str]:
    statement = select(tables.covers.c.delivery_id)
    return iter(
        connection.execute(statement, execution_options={"yield_per": IDS_AT_ONCE}).scalars()
    )


def _replaceable_letters(connection: Connection) -> Iterator[str]:
    invitation = tables.invitations.c
    # One that was claimed could not be replaced afterwards.
    statement = select(invitation.invitation_id).where(
        invitation.status.in_((InvitationStatus.PENDING, InvitationStatus.EXPIRED))
    )
    return iter(
        connection.execute(statement, execution_options={"yield_per": IDS_AT_ONCE}).scalars()
    )


def _supersede(connection: Connection, invitation_ids: Collection[str], now: int) -> None:
    """Make letters worthless. Their successors are lost with whatever came after the backup."""
    del now
    invitation, check = tables.invitations.c, tables.person_checks.c
    connection.execute(
        update(tables.invitations)
        .where(
            invitation.invitation_id.in_(invitation_ids),
            invitation.status.in_((InvitationStatus.PENDING, InvitationStatus.EXPIRED)),
        )
        .values(status=InvitationStatus.SUPERSEDED, address=None, phone=None)
    )
    connection.execute(delete(tables.person_checks).where(check.invitation_id.in_(invitation_ids)))


def _unpurged_letters(connection: Connection) -> Iterator[str]:
    invitation, purge = tables.invitations.c, tables.purges.c
    statement = (
        select(invitation.invitation_id)
        .outerjoin(tables.purges, purge.invitation_id == invitation.invitation_id)
        .where(invitation.status != InvitationStatus.CLAIMED, purge.ended_at.is_(None))
    )
    return iter(
        connection.execute(statement, execution_options={"yield_per": IDS_AT_ONCE}).scalars()
    )


def _open_accounts(connection: Connection) -> Iterator[str]:
    return open_accounts(connection, at_once=IDS_AT_ONCE)


SUBJECTS: Final[Mapping[Kind, Subject]] = MappingProxyType(
    {
        Kind.DEPOSIT: Subject(ids=_object_keys, delete=_delete_deposits),
        Kind.LETTER: Subject(ids=_replaceable_letters, delete=_supersede),
        Kind.PURGE: Subject(ids=_unpurged_letters, delete=decide_again),
        Kind.WITHDRAWAL: Subject(ids=_covered_deliveries, delete=withdraw_again),
        Kind.CLOSING: Subject(ids=_open_accounts, delete=close_again),
    }
)
