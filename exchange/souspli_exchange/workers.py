"""Several threads doing the same step until nothing is left, ended before we return.

The caller's thread only waits, so that Ctrl-C reaches it at once and progress is
reported from one thread.
"""

import os
import sys
import threading
from collections.abc import Callable
from enum import Enum, auto
from queue import SimpleQueue

from souspli_exchange.errors import AbandonedError
from souspli_exchange.held_signals import HeldSignals

Step = Callable[[], bool]
"""Does the next piece of work; False if none is left."""

# Each thread has about 10 MiB at most (`runs.RunBuffers`): eight stay well within the
# 150 MiB that a program may take. Somewhat above that, Python's own lock is what they
# wait for: a thread holds it for a tenth of its time.
MAX_THREADS = 8


def thread_count() -> int:
    """Return how many threads this process can really run at once, at most MAX_THREADS."""
    # A container may give a process fewer cores than the machine has.
    cores = len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count()
    return min(cores or 1, MAX_THREADS)


def run_steps(
    make_step: Callable[[], Step],
    *,
    threads: int,
    on_step: Callable[[], None],
    abandon: Callable[[], None],
) -> None:
    """Call steps until each thread's says that nothing is left; then return.

    `make_step` is called once in each thread, and gives it buffers of its own.
    `on_step` is called in the caller's thread after every step that did something.
    With one thread all of it happens in the caller's, and none is started.

    After a failure of a step or of `on_step`, or Ctrl-C, `abandon` is called, which has
    the other steps end soon with AbandonedError; all threads are waited for; then the
    failure is raised. If several steps failed on their own, it is the first one's.
    With several threads, a handler of a signal runs after `on_step`, not during it.
    """
    if threads > 1 and _Workers(make_step, abandon).run(threads, on_step):
        return
    try:
        step = make_step()
        while step():
            on_step()
    except BaseException:
        abandon()
        raise


class _Report(Enum):
    """What the caller's thread is told."""

    STEP = auto()
    END = auto()  # of a thread
    SIGNAL = auto()


class _Workers:
    def __init__(self, make_step: Callable[[], Step], abandon: Callable[[], None]) -> None:
        self._make_step = make_step
        self._abandon = abandon
        # Its `put` may interrupt itself, as a handler of signals must.
        self._reports: SimpleQueue[_Report] = SimpleQueue()
        self._failures: list[BaseException] = []

    def run(self, count: int, on_step: Callable[[], None]) -> bool:
        """Do all steps; or False, and nothing done, where no thread can be started."""
        threads = [
            threading.Thread(target=self._work, name=f"souspli-{number}") for number in range(count)
        ]
        # Ctrl-C in the middle of starting or joining would lose a thread, which would go on
        # writing to what its caller has closed.
        with HeldSignals(tell=lambda: self._reports.put(_Report.SIGNAL)) as signals:
            try:
                running = _start(threads)
                if not running:
                    return False
                while running:
                    match self._reports.get():
                        case _Report.STEP:
                            on_step()
                        case _Report.END:
                            running -= 1
                        case _Report.SIGNAL:
                            signals.hear()
            except BaseException:
                self._abandon()
                raise
            finally:
                for thread in threads:
                    if thread.is_alive():
                        thread.join()
        self._raise_failure()
        return True

    def _work(self) -> None:
        try:
            step = self._make_step()
            while step():
                self._reports.put(_Report.STEP)
        except BaseException as failure:  # noqa: BLE001  (raised again, in the caller's thread)
            self._failures.append(failure)
            self._abandon()
        finally:
            self._reports.put(_Report.END)

    def _raise_failure(self) -> None:
        if not self._failures:
            return
        own = [f for f in self._failures if not isinstance(f, AbandonedError)]
        failure = (own or self._failures)[0]
        # A failure holds the frames it went through, and they hold buffers of plaintext:
        # without a cycle back to it they go when it does.
        self._failures.clear()
        try:
            raise failure
        finally:
            del failure, own


def _start(threads: list[threading.Thread]) -> int:
    """Start as many as the system grants (a container may count them); say how many."""
    for started, thread in enumerate(threads):
        try:
            thread.start()
        except RuntimeError:
            return started
    return len(threads)
