"""A recipient's deliveries (docs/specs/mailbox.md §2)."""

from typing import Literal

from msgspec import UNSET, UnsetType

from souspli_mailbox.protocol.values import (
    Cover,
    DeliveryStateName,
    Envelope,
    Hash,
    Id,
    Message,
    Moment,
)


class DeliveryView(Message, frozen=True, kw_only=True):
    """A delivery as its recipient sees it."""

    delivery_id: Id
    document_id: Id
    state: DeliveryStateName
    sealed_length: int
    stored_at: Moment
    fetched_at: Moment | None
    opened_at: Moment | None
    cover_hash: Hash


class DeliveriesPage(Message, frozen=True, kw_only=True):
    """GET /v1/deliveries, newest first; `next` is the cursor of the following page."""

    deliveries: list[DeliveryView]
    next: str | None


class CoverAnswer(Message, frozen=True, kw_only=True):
    """A cover, with what its sender's chain is verified from."""

    cover: Cover
    cover_hash: Hash
    organisation: Envelope
    member: Envelope


class ReplaceCoverRequest(Message, frozen=True, kw_only=True):
    """PUT /v1/deliveries/{delivery_id}/cover: compare-and-swap on the old cover's hash."""

    replaces: Hash
    cover: Cover
    invitation_id: Id | UnsetType = UNSET
    """Only from the depositor: the pending successor that the delivery moves to."""


class ReplaceCoverAnswer(Message, frozen=True, kw_only=True):
    """The hash of the cover now kept."""

    cover_hash: Hash


class CollectAnswer(Message, frozen=True, kw_only=True):
    """Where the contents are: a path of this service, or an address at the store."""

    url: str
    sealed_length: int
    expires_at: Moment | UnsetType = UNSET
    """With an address at the store: until when it is good. Collect again for another."""


class ReceiptRequest(Message, frozen=True, kw_only=True):
    """PUT /v1/deliveries/{delivery_id}/receipt."""

    receipt: Envelope


class ReceiptAnswer(Message, frozen=True, kw_only=True):
    """The receipt is kept; a second one changes nothing."""

    state: Literal["opened"]
