"""The states that the service says an invitation, a deposit or a delivery is in."""

from enum import StrEnum


class InvitationStatus(StrEnum):
    """States of an invitation (claim.md §3)."""

    PENDING = "pending"
    CLAIMED = "claimed"
    SUPERSEDED = "superseded"
    EXPIRED = "expired"


class DepositState(StrEnum):
    """Whether a deposit's segments are still awaited."""

    UPLOADING = "uploading"
    STORED = "stored"


class DeliveryState(StrEnum):
    """States of a delivery (mailbox.md §2)."""

    STORED = "stored"
    NOTIFIED = "notified"
    BOUNCED = "bounced"
    FETCHED = "fetched"
    OPENED = "opened"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
