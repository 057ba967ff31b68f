"""What the ledger keeps of mails and documents, without the database that keeps it.

docs/specs/bridge.md §6. The processes that read mails know this much and no more.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from souspli_cli.bridge.slip import MailSlips


class State(StrEnum):
    """How far a document has come."""

    WAITING = "waiting"
    TO_CHECK = "to-check"
    FAILED = "failed"
    DELIVERED = "delivered"
    WITHDRAWN = "withdrawn"
    REJECTED = "rejected"


OPEN: Final = (State.WAITING, State.TO_CHECK, State.FAILED)
"""States in which the spool file is still needed."""
QUARANTINE: Final = (State.TO_CHECK, State.FAILED)
"""States that a person must look at; no bridge changes them."""


@dataclass(frozen=True)
class AcceptedDocument:
    """A document of a mail that was accepted."""

    document_id: str
    report: bytes | None
    is_urgent: bool = False


@dataclass(frozen=True)
class AcceptedMail:
    """What is recorded of a mail."""

    queue_id: str
    repeat: bytes
    account: str
    received_at: int
    order: int
    """For who records several at once (`MailSlip.order`); not kept."""
    documents: tuple[AcceptedDocument, ...]
    slips: MailSlips | None = field(default=None, repr=False, compare=False)
    """For who sorts it; not kept."""


@dataclass(frozen=True)
class Row:
    """A document's row."""

    place: int
    document_id: str
    queue_id: str
    state: State
    reason: str | None
    target: bytes | None
    lane: bytes | None
    attempts: int
    next_try: int
    received_at: int
    changed_at: int
    findings: str | None
    decided_by: str | None
    decided_at: int | None


@dataclass(frozen=True)
class Sorted:
    """Whom a document is for (`target`, `lane`), or why nobody knows (`reason`)."""

    document_id: str
    target: bytes | None
    lane: bytes | None
    reason: str | None
    withdraws: tuple[bytes, ...] = ()
    """Digests of the reports that it takes back (`withdrawals.sort`)."""


@dataclass(frozen=True)
class Counts:
    """The ledger in numbers."""

    by_state: dict[State, int]
    oldest_waiting: int | None
    """When the oldest document that waits was received."""
