"""Mails that do not arrive: refused by the relay at once, or reported later (mails.md §7)."""

from __future__ import annotations

import hmac
from typing import Final

from sqlalchemy import ColumnElement, Connection, select, update

from souspli_exchange.ports.states import DeliveryState
from souspli_mailbox.bounce_reasons import BounceReason
from souspli_mailbox.deliveries import NOT_COLLECTED
from souspli_mailbox.records.jobs import JobName, enqueue
from souspli_mailbox.records.recipients import Contact, read_contact, waits_for
from souspli_mailbox.return_paths import Token, tag
from souspli_mailbox.schema import tables

# Of which the last mail has not come back yet. What a text message has told of meanwhile
# keeps its reason, so that a second report about the same mail changes nothing.
_TOUCHED: Final[ColumnElement[bool]] = tables.deliveries.c.state.in_(
    NOT_COLLECTED
) & tables.deliveries.c.bounce_reason.is_(None)


def record_report(
    connection: Connection, *, token: Token, key: bytes, reason: BounceReason, now: int
) -> bool:
    """Record a report that came back to `token`; say whether it changed anything.

    It counts if its tag is of this delivery and of the address that its recipient has
    now. `key`: the service's secret for return paths.
    """
    contact = read_contact(connection, delivery_id=token.delivery_id)
    # Compared even where there is nothing to compare with: how long it takes says nothing.
    expected = tag(
        key=key,
        delivery_id=token.delivery_id,
        address="" if contact is None or contact.address is None else contact.address,
    )
    if not hmac.compare_digest(expected, token.tag) or contact is None or contact.address is None:
        return False
    return record_bounce(connection, delivery_id=token.delivery_id, reason=reason, now=now)


def record_bounce(
    connection: Connection, *, delivery_id: str, reason: BounceReason, now: int
) -> bool:
    """Let what waits for the delivery's recipient be `bounced`; say whether that changed any.

    The address is the recipient's, so all that waits is concerned. Nothing is if the
    delivery itself was collected meanwhile, has ended, or has bounced before. A text
    message follows where there is a telephone, in the same transaction.
    """
    contact = read_contact(connection, delivery_id=delivery_id)
    if contact is None or not _is_touched(connection, delivery_id):
        return False
    connection.execute(
        update(tables.deliveries)
        .where(waits_for(contact), _TOUCHED)
        .values(state=DeliveryState.BOUNCED, bounced_at=now, bounce_reason=reason)
    )
    _text(connection, contact, delivery_id=delivery_id, now=now)
    return True


def _is_touched(connection: Connection, delivery_id: str) -> bool:
    delivery = tables.deliveries.c
    found = connection.execute(
        select(delivery.delivery_id).where(delivery.delivery_id == delivery_id, _TOUCHED)
    )
    return found.first() is not None


def _text(connection: Connection, contact: Contact, *, delivery_id: str, now: int) -> None:
    if contact.phone is not None:
        enqueue(connection, name=JobName.TEXT, ids={"delivery_id": delivery_id}, now=now)
