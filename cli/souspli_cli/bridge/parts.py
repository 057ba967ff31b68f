"""The parts of a bridge, each given what it needs: made here, and nowhere else."""

from __future__ import annotations

import asyncio
import contextlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from souspli_cli.bridge.accepting.acceptance import Acceptance
from souspli_cli.bridge.accepting.folder_sync import FolderSync
from souspli_cli.bridge.accepting.keeping import Keeping
from souspli_cli.bridge.accepting.mail_readers import MailReaders
from souspli_cli.bridge.accepting.recording import Recorder
from souspli_cli.bridge.accepting.spool_room import SpoolRoom
from souspli_cli.bridge.digests import Digests
from souspli_cli.bridge.fresh_slips import FreshSlips
from souspli_cli.bridge.ledger import open_ledger, reported
from souspli_cli.bridge.letters.inviting import Inviter
from souspli_cli.bridge.letters.kept import KeptLetters
from souspli_cli.bridge.letters.out import LettersFolder, PrintCommand
from souspli_cli.bridge.letters.policy import check as check_policy
from souspli_cli.bridge.metrics import BridgeMetrics
from souspli_cli.bridge.metrics_server import MetricsPage
from souspli_cli.bridge.notices.notifier import notifier_of
from souspli_cli.bridge.notices.settings import MINUTE
from souspli_cli.bridge.pdf.examiners import PdfExaminers
from souspli_cli.bridge.people.addresses import Addresses
from souspli_cli.bridge.people.book_index import BookIndex
from souspli_cli.bridge.people.people_book import PeopleBook
from souspli_cli.bridge.people.routes import RoutesFile
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
from souspli_cli.errors import Refused
from souspli_exchange.ids import DocumentId
from souspli_storage.errors import StorageError, StorageFullError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from souspli_cli.account import Account
    from souspli_cli.bridge.accepting.submission import Reader
    from souspli_cli.bridge.letters.policy import Invitations
    from souspli_cli.bridge.notices.notifier import Notifier
    from souspli_cli.bridge.routing import Target
    from souspli_cli.bridge.settings import Folder, Settings
    from souspli_cli.bridge.slip import DocumentSlip
    from souspli_storage.database import Database

# Mails that wait for a reader, or for their fsync: file systems make one of many.
KEEPING_THREADS: Final = 16
# Short questions: a recipient, a password.
ASKING_THREADS: Final = 4


@dataclass(frozen=True, repr=False)
class Parts:
    """A bridge that is ready to run; all of it ends with the stack that it was made on."""

    listener: Listener
    acceptance: Acceptance
    recorder: Recorder
    worker: Worker
    notifier: Notifier
    page: MetricsPage


@dataclass(frozen=True, repr=False)
class _Ground:
    """What several parts stand on."""

    account: Account
    folder: Folder
    settings: Settings
    clock: Callable[[], float]
    forward: Callable[[], float]
    policy: Invitations
    secret: bytes
    digests: Digests
    spool: MailSpool
    database: Database
    listed: Addresses
    book: PeopleBook


def make(
    stack: contextlib.ExitStack,
    account: Account,
    folder: Folder,
    settings: Settings,
    *,
    reader: Reader,
    clock: Callable[[], float],
    forward: Callable[[], float],
) -> Parts:
    """Open the profile's files, bring them to where a crash left them, make the parts.

    `forward`: a clock that nobody puts right. Used by the one bridge of the profile, from
    its loop. Raises Refused, StorageError, OSError.
    """
    ground = _ground(stack, account, folder, settings, clock=clock, forward=forward)
    fresh, metrics = FreshSlips(), BridgeMetrics()
    worker = _worker(stack, ground, fresh, metrics)
    recorder = Recorder(ground.database, fresh, recorded=worker.wake)
    acceptance = _acceptance(stack, ground, recorder, reader)
    return Parts(
        listener=Listener(settings, _desk(stack, ground, acceptance, metrics)),
        acceptance=acceptance,
        recorder=recorder,
        worker=worker,
        notifier=notifier_of(settings, ground.database, ground.spool, clock=clock),
        page=MetricsPage(metrics, ground.database, ground.spool, account.profile, clock),
    )


def _ground(
    stack: contextlib.ExitStack,
    account: Account,
    folder: Folder,
    settings: Settings,
    *,
    clock: Callable[[], float],
    forward: Callable[[], float],
) -> _Ground:
    policy = check_policy(settings.invitations, account)
    secret = account.device.unlocker.secret_bytes()
    digests = Digests.of(secret)
    spool = MailSpool(folder.spool, secret)
    database = stack.enter_context(open_ledger(folder.ledger))
    recover(database, spool, digests)
    listed = stack.enter_context(_listed(folder, secret))
    invited = BookIndex(account.book, RoutesFile(folder.routes, secret))
    return _Ground(
        account=account,
        folder=folder,
        settings=settings,
        clock=clock,
        forward=forward,
        policy=policy,
        secret=secret,
        digests=digests,
        spool=spool,
        database=database,
        listed=listed,
        book=PeopleBook(account.book, invited, listed),
    )


def _worker(
    stack: contextlib.ExitStack, ground: _Ground, fresh: FreshSlips, metrics: BridgeMetrics
) -> Worker:
    """Make what sends, with all that it sends by."""
    account, settings = ground.account, ground.settings
    spool, database = ground.spool, ground.database
    inviter = Inviter(
        account,
        ground.policy,
        listed=ground.listed,
        letters=KeptLetters(ground.folder.letters, ground.secret),
        way_out=_way_out(ground.policy, account),
        clock=ground.clock,
    )
    sorter = Sorter(
        database,
        spool,
        fresh=fresh,
        book=ground.book,
        domain=settings.names,
        policy=settings.policy,
        digests=ground.digests,
        secret=ground.secret,
        clock=ground.clock,
        allow=ground.policy.allow,
    )
    delivery = Delivery(
        account,
        spool,
        title=settings.title,
        corrected=_corrected(database, ground.digests),
        inviter=inviter,
    )
    examiners = stack.enter_context(PdfExaminers(settings.limits.examiners))
    return Worker(
        database=database,
        spool=spool,
        sorter=sorter,
        delivery=delivery,
        examination=Examination(account, spool, examiners=examiners, policy=settings.policy),
        taking_back=TakingBack(account, spool, database=database, digests=ground.digests),
        line=ServiceLine(account),
        secret=ground.secret,
        clock=ground.clock,
        forward=ground.forward,
        too_late_seconds=settings.notices.too_late_minutes * MINUTE,
        tried=metrics.tried,
        inviter=inviter,
    )


def _acceptance(
    stack: contextlib.ExitStack, ground: _Ground, recorder: Recorder, reader: Reader
) -> Acceptance:
    """Make what takes mails in, and start the processes that read them."""
    keeping = Keeping(ground.spool, ground.digests, reader, ground.settings.policy.executables)
    readers = stack.enter_context(MailReaders(keeping, processes=ground.settings.limits.processes))
    threads = stack.enter_context(_threads("bridge-keep", KEEPING_THREADS))
    return Acceptance(
        readers,
        ground.spool,
        room=SpoolRoom(ground.folder.spool, reserve_bytes=ground.settings.limits.free_bytes),
        digests=ground.digests,
        sync=FolderSync(ground.folder.spool, threads),
        recorder=recorder,
        executor=threads,
        clock=ground.clock,
    )


def _desk(
    stack: contextlib.ExitStack, ground: _Ground, acceptance: Acceptance, metrics: BridgeMetrics
) -> FrontDesk:
    """Make what connections ask."""
    asking = stack.enter_context(_threads("bridge-ask", ASKING_THREADS))
    return FrontDesk(
        SigningIn(ground.folder.accounts, asking, clock=_forward),
        acceptance,
        book=ground.book,
        domain=ground.settings.names,
        executor=asking,
        metrics=metrics,
        allow=ground.policy.allow,
    )


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
def _threads(name: str, count: int) -> Generator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(count, thread_name_prefix=name) as pool:
        yield pool


def _forward() -> float:
    """Give a moment of a clock that only goes forward."""
    return asyncio.get_running_loop().time()
