"""An outbox beside a real relay, a real gateway and real rows, and a clock that is moved."""

from __future__ import annotations

import asyncio
import functools
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from pathlib import Path
from typing import TYPE_CHECKING

from simulation.gateway import SimulatedGateway
from simulation.relay import RunningRelay, running_relay
from simulation.rows import CODE_KEY, NOW, Rows
from souspli_exchange.ports.states import DeliveryState
from souspli_mailbox.announcing import Announcer
from souspli_mailbox.errors import MailDelayedError, TextDelayedError
from souspli_mailbox.jobs import Done, NotYet
from souspli_mailbox.outbox import Outbox
from souspli_mailbox.records import deliveries
from souspli_mailbox.records.jobs import Job, JobName, finish_job, postpone_job
from souspli_mailbox.reminding import Reminders
from souspli_mailbox.terms import AllTerms, load_terms

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from email.message import EmailMessage

    from souspli_mailbox.jobs import Outcome

SENDER = "no-reply@souspli.example"
RETURN_PATH_KEY = b"r" * 32


@dataclass
class Desk:
    """An outbox beside its relay, and a clock that stands still until it is moved."""

    rows: Rows
    relay: RunningRelay
    now: int = NOW
    answers: dict[str, str] = field(default_factory=dict)
    gateway: SimulatedGateway | None = field(default_factory=SimulatedGateway)
    terms: AllTerms = field(default_factory=lambda: load_terms(None))

    @functools.cached_property
    def outbox(self) -> Outbox:
        return Outbox(
            database=self.rows.database,
            relay=self.relay.client(tls="none"),
            clock=lambda: float(self.now),
            sender=SENDER,
            page="https://souspli.example/",
            code_key=CODE_KEY,
            return_path_key=RETURN_PATH_KEY,
        )

    @property
    def reminders(self) -> Reminders:
        return Reminders(
            database=self.rows.database,
            outbox=self.outbox,
            gateway=self.gateway,
            clock=lambda: float(self.now),
            host="souspli.example",
        )

    @property
    def announcer(self) -> Announcer:
        return Announcer(
            database=self.rows.database,
            outbox=self.outbox,
            terms=self.terms,
            clock=lambda: float(self.now),
        )

    def handle(self, job: Job) -> asyncio.Task[Outcome]:
        handlers = {
            JobName.NOTIFY: self.outbox.notify,
            JobName.EMAIL_CODE: self.outbox.email_code,
            JobName.ACTIVATED: self.outbox.activated,
            JobName.REMIND: self.reminders.remind,
            JobName.REMINDER: self.reminders.reminder,
            JobName.TEXT: self.reminders.text,
            JobName.ANNOUNCE_TERMS: self.announcer.announce,
            JobName.TERMS: self.announcer.tell,
        }
        return asyncio.ensure_future(handlers[job.name](job))

    async def work(self) -> list[Outcome | None]:
        """Do every job that is due; None for one that failed."""
        outcomes: list[Outcome | None] = []
        for job in self.rows.jobs(now=self.now, lease_until=self.now + 120):
            try:
                outcome: Outcome | None = await self.handle(job)
            except (MailDelayedError, TextDelayedError):
                outcome = None
            if isinstance(outcome, Done):
                self.rows.database.write_now(finish_job, job=job)
                if outcome.then is not None:
                    self.rows.database.write_now(outcome.then)
            elif isinstance(outcome, NotYet):
                self.rows.database.write_now(
                    postpone_job, job=job, run_at=outcome.run_at, failure=None
                )
            outcomes.append(outcome)
        return outcomes

    @property
    def mails(self) -> list[EmailMessage]:
        return [
            message_from_bytes(content, policy=policy.default)
            for _, _, content, _ in self.relay.handler.taken
        ]

    @property
    def recipients(self) -> list[str]:
        return [recipient for _, to, _, _ in self.relay.handler.taken for recipient in to]

    @property
    def texts(self) -> list[tuple[str, str]]:
        """Number and words of each text message that was taken."""
        assert self.gateway is not None
        return self.gateway.taken

    def delivery(self, delivery_id: str) -> deliveries.Delivery:
        return self.rows.database.read_now(deliveries.read_delivery, delivery_id=delivery_id)

    def state(self, delivery_id: str) -> DeliveryState:
        return self.delivery(delivery_id).state


@asynccontextmanager
async def desk_at(rows: Rows, folder: Path) -> AsyncIterator[Desk]:
    answers: dict[str, str] = {}
    async with running_relay(folder, offer="none", answers=answers) as relay:
        yield Desk(rows, relay, answers=answers)
