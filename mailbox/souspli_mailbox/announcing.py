"""The jobs that tell patients by mail that the terms change (docs/specs/consent.md §8)."""

from __future__ import annotations

import functools
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import structlog

from souspli_mailbox import mails
from souspli_mailbox.errors import MailDelayedError, MailRefusedError
from souspli_mailbox.jobs import Done, NotYet, Outcome
from souspli_mailbox.outbox import Outbox
from souspli_mailbox.records.announcements import (
    ToAnnounce,
    announce_to_next,
    begin_announcement,
)
from souspli_mailbox.records.bounces import record_bounce
from souspli_mailbox.records.jobs import Job
from souspli_mailbox.records.notifications import NotBefore, keep_moment, release_recipient
from souspli_mailbox.return_paths import return_path
from souspli_mailbox.terms import AllTerms, Terms
from souspli_storage.database import Database

_log: Final = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Announcer:
    """Handles the jobs `announce-terms` and `terms`."""

    database: Database
    outbox: Outbox
    terms: AllTerms
    clock: Callable[[], float]

    async def announce(self, job: Job) -> Outcome:
        """Add the jobs of the next accounts, unless the version is announced no more."""
        version, now = job.ids["version"], int(self.clock())
        if self._announced(version, now) is None:
            return Done()
        return Done(
            functools.partial(announce_to_next, version=version, after=job.ids["after"], now=now)
        )

    async def tell(self, job: Job) -> Outcome:
        """Tell one patient, unless they know."""
        now = int(self.clock())
        announced = self._announced(job.ids["version"], now)
        if announced is None:
            return Done()
        begun = await self.database.write(
            begin_announcement,
            account_number=job.ids["account_number"],
            version=announced.version,
            now=now,
            until=job.lease_until,
        )
        match begun:
            case None:
                return Done()
            case NotBefore():
                return NotYet(begun.moment)
            case ToAnnounce():
                return await self._send(job, begun, announced, now=now)

    def _announced(self, version: str, now: int) -> Terms | None:
        """Return the version if it is still to come: once in force, the page asks."""
        return next(
            (
                one
                for one in self.terms.versions
                if one.version == version and one.in_force_from > now
            ),
            None,
        )

    async def _send(self, job: Job, begun: ToAnnounce, announced: Terms, *, now: int) -> Outcome:
        sender = self.outbox.sender
        message = mails.terms_change(
            sender=sender,
            to=begun.address,
            in_force_from=announced.in_force_from,
            message_id=secrets.token_hex(16),
            now=now,
        )
        release = functools.partial(release_recipient, recipient=begun.recipient)
        try:
            await self.outbox.relay.send(
                message, return_path=self._return_path(begun), to=begun.address
            )
        except MailRefusedError as refused:
            _log.warning("mail-refused", job=job.job_id, name=job.name, code=refused.code)
            await self.database.write(release)
            if begun.delivery_id is None:
                return Done()
            return Done(
                functools.partial(
                    record_bounce, delivery_id=begun.delivery_id, reason=refused.reason, now=now
                )
            )
        except MailDelayedError:
            await self.database.write(release)
            raise
        # Of the day's one mail, but no delivery is told by it: what waits has its own.
        return Done(functools.partial(keep_moment, recipient=begun.recipient, now=now))

    def _return_path(self, begun: ToAnnounce) -> str:
        if begun.delivery_id is None:
            return self.outbox.sender
        return return_path(
            sender=self.outbox.sender,
            key=self.outbox.return_path_key,
            delivery_id=begun.delivery_id,
            address=begun.address,
        )
