"""The jobs that remind, and those that tell by a text message (docs/specs/pending.md §3).

`remind` runs again and again on one of the service's processes and looks whose moment has
come; what it finds becomes a job of its own, so that a relay that is away holds up nobody
else's reminder.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import structlog

from souspli_mailbox import mails
from souspli_mailbox.errors import TextDelayedError, TextRefusedError
from souspli_mailbox.jobs import Done, NotYet, Outcome
from souspli_mailbox.outbox import Outbox
from souspli_mailbox.records.jobs import Job
from souspli_mailbox.records.notifications import NotBefore, ToMail, release_recipient
from souspli_mailbox.records.reminders import LOOKS_AT_ONCE, ToText, begin_reminder, look
from souspli_mailbox.records.texts import begin_text, record_texted
from souspli_mailbox.text_gateway import TextGateway
from souspli_mailbox.text_words import waiting_text
from souspli_storage.database import Database

# A reminder after three days may be a quarter of an hour late.
LOOK_EVERY_SECONDS: Final = 900

_log: Final = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reminders:
    """Handles the jobs `remind`, `reminder` and `text`."""

    database: Database
    outbox: Outbox
    gateway: TextGateway | None
    """None: whom no mail reaches is told by nobody but the practice."""
    clock: Callable[[], float]
    host: str
    """Of the page, as it stands in text messages."""

    async def remind(self, _job: Job) -> Outcome:
        """Add a job for each recipient whose moment has come; come back."""
        now = int(self.clock())
        looked = await self.database.write(look, now=now)
        # The rest at once: a lease ends long before a very long list does.
        return NotYet(now if looked == LOOKS_AT_ONCE else now + LOOK_EVERY_SECONDS)

    async def reminder(self, job: Job) -> Outcome:
        """Remind a recipient, unless they have collected, or were told since."""
        now = int(self.clock())
        begun = await self.database.write(
            begin_reminder, delivery_id=job.ids["delivery_id"], now=now, until=job.lease_until
        )
        match begun:
            case None:
                return Done()
            case NotBefore():
                return NotYet(begun.moment)
            case ToMail():
                return await self.outbox.tell(job, begun, mails.reminder, now=now)
            case ToText():
                return await self._send_text(job, begun, now=now)

    async def text(self, job: Job) -> Outcome:
        """Tell a recipient whom no mail reaches, unless they were told or have collected."""
        if self.gateway is None:
            return Done()
        now = int(self.clock())
        begun = await self.database.write(
            begin_text, delivery_id=job.ids["delivery_id"], now=now, until=job.lease_until
        )
        match begun:
            case None:
                return Done()
            case NotBefore():
                return NotYet(begun.moment)
            case ToText():
                return await self._send_text(job, begun, now=now)

    async def _send_text(self, job: Job, begun: ToText, *, now: int) -> Outcome:
        release = functools.partial(release_recipient, recipient=begun.recipient)
        if self.gateway is None:
            return Done(release)
        try:
            await self.gateway.send(to=begun.phone, text=waiting_text(host=self.host))
        except TextRefusedError as refused:
            # What had bounced stays `bounced`: that is what the sender acts on.
            _log.warning("text-refused", job=job.job_id, name=job.name, code=refused.status)
            return Done(release)
        except TextDelayedError:
            await self.database.write(release)
            raise
        return Done(functools.partial(record_texted, recipient=begun.recipient, now=now))
