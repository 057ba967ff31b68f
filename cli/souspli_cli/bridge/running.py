"""The running bridge: the one place where its parts meet."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import structlog

from souspli_cli import files
from souspli_cli.bridge.accepting.acceptance import Acceptance
from souspli_cli.bridge.accepting.folder_sync import FolderSync
from souspli_cli.bridge.accepting.keeping import Keeping
from souspli_cli.bridge.accepting.mail_readers import MailReaders
from souspli_cli.bridge.accepting.recording import Recorder
from souspli_cli.bridge.digests import Digests
from souspli_cli.bridge.errors import PartEndedError
from souspli_cli.bridge.fresh_slips import FreshSlips
from souspli_cli.bridge.ledger import open_ledger, reported
from souspli_cli.bridge.letters.inviting import Inviter
from souspli_cli.bridge.letters.kept import KeptLetters
from souspli_cli.bridge.letters.out import LettersFolder, PrintCommand
from souspli_cli.bridge.letters.policy import check as check_policy
from souspli_cli.bridge.metrics import BridgeMetrics
from souspli_cli.bridge.metrics_server import MetricsPage, serving
from souspli_cli.bridge.notices.notifier import notifier_of
from souspli_cli.bridge.notices.settings import MINUTE
from souspli_cli.bridge.pdf.examiners import PdfExaminers
from souspli_cli.bridge.people.addresses import Addresses
from souspli_cli.bridge.people.book_index import BookIndex
from souspli_cli.bridge.people.people_book import PeopleBook
from souspli_cli.bridge.people.routes import RoutesFile
from souspli_cli.bridge.prepared import prepare_types
from souspli_cli.bridge.sending.delivering import Delivery
from souspli_cli.bridge.sending.examining import Examination
from souspli_cli.bridge.sending.line import ServiceLine
from souspli_cli.bridge.sending.sorting import Sorter
from souspli_cli.bridge.sending.taking_back import TakingBack
from souspli_cli.bridge.sending.worker import Worker
from souspli_cli.bridge.smtp.server import FrontDesk, Listener
from souspli_cli.bridge.smtp.signing_in import SigningIn
from souspli_cli.bridge.spool import MailSpool
from souspli_cli.bridge.starting import recover
from souspli_cli.bridge.threads import in_thread
from souspli_cli.errors import Refused
from souspli_exchange.ids import DocumentId
from souspli_storage.errors import StorageError, StorageFullError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence

    from souspli_cli.account import Account
    from souspli_cli.bridge.accepting.submission import Reader
    from souspli_cli.bridge.ledger_rows import AcceptedMail
    from souspli_cli.bridge.letters.policy import Invitations
    from souspli_cli.bridge.notices.notifier import Notifier
    from souspli_cli.bridge.routing import Target
    from souspli_cli.bridge.settings import Folder, Settings
    from souspli_cli.bridge.slip import DocumentSlip
    from souspli_storage.database import Database

# Mails that wait for a reader, or for their fsync: file systems make one of many.
KEEPING_THREADS: Final = 16
# Of one that was killed this instant, a process that it was just starting has the lock until
# it has become another program: milliseconds, on a machine that has time for it.
HOLD_SECONDS: Final = 3.0
# Short questions: a recipient, a password.
ASKING_THREADS: Final = 4

_log: Final = structlog.get_logger()


class Bridge:
    """Accepts and sends until it is stopped; one for a profile."""

    def __init__(
        self,
        account: Account,
        folder: Folder,
        settings: Settings,
        *,
        reader: Reader,
        clock: Callable[[], float],
    ) -> None:
        """Nothing is opened yet."""
        self._account = account
        self._folder = folder
        self._settings = settings
        self._reader = reader
        self._clock = clock
        self._stop = asyncio.Event()

    def stop(self) -> None:
        """Have `run` end; from the loop."""
        self._stop.set()

    async def run(self, *, ready: Callable[[int], None]) -> None:
        """Run until `stop`; `ready` is given the port.

        Raises Refused if a bridge runs on this profile already, for its settings, or if it
        can't listen; StorageError, OSError; PartEndedError if it can't go on.
        """
        prepare_types()
        policy = check_policy(self._settings.invitations, self._account)
        with _alone(self._folder), contextlib.ExitStack() as stack:
            secret = self._account.device.unlocker.secret_bytes()
            digests = Digests.of(secret)
            spool = MailSpool(self._folder.spool, secret)
            database = stack.enter_context(open_ledger(self._folder.ledger))
            recover(database, spool, digests)
            listed = stack.enter_context(_listed(self._folder, secret))
            invited = BookIndex(self._account.book, RoutesFile(self._folder.routes, secret))
            book = PeopleBook(self._account.book, invited, listed)
            inviter = Inviter(
                self._account,
                policy,
                listed=listed,
                letters=KeptLetters(self._folder.letters, secret),
                way_out=_way_out(policy, self._account),
                clock=self._clock,
            )
            fresh = FreshSlips()
            sorter = Sorter(
                database,
                spool,
                fresh=fresh,
                book=book,
                domain=self._settings.names,
                policy=self._settings.policy,
                digests=digests,
                secret=secret,
                clock=self._clock,
                allow=policy.allow,
            )
            metrics = BridgeMetrics()
            examiners = stack.enter_context(PdfExaminers(self._settings.limits.examiners))
            worker = Worker(
                database=database,
                spool=spool,
                sorter=sorter,
                delivery=Delivery(
                    self._account,
                    spool,
                    title=self._settings.title,
                    corrected=_corrected(database, digests),
                    inviter=inviter,
                ),
                examination=Examination(
                    self._account, spool, examiners=examiners, policy=self._settings.policy
                ),
                taking_back=TakingBack(self._account, spool, database=database, digests=digests),
                line=ServiceLine(self._account),
                secret=secret,
                clock=self._clock,
                too_late_seconds=self._settings.notices.too_late_minutes * MINUTE,
                tried=metrics.tried,
                inviter=inviter,
            )
            notifier = notifier_of(self._settings, database, spool, clock=self._clock)
            readers = stack.enter_context(
                MailReaders(
                    Keeping(spool, digests, self._reader, self._settings.policy.executables),
                    processes=self._settings.limits.processes,
                )
            )
            threads = stack.enter_context(_threads("bridge-keep", KEEPING_THREADS))
            asking = stack.enter_context(_threads("bridge-ask", ASKING_THREADS))
            recorder = Recorder(database, recorded=_handing_on(fresh, worker))
            acceptance = Acceptance(
                readers,
                spool,
                digests=digests,
                sync=FolderSync(self._folder.spool, threads),
                recorder=recorder,
                executor=threads,
                clock=self._clock,
            )
            desk = FrontDesk(
                SigningIn(self._folder.accounts, asking, clock=_forward),
                acceptance,
                book=book,
                domain=self._settings.names,
                executor=asking,
                metrics=metrics,
                allow=policy.allow,
            )
            page = MetricsPage(metrics, database, spool, self._account.profile, self._clock)
            listener = Listener(self._settings, desk)
            async with serving(page, self._settings.metrics.where):
                await self._serve(
                    listener, acceptance, recorder, worker, notifier=notifier, ready=ready
                )

    async def _serve(
        self,
        listener: Listener,
        acceptance: Acceptance,
        recorder: Recorder,
        worker: Worker,
        *,
        notifier: Notifier,
        ready: Callable[[int], None],
    ) -> None:
        try:
            port = await listener.start()
        except OSError:
            raise Refused("listen_failed", listen=self._settings.listen) from None
        recording = asyncio.create_task(recorder.run())
        parts: dict[asyncio.Future[None], str] = {
            recording: "recorder",
            in_thread("bridge-worker", worker.run): "worker",
            in_thread("bridge-notices", notifier.run): "notifier",
        }
        told = asyncio.create_task(self._stop.wait())
        watched: list[asyncio.Future[Any]] = [told, *parts]
        try:
            ready(port)
            await asyncio.wait(watched, return_when=asyncio.FIRST_COMPLETED)
            ended = [part for part in parts if part.done()]
        finally:
            # Mails under way are answered, or were not: then they come again.
            listener.stop_listening()
            await acceptance.finish()
            await listener.close()
            told.cancel()
            worker.stop()
            notifier.stop()
            if not recording.done():
                recording.cancel()
                await recorder.finish()
            await asyncio.wait(parts)
        for part in ended:
            # Going on, mails would be taken that nobody sends. Ended and started again, the
            # bridge finds them all, and its log says what happened.
            failure = part.exception()
            _log.error("bridge-part-ended", part=parts[part], failure=type(failure).__name__)
            raise PartEndedError("a part of the bridge ended by itself")


def _handing_on(fresh: FreshSlips, worker: Worker) -> Callable[[Sequence[AcceptedMail]], None]:
    def recorded(mails: Sequence[AcceptedMail]) -> None:
        fresh.add(mails)
        worker.wake()

    return recorded


def _listed(folder: Folder, secret: bytes) -> Addresses:
    try:
        return Addresses(folder.addresses, secret)
    except StorageFullError:
        raise
    except StorageError:
        raise Refused("bridge_addresses_file") from None


def _way_out(policy: Invitations, account: Account) -> LettersFolder | PrintCommand | None:
    """Give where letters go; what a bridge that was killed began to write there is removed."""
    if policy.print_command:
        return PrintCommand(policy.print_command)
    if policy.letters is None:
        return None
    folder = LettersFolder(Path(policy.letters), account.profile.folder)
    folder.tidy()
    return folder


def _corrected(
    database: Database, digests: Digests
) -> Callable[[DocumentSlip, Target], DocumentId | None]:
    def find(slip: DocumentSlip, target: Target) -> DocumentId | None:
        reports = [digests.report(one) for one in slip.replaces]
        lane = digests.lane(target.addresses[:1])
        found = database.read_now(reported, reports, lane, before=slip.document_id)
        return None if found is None else DocumentId(found)

    return find


@contextlib.contextmanager
def _alone(folder: Folder) -> Generator[None]:
    """Hold the bridge's lock; it ends with the process, however that ends."""
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(folder.lock, flags, files.PRIVATE_FILE)
    try:
        limit = time.monotonic() + HOLD_SECONDS
        while not _is_held(descriptor):
            if time.monotonic() >= limit:
                raise Refused("bridge_runs_already")
            time.sleep(0.1)
        yield
    finally:
        os.close(descriptor)


def _is_held(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextlib.contextmanager
def _threads(name: str, count: int) -> Generator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(count, thread_name_prefix=name) as pool:
        yield pool


def _forward() -> float:
    """Give a moment of a clock that only goes forward."""
    return asyncio.get_running_loop().time()
