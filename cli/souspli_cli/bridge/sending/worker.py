"""The worker: sorts what was accepted, sends it in order, and waits out the service.

docs/specs/bridge.md §8. Runs in a thread and a loop of its own: files are written and
synced here, and no connection of the laboratory waits for that.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import defaultdict, deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import structlog

from souspli_cli import recipients
from souspli_cli.box import BoxDamaged, BoxVersionUnknown
from souspli_cli.bridge import ledger
from souspli_cli.bridge.errors import EarlierWaitsError, SpoolDamagedError, ToCheckError
from souspli_cli.bridge.ledger_rows import OPEN, State
from souspli_cli.bridge.notices import rows as notice_rows
from souspli_cli.bridge.reasons import BOOK_DAMAGED, BROKEN_ANSWER, SPOOL_DAMAGED, UNEXPECTED
from souspli_cli.bridge.sending.document_spool import begun, covers_path
from souspli_cli.bridge.sending.pauses import TOO_LATE_SECONDS, Pauses
from souspli_cli.bridge.sending.targets import open_target
from souspli_cli.errors import Refused
from souspli_cli.intake.values import Change
from souspli_exchange import errors as exchange
from souspli_exchange import port_errors as port

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from souspli_cli.bridge.ledger_rows import Row
    from souspli_cli.bridge.letters.inviting import Inviter
    from souspli_cli.bridge.sending.delivering import Delivery
    from souspli_cli.bridge.sending.examining import Examination
    from souspli_cli.bridge.sending.line import ServiceLine
    from souspli_cli.bridge.sending.sorting import Sorter
    from souspli_cli.bridge.sending.taking_back import TakingBack
    from souspli_cli.bridge.spool import MailSpool
    from souspli_storage.database import Database

# Patients side by side: mostly waiting for the service's fsync.
LANES: Final = 8
# Looked at together; the next ones when all of these have begun.
BATCH: Final = 64

# One document that gets an answer which nobody understands.
FIRST_LATER_SECONDS: Final = 60

# `souspli bridge retry` is another process, and can't wake this one.
POLL_SECONDS: Final = 5.0
# While the service is away, what is to be checked is known this soon.
SORT_SECONDS: Final = 1.0
# Also before the first time: of a clock that is wrong when the machine starts.
SWEEP_SECONDS: Final = 3_600.0

_log: Final = structlog.get_logger()


class _ServiceAwayError(Exception):
    """Nothing can be sent at the moment, whichever document it is."""

    def __init__(self, *, nobody_there: bool = False) -> None:
        super().__init__()
        self.nobody_there = nobody_there


@dataclass
class Worker:
    """Sends until it is stopped."""

    database: Database
    spool: MailSpool
    sorter: Sorter
    delivery: Delivery
    examination: Examination
    taking_back: TakingBack
    line: ServiceLine
    secret: bytes
    clock: Callable[[], float]
    inviter: Inviter
    too_late_seconds: int = TOO_LATE_SECONDS
    tried: Callable[[str], None] = lambda _: None
    """Hears what became of each try."""
    forward: Callable[[], float] = time.monotonic
    """A clock that nobody puts right."""

    def __repr__(self) -> str:
        return "Worker(…)"

    def __post_init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._wake = asyncio.Event()
        self._stopped = asyncio.Event()
        self._ending = False
        self._pauses = Pauses(self.clock, self.forward, too_late_seconds=self.too_late_seconds)
        self._swept_at = self.forward()

    def wake(self) -> None:
        """Say that there is something to do; from any thread."""
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # it has ended this instant
                self._loop.call_soon_threadsafe(self._wake.set)

    def stop(self) -> None:
        """Have `run` end after the documents under way, or before any; from any thread."""
        self._ending = True
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # as above
                self._loop.call_soon_threadsafe(self._stopped.set)
        self.wake()

    async def run(self) -> None:
        """Send until `stop`."""
        self._loop = asyncio.get_running_loop()
        if self._ending:  # before there was a loop to tell
            self._stopped.set()
        async with self.line:
            while not self._stopped.is_set():
                try:
                    await self._prepare()
                    idle = not await self._send_some()
                    self._pauses.all_tried()
                except _ServiceAwayError as away:
                    self.tried("away")
                    self._pauses.was_away(nobody_there=away.nobody_there)
                    await self._wait_out()
                    continue
                except Exception as failure:  # noqa: BLE001  (mails are accepted: they are to be sent)
                    # A full disk, most likely. The class only: no text of a mail or path.
                    _log.warning("bridge-worker-failed", failure=type(failure).__name__)
                    await self._sleep(POLL_SECONDS)
                    continue
                if idle:
                    self._give_up()
                    await self._sleep(POLL_SECONDS)

    async def _prepare(self) -> None:
        """Do what new mails, and letters, wait for."""
        self.sorter.sort_all()
        self._sweep()
        await self.inviter.hand_over_waiting()

    async def _send_some(self) -> bool:
        """Send what is due until nothing is; say whether anything was.

        Several patients side by side, and no one waits for another's: a document of many
        megabytes on a thin line takes minutes. Raises _ServiceAwayError, StorageError.
        """
        queued: deque[list[Row]] = deque()
        running: dict[asyncio.Task[None], bytes | None] = {}
        begun = False
        try:
            while True:
                self.sorter.sort_all()  # what must be looked at is known while all are busy
                if not queued and len(running) < LANES and not self._stopped.is_set():
                    if begun:
                        await self._prepare()
                    queued.extend(await self._due_lanes(busy=running.values()))
                if queued and not begun:
                    await self._sign_in()
                    begun = True
                while queued and len(running) < LANES:
                    lane = queued.popleft()
                    running[asyncio.create_task(self._send_lane(lane))] = lane[0].lane
                if not running:
                    return begun
                for task in await self._ended(running):
                    del running[task]
                    task.result()
        finally:
            # What is under way ends; its own failures are the same, most likely.
            await asyncio.gather(*running, return_exceptions=True)

    async def _due_lanes(self, *, busy: Iterable[bytes | None]) -> list[list[Row]]:
        """Give what is due, of each patient in order, but of those who are `busy`."""
        self._pauses.begins()
        but = [lane for lane in busy if lane is not None]
        rows = await self.database.read(ledger.due, BATCH, now=int(self.clock()), but=but)
        lanes: dict[bytes | None, list[Row]] = defaultdict(list)
        for row in rows:
            lanes[row.lane].append(row)
        return list(lanes.values())

    async def _sign_in(self) -> None:
        try:
            await self.line.sign_in()
        except port.PortError as failure:
            _log.warning("bridge-service-away", failure=type(failure).__name__)
            raise _ServiceAwayError(nobody_there=True) from failure

    async def _ended(self, running: Iterable[asyncio.Task[None]]) -> set[asyncio.Task[None]]:
        """Wait for one of these, or until there may be something new; give those that ended."""
        new = asyncio.create_task(self._wake.wait())
        try:
            done, _ = await asyncio.wait(
                {*running, new}, timeout=POLL_SECONDS, return_when=asyncio.FIRST_COMPLETED
            )
        finally:
            new.cancel()
        self._wake.clear()
        return {task for task in running if task in done}

    async def _send_lane(self, lane: Sequence[Row]) -> None:
        """Send one patient's documents in order; stop at the first that has to wait."""
        for row in lane:
            if self._stopped.is_set() or not await self._send(row):
                return

    async def _send(self, row: Row) -> bool:
        """Send one document and record what became of it; False if it has to wait."""
        # What came while it waited for its turn may take it back, and what a person has
        # decided meanwhile may come before it.
        self.sorter.sort_all()
        # From here on it is not taken back unsent: nobody would know whether it has left.
        with self.sorter.under_way(row.document_id):
            if not self.database.read_now(ledger.is_waiting, row.document_id):
                return True  # taken back
            if not self.database.read_now(ledger.is_first, row.document_id):
                return False
            return await self._try(row)

    async def _try(self, row: Row) -> bool:
        now = int(self.clock())
        try:
            state, findings = await self._carry_out(row, now=now)
        except EarlierWaitsError:
            return False
        except ToCheckError as held:
            await self._end(row, State.TO_CHECK, held.reason, findings=held.findings)
        except (SpoolDamagedError, FileNotFoundError):
            await self._end(row, State.TO_CHECK, SPOOL_DAMAGED)
        except port.NotSignedInError as failure:
            self.line.signed_out()
            raise _ServiceAwayError from failure
        except Refused as refused:
            damaged = isinstance(refused, (BoxDamaged, BoxVersionUnknown))
            await self._end(row, State.TO_CHECK, BOOK_DAMAGED if damaged else refused.name)
        except exchange.SpoolError as failure:
            await self._postpone(row, failure)
            return False
        except exchange.ExchangeError as failure:
            return await self._failed(row, failure)
        except Exception as failure:  # noqa: BLE001  (one document must not stop all others)
            await self._postpone(row, failure)
            return False
        else:
            await self._end(row, state, None, findings=findings)
        return True

    async def _failed(self, row: Row, failure: exchange.ExchangeError) -> bool:
        if failure.temporary:
            raise _ServiceAwayError from failure
        if isinstance(failure, port.BrokenAnswerError):
            await self._postpone(row, failure)
            return False
        known = recipients.in_words(failure, "")
        if known is not None:
            await self._end(row, State.TO_CHECK, known.name)
        else:
            await self._end(row, State.FAILED, _reason(failure))
        return True

    async def _carry_out(self, row: Row, *, now: int) -> tuple[State, str | None]:
        """Do what a document is for; give what became of it, and what was found in it."""
        mail = self.spool.read(row.queue_id)
        number = mail.number_of(row.document_id)
        if mail.documents[number].change is Change.WITHDRAWS:
            await self.taking_back.take_back(self.line.sending, mail, number, row, now=now)
            return State.WITHDRAWN, None
        findings = await self.examination.examine(mail, number, row)
        target = open_target(self.secret, row.target or b"", document_id=row.document_id)
        await self.delivery.deliver(self.line.sending, mail, number, target, now=now)
        return State.DELIVERED, findings

    async def _end(
        self, row: Row, state: State, reason: str | None, *, findings: str | None = None
    ) -> None:
        """Record how a document ended; then, and only then, forget its files."""
        self.tried(state.value)
        if state in {State.DELIVERED, State.WITHDRAWN}:
            self._pauses.is_back()
        if reason is not None or findings:
            _log.warning(
                "bridge-document", document_id=row.document_id, reason=reason, findings=findings
            )
        now = int(self.clock())
        await self.database.write(
            ledger.end, row.document_id, state, reason, now=now, findings=findings
        )
        # A crash from here on leaves files that the next start removes.
        if state not in OPEN:
            covers_path(self.spool.folder, row.document_id).unlink(missing_ok=True)
            if await self.database.read(ledger.is_settled, row.queue_id):
                self.spool.remove(row.queue_id)

    async def _postpone(self, row: Row, failure: Exception) -> None:
        self.tried("later")
        wait = min(FIRST_LATER_SECONDS * 2 ** min(row.attempts, 10), ledger.LONGEST_WAIT_SECONDS)
        _log.warning(
            "bridge-document-waits",
            document_id=row.document_id,
            failure=type(failure).__name__,
            seconds=wait,
        )
        until = int(self.clock()) + wait
        await self.database.write(ledger.postpone, row.document_id, _reason(failure), until=until)

    async def _wait_out(self) -> None:
        """Wait for the service, and sort what comes meanwhile."""
        loop = asyncio.get_running_loop()
        until = loop.time() + self._pauses.next_pause()
        while not self._stopped.is_set() and (left := until - loop.time()) > 0:
            # Not woken by each mail: what comes is sorted some at a time.
            await self._sleep(min(left, SORT_SECONDS), heed_wake=False)
            try:
                self.sorter.sort_all()
                self._give_up()
            except Exception as failure:  # noqa: BLE001  (as in `run`)
                _log.warning("bridge-worker-failed", failure=type(failure).__name__)

    async def _sleep(self, seconds: float, *, heed_wake: bool = True) -> None:
        """Sleep, or be woken; by `stop` in any case."""
        woken = self._wake if heed_wake else self._stopped
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await woken.wait()
        self._wake.clear()

    def _give_up(self) -> None:
        """Fail what has waited for too long. Only here, where nothing is on its way."""
        before = self._pauses.too_late_before()
        if before is None or not self.database.read_now(notice_rows.any_too_late, before=before):
            return
        left = begun(self.spool.folder)
        now = int(self.clock())
        count = self.database.write_now(
            notice_rows.give_up, before=before, now=now, may_have_left=left
        )
        _log.error("bridge-too-late", count=count)

    def _sweep(self) -> None:
        if not self._pauses.quiet_for(ledger.REPEATS_DAYS * ledger.DAY):
            return
        if self.forward() - self._swept_at >= SWEEP_SECONDS:
            self._swept_at = self.forward()
            self.database.write_now(ledger.sweep, now=int(self.clock()))


def _reason(failure: Exception) -> str:
    """Give the word for a failure that nobody foresaw: its class, never its text."""
    problem = getattr(failure, "problem", None)
    if isinstance(problem, str):
        return problem.replace("-", "_")
    return BROKEN_ANSWER if isinstance(failure, port.BrokenAnswerError) else UNEXPECTED
