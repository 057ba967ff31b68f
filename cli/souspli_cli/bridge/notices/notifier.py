"""Tells the laboratory what was not sent: decides from the ledger, hands over, tries again.

docs/specs/bridge.md §9. A loop and a thread of its own: a relay that hangs delays nobody.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, Final

import structlog

from souspli_cli.bridge.errors import NoticeDelayedError, NoticeRefusedError, SpoolDamagedError
from souspli_cli.bridge.notices import reminder, reminder_rows
from souspli_cli.bridge.notices import rows as notice_rows
from souspli_cli.bridge.notices.relay import NoticeRelay
from souspli_cli.bridge.notices.reminder import Reminder
from souspli_cli.bridge.notices.report import Outgoing, ReportedDocument, ReportedMail, compose
from souspli_cli.bridge.notices.rows import Kind, NoticeState, Patience
from souspli_cli.bridge.notices.settings import MINUTE
from souspli_cli.bridge.spool import new_queue_id

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from souspli_cli.bridge.notices.relay import Relay
    from souspli_cli.bridge.notices.reminder_rows import ToCheck
    from souspli_cli.bridge.notices.rows import Notice
    from souspli_cli.bridge.settings import Settings
    from souspli_cli.bridge.spool import MailSpool, SpooledMail
    from souspli_storage.database import Database

# "At once" for a person. Also gathers what a mail of several documents makes due.
POLL_SECONDS: Final = 10.0
# In one transaction, and in one mail: 1.5 KB each.
MOST_AT_ONCE: Final = 500

# A relay that is away, or takes one notice not yet.
FIRST_LATER_SECONDS: Final = 60
LONGEST_LATER_SECONDS: Final = 3_600
# As long as mail is usually tried (RFC 5321 §4.5.4.1). Then `bridge status` alone says it.
LONGEST_DUE_SECONDS: Final = 5 * 86_400

_log: Final = structlog.get_logger()


@dataclass
class Notifier:
    """Sends until it is stopped."""

    database: Database
    spool: MailSpool
    patience: Patience
    domain: str
    """Of the bridge: the notices' sender, and nobody whom to tell."""
    clock: Callable[[], float]
    relay: Relay | None = None
    to: str = ""
    """Who is told of everything; else each mail's sender."""
    gather_seconds: int = 900
    remind_seconds: int = 86_400
    """0: nobody is reminded."""
    poll_seconds: ClassVar[float] = POLL_SECONDS
    _last: dict[tuple[str, Kind], int] = field(default_factory=dict[tuple[str, Kind], int])
    _away_until: int = 0
    _away_seconds: int = 0

    def __repr__(self) -> str:
        return "Notifier(…)"

    def __post_init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopped = asyncio.Event()
        self._ending = False

    def stop(self) -> None:
        """Have `run` end, in the middle of a dialogue if need be; from any thread."""
        self._ending = True
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # it has ended this instant
                self._loop.call_soon_threadsafe(self._stopped.set)

    async def run(self) -> None:
        """Decide and send until `stop`."""
        self._loop = asyncio.get_running_loop()
        if self._ending:  # before there was a loop to tell
            return
        stopped = asyncio.create_task(self._stopped.wait())
        while not self._stopped.is_set():
            work = asyncio.create_task(self._work())
            await asyncio.wait({work, stopped}, return_when=asyncio.FIRST_COMPLETED)
            # What is cut off here is handed over once more at the next start, as the same mail.
            work.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await work

    async def _work(self) -> None:
        try:
            await self.round()
        except Exception as failure:  # noqa: BLE001  (deliveries go on, and so do later notices)
            _log.warning("bridge-notices-failed", failure=type(failure).__name__)
        await asyncio.sleep(self.poll_seconds)

    async def round(self) -> None:
        """Decide what is due, and hand it over. Raises StorageError, OSError."""
        now = int(self.clock())
        self._decide(now)
        if self.relay is None or self._is_away():
            return
        if self.database.read_now(notice_rows.any_outlived):
            self.database.write_now(notice_rows.drop_outlived)
        due = self.database.read_now(notice_rows.due, MOST_AT_ONCE, now=now)
        mails = {one.queue_id: self._read(one.queue_id) for one in due}
        for (to, kind, mail_id), some in self._grouped(due, mails, now=now).items():
            await self._tell(to, kind, mail_id, some, mails, now=now)
            if self._is_away():
                return
        await self._remind(now=now)

    async def _remind(self, *, now: int) -> None:
        """Tell each address how many documents it was told of and nobody has looked at.

        All of them as soon as one is due: one mail a day, whatever came in during it.
        """
        if not self.remind_seconds:
            return
        if not self.database.read_now(reminder_rows.any_due, now=now):
            return
        waiting: dict[str, list[ToCheck]] = defaultdict(list)
        for one in self.database.read_now(reminder_rows.to_check):
            waiting[self._whom(self._read(one.queue_id))].append(one)
            await asyncio.sleep(0)  # thousands of files, and it may be told to end
        # Longest due first: who was tried just now, and put off, comes last (`notice_rows.due`).
        for to, some in sorted(
            waiting.items(), key=lambda item: min(one.next_at for one in item[1])
        ):
            if any(one.next_at <= now for one in some):
                await self._tell_again(to, some, now=now)
            if self._is_away():
                return

    async def _tell_again(self, to: str, some: Sequence[ToCheck], *, now: int) -> None:
        if self.relay is None:
            return
        ids = [one.document_id for one in some]
        # First of all: a crash, or a disk that takes nothing afterwards, costs a reminder,
        # and is not one every ten seconds.
        self.database.write_now(reminder_rows.put_off, ids, until=now + self.remind_seconds)
        if not to:
            return
        oldest = min(one.since for one in some)
        said = Reminder(to, self.domain, new_queue_id(), now, len(some), oldest)
        try:
            await self.relay.send(reminder.compose(said), to)
        except NoticeRefusedError:
            _log.error("bridge-reminder-refused", count=len(some))
        except NoticeDelayedError as failure:
            if failure.away:
                self._relay_is_away(now=now)
            _log.warning("bridge-reminder-delayed", count=len(some), away=failure.away)
            if not failure.may_have_it:
                until = max(self._away_until, now + FIRST_LATER_SECONDS)
                self.database.write_now(reminder_rows.put_off, ids, until=until)
        else:
            self._relay_is_back()
            _log.info("bridge-reminder", count=len(some))

    def _decide(self, now: int) -> None:
        """Have the table know all that falls due."""
        while found := self.database.read_now(
            notice_rows.undecided, MOST_AT_ONCE, patience=self.patience, now=now
        ):
            state = NoticeState.NOBODY if self.relay is None else NoticeState.DUE
            for one in found:
                _log.warning("bridge-notice", kind=one.kind.value, document_id=one.document_id)
            self.database.write_now(notice_rows.add, found, state, now=now)

    def _grouped(
        self, due: Sequence[Notice], mails: dict[str, SpooledMail | None], *, now: int
    ) -> dict[tuple[str, Kind, str | None], list[Notice]]:
        """Give what goes into one mail together; put off what has to wait for others."""
        grouped: dict[tuple[str, Kind, str | None], list[Notice]] = defaultdict(list)
        nobody: list[Notice] = []
        waits: dict[int, list[Notice]] = defaultdict(list)
        for one in due:
            to = self._whom(mails[one.queue_id])
            until = self._told_at(to, one.kind, now=now) + self.gather_seconds
            if not to:
                nobody.append(one)
            elif one.mail is None and until > now:
                waits[until].append(one)
            else:
                grouped[to, one.kind, one.mail].append(one)
        if nobody:
            self._settle(nobody, NoticeState.NOBODY, now=now)
        for until, some in waits.items():
            self.database.write_now(notice_rows.later, some, until=until, keep=False)
        return grouped

    async def _tell(
        self,
        to: str,
        kind: Kind,
        mail_id: str | None,
        some: Sequence[Notice],
        mails: dict[str, SpooledMail | None],
        *,
        now: int,
    ) -> None:
        if self.relay is None:
            return
        mail_id = mail_id or new_queue_id()
        until = now + _wait(some)
        self.database.write_now(notice_rows.begin, some, mail_id, until=until)
        notice = Outgoing(kind, to, self.domain, mail_id, now, self._reported(some, mails))
        try:
            # A crash between the relay's 250 and the row's commit sends this mail once
            # more: SMTP has no way to ask. Its Message-ID is the same, so a reader can tell.
            await self.relay.send(compose(notice), to)
        except NoticeRefusedError:
            _log.error("bridge-notice-refused", kind=kind.value, count=len(some))
            self._settle(some, NoticeState.REFUSED, now=now)
        except NoticeDelayedError as failure:
            self._delayed(some, failure, now=now)
        else:
            self._relay_is_back()
            self._settle(some, NoticeState.SENT, now=now)
            self._note(to, kind, now=now)

    def _settle(self, some: Sequence[Notice], state: NoticeState, *, now: int) -> None:
        until = now + self.remind_seconds
        self.database.write_now(notice_rows.settle, some, state, next_at=until)

    def _delayed(self, some: Sequence[Notice], failure: NoticeDelayedError, *, now: int) -> None:
        wait = _wait(some)
        if failure.away:
            wait = self._relay_is_away(now=now)
        _log.warning("bridge-notice-delayed", count=len(some), seconds=wait, away=failure.away)
        old = [one for one in some if one.due_at <= now - LONGEST_DUE_SECONDS]
        new = [one for one in some if one.due_at > now - LONGEST_DUE_SECONDS]
        if old:
            _log.error("bridge-notice-given-up", count=len(old))
            self._settle(old, NoticeState.REFUSED, now=now)
        if new:
            keep = failure.may_have_it
            self.database.write_now(notice_rows.later, new, until=now + wait, keep=keep)

    def _relay_is_away(self, *, now: int) -> int:
        """Leave it alone for a while; say for how many seconds."""
        self._away_seconds = min(
            max(2 * self._away_seconds, FIRST_LATER_SECONDS), LONGEST_LATER_SECONDS
        )
        self._away_until = now + self._away_seconds
        return self._away_seconds

    def _relay_is_back(self) -> None:
        self._away_seconds = self._away_until = 0

    def _note(self, to: str, kind: Kind, *, now: int) -> None:
        """Remember when somebody was told; not across a restart, which costs one mail more."""
        self._last = {
            key: moment for key, moment in self._last.items() if moment > now - self.gather_seconds
        }
        self._last[to, kind] = now

    def _told_at(self, to: str, kind: Kind, *, now: int) -> int:
        """Give when somebody was told last; long ago, if a clock that was ahead says when."""
        last = self._last.get((to, kind), 0)
        return last if last <= now else 0

    def _is_away(self) -> bool:
        """Say whether the relay is left alone; never for longer than it ever is."""
        return 0 < self._away_until - int(self.clock()) <= LONGEST_LATER_SECONDS

    def _whom(self, mail: SpooledMail | None) -> str:
        """Give who is to be told; nobody of a notice, or they would go round for ever."""
        if mail is None:
            return self.to
        if mail.slip.is_notice:
            return ""
        to = self.to or mail.slip.mail_from
        # The bridge's own names: it would take the notice for a patient's result.
        return "" if to.rpartition("@")[2] == self.domain else to

    def _read(self, queue_id: str) -> SpooledMail | None:
        with contextlib.suppress(SpoolDamagedError, OSError):
            return self.spool.read(queue_id)
        return None

    def _reported(
        self, some: Sequence[Notice], mails: dict[str, SpooledMail | None]
    ) -> tuple[ReportedMail, ...]:
        by_mail: dict[str, list[Notice]] = defaultdict(list)
        for one in some:
            by_mail[one.queue_id].append(one)
        return tuple(
            self._reported_mail(queue_id, notices, mails[queue_id])
            for queue_id, notices in by_mail.items()
        )

    def _reported_mail(
        self, queue_id: str, some: Sequence[Notice], mail: SpooledMail | None
    ) -> ReportedMail:
        since = min(one.since for one in some)
        slip = None if mail is None else mail.slip
        return ReportedMail(
            queue_id=queue_id,
            received_at=since if slip is None else slip.received_at,
            documents=tuple(ReportedDocument(one.document_id, one.reason) for one in some),
            of=0 if mail is None else len(mail.documents),
            recipients=() if slip is None else slip.recipients,
            message_id=None if slip is None else slip.message_id,
            date=None if slip is None else slip.date,
            until=since + self.patience.too_late if some[0].kind is Kind.DELAYED else None,
        )


def _wait(some: Sequence[Notice]) -> int:
    tries = max(one.attempts for one in some)
    doubled: int = FIRST_LATER_SECONDS * 2 ** min(tries, 10)
    return min(doubled, LONGEST_LATER_SECONDS)


def notifier_of(
    settings: Settings, database: Database, spool: MailSpool, *, clock: Callable[[], float]
) -> Notifier:
    """Give a notifier as bridge.toml says. Raises Refused if the password can't be read."""
    said = settings.notices
    return Notifier(
        database,
        spool,
        patience=Patience(
            late=said.late_minutes * MINUTE,
            urgent_late=said.urgent_late_minutes * MINUTE,
            too_late=said.too_late_minutes * MINUTE,
        ),
        domain=settings.domain,
        clock=clock,
        relay=None if said.where is None else NoticeRelay(said, name=settings.domain),
        to=said.to,
        gather_seconds=said.gather_minutes * MINUTE,
        remind_seconds=said.remind_minutes * MINUTE,
    )
