"""Documents that their senders take back (docs/specs/withdrawal.md)."""

from souspli_mailbox.protocol.deposits import SenderView
from souspli_mailbox.protocol.values import Envelope, Id, Message


class WithdrawalRequest(Message, frozen=True, kw_only=True):
    """POST /v1/deposits/{document_id}/withdrawal."""

    withdrawal: Envelope


class WithdrawalAnswer(Message, frozen=True, kw_only=True):
    """The document is withdrawn; how far each delivery had come by then."""

    document_id: Id
    deliveries: list[SenderView]


class DeliveryWithdrawalAnswer(Message, frozen=True, kw_only=True):
    """The withdrawal of a delivery's document, with what its signer's chain is verified from."""

    withdrawal: Envelope
    organisation: Envelope
    member: Envelope
