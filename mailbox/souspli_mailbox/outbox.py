"""The jobs that send mails: what to send, to whom, and what follows from the answer.

At most one mail twice (docs/specs/mailbox.md §1, step 6): when the service is
killed between the relay's "accepted" and the commit. Addresses and codes are read
or computed when a job runs; its row holds ids.
"""

from __future__ import annotations

import functools
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Protocol

import structlog

from souspli_mailbox import mails
from souspli_mailbox.errors import MailDelayedError, MailRefusedError
from souspli_mailbox.jobs import Done, NotYet, Outcome
from souspli_mailbox.notify import Relay
from souspli_mailbox.onetime import one_time_code
from souspli_mailbox.records.accounts import read_account
from souspli_mailbox.records.bounces import record_bounce
from souspli_mailbox.records.claims import code_address
from souspli_mailbox.records.errors import NotFoundError
from souspli_mailbox.records.jobs import Job
from souspli_mailbox.records.notifications import (
    NotBefore,
    ToMail,
    begin_notification,
    record_mailed,
    release_recipient,
)
from souspli_mailbox.return_paths import return_path
from souspli_storage.database import Database

_log = structlog.get_logger()


class TellingMail(Protocol):
    """A mail that says that something waits: `mails.notification`, `mails.reminder`."""

    def __call__(
        self, *, sender: str, to: str, page: str, reference: str, message_id: str, now: int
    ) -> EmailMessage: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Outbox:
    """Everything that a mail takes. `notify`, `email_code`, `activated` handle jobs."""

    database: Database
    relay: Relay
    clock: Callable[[], float]
    sender: str
    """`From` of every mail, and the address to which the relay returns some."""
    page: str
    """The page's address, the same for everybody."""
    code_key: bytes = field(repr=False)
    """The service's secret for one-time codes."""
    return_path_key: bytes = field(repr=False)
    """The service's secret for return paths."""

    async def notify(self, job: Job) -> Outcome:
        """Tell a recipient that a document waits, unless a mail of today has said so."""
        now = int(self.clock())
        begun = await self.database.write(
            begin_notification, delivery_id=job.ids["delivery_id"], now=now, until=job.lease_until
        )
        if begun is None:
            return Done()
        if isinstance(begun, NotBefore):
            return NotYet(begun.moment)
        return await self.tell(job, begun, mails.notification, now=now)

    async def tell(self, job: Job, begun: ToMail, write: TellingMail, *, now: int) -> Outcome:
        """Send whom is reserved the mail that `write` writes; note what becomes of it."""
        delivery_id = job.ids["delivery_id"]
        message = write(
            sender=self.sender,
            to=begun.address,
            page=self.page,
            reference=mails.draw_reference(),
            message_id=secrets.token_hex(16),
            now=now,
        )
        release = functools.partial(release_recipient, recipient=begun.recipient)
        try:
            await self.relay.send(
                message,
                return_path=return_path(
                    sender=self.sender,
                    key=self.return_path_key,
                    delivery_id=delivery_id,
                    address=begun.address,
                ),
                to=begun.address,
            )
        except MailRefusedError as refused:
            _log.warning("mail-refused", job=job.job_id, name=job.name, code=refused.code)
            await self.database.write(release)
            return Done(
                functools.partial(
                    record_bounce, delivery_id=delivery_id, reason=refused.reason, now=now
                )
            )
        except MailDelayedError:
            # Or the recipient's other jobs would wait for the lease's end.
            await self.database.write(release)
            raise
        return Done(functools.partial(record_mailed, recipient=begun.recipient, now=now))

    async def email_code(self, job: Job) -> Outcome:
        """Mail a one-time code, if it is still the one in force."""
        now = int(self.clock())
        claim_session_id, counter = job.ids["claim_session_id"], int(job.ids["counter"])
        address = await self.database.read(
            code_address, claim_session_id=claim_session_id, counter=counter, now=now
        )
        if address is None:
            return Done()
        message = mails.one_time_code_mail(
            sender=self.sender,
            to=address,
            code=one_time_code(
                key=self.code_key, claim_session_id=claim_session_id, counter=counter
            ),
            message_id=secrets.token_hex(16),
            now=now,
        )
        return await self._send(job, message, to=address)

    async def activated(self, job: Job) -> Outcome:
        """Tell the address of record that its invitation was claimed."""
        now = int(self.clock())
        try:
            account = await self.database.read(
                read_account, account_number=job.ids["account_number"]
            )
        except NotFoundError:
            return Done()
        message = mails.activated(
            sender=self.sender,
            to=account.address,
            message_id=secrets.token_hex(16),
            now=now,
        )
        return await self._send(job, message, to=account.address)

    async def _send(self, job: Job, message: EmailMessage, *, to: str) -> Outcome:
        """Send a mail of which nobody follows what becomes of it."""
        try:
            await self.relay.send(message, return_path=self.sender, to=to)
        except MailRefusedError as refused:
            _log.warning("mail-refused", job=job.job_id, name=job.name, code=refused.code)
        return Done()
