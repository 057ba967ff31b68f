"""What the state machine of deliveries is made of: documents, recipients, a relay that waits."""

from __future__ import annotations

import asyncio
import hashlib
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from simulation.rows import DAY, Practice

from souspli_mailbox.errors import MailDelayedError, MailRefusedError
from souspli_mailbox.records import completion
from souspli_mailbox.records.jobs import Job

if TYPE_CHECKING:
    from email.message import EmailMessage

SEALED: Final = b"s" * 65_768
CHECKSUM: Final = hashlib.sha256(SEALED).digest()
ADDRESSES: Final = ("pending@example.org", "active@example.org")
# Below the invitation's 30 days, after which nobody is told any more.
LONGEST_SECONDS: Final = 25 * DAY


def memory_folder() -> Path:
    """A folder in which fsync costs nothing, where the machine has one."""
    memory = Path("/dev/shm")  # noqa: S108  (Linux's)
    return Path(tempfile.mkdtemp(dir=memory if memory.is_dir() else None))


@dataclass(frozen=True)
class Recipient:
    invitation_id: str
    fingerprint: str
    """Of the key in force."""


@dataclass(frozen=True)
class Beginning:
    database: Path
    practice: Practice
    recipients: dict[str, Recipient]


@dataclass
class Document:
    """A document as its sender has it, and what the service has said about it."""

    document_id: str
    request_hash: str
    covers: dict[str, completion.NewCover]
    kept: bool = False
    """The segment was acknowledged."""
    stored: bool = False
    answered: list[tuple[str, str]] | None = None
    """Each delivery that the service named, and its invitation."""


@dataclass
class Told:
    """What became of mails to one address."""

    accepted: int = 0
    unrecorded: int = 0
    """The relay took them and nobody wrote it down."""


@dataclass
class Sending:
    """A worker that talks to the relay."""

    job: Job
    address: str
    task: asyncio.Task[None]
    answer: asyncio.Future[str]
    begun_at: int


@dataclass
class GatedRelay:
    """A relay whose answers come when the machine says so."""

    waiting: list[tuple[str, asyncio.Future[str]]] = field(default_factory=list)
    told: dict[str, Told] = field(default_factory=lambda: {one: Told() for one in ADDRESSES})
    entered: asyncio.Event = field(default_factory=asyncio.Event)

    async def send(self, message: EmailMessage, *, return_path: str, to: str) -> None:  # noqa: ARG002  (the port's)
        answer = asyncio.get_running_loop().create_future()
        self.waiting.append((to, answer))
        self.entered.set()
        match await answer:
            case "accepted":
                self.told[to].accepted += 1
            case "accepted, answer lost":
                self.told[to].accepted += 1
                raise MailDelayedError("the line was cut")
            case "refused":
                raise MailRefusedError("no such mailbox", code=550)
            case _:
                raise MailDelayedError("not now", code=451)
