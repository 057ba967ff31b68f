"""Ctrl-C while several threads are at work: none is left, whichever takes the signal."""

from __future__ import annotations

import os
import signal
import threading
import time
from typing import TYPE_CHECKING

import pytest
from exchange.engine_world import MIDDLE, THREE_SEGMENTS, MemoryContents, files_of, no_thread_left
from exchange.people import NOW

from souspli_exchange.engine import seal_contents
from souspli_exchange.errors import AbandonedError
from souspli_exchange.segments import SEGMENT_BYTES
from souspli_exchange.workers import Step, run_steps

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

# --- whenever it comes -------------------------------------------------------------------

THREADS = 4
# Work ends by itself, should nobody end it: a tenth of a second.
STEPS = 400
# A moment of a few instructions: each of them is met by some.
ATTEMPTS = 10


class Pressed(Exception):  # noqa: N818  (no error)
    """What the handler raises; no KeyboardInterrupt, which would end the tests."""


@pytest.fixture(params=["the main thread takes it", "another thread takes it"])
def taken(request: pytest.FixtureRequest) -> Iterator[None]:
    """The system gives a signal to the main thread, or to any other that lets it through.

    Such as one of asyncio's, which waits for more to do.
    """
    over = threading.Event()
    idle = threading.Thread(target=over.wait)
    idle.start()
    blocked = {signal.SIGINT} if request.param == "another thread takes it" else set[int]()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, blocked)
    yield
    signal.pthread_sigmask(signal.SIG_SETMASK, before)
    over.set()
    idle.join()


@pytest.fixture
def heard() -> Iterator[None]:
    def raise_pressed(_number: int, _frame: FrameType | None) -> None:
        raise Pressed

    before = signal.signal(signal.SIGINT, raise_pressed)
    yield
    signal.signal(signal.SIGINT, before)


def press() -> None:
    os.kill(os.getpid(), signal.SIGINT)


class Work:
    """Steps until it is abandoned; what is under way then takes a little longer."""

    def __init__(
        self,
        *,
        when_begun: Callable[[], None] = lambda: None,
        when_abandoned: Callable[[], None] = lambda: None,
    ) -> None:
        self.abandoned = threading.Event()
        self._when_begun = when_begun
        self._when_abandoned = when_abandoned
        self._lock = threading.Lock()
        self._begun = 0
        self._left = STEPS

    def make_step(self) -> Step:
        with self._lock:
            number = self._begun
            self._begun += 1
        if number == 0:
            self._when_begun()
        return lambda: self._step(number)

    def _step(self, number: int) -> bool:
        if self.abandoned.wait(0.001):
            self._when_abandoned()
            time.sleep(0.005 * number)  # a disk that is slow: they end one after the other
            raise AbandonedError("told to end")
        with self._lock:
            self._left -= 1
            return self._left >= 0

    def run(self, on_step: Callable[[], None] = lambda: None) -> None:
        with no_thread_left():
            run_steps(self.make_step, threads=THREADS, on_step=on_step, abandon=self.abandoned.set)


@pytest.mark.usefixtures("heard", "taken")
def test_ctrl_c_while_threads_are_started_leaves_none() -> None:
    for _ in range(ATTEMPTS):
        work = Work(when_begun=press)
        with pytest.raises(Pressed):
            work.run()
        assert work.abandoned.is_set()


class Enough(Exception):  # noqa: N818  (no error)
    """What a caller raises who wants no more."""


@pytest.mark.usefixtures("heard", "taken")
def test_ctrl_c_again_and_again_while_threads_are_waited_for_leaves_none() -> None:
    def enough() -> None:
        raise Enough

    for _ in range(ATTEMPTS):
        with pytest.raises(Pressed) as pressed:
            Work(when_abandoned=press).run(enough)
        assert isinstance(pressed.value.__context__, Enough)


@pytest.mark.usefixtures("heard", "taken")
def test_ctrl_c_while_progress_is_told_leaves_none() -> None:
    for _ in range(ATTEMPTS):
        work = Work()
        with pytest.raises(Pressed):
            work.run(press)
        assert work.abandoned.is_set()


@pytest.mark.usefixtures("heard", "taken")
def test_a_handler_that_raises_nothing_ends_nothing() -> None:
    ran: list[int] = []
    signal.signal(signal.SIGINT, lambda number, _: ran.append(number))
    work, told = Work(when_begun=press), list[bool]()
    work.run(lambda: told.append(True))
    assert ran == [signal.SIGINT]
    assert not work.abandoned.is_set()
    assert len(told) == STEPS


# --- Python's own handler ----------------------------------------------------------------


@pytest.fixture
def ctrl_c_is_heard() -> Iterator[None]:
    """A shell has what it starts in the background ignore SIGINT; Python then does as well."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("ctrl_c_is_heard")
@pytest.mark.parametrize("threads", [1, 3])
def test_ctrl_c_ends_all_threads(threads: int) -> None:
    def interrupt(index: int) -> None:
        if index == MIDDLE:
            os.kill(os.getpid(), signal.SIGINT)

    sink = MemoryContents(before_put=interrupt)
    many = files_of(bytes(20 * SEGMENT_BYTES))
    with no_thread_left(), pytest.raises(KeyboardInterrupt):
        seal_contents(many, created_at=NOW, sink=sink, threads=threads)
    assert len({index for index, _, _ in sink.parts}) < 20


@pytest.mark.usefixtures("ctrl_c_is_heard")
def test_a_second_ctrl_c_leaves_no_thread_either() -> None:
    pressed = threading.Lock()
    times: list[int] = []

    def interrupt(index: int) -> None:
        with pressed:
            if index not in times:
                times.append(index)
                os.kill(os.getpid(), signal.SIGINT)

    sink = MemoryContents(before_put=interrupt)
    with no_thread_left(), pytest.raises(KeyboardInterrupt):
        seal_contents(files_of(THREE_SEGMENTS), created_at=NOW, sink=sink, threads=3)
