"""Whose reminder is due, and whether it is still to be sent (docs/specs/pending.md §3).

Each delivery has a moment at which it is looked at: its own third, tenth, twentieth and
27th day. The look moves it to the next one and, if the delivery is the oldest that waits
for its recipient, adds the job of a reminder, in one transaction: killed before it, the
look is done again; after it, the job is there.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Connection, Row, Select, and_, bindparam, case, or_, select, update

from souspli_exchange.ports.states import DeliveryState
from souspli_mailbox.deliveries import NOT_COLLECTED
from souspli_mailbox.pending import DAY, next_look, next_reminder
from souspli_mailbox.records.jobs import JobName, enqueue
from souspli_mailbox.records.notifications import (
    TEXTS,
    NotBefore,
    ToMail,
    last_mail,
    pending_address,
    reserve,
)
from souspli_mailbox.records.recipients import Contact, read_contact, waits_for
from souspli_mailbox.schema import tables

# In one transaction: a few statements each, and others wait for it.
LOOKS_AT_ONCE: Final = 100

# Who is reminded: of the others no mail arrives, which the sender is told.
REMINDED: Final = NOT_COLLECTED - {DeliveryState.BOUNCED}


@dataclass(frozen=True, slots=True, kw_only=True)
class ToText:
    """Tell this recipient by a text message; nobody else will until then."""

    recipient: str
    phone: str = field(repr=False)


# A re-issue is a new letter, and its clock begins anew.
_WAITING_SINCE = case(
    (
        tables.deliveries.c.stored_at < tables.invitations.c.created_at,
        tables.invitations.c.created_at,
    ),
    else_=tables.deliveries.c.stored_at,
)


def _waiting() -> Select[*tuple[Any, ...]]:
    delivery = tables.deliveries.c
    return select(
        delivery.delivery_id,
        delivery.invitation_id,
        delivery.account_number,
        delivery.state,
        delivery.bounce_reason,
        delivery.remind_at,
        _WAITING_SINCE.label("waiting_since"),
    ).join(tables.invitations, tables.invitations.c.invitation_id == delivery.invitation_id)


_TO_LOOK_AT: Final = (
    _waiting()
    .where(tables.deliveries.c.remind_at <= bindparam("now"))
    .order_by(tables.deliveries.c.remind_at)
    .limit(LOOKS_AT_ONCE)
)


def look(connection: Connection, *, now: int) -> int:
    """Look at deliveries whose moment has come; return how many, LOOKS_AT_ONCE at most."""
    due = connection.execute(_TO_LOOK_AT, {"now": now}).all()
    for one in due:
        waits = DeliveryState(one.state) in NOT_COLLECTED
        following = next_look(waiting_since=one.waiting_since, now=now) if waits else None
        moved = connection.execute(
            update(tables.deliveries)
            .where(
                tables.deliveries.c.delivery_id == one.delivery_id,
                # Of two processes that look at once, one adds the job.
                tables.deliveries.c.remind_at == one.remind_at,
            )
            .values(remind_at=following)
            .returning(tables.deliveries.c.delivery_id)
        )
        if moved.first() is not None and _is_oldest(connection, one):
            ids = {"delivery_id": one.delivery_id}
            enqueue(connection, name=JobName.REMINDER, ids=ids, now=now)
    return len(due)


def begin_reminder(
    connection: Connection, *, delivery_id: str, now: int, until: int
) -> ToMail | ToText | NotBefore | None:
    """Reserve the recipient for one reminder, `until` the caller's lease ends.

    None when there is nothing to remind of or nobody: collected, withdrawn, expired,
    told by another mail since the reminder's moment, letter not valid any more.
    """
    contact = read_contact(connection, delivery_id=delivery_id)
    if contact is None:
        return None
    oldest = _oldest(connection, contact)
    if oldest is None:
        return None
    # A mail to this address has come back, and a text message has told.
    by_text = oldest.bounce_reason is not None
    whom = TEXTS + contact.recipient if by_text else contact.recipient
    told = _begin(connection, contact, whom, by_text=by_text, now=now)
    if told is None:
        return None
    mailed_at = last_mail(connection, recipient=whom)
    due = next_reminder(waiting_since=oldest.waiting_since, mailed_at=mailed_at, now=now)
    if due is None:
        return None
    if due.moment > now:
        # After a mail of today; or at its next moment, of which it is then reminded.
        coalesced = mailed_at is not None and due.moment == mailed_at + DAY
        return NotBefore(moment=due.moment) if coalesced else None
    wait = reserve(connection, recipient=whom, now=now, until=until)
    return told if wait is None else wait


def _begin(
    connection: Connection, contact: Contact, whom: str, *, by_text: bool, now: int
) -> ToMail | ToText | None:
    """Return who is told and how; None if nobody can be."""
    address = contact.address
    if contact.account_number is None:
        address = pending_address(connection, invitation_id=contact.invitation_id, now=now)
    if address is None:
        return None
    if not by_text:
        return ToMail(recipient=whom, address=address)
    return None if contact.phone is None else ToText(recipient=whom, phone=contact.phone)


def _oldest(connection: Connection, contact: Contact) -> Row[Any] | None:
    return connection.execute(
        _waiting()
        .where(waits_for(contact), tables.deliveries.c.state.in_(REMINDED))
        .order_by(_WAITING_SINCE, tables.deliveries.c.delivery_id)
        .limit(1)
    ).one_or_none()


def _is_oldest(connection: Connection, one: Row[Any]) -> bool:
    """Say whether the recipient is to be reminded of this one, and not of an older one."""
    if DeliveryState(one.state) not in REMINDED:
        return False
    contact = Contact(
        invitation_id=one.invitation_id,
        account_number=one.account_number,
        address=None,
        phone=None,
    )
    older = connection.execute(
        _waiting()
        .where(
            waits_for(contact),
            tables.deliveries.c.state.in_(REMINDED),
            or_(
                one.waiting_since > _WAITING_SINCE,
                and_(
                    one.waiting_since == _WAITING_SINCE,
                    tables.deliveries.c.delivery_id < one.delivery_id,
                ),
            ),
        )
        .limit(1)
    )
    return older.first() is None
