"""Processes in which mails are read and sealed, several side by side.

Python runs one thread at a time: with `processes`, what reads a mail never delays what
answers another. And a reader that is killed, or needs too much, takes nobody along. With
none, threads of this process do it.
"""

from __future__ import annotations

import asyncio
import ctypes
import faulthandler
import multiprocessing
import os
import signal
import sys
import threading
import time
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import TYPE_CHECKING, Final

import structlog

if TYPE_CHECKING:
    from multiprocessing.process import BaseProcess
    from types import TracebackType

    from souspli_cli.bridge.keeping import Keeping
    from souspli_cli.bridge.ledger import AcceptedMail
    from souspli_cli.bridge.submission import Moment, Submission

# Without processes: most of them wait for the disk.
THREADS: Final = 8
_PARENT_SECONDS: Final = 1.0
_PR_SET_PDEATHSIG: Final = 1  # <linux/prctl.h>
# 64 MiB take some seconds, and wait for others; a client waits ten minutes for the answer
# to its dot (RFC 5321 §4.5.3.2.6).
LONGEST_SECONDS: Final = 180.0

_log: Final = structlog.get_logger()


class KeepingPool:
    """A context; used from one loop. Processes start at once."""

    def __init__(
        self, keeping: Keeping, *, processes: int, longest_seconds: float = LONGEST_SECONDS
    ) -> None:
        self._keeping = keeping
        self._processes = processes
        self._longest_seconds = longest_seconds
        self._pool = self._start()

    async def keep(
        self, submission: Submission, queue_id: str, repeat: bytes, moment: Moment
    ) -> AcceptedMail:
        """Do what `Keeping.keep` does; raises the same, and BrokenProcessPool.

        After the latter an unfinished file may be left, as after a crash. TimeoutError,
        with the processes, if it takes longer than any mail does.
        """
        pool, loop = self._pool, asyncio.get_running_loop()
        arguments = (submission, queue_id, repeat, moment)
        if not self._processes:
            return await loop.run_in_executor(pool, self._keeping.keep, *arguments)
        try:
            async with asyncio.timeout(self._longest_seconds):
                return await loop.run_in_executor(pool, _keep, *arguments)
        except (BrokenProcessPool, TimeoutError):
            # All mails under way fail with it; the first to notice starts another.
            if pool is self._pool:
                _log.error("bridge-reader-died")
                self._pool = self._start()
                _kill(pool)
            raise

    def __enter__(self) -> KeepingPool:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._pool.shutdown()

    def _start(self) -> Executor:
        if not self._processes:
            return ThreadPoolExecutor(THREADS, thread_name_prefix="bridge-keep")
        pool = ProcessPoolExecutor(
            self._processes,
            # Not forked: threads and their locks would be copied in whatever state they are.
            mp_context=multiprocessing.get_context("spawn"),
            initializer=_begin,
            initargs=(self._keeping, os.getpid()),
        )
        for _ in range(self._processes):
            # Each starts a process, which loads what the first mail would wait for.
            pool.submit(_load)
        return pool


def _kill(pool: Executor) -> None:
    """End a pool's processes, whatever they are doing."""
    # Before Python 3.14 nothing else tells them; None once it was shut down.
    processes: dict[int, BaseProcess] | None = getattr(pool, "_processes", None)
    for process in list((processes or {}).values()):
        process.kill()
    pool.shutdown(wait=False)


_keeping: Keeping | None = None
"""Of a process of the pool."""


def _begin(keeping: Keeping, parent: int) -> None:
    global _keeping  # noqa: PLW0603  (one for a process, as the pool hands it over)
    _keeping = keeping
    # Ctrl-C is heard by the parent, which has mails finished first.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    faulthandler.enable()
    _die_with_parent()
    # Where the system can't do it, and for a parent that died before it was asked to.
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


def _end_with(parent: int) -> None:
    """End soon after a parent that was killed: nobody would ever hear of what is done here."""
    while os.getppid() == parent:
        time.sleep(_PARENT_SECONDS)
    os._exit(1)


def _die_with_parent() -> None:
    """Ask Linux for a SIGKILL at the moment when the parent ends, however it ends."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _load() -> None:
    """Do nothing, in a process that has loaded all it needs."""


def _keep(submission: Submission, queue_id: str, repeat: bytes, moment: Moment) -> AcceptedMail:
    if _keeping is None:
        raise RuntimeError("not a process of the pool")
    return _keeping.keep(submission, queue_id, repeat, moment)
