"""The running bridge: one for a profile; its parts run until one is told to end."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import time
from typing import TYPE_CHECKING, Any, Final

import structlog

from souspli_cli import files
from souspli_cli.bridge.errors import PartEndedError
from souspli_cli.bridge.metrics_server import serving
from souspli_cli.bridge.parts import make
from souspli_cli.bridge.prepared import prepare_types
from souspli_cli.bridge.threads import in_thread
from souspli_cli.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from souspli_cli.account import Account
    from souspli_cli.bridge.accepting.submission import Reader
    from souspli_cli.bridge.parts import Parts
    from souspli_cli.bridge.settings import Folder, Settings

# Of one that was killed this instant, a process that it was just starting has the lock until
# it has become another program: milliseconds, on a machine that has time for it.
HOLD_SECONDS: Final = 3.0

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
        forward: Callable[[], float] = time.monotonic,
    ) -> None:
        """Nothing is opened yet. `forward`: a clock that nobody puts right."""
        self._account = account
        self._folder = folder
        self._settings = settings
        self._reader = reader
        self._clock = clock
        self._forward = forward
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
        with _alone(self._folder), contextlib.ExitStack() as stack:
            parts = make(
                stack,
                self._account,
                self._folder,
                self._settings,
                reader=self._reader,
                clock=self._clock,
                forward=self._forward,
            )
            async with serving(parts.page, self._settings.metrics.where):
                await self._serve(parts, ready)

    async def _serve(self, parts: Parts, ready: Callable[[int], None]) -> None:
        try:
            port = await parts.listener.start()
        except OSError:
            raise Refused("listen_failed", listen=self._settings.listen) from None
        recording = asyncio.create_task(parts.recorder.run())
        running: dict[asyncio.Future[None], str] = {
            recording: "recorder",
            in_thread("bridge-worker", parts.worker.run): "worker",
            in_thread("bridge-notices", parts.notifier.run): "notifier",
        }
        told = asyncio.create_task(self._stop.wait())
        watched: list[asyncio.Future[Any]] = [told, *running]
        try:
            ready(port)
            await asyncio.wait(watched, return_when=asyncio.FIRST_COMPLETED)
            ended = [part for part in running if part.done()]
        finally:
            # Mails under way are answered, or were not: then they come again.
            parts.listener.stop_listening()
            await parts.acceptance.finish()
            await parts.listener.close()
            told.cancel()
            parts.worker.stop()
            parts.notifier.stop()
            if not recording.done():
                recording.cancel()
                await parts.recorder.finish()
            await asyncio.wait(running)
        for part in ended:
            # Going on, mails would be taken that nobody sends. Ended and started again, the
            # bridge finds them all, and its log says what happened.
            failure = part.exception()
            _log.error("bridge-part-ended", part=running[part], failure=type(failure).__name__)
            raise PartEndedError("a part of the bridge ended by itself")


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
