"""Accounts that their patients closed: each step one transaction (docs/specs/closing.md §3).

Each finds done what was done, and may be run by two processes at once. In order:
`decide`, then the tombstone outside of the database, `empty` until nothing is left,
`forget`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from sqlalchemy import Connection, delete, insert, select, update

from souspli_exchange.ports.states import DeliveryState
from souspli_mailbox.deliveries import NOT_COLLECTED
from souspli_mailbox.records.accounts import AccountKind
from souspli_mailbox.records.errors import ClosedError
from souspli_mailbox.records.forgetting import end_claims, forget_person, note_deletion
from souspli_mailbox.records.invitations import replaced_by
from souspli_mailbox.records.jobs import JobName, enqueue, forget_jobs
from souspli_mailbox.records.letting_go import let_go
from souspli_mailbox.records.notifications import TEXTS, recipient_of
from souspli_mailbox.records.sweeps import CondemnReason
from souspli_mailbox.schema import tables

# In one transaction: others wait for it.
DELIVERIES_AT_ONCE = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class NewClosing:
    """A closing that was verified; `closing_hash` is that of what was signed."""

    closing_hash: str
    envelope: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed:
    """Since when an account is closed, and the patient's word for it."""

    closed_at: int
    closing_hash: str | None
    carried_out_at: int | None
    envelope: bytes | None = field(repr=False)
    """None where a restored backup was older than the closing."""


def read_closing(connection: Connection, *, account_number: str | None) -> Closed | None:
    """Return how an account was closed; None if it was not."""
    table = tables.closings.c
    row = (
        connection.execute(
            select(table.closed_at, table.closing_hash, table.carried_out_at, table.envelope).where(
                table.account_number == account_number
            )
        )
        .mappings()
        .one_or_none()
    )
    return None if row is None else Closed(**row)


def decide(connection: Connection, *, account_number: str, closing: NewClosing, now: int) -> None:
    """Close the account: from here on nobody signs in, and nothing is sent or handed out.

    Raises ClosedError if it was closed by another request.
    """
    if read_closing(connection, account_number=account_number) is not None:
        raise ClosedError
    connection.execute(
        insert(tables.closings).values(
            account_number=account_number,
            closed_at=now,
            closing_hash=closing.closing_hash,
            envelope=closing.envelope,
        )
    )
    _shut(connection, account_number, now=now)
    enqueue(connection, name=JobName.CLOSE, ids={"account_number": account_number}, now=now)


def close_again(connection: Connection, account_numbers: Collection[str], now: int) -> None:
    """Close these, whatever the rows say: they have their tombstones.

    They come from a backup. A closing that is younger than that is lost, not its effect.
    """
    for account_number in account_numbers:
        if read_closing(connection, account_number=account_number) is None:
            connection.execute(
                insert(tables.closings).values(account_number=account_number, closed_at=now)
            )
        _shut(connection, account_number, now=now)
        while empty(connection, account_number=account_number, now=now):
            pass
        forget(connection, account_number=account_number, now=now)


def _shut(connection: Connection, account_number: str, *, now: int) -> None:
    """Let nobody in, and hand out nothing that was not collected."""
    session, unlocker = tables.sessions.c, tables.unlockers.c
    connection.execute(delete(tables.sessions).where(session.account_number == account_number))
    connection.execute(delete(tables.unlockers).where(unlocker.account_number == account_number))
    delivery = tables.deliveries.c
    waiting = list(
        connection.execute(
            update(tables.deliveries)
            .where(delivery.account_number == account_number, delivery.state.in_(NOT_COLLECTED))
            .values(state=DeliveryState.EXPIRED, expired_at=now, remind_at=None)
            .returning(delivery.delivery_id)
        ).scalars()
    )
    for begin in range(0, len(waiting), DELIVERIES_AT_ONCE):
        ids = waiting[begin : begin + DELIVERIES_AT_ONCE]
        for name in (JobName.NOTIFY, JobName.REMINDER, JobName.TEXT):
            forget_jobs(connection, name=name, key="delivery_id", ids=ids)
    forget_jobs(connection, name=JobName.ACTIVATED, key="account_number", ids=(account_number,))
    letters = _letters(connection, account_number)
    # A repeated claim would look for what unlocks the account.
    end_claims(connection, letters)
    invitation = tables.invitations.c
    connection.execute(
        update(tables.invitations)
        .where(invitation.invitation_id.in_(letters))
        .values(paper_since=_closed_at(connection, account_number))
    )


def _closed_at(connection: Connection, account_number: str) -> int:
    table = tables.closings.c
    moment: int = connection.execute(
        select(table.closed_at).where(table.account_number == account_number)
    ).scalar_one()
    return moment


def _letters(connection: Connection, account_number: str) -> list[str]:
    """Return the letters that led into the account."""
    invitation = tables.invitations.c
    return list(
        connection.execute(
            select(invitation.invitation_id).where(invitation.account_number == account_number)
        ).scalars()
    )


def empty(connection: Connection, *, account_number: str, now: int) -> bool:
    """Delete covers of the account, a hundred at a time; say if there may be more.

    Contents that nobody else has a cover of are condemned, with the sender's own cover.
    """
    delivery, cover = tables.deliveries.c, tables.covers.c
    covered = connection.execute(
        select(delivery.delivery_id, delivery.deposit_id)
        .join(tables.covers, cover.delivery_id == delivery.delivery_id)
        .where(delivery.account_number == account_number)
        .limit(DELIVERIES_AT_ONCE)
    ).all()
    if not covered:
        return False
    ids = [one.delivery_id for one in covered]
    connection.execute(delete(tables.covers).where(cover.delivery_id.in_(ids)))
    note_deletion(connection)
    let_go(
        connection,
        {one.deposit_id for one in covered},
        reason=CondemnReason.CLOSED,
        now=now,
    )
    return True


def forget(connection: Connection, *, account_number: str, now: int) -> None:
    """Delete what says who the patient was; the closing is carried out.

    What practices verify signatures by stays: bindings, choices, receipts, the closing.
    """
    for table in (tables.vaults, tables.acceptances):
        connection.execute(delete(table).where(table.c.account_number == account_number))
    names = [
        kind + recipient_of(invitation_id="", account_number=account_number) for kind in ("", TEXTS)
    ]
    connection.execute(
        delete(tables.notifications).where(tables.notifications.c.recipient.in_(names))
    )
    connection.execute(
        update(tables.accounts)
        .where(tables.accounts.c.account_number == account_number)
        # Empty: no address is, so that nobody is found by it.
        .values(address="", phone=None)
    )
    delivery = tables.deliveries.c
    connection.execute(
        update(tables.deliveries)
        .where(delivery.account_number == account_number, delivery.remind_at.is_not(None))
        .values(remind_at=None)
    )
    for letter in _letters(connection, account_number):
        forget_person(connection, (letter, *replaced_by(connection, invitation_id=letter)))
    note_deletion(connection)
    closing = tables.closings.c
    connection.execute(
        update(tables.closings)
        .where(closing.account_number == account_number, closing.carried_out_at.is_(None))
        .values(carried_out_at=now)
    )


def open_accounts(connection: Connection, *, at_once: int) -> Iterator[str]:
    """Return the numbers of patients' accounts that are not closed, in constant memory."""
    account, closing = tables.accounts.c, tables.closings.c
    statement = (
        select(account.account_number)
        .outerjoin(tables.closings, closing.account_number == account.account_number)
        .where(account.kind == AccountKind.PATIENT, closing.carried_out_at.is_(None))
    )
    return iter(connection.execute(statement, execution_options={"yield_per": at_once}).scalars())
