"""The mailbox of sender and recipient in one."""

from typing import Protocol

from souspli_exchange.ports.recipient import RecipientMailbox
from souspli_exchange.ports.sender import SenderMailbox


class Mailbox(SenderMailbox, RecipientMailbox, Protocol):
    """Both halves, for an implementation that serves members and patients alike."""
