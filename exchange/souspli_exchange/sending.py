"""Who sends, to whom, through what, and what they keep of it: the values of `send`."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

from souspli_exchange.binding import OwnCopy, VerifiedRecipient
from souspli_exchange.ids import DeliveryId, DocumentId, InvitationId
from souspli_exchange.manifest import DEFAULT_LIMITS, Limits
from souspli_exchange.outgoing import SendingMember
from souspli_exchange.ports.directory import Directory
from souspli_exchange.ports.sender import SenderMailbox
from souspli_exchange.retry import RetryPolicy
from souspli_exchange.spool import Spool
from souspli_keys.address import Address
from souspli_keys.public import Fingerprint


class Step(StrEnum):
    """What `send` is doing."""

    SEALING = "sealing"
    DEPOSITING = "depositing"
    COMPLETING = "completing"


Progress = Callable[[Step, int, int], None]
"""`(step, done, in all)`, in segments; may be called from another thread."""


def _no_progress(_step: Step, _done: int, _total: int) -> None:
    return


@dataclass(frozen=True, slots=True)
class Addressee:
    """Whom the sender means: an address, and their own copy of its invitation."""

    address: Address
    own_copy: OwnCopy


@dataclass(frozen=True, slots=True)
class SentCover:
    """What the sender keeps about one recipient of a document."""

    delivery_id: DeliveryId
    invitation_id: InvitationId
    sealed_to: Fingerprint
    manifest_hash: str
    """A receipt for this delivery has to name it."""
    verified: VerifiedRecipient | None
    """As verified on the way, to note a binding that was met; None if a resumed
    document had been stored already."""
    letter_ends_at: int | None = None
    """Until when its letter is good, says the service; None for an account."""


@dataclass(frozen=True, slots=True)
class SentDocument:
    """A document that the service has stored durably, with one delivery per recipient."""

    document_id: DocumentId
    covers: tuple[SentCover, ...]


@dataclass(frozen=True, slots=True)
class Sending:
    """Who sends, through what. Made once per program run."""

    sender: SendingMember
    directory: Directory
    mailbox: SenderMailbox
    spool: Spool
    limits: Limits = DEFAULT_LIMITS
    """Of what `send` seals; what is sealed is resumed whatever they are."""
    retry: RetryPolicy = field(default_factory=RetryPolicy)
    progress: Progress = _no_progress
