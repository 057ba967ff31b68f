"""What the service says about itself."""

from msgspec import UNSET, UnsetType

from souspli_mailbox.protocol.values import Message


class Limits(Message, frozen=True, kw_only=True):
    """Sizes in bytes that requests must keep to."""

    contents_bytes: int
    cover_bytes: int
    segment_plain_bytes: int


class AuditKey(Message, frozen=True, kw_only=True):
    """Two public keys, base64."""

    ed25519: bytes
    ml_dsa_65: bytes


class ServiceAnswer(Message, frozen=True, kw_only=True):
    """GET /v1/service. A client compares `origin` with its own and never adopts it."""

    origin: str
    version: str
    page: str
    limits: Limits
    audit_key: AuditKey
    """What its purge statements are verified with: pinned at the first meeting."""
    store: str | UnsetType = UNSET
    """Where clients go to the store themselves: what every address there begins with."""


class HealthAnswer(Message, frozen=True, kw_only=True):
    """GET /healthz."""

    status: str


class ReadinessAnswer(Message, frozen=True, kw_only=True):
    """GET /readyz, 200 or 503.

    `status`: `ok`, `degraded` (the relay is away), `unavailable`, `stopping`. The parts:
    `ok`, `away`, or `unknown` in a process's first seconds.
    """

    status: str
    database: str
    store: str
    relay: str
