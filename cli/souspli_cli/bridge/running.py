"""The running bridge: the one place where its parts meet."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import fcntl
import os
import threading
import time
from typing import TYPE_CHECKING, Any, Final

from souspli_cli import files
from souspli_cli.bridge.accepting import Acceptance
from souspli_cli.bridge.book_index import BookIndex
from souspli_cli.bridge.delivering import Delivery
from souspli_cli.bridge.digests import Digests
from souspli_cli.bridge.folder_sync import FolderSync
from souspli_cli.bridge.keeping import Keeping
from souspli_cli.bridge.keeping_pool import KeepingPool
from souspli_cli.bridge.ledger import open_ledger, reported
from souspli_cli.bridge.line import ServiceLine
from souspli_cli.bridge.prepared import prepare_types
from souspli_cli.bridge.recording import Recorder
from souspli_cli.bridge.routes import RoutesFile
from souspli_cli.bridge.server import FrontDesk, Listener
from souspli_cli.bridge.signing_in import SigningIn
from souspli_cli.bridge.sorting import Sorter
from souspli_cli.bridge.spool import MailSpool
from souspli_cli.bridge.starting import recover
from souspli_cli.bridge.worker import Worker
from souspli_cli.errors import Refused
from souspli_exchange.ids import DocumentId

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from souspli_cli.account import Account
    from souspli_cli.bridge.routing import Target
    from souspli_cli.bridge.settings import Folder, Settings
    from souspli_cli.bridge.slip import DocumentSlip
    from souspli_cli.bridge.submission import Reader
    from souspli_storage.database import Database

# Mails that wait for their fsync side by side: file systems make one of many.
SYNCING_THREADS: Final = 16
# Of one that was killed this instant, a process that it was just starting has the lock until
# it has become another program: milliseconds, on a machine that has time for it.
HOLD_SECONDS: Final = 3.0
# Short questions: a recipient, a password.
ASKING_THREADS: Final = 4


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
        can't listen; StorageError, OSError; and whatever ended a part that must not end.
        """
        prepare_types()
        with _alone(self._folder), contextlib.ExitStack() as stack:
            secret = self._account.device.unlocker.secret_bytes()
            digests = Digests.of(secret)
            spool = MailSpool(self._folder.spool, secret)
            database = stack.enter_context(open_ledger(self._folder.ledger))
            recover(database, spool, digests)
            book = BookIndex(self._account.book, RoutesFile(self._folder.routes, secret))
            sorter = Sorter(
                database,
                spool,
                book=book,
                domain=self._settings.names,
                digests=digests,
                secret=secret,
                clock=self._clock,
            )
            worker = Worker(
                database=database,
                spool=spool,
                sorter=sorter,
                delivery=Delivery(
                    self._account,
                    spool,
                    title=self._settings.title,
                    corrected=_corrected(database, digests),
                ),
                line=ServiceLine(self._account),
                secret=secret,
                clock=self._clock,
            )
            keeping = stack.enter_context(
                KeepingPool(
                    Keeping(spool, digests, self._reader),
                    processes=self._settings.limits.processes,
                )
            )
            syncing = stack.enter_context(_threads("bridge-sync", SYNCING_THREADS))
            asking = stack.enter_context(_threads("bridge-ask", ASKING_THREADS))
            recorder = Recorder(database, recorded=worker.wake)
            acceptance = Acceptance(
                keeping,
                spool,
                digests=digests,
                sync=FolderSync(self._folder.spool, syncing),
                recorder=recorder,
                executor=syncing,
                clock=self._clock,
            )
            desk = FrontDesk(
                SigningIn(self._folder.accounts, asking, clock=_forward),
                acceptance,
                book=book,
                domain=self._settings.names,
                executor=asking,
            )
            await self._serve(Listener(self._settings, desk), acceptance, recorder, worker, ready)

    async def _serve(
        self,
        listener: Listener,
        acceptance: Acceptance,
        recorder: Recorder,
        worker: Worker,
        ready: Callable[[int], None],
    ) -> None:
        try:
            port = await listener.start()
        except OSError:
            raise Refused("listen_failed", listen=self._settings.listen) from None
        recording = asyncio.create_task(recorder.run())
        sending = _in_thread(lambda: asyncio.run(worker.run()), "bridge-worker")
        stopping = asyncio.create_task(self._stop.wait())
        running: set[asyncio.Future[Any]] = {stopping, recording, sending}
        try:
            ready(port)
            ended, _ = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
            for one in ended - {stopping}:
                # Going on, mails would be taken that nobody sends. Ended and started again,
                # the bridge finds them all, and its log says what happened.
                await one
        finally:
            # Mails under way are answered, or were not: then they come again.
            stopping.cancel()
            listener.stop_listening()
            await acceptance.finish()
            await listener.close()
            recording.cancel()
            await recorder.finish()
            worker.stop()
            await asyncio.wait([sending])


def _in_thread(run: Callable[[], None], name: str) -> asyncio.Future[None]:
    """Run something in a thread of its own, which nobody waits for at the program's end."""
    done: concurrent.futures.Future[None] = concurrent.futures.Future()

    def ended() -> None:
        try:
            run()
        except BaseException as failure:  # noqa: BLE001  (it is raised by whoever awaits)
            done.set_exception(failure)
        else:
            done.set_result(None)

    threading.Thread(target=ended, name=name, daemon=True).start()
    return asyncio.wrap_future(done)


def _corrected(
    database: Database, digests: Digests
) -> Callable[[DocumentSlip, Target], DocumentId | None]:
    def find(slip: DocumentSlip, target: Target) -> DocumentId | None:
        reports = [digests.report(one) for one in slip.replaces]
        found = database.read_now(reported, reports, digests.lane(target.addresses[:1]))
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
def _threads(name: str, count: int) -> Generator[concurrent.futures.ThreadPoolExecutor]:
    with concurrent.futures.ThreadPoolExecutor(count, thread_name_prefix=name) as pool:
        yield pool


def _forward() -> float:
    """Give a moment of a clock that only goes forward."""
    return asyncio.get_running_loop().time()
