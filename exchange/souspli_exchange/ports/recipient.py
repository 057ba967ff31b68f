"""Deliveries: the port of a signed-in patient for what the patient received."""

from dataclasses import dataclass
from typing import Protocol

from souspli_exchange.ids import DeliveryId, DocumentId
from souspli_exchange.ports.delivered import DeliveredCover, DeliveredWithdrawal
from souspli_exchange.ports.statements import NotedConsent
from souspli_exchange.ports.states import DeliveryState
from souspli_keys.dsse import Envelope


@dataclass(frozen=True, slots=True)
class ReceivedDelivery:
    """A delivery as its recipient sees it before opening anything."""

    delivery_id: DeliveryId
    document_id: DocumentId
    state: DeliveryState
    sealed_length: int
    stored_at: int
    fetched_at: int | None
    opened_at: int | None
    cover_hash: str


@dataclass(frozen=True, slots=True)
class DeliveriesPage:
    """Deliveries, newest first; `next_cursor` is None on the last page."""

    deliveries: tuple[ReceivedDelivery, ...]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class PatientsOrganisation:
    """An organisation whose letter led into the account, and what was said for it."""

    organisation: Envelope
    consent: NotedConsent | None
    choice: Envelope | None


class RecipientMailbox(Protocol):
    """The mailbox as a signed-in patient uses it."""

    async def deliveries(self, *, after: str | None = None, limit: int = 50) -> DeliveriesPage:
        """Return one page of the caller's deliveries, newest first."""
        ...

    async def delivery_cover(self, delivery_id: DeliveryId) -> DeliveredCover:
        """Return the cover of a delivery to the caller; WithdrawnError if it was taken back."""
        ...

    async def replace_cover(self, delivery_id: DeliveryId, *, replaces: str, cover: bytes) -> str:
        """Put a re-sealed cover in the place of the one whose hash is `replaces`.

        Compare-and-swap: CoverChangedError if another cover is in place. A repeat
        whose cover is already in place succeeds. Returns the new cover's hash.
        """
        ...

    async def collect(self, delivery_id: DeliveryId) -> int:
        """Mark the delivery `fetched`; return the length of its sealed contents.

        Raises WithdrawnError if it was taken back before it was collected.
        """
        ...

    async def read_contents(self, delivery_id: DeliveryId, *, start: int, stop: int) -> bytes:
        """Return the sealed contents' bytes start ≤ n < stop.

        Never more than asked for. Fewer are not an error here: the reader notices,
        because it knows the length from the manifest.
        """
        ...

    async def post_receipt(self, delivery_id: DeliveryId, receipt: Envelope) -> DeliveryState:
        """Post a signed receipt; a second one is ignored with the same answer."""
        ...

    async def withdrawal(self, delivery_id: DeliveryId) -> DeliveredWithdrawal:
        """Return the withdrawal of a delivery to the caller; NotFoundError if there is none."""
        ...
