"""Several processes behind one address: a parent that starts them and replaces the dead.

The parent binds, forks and waits. It serves nothing, opens nothing that stays open, and
never starts a thread or an event loop: forking is safe only without them, and it forks
again whenever a worker dies. Workers share its listening sockets, so that a connection
that nobody has taken yet survives the death of any one of them.

    killed with -9   leaves
    a worker         the requests it had under way, to be repeated; its jobs' leases end
                     (also one that stands still, which is killed: `heartbeat.py`)
    the parent       nothing: the workers see its end of a pipe close, and stop
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Final

import structlog

from souspli_mailbox.errors import WorkersFailedError
from souspli_mailbox.heartbeat import LOOK_SECONDS, Heartbeats, Remedy
from souspli_mailbox.logs import describe

if TYPE_CHECKING:
    from types import FrameType

log: structlog.typing.FilteringBoundLogger = structlog.get_logger("souspli.mailbox")

# A worker that lived this long was well: its end is an accident, not a habit.
STEADY_SECONDS: Final = 60.0

# Between the starts of one that is not: a fault that lasts must not fill the log, and
# one that passes must not leave a worker missing for long.
FIRST_DELAY_SECONDS: Final = 0.5
LONGEST_DELAY_SECONDS: Final = 30.0

EXIT_FAILED: Final = 70  # EX_SOFTWARE of sysexits.h

_STOP: Final = frozenset({signal.SIGTERM, signal.SIGINT, signal.SIGHUP})
_HEARD: Final = _STOP | {signal.SIGCHLD}


class Ending(StrEnum):
    """How a worker ended that was to go on."""

    DIED = "died"
    HUNG = "hung"


@dataclass(frozen=True, slots=True)
class Place:
    """What a worker is given: its number from 0, and its two lines to the parent."""

    number: int
    parent: int
    """A descriptor that becomes readable when the parent is gone."""
    beats: int
    """A descriptor to which the worker writes `number` as one byte, again and again."""
    replaced: Mapping[Ending, int]
    """How many had this place before, by how they ended."""

    def beat(self) -> None:
        """Tell the parent that this worker listens and lives."""
        # A parent that is gone is noticed at the other line. One that is held up leaves
        # the pipe full, which says as much.
        with contextlib.suppress(OSError):
            os.write(self.beats, bytes([self.number]))


@dataclass(slots=True)
class _Worker:
    number: int
    pid: int | None = None
    hangs: bool = False
    replaced: Counter[Ending] = field(default_factory=Counter[Ending])
    started_at: float = 0.0
    start_at: float = 0.0
    failures: int = 0


class Workers:
    """`run` starts `count` processes that each do `work`, and returns when told to stop."""

    def __init__(
        self,
        count: int,
        work: Callable[[Place], None],
        *,
        stop_seconds: float,
        silent_seconds: float,
    ) -> None:
        """`work` runs in a child until it is told to stop: SIGTERM, or the parent's end.

        `stop_seconds`: how long the children may take for that before they are killed.
        `silent_seconds`: for how long one that has begun to may not `beat`; 0: for ever.
        """
        self._work = work
        self._stop_seconds = stop_seconds
        self._alive_read, self._alive_write = os.pipe()
        self._beats_read, self._beats_write = os.pipe()
        os.set_blocking(self._beats_write, False)
        self._workers = [_Worker(number) for number in range(count)]
        self._heartbeats = Heartbeats(silent_seconds=silent_seconds, stop_seconds=stop_seconds)
        self._stopping = False

    def run(self, *, ready: Callable[[], None]) -> None:
        """Keep them running until SIGTERM, SIGINT or SIGHUP; call `ready` once all listen.

        Raises WorkersFailedError when one ends before all were ready, or when none is
        left: somebody who sees more than we do has to look, or to start us again.
        """
        waiting = {worker.number for worker in self._workers}
        with self._signals() as woken:
            try:
                for worker in self._workers:
                    self._start(worker)
                while not self._stopping:
                    readable, _, _ = select.select(
                        [woken, self._beats_read], [], [], self._seconds_to_next_look()
                    )
                    if woken in readable:
                        os.read(woken, 4096)
                    if self._beats_read in readable:
                        heard = self._hear()
                        if waiting and not (waiting := waiting - heard):
                            ready()
                    self._end_silent()
                    self._replace(starting=bool(waiting))
            finally:
                self._end()

    def _hear(self) -> set[int]:
        """Note whose beats have come; return their numbers."""
        numbers = set(os.read(self._beats_read, 65_536))
        now = time.monotonic()
        for number in numbers:
            # One that has ended since is not missed for it.
            if self._workers[number].pid is not None:
                self._heartbeats.beat(number, now)
        return numbers

    def _end_silent(self) -> None:
        """Stop, then kill, who has not been heard for too long; `_replace` does the rest."""
        for number, remedy in self._heartbeats.look(time.monotonic()).items():
            worker = self._workers[number]
            if worker.pid is None:
                continue
            if remedy is Remedy.STOP:
                log.error("worker-hung", worker=number)
                worker.hangs = True
            # Not waited for yet, so its number can't have been given to another.
            os.kill(worker.pid, signal.SIGTERM if remedy is Remedy.STOP else signal.SIGKILL)

    def _replace(self, *, starting: bool) -> None:
        """Bury who died, start who is due; give up when that can't help."""
        died = [worker for worker in self._workers if self._has_died(worker)]
        if self._stopping:
            return
        if died and starting:
            raise WorkersFailedError("a worker ended before it was ready")
        if all(worker.pid is None for worker in self._workers):
            raise WorkersFailedError("no worker is left")
        now = time.monotonic()
        for worker in self._workers:
            if worker.pid is None and worker.start_at <= now:
                self._start(worker)

    def _has_died(self, worker: _Worker) -> bool:
        if worker.pid is None:
            return False
        pid, status = os.waitpid(worker.pid, os.WNOHANG)
        if not pid:
            return False
        now = time.monotonic()
        steady = now - worker.started_at >= STEADY_SECONDS
        worker.failures = 1 if steady else worker.failures + 1
        delay = min(FIRST_DELAY_SECONDS * 2 ** min(worker.failures - 1, 10), LONGEST_DELAY_SECONDS)
        worker.pid, worker.start_at = None, now + delay
        worker.replaced[Ending.HUNG if worker.hangs else Ending.DIED] += 1
        worker.hangs = False
        self._heartbeats.forget(worker.number)
        # Negative: the signal that ended it.
        ended = os.waitstatus_to_exitcode(status)
        if not self._stopping:
            log.error("worker-died", worker=worker.number, ended=ended, again_in=delay)
        return True

    def _seconds_to_next_look(self) -> float:
        starts = [worker.start_at for worker in self._workers if worker.pid is None]
        now = time.monotonic()
        return max(0.0, min([LOOK_SECONDS, *(start - now for start in starts)]))

    def _start(self, worker: _Worker) -> None:
        # What is buffered would be written by both.
        sys.stdout.flush()
        sys.stderr.flush()
        # A signal between the fork and the child's own handlers would be lost there.
        signal.pthread_sigmask(signal.SIG_BLOCK, _HEARD)
        pid = os.fork()
        if pid == 0:
            os._exit(self._run_child(self._place(worker)))
        worker.pid, worker.started_at = pid, time.monotonic()
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _HEARD)

    def _place(self, worker: _Worker) -> Place:
        return Place(worker.number, self._alive_read, self._beats_write, dict(worker.replaced))

    def _run_child(self, place: Place) -> int:
        """Do the work; return the exit code. Nothing is ever raised into the parent's code."""
        try:
            signal.set_wakeup_fd(-1)
            for number in _HEARD:
                if signal.getsignal(number) is not signal.SIG_IGN:
                    signal.signal(number, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _HEARD)
            # Held open here it would never close for the others.
            os.close(self._alive_write)
            os.close(self._beats_read)
            self._work(place)
        except BaseException as failed:  # noqa: BLE001  (the parent reads the exit code)
            log.error("worker-failed", worker=place.number, cause=describe(failed))
            return EXIT_FAILED
        return 0

    def _end(self) -> None:
        """Tell all of them to stop, wait, kill who does not."""
        self._stopping = True
        self._tell(signal.SIGTERM)
        limit = time.monotonic() + self._stop_seconds
        while any(worker.pid is not None for worker in self._workers):
            for worker in self._workers:
                self._has_died(worker)
            if time.monotonic() > limit:
                log.error("workers-killed")
                self._tell(signal.SIGKILL)
                limit = float("inf")
            time.sleep(0.02)
        for end in (self._alive_read, self._alive_write, self._beats_read, self._beats_write):
            os.close(end)

    def _tell(self, number: signal.Signals) -> None:
        for worker in self._workers:
            if worker.pid is not None:
                # Not waited for yet, so its number can't have been given to another.
                os.kill(worker.pid, number)

    @contextlib.contextmanager
    def _signals(self) -> Generator[int]:
        """Wake the loop by a descriptor: a handler alone does not interrupt `select`."""
        read, write = os.pipe()
        os.set_blocking(write, False)
        # Whoever started us with nohup, or in the background, wants some unheard.
        # Of the death of children we want to hear, whatever they had.
        heard = [
            one
            for one in _HEARD
            if one is signal.SIGCHLD or signal.getsignal(one) is not signal.SIG_IGN
        ]
        before = {number: signal.signal(number, self._heard) for number in heard}
        woken = signal.set_wakeup_fd(write, warn_on_full_buffer=False)
        try:
            yield read
        finally:
            signal.set_wakeup_fd(woken)
            for number, handler in before.items():
                signal.signal(number, handler)
            os.close(read)
            os.close(write)

    def _heard(self, number: int, _frame: FrameType | None) -> None:
        # A child's end needs no more than to wake the loop.
        if number in _STOP:
            self._stopping = True
