"""States of a delivery and what moves it: one table (docs/specs/mailbox.md §2).

Pure. The specification's table is compared with `TRANSITIONS` by a test.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from souspli_exchange.ports.states import DeliveryState


class DeliveryEvent(StrEnum):
    """What can happen to a delivery once its deposit is stored."""

    MAILED = "relay accepted the mail"
    MAIL_REFUSED = "relay refused for good"
    TEXTED = "gateway accepted the text message"
    COLLECTED = "recipient collects"
    RECEIPT = "signed receipt"
    WITHDRAWAL = "signed withdrawal"
    PURGE = "purge"
    CLOSING = "recipient closes the account"


_STORED, _NOTIFIED, _BOUNCED, _FETCHED, _OPENED, _WITHDRAWN, _EXPIRED = (
    DeliveryState.STORED,
    DeliveryState.NOTIFIED,
    DeliveryState.BOUNCED,
    DeliveryState.FETCHED,
    DeliveryState.OPENED,
    DeliveryState.WITHDRAWN,
    DeliveryState.EXPIRED,
)

INITIAL: Final = DeliveryState.STORED

TRANSITIONS: Final[Mapping[tuple[DeliveryState, DeliveryEvent], DeliveryState]] = MappingProxyType(
    {
        (_STORED, DeliveryEvent.MAILED): _NOTIFIED,
        (_BOUNCED, DeliveryEvent.MAILED): _NOTIFIED,
        (_BOUNCED, DeliveryEvent.TEXTED): _NOTIFIED,
        (_STORED, DeliveryEvent.MAIL_REFUSED): _BOUNCED,
        (_NOTIFIED, DeliveryEvent.MAIL_REFUSED): _BOUNCED,
        (_STORED, DeliveryEvent.COLLECTED): _FETCHED,
        (_NOTIFIED, DeliveryEvent.COLLECTED): _FETCHED,
        (_BOUNCED, DeliveryEvent.COLLECTED): _FETCHED,
        (_STORED, DeliveryEvent.RECEIPT): _OPENED,
        (_NOTIFIED, DeliveryEvent.RECEIPT): _OPENED,
        (_BOUNCED, DeliveryEvent.RECEIPT): _OPENED,
        (_FETCHED, DeliveryEvent.RECEIPT): _OPENED,
        (_STORED, DeliveryEvent.WITHDRAWAL): _WITHDRAWN,
        (_NOTIFIED, DeliveryEvent.WITHDRAWAL): _WITHDRAWN,
        (_BOUNCED, DeliveryEvent.WITHDRAWAL): _WITHDRAWN,
        (_FETCHED, DeliveryEvent.WITHDRAWAL): _WITHDRAWN,
        (_OPENED, DeliveryEvent.WITHDRAWAL): _WITHDRAWN,
        (_STORED, DeliveryEvent.PURGE): _EXPIRED,
        (_NOTIFIED, DeliveryEvent.PURGE): _EXPIRED,
        (_BOUNCED, DeliveryEvent.PURGE): _EXPIRED,
        (_FETCHED, DeliveryEvent.PURGE): _EXPIRED,
        (_STORED, DeliveryEvent.CLOSING): _EXPIRED,
        (_NOTIFIED, DeliveryEvent.CLOSING): _EXPIRED,
        (_BOUNCED, DeliveryEvent.CLOSING): _EXPIRED,
    }
)

NOT_COLLECTED: Final = frozenset({_STORED, _NOTIFIED, _BOUNCED})
"""States in which a recipient still has a reason to be told."""

ENDED: Final = frozenset({_WITHDRAWN, _EXPIRED})
"""States from which nothing leads."""


def advance(state: DeliveryState, event: DeliveryEvent) -> DeliveryState:
    """Return the state after `event`; the same state where the table has no row.

    Events arrive late and twice (a mail's result after the recipient has
    already collected, a second receipt): none of that may undo anything, and
    none of it is an error.
    """
    return TRANSITIONS.get((state, event), state)
