"""Who was mailed when, so that nobody gets two mails a day (docs/specs/mails.md §4).

A recipient is an account, or the invitation that waits for one.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlalchemy import Connection, delete, func, insert, or_, select, update

from souspli_exchange.ports import DeliveryState
from souspli_mailbox.deliveries import DeliveryEvent, advance
from souspli_mailbox.records.errors import NotFoundError
from souspli_mailbox.schema import tables


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A delivery as the job that tells its recipient needs it."""

    state: DeliveryState
    recipient: str
    address: str | None = field(repr=False)
    """None when there is nobody to tell: the invitation was superseded."""
    mailed_at: int | None
    """When this recipient was last sent a notification."""


def recipient_key(*, invitation_id: str, account_number: str | None) -> str:
    """Return the name under which a recipient's last mail is kept."""
    return f"invitation:{invitation_id}" if account_number is None else f"account:{account_number}"


def read_waiting(connection: Connection, *, delivery_id: str) -> Waiting:
    """Return what the notification job needs; NotFoundError if the delivery is gone."""
    delivery, account, invitation = (
        tables.deliveries.c,
        tables.accounts.c,
        tables.invitations.c,
    )
    row = connection.execute(
        select(
            delivery.state,
            delivery.invitation_id,
            delivery.account_number,
            func.coalesce(account.address, invitation.address).label("address"),
        )
        .join(tables.invitations, invitation.invitation_id == delivery.invitation_id)
        .outerjoin(tables.accounts, account.account_number == delivery.account_number)
        .where(delivery.delivery_id == delivery_id)
    ).one_or_none()
    if row is None:
        raise NotFoundError
    recipient = recipient_key(invitation_id=row.invitation_id, account_number=row.account_number)
    mailed_at = connection.execute(
        select(tables.notifications.c.mailed_at).where(
            tables.notifications.c.recipient == recipient
        )
    ).scalar_one_or_none()
    return Waiting(
        state=DeliveryState(row.state),
        recipient=recipient,
        address=row.address,
        mailed_at=mailed_at,
    )


def record_mailed(connection: Connection, *, delivery_id: str, recipient: str, now: int) -> None:
    """The relay accepted the mail: all that waits for the recipient is `notified` by it.

    One mail says that something waits, so the jobs of the recipient's other
    deliveries find nothing left to do.
    """
    delivery = tables.deliveries.c
    row = connection.execute(
        select(delivery.invitation_id, delivery.account_number).where(
            delivery.delivery_id == delivery_id
        )
    ).one_or_none()
    if row is None:
        raise NotFoundError
    everything = (
        delivery.invitation_id == row.invitation_id
        if row.account_number is None
        else delivery.account_number == row.account_number
    )
    for state in DeliveryState:
        following = advance(state, DeliveryEvent.MAILED)
        if following is not state:
            connection.execute(
                update(tables.deliveries)
                .where(or_(everything, delivery.delivery_id == delivery_id))
                .where(delivery.state == state)
                .values(state=following, notified_at=now)
            )
    _note(connection, recipient=recipient, mailed_at=now)


def hand_over(connection: Connection, *, invitation_id: str, account_number: str) -> None:
    """Let the account inherit the invitation's last mail, when it is claimed."""
    table = tables.notifications.c
    before = recipient_key(invitation_id=invitation_id, account_number=None)
    mailed_at = connection.execute(
        delete(tables.notifications).where(table.recipient == before).returning(table.mailed_at)
    ).scalar_one_or_none()
    if mailed_at is not None:
        after = recipient_key(invitation_id=invitation_id, account_number=account_number)
        _note(connection, recipient=after, mailed_at=mailed_at)


def _note(connection: Connection, *, recipient: str, mailed_at: int) -> None:
    table = tables.notifications.c
    connection.execute(delete(tables.notifications).where(table.recipient == recipient))
    connection.execute(
        insert(tables.notifications).values(recipient=recipient, mailed_at=mailed_at)
    )
