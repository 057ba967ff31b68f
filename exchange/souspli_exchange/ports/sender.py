"""Deposits: the port of a signed-in member for what the member sends and sent."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from souspli_exchange.ids import DeliveryId, DocumentId, InvitationId
from souspli_exchange.ports.delivered import DeliveredCover
from souspli_exchange.ports.states import DeliveryState, DepositState
from souspli_keys.dsse import Envelope


@dataclass(frozen=True, slots=True)
class DepositProgress:
    """What the service holds of a deposit."""

    document_id: DocumentId
    state: DepositState
    received: frozenset[int]
    """Indices of the segments that are kept; they need not be put again."""


@dataclass(frozen=True, slots=True)
class AddressedCover:
    """A sealed cover and whom it is for."""

    invitation_id: InvitationId
    recipient_fingerprint: str
    """Of the claim identity while the invitation is pending, else of the account's."""
    cover: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class NewDelivery:
    """The delivery that one cover became."""

    delivery_id: DeliveryId
    invitation_id: InvitationId
    letter_ends_at: int | None = None
    """Until when the letter that leads to it is good, says the service; None for an account."""


@dataclass(frozen=True, slots=True)
class CompletedDeposit:
    """A deposit that is stored, with one delivery for each cover, in their order."""

    document_id: DocumentId
    deliveries: tuple[NewDelivery, ...]


@dataclass(frozen=True, slots=True)
class SentDelivery:
    """A delivery as its sender sees it."""

    delivery_id: DeliveryId
    invitation_id: InvitationId
    state: DeliveryState
    stored_at: int
    notified_at: int | None
    bounced_at: int | None
    fetched_at: int | None
    opened_at: int | None
    withdrawn_at: int | None
    expired_at: int | None
    bounce_reason: str | None
    """Why no mail arrives there: a fixed word (mails.md §7)."""
    receipt: Envelope | None
    """Unverified: `receipt.verify_receipt` says whether it is one."""


SentDeliveries = tuple[SentDelivery, ...]


@dataclass(frozen=True, slots=True)
class SentDeposit:
    """A stored deposit of the caller, with its deliveries."""

    document_id: DocumentId
    stored_at: int
    withdrawal_hash: str | None
    """Of the withdrawal that the service keeps; a sender who made one posts it again if not."""
    deliveries: tuple[SentDelivery, ...]


@dataclass(frozen=True, slots=True)
class DepositsPage:
    """Stored deposits, newest first; `next_cursor` is None on the last page."""

    deposits: tuple[SentDeposit, ...]
    next_cursor: str | None


class SenderMailbox(Protocol):
    """The mailbox as a signed-in member uses it."""

    async def open_deposit(
        self, document_id: DocumentId, *, sealed_length: int, segments: int
    ) -> DepositProgress:
        """Open a deposit, or say how far the one with this id has come.

        Raises DocumentDiffersError if the id was opened with another length.
        """
        ...

    async def put_segment(
        self, document_id: DocumentId, index: int, sealed: bytes, *, sha256: bytes
    ) -> None:
        """Keep one sealed segment (from 0) durably, if its SHA-256 is `sha256`.

        Where segments go (the service, or a store's presigned URL) is the
        implementer's. Raises ChecksumMismatchError (send the same bytes again) and
        DocumentDiffersError (this index was kept with other bytes).
        """
        ...

    async def complete_deposit(
        self,
        document_id: DocumentId,
        *,
        checksums: Sequence[bytes],
        covers: Sequence[AddressedCover],
        sender_cover: bytes,
    ) -> CompletedDeposit:
        """Store the deposit and make one delivery per cover, in one transaction.

        `checksums` holds the SHA-256 of every sealed segment, in order. Raises
        IncompleteDepositError, RecipientClaimedError, InvitationSupersededError,
        InvitationExpiredError, CoverNotTakenError; then nothing was stored and the
        segments are still held. A repeat after success gets the same deliveries;
        with other covers or checksums it raises DocumentDiffersError.
        """
        ...

    async def deposits(self, *, after: str | None = None, limit: int = 50) -> DepositsPage:
        """Return one page of the caller's stored deposits, newest first."""
        ...

    async def sender_cover(self, document_id: DocumentId) -> bytes:
        """Return the sender's own cover of a deposit of the caller."""
        ...

    async def own_contents(self, document_id: DocumentId, *, start: int, stop: int) -> bytes:
        """Return bytes start ≤ n < stop of the sealed contents of a deposit of the caller.

        As `RecipientMailbox.read_contents`, and nothing is marked `fetched`. NotFoundError
        once they are gone.
        """
        ...

    async def delivery_cover(self, delivery_id: DeliveryId) -> DeliveredCover:
        """Return the cover of a delivery of the caller's own deposit."""
        ...

    async def move_delivery(
        self, delivery_id: DeliveryId, *, replaces: str, cover: bytes, invitation_id: InvitationId
    ) -> str:
        """Give a delivery to the successor of its invitation, with a new cover.

        `replaces` is the hash of the cover in place; CoverChangedError if it is
        another, WithdrawnError for one that was taken back. Returns the new cover's hash.
        """
        ...

    async def withdraw(self, document_id: DocumentId, withdrawal: Envelope) -> SentDeliveries:
        """Take a stored document of the caller back; return how far its deliveries had come.

        What was not handed out can't be opened by anybody when this returns. Raises
        NotFoundError (never stored), StatementNotTakenError, WithdrawnError (by another
        withdrawal than this one).
        """
        ...
