"""Who is told by a text message because no mail arrives (docs/specs/mails.md §8).

Reserved and counted as mails are, beside them: one text message in 24 hours.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection, bindparam, select, update

from souspli_exchange.ports.states import DeliveryState
from souspli_mailbox.deliveries import DeliveryEvent, advance
from souspli_mailbox.records.notifications import (
    TEXTS,
    NotBefore,
    by_now,
    keep_moment,
    pending_address,
    reserve,
)
from souspli_mailbox.records.recipients import read_contact
from souspli_mailbox.records.reminders import ToText
from souspli_mailbox.schema import tables

_TOLD: Final = advance(DeliveryState.BOUNCED, DeliveryEvent.TEXTED)

_BOUNCED: Final = tables.deliveries.c.state == DeliveryState.BOUNCED


def begin_text(
    connection: Connection, *, delivery_id: str, now: int, until: int
) -> ToText | NotBefore | None:
    """Reserve the delivery's recipient for one text message, `until` the lease ends.

    None when there is nothing to tell or nobody: collected meanwhile, told by a mail or
    another text message, no telephone, letter not valid any more.
    """
    bounced = connection.execute(
        select(tables.deliveries.c.delivery_id).where(
            tables.deliveries.c.delivery_id == delivery_id, _BOUNCED
        )
    ).first()
    contact = read_contact(connection, delivery_id=delivery_id)
    if bounced is None or contact is None or contact.phone is None:
        return None
    if contact.account_number is None and not pending_address(
        connection, invitation_id=contact.invitation_id, now=now
    ):
        return None
    recipient = TEXTS + contact.recipient
    wait = reserve(connection, recipient=recipient, now=now, until=until)
    return ToText(recipient=recipient, phone=contact.phone) if wait is None else wait


def record_texted(connection: Connection, *, recipient: str, now: int) -> None:
    """The gateway accepted it: what had bounced for the recipient is `notified` by it.

    The reason stays: no mail is sent to that address about these any more.
    """
    recipient = by_now(connection, recipient)
    kind, _, name = recipient.removeprefix(TEXTS).partition(":")
    delivery = tables.deliveries.c
    whose = (
        delivery.account_number == bindparam("name")
        if kind == "account"
        else (delivery.invitation_id == bindparam("name")) & delivery.account_number.is_(None)
    )
    connection.execute(
        update(tables.deliveries).where(whose, _BOUNCED).values(state=_TOLD, notified_at=now),
        {"name": name},
    )
    keep_moment(connection, recipient=recipient, now=now)
