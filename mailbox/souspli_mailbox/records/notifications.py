"""Who was mailed when, so that nobody gets two mails a day (docs/specs/mails.md §4).

A recipient is an account, or the invitation that waits for one. Before a worker
talks to the relay it *reserves* the recipient until its lease ends: of two
documents stored at once, two workers would otherwise send two mails. Text messages
are reserved in the same way and beside them (records/texts.py).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import (
    ColumnElement,
    Connection,
    Update,
    bindparam,
    insert,
    or_,
    select,
    update,
)

from souspli_exchange.ports.states import DeliveryState, InvitationStatus
from souspli_mailbox.deliveries import DeliveryEvent, advance
from souspli_mailbox.records.invitations import read_invitation
from souspli_mailbox.schema import tables
from souspli_storage.database import each_statement_decides

# docs/specs/mails.md §4
SECONDS_BETWEEN_MAILS: Final = 86_400

# Before a recipient's name: the row is about text messages.
TEXTS: Final = "text:"

# States in which the delivery has not been told by a mail that was accepted: those of
# `tables.IS_UNTOLD`, by whose index they are found.
UNTOLD: Final = frozenset({DeliveryState.STORED, DeliveryState.BOUNCED})


@dataclass(frozen=True, slots=True, kw_only=True)
class ToMail:
    """Tell this recipient that a document waits; nobody else will until then."""

    recipient: str
    address: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class NotBefore:
    """This recipient may be told from this moment on."""

    moment: int


# The delivery, and the address of the account that it is for, if it is for one by now.
_TO_TELL: Final = (
    select(
        tables.deliveries.c.state,
        tables.deliveries.c.invitation_id,
        tables.deliveries.c.account_number,
        tables.accounts.c.address,
    )
    .outerjoin(
        tables.accounts, tables.accounts.c.account_number == tables.deliveries.c.account_number
    )
    .where(tables.deliveries.c.delivery_id == bindparam("delivery_id"))
)

_KEPT: Final = select(tables.notifications.c.mailed_at, tables.notifications.c.sending_until).where(
    tables.notifications.c.recipient == bindparam("recipient")
)

_RESERVE: Final = (
    update(tables.notifications)
    .where(tables.notifications.c.recipient == bindparam("reserved"))
    .values(sending_until=bindparam("until"))
)


def begin_notification(
    connection: Connection, *, delivery_id: str, now: int, until: int
) -> ToMail | NotBefore | None:
    """Reserve the delivery's recipient for one mail, `until` the caller's lease ends.

    None when there is nothing to tell or nobody: collected meanwhile, told by
    another delivery's mail, invitation superseded or expired, delivery gone.
    """
    row = connection.execute(_TO_TELL, {"delivery_id": delivery_id}).one_or_none()
    if row is None or DeliveryState(row.state) not in UNTOLD:
        return None
    address: str | None = row.address
    if row.account_number is None:
        address = pending_address(connection, invitation_id=row.invitation_id, now=now)
    if address is None:
        return None
    recipient = recipient_of(invitation_id=row.invitation_id, account_number=row.account_number)
    wait = reserve(connection, recipient=recipient, now=now, until=until)
    return ToMail(recipient=recipient, address=address) if wait is None else wait


def reserve(connection: Connection, *, recipient: str, now: int, until: int) -> NotBefore | None:
    """Reserve the recipient, or say from when on that may be tried."""
    kept = connection.execute(_KEPT, {"recipient": recipient}).one_or_none()
    if kept is None:
        connection.execute(
            insert(tables.notifications), {"recipient": recipient, "sending_until": until}
        )
        return None
    if kept.mailed_at is not None and now < kept.mailed_at + SECONDS_BETWEEN_MAILS:
        return NotBefore(moment=kept.mailed_at + SECONDS_BETWEEN_MAILS)
    if kept.sending_until is not None and now < kept.sending_until:
        return NotBefore(moment=kept.sending_until)
    connection.execute(_RESERVE, {"reserved": recipient, "until": until})
    return None


def last_mail(connection: Connection, *, recipient: str) -> int | None:
    """Return when the recipient's last mail was accepted; None if that is two days ago."""
    kept = connection.execute(_KEPT, {"recipient": recipient}).one_or_none()
    return None if kept is None else kept.mailed_at


@each_statement_decides
def release_recipient(connection: Connection, *, recipient: str) -> None:
    """End the reservation: the relay took no mail."""
    table = tables.notifications.c
    connection.execute(
        update(tables.notifications)
        .where(table.recipient == by_now(connection, recipient))
        .values(sending_until=None)
    )


# What an accepted mail makes of any of them; more than one state would fail here.
(_TOLD,) = {advance(state, DeliveryEvent.MAILED) for state in UNTOLD}


# A relay next door finds out within milliseconds that nobody has the address: its report
# may be recorded before its answer was. Then it is about this very mail, and stands.
_NOT_BOUNCED_SINCE: Final = or_(
    tables.deliveries.c.state != DeliveryState.BOUNCED,
    tables.deliveries.c.bounced_at < bindparam("now"),
)


def _tell(waits_for: ColumnElement[bool]) -> Update:
    return (
        update(tables.deliveries)
        .where(waits_for, tables.IS_UNTOLD, _NOT_BOUNCED_SINCE)
        .values(state=_TOLD, notified_at=bindparam("now"), bounce_reason=None)
    )


_TELL_ACCOUNT: Final = _tell(tables.deliveries.c.account_number == bindparam("name"))
_TELL_INVITATION: Final = _tell(
    (tables.deliveries.c.invitation_id == bindparam("name"))
    & tables.deliveries.c.account_number.is_(None)
)

_MAILED: Final = (
    update(tables.notifications)
    .where(tables.notifications.c.recipient == bindparam("told"))
    .values(mailed_at=bindparam("now"), sending_until=None)
    .returning(tables.notifications.c.recipient)
)


def record_mailed(connection: Connection, *, recipient: str, now: int) -> None:
    """The relay accepted the mail: all that waits for the recipient is `notified` by it.

    One mail says that something waits, so the jobs of the recipient's other
    deliveries find nothing left to do. `now`: when it was begun; what has bounced since
    then has bounced by it.
    """
    recipient = by_now(connection, recipient)
    kind, _, name = recipient.partition(":")
    tell = _TELL_ACCOUNT if kind == "account" else _TELL_INVITATION
    connection.execute(tell, {"name": name, "now": now})
    keep_moment(connection, recipient=recipient, now=now)


def keep_moment(connection: Connection, *, recipient: str, now: int) -> None:
    """Note that the recipient was told now, and end the reservation."""
    kept = connection.execute(_MAILED, {"told": recipient, "now": now})
    if kept.first() is None:
        # Swept since it was reserved: its last mail was two days old.
        connection.execute(insert(tables.notifications), {"recipient": recipient, "mailed_at": now})


def hand_over(connection: Connection, *, invitation_id: str, account_number: str) -> None:
    """Let the account inherit the invitation's last mail, when it is claimed.

    And one that is on its way: or another job would send a second beside it.
    """
    table = tables.notifications.c
    before = recipient_of(invitation_id=invitation_id, account_number=None)
    after = recipient_of(invitation_id=invitation_id, account_number=account_number)
    for kind in ("", TEXTS):
        connection.execute(
            update(tables.notifications)
            .where(table.recipient == kind + before)
            .values(recipient=kind + after)
        )


def pending_address(connection: Connection, *, invitation_id: str, now: int) -> str | None:
    """Return the address of an invitation that admits; None if it doesn't any more."""
    invitation = read_invitation(connection, invitation_id=invitation_id, now=now)
    pending = invitation.status is InvitationStatus.PENDING
    return invitation.address if pending else None


def by_now(connection: Connection, recipient: str) -> str:
    """Return the recipient's name by now: an invitation may have been claimed meanwhile.

    Between the reservation and the relay's answer lies a whole SMTP dialogue.
    """
    if recipient.startswith(TEXTS):
        return TEXTS + by_now(connection, recipient.removeprefix(TEXTS))
    kind, _, name = recipient.partition(":")
    if kind == "account":
        return recipient
    invitation = tables.invitations.c
    account_number = connection.execute(
        select(invitation.account_number).where(invitation.invitation_id == name)
    ).scalar_one_or_none()
    return recipient_of(invitation_id=name, account_number=account_number)


def recipient_of(*, invitation_id: str, account_number: str | None) -> str:
    """Return the recipient's name: the account's, once there is one."""
    return f"invitation:{invitation_id}" if account_number is None else f"account:{account_number}"
