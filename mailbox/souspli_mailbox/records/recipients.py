"""Whom a delivery is for by now, how they can be reached, and how that is forgotten.

Every place where an address or a telephone of a recipient rests, for who purges:
`invitations.address`, `invitations.phone`, `accounts.address`, `accounts.phone`. Jobs and
moments (`jobs.payload`, `notifications.recipient`) name the recipient by id.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from sqlalchemy import ColumnElement, Connection, case, delete, func, select, update

from souspli_mailbox.records.jobs import JobName, forget_jobs
from souspli_mailbox.records.notifications import TEXTS, recipient_of
from souspli_mailbox.schema import tables


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """The recipient of a delivery: an account, or the invitation that waits for one."""

    invitation_id: str
    account_number: str | None
    address: str | None = field(repr=False)
    """None for an invitation that was superseded or purged."""
    phone: str | None = field(repr=False)

    @property
    def recipient(self) -> str:
        """Its name among those who were told (records/notifications.py)."""
        return recipient_of(invitation_id=self.invitation_id, account_number=self.account_number)


def read_contact(connection: Connection, *, delivery_id: str) -> Contact | None:
    """Return the delivery's recipient; None if there is no such delivery."""
    delivery, invitation, account = (
        tables.deliveries.c,
        tables.invitations.c,
        tables.accounts.c,
    )
    is_account = delivery.account_number.is_not(None)
    row = connection.execute(
        select(
            delivery.invitation_id,
            delivery.account_number,
            case((is_account, account.address), else_=invitation.address).label("address"),
            case((is_account, account.phone), else_=invitation.phone).label("phone"),
        )
        .select_from(tables.deliveries)
        .join(tables.invitations, invitation.invitation_id == delivery.invitation_id)
        .outerjoin(tables.accounts, account.account_number == delivery.account_number)
        .where(delivery.delivery_id == delivery_id)
    ).one_or_none()
    if row is None:
        return None
    return Contact(
        invitation_id=row.invitation_id,
        account_number=row.account_number,
        address=row.address,
        phone=row.phone,
    )


def waits_for(contact: Contact) -> ColumnElement[bool]:
    """Return the condition of deliveries that are for this recipient."""
    delivery = tables.deliveries.c
    if contact.account_number is not None:
        return delivery.account_number == contact.account_number
    return (delivery.invitation_id == contact.invitation_id) & is_unclaimed()


def forget_recipients(connection: Connection, *, invitation_ids: Collection[str]) -> None:
    """Forget all that could still be sent to who these letters were for, and where to.

    Part of a purge: of letters that nobody has claimed. A worker that has begun a mail
    before this line ends it; it finds nobody to note that for.
    """
    delivery = tables.deliveries.c
    waiting = (
        connection.execute(
            select(delivery.delivery_id).where(
                delivery.invitation_id.in_(invitation_ids), is_unclaimed()
            )
        )
        .scalars()
        .all()
    )
    for name in (JobName.NOTIFY, JobName.REMINDER, JobName.TEXT):
        forget_jobs(connection, name=name, key="delivery_id", ids=waiting)
    names = [
        kind + recipient_of(invitation_id=one, account_number=None)
        for one in invitation_ids
        for kind in ("", TEXTS)
    ]
    connection.execute(
        delete(tables.notifications).where(tables.notifications.c.recipient.in_(names))
    )
    connection.execute(
        update(tables.deliveries).where(delivery.delivery_id.in_(waiting)).values(remind_at=None)
    )
    invitation = tables.invitations.c
    connection.execute(
        update(tables.invitations)
        .where(
            invitation.invitation_id.in_(invitation_ids),
            func.coalesce(invitation.account_number, "") == "",
            func.coalesce(invitation.address, invitation.phone).is_not(None),
        )
        .values(address=None, phone=None)
    )


def is_unclaimed() -> ColumnElement[bool]:
    """Return the condition of deliveries that wait for a letter that nobody has claimed.

    Not `IS NULL`: SQLite, which counts no tables, would look for these by their account,
    and read those of everybody who has none.
    """
    return func.coalesce(tables.deliveries.c.account_number, "") == ""
