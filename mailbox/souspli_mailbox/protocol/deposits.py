"""A sender's deposits (docs/specs/sealed-document.md §2, mailbox.md §1)."""

from typing import Annotated, Literal

from msgspec import UNSET, Meta, UnsetType

from souspli_mailbox.protocol.values import (
    Bytes32,
    Cover,
    DeliveryStateName,
    Envelope,
    Fingerprint,
    Hash,
    Id,
    Message,
    Moment,
)

# 2^48: beyond any store, and far inside what JavaScript counts exactly. The limit
# that matters is the service's own (`contents_bytes`), answered with `too-large`.
MAX_LENGTH = 2**48
MAX_SEGMENTS = 65_536

# docs/specs/mailbox.md §4
MAX_COVERS = 100

# Four times what a client sends side by side.
MAX_UPLOADS = 16

SegmentNumber = Annotated[int, Meta(ge=0, lt=MAX_SEGMENTS)]


class DepositRequest(Message, frozen=True, kw_only=True):
    """POST /v1/deposits."""

    document_id: Id
    sealed_length: Annotated[int, Meta(ge=1, le=MAX_LENGTH)]
    segments: Annotated[int, Meta(ge=1, le=MAX_SEGMENTS)]


class Upload(Message, frozen=True, kw_only=True):
    """Where segments go. `url` is a path of this service with `{n}` to fill in."""

    method: Literal["PUT"]
    url: str


class DepositAnswer(Message, frozen=True, kw_only=True):
    """The deposit as it now stands; `received` lists segments that need not be sent again."""

    document_id: Id
    state: Literal["uploading", "stored"]
    received: list[SegmentNumber]
    upload: Upload
    uploads: str | UnsetType = UNSET
    """Where to ask for addresses at the store, if it takes segments itself."""


class SegmentToUpload(Message, frozen=True, kw_only=True):
    """A segment that is about to be put, and the SHA-256 of its sealed bytes."""

    number: SegmentNumber
    checksum: Bytes32


class UploadsRequest(Message, frozen=True, kw_only=True):
    """POST /v1/deposits/{document_id}/uploads: each number once."""

    segments: Annotated[list[SegmentToUpload], Meta(min_length=1, max_length=MAX_UPLOADS)]


class StoreUpload(Message, frozen=True, kw_only=True):
    """How one segment is put: at `url`, with exactly these headers, until `expires_at`."""

    number: SegmentNumber
    method: Literal["PUT"]
    url: str
    headers: dict[str, str]
    expires_at: Moment


class UploadsAnswer(Message, frozen=True, kw_only=True):
    """Addresses at the store, in the order of the request; none once all is kept."""

    uploads: list[StoreUpload]


class DepositCover(Message, frozen=True, kw_only=True):
    """One recipient's cover, and whose key it is sealed to."""

    invitation_id: Id
    recipient_fingerprint: Fingerprint
    cover: Cover


class CompleteRequest(Message, frozen=True, kw_only=True):
    """POST /v1/deposits/{document_id}/complete: SHA-256 of each segment, and all covers."""

    checksums: Annotated[list[Bytes32], Meta(min_length=1, max_length=MAX_SEGMENTS)]
    covers: Annotated[list[DepositCover], Meta(min_length=1, max_length=MAX_COVERS)]
    sender_cover: Cover


class NewDelivery(Message, frozen=True, kw_only=True):
    """A delivery that the deposit made, and until when its letter is good (null: an account)."""

    delivery_id: Id
    invitation_id: Id
    letter_ends_at: Moment | None


class CompleteAnswer(Message, frozen=True, kw_only=True):
    """The document is stored, durably, for these recipients."""

    document_id: Id
    deliveries: list[NewDelivery]


class SenderView(Message, frozen=True, kw_only=True):
    """A delivery as its sender sees it; the receipt still has to be verified."""

    delivery_id: Id
    invitation_id: Id
    state: DeliveryStateName
    stored_at: Moment
    notified_at: Moment | None
    bounced_at: Moment | None
    fetched_at: Moment | None
    opened_at: Moment | None
    withdrawn_at: Moment | None
    expired_at: Moment | None
    bounce_reason: str | None
    receipt: Envelope | None


class DepositView(Message, frozen=True, kw_only=True):
    """One deposit and its deliveries."""

    document_id: Id
    stored_at: Moment
    withdrawal: Hash | None
    """Of the withdrawal that the service keeps (docs/specs/withdrawal.md §2)."""
    deliveries: list[SenderView]


class DepositsPage(Message, frozen=True, kw_only=True):
    """GET /v1/deposits, newest first; `next` is the cursor of the following page."""

    deposits: list[DepositView]
    next: str | None


class SenderCoverAnswer(Message, frozen=True, kw_only=True):
    """The sender's own cover."""

    cover: Cover
