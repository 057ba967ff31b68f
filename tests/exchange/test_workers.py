"""Threads that do one step until nothing is left: who is told what, and when all end."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from exchange.engine_world import no_thread_left

from souspli_exchange.errors import AbandonedError
from souspli_exchange.workers import Step, run_steps


class Work:
    """A number of steps; the one in `failing` raises, when all threads are at work."""

    def __init__(self, steps: int, failing: Callable[[], None] | None = None) -> None:
        self.left = steps
        self.failing = failing
        self.names: list[str] = []
        self.told = 0
        self.abandoned = 0
        self._lock = threading.Lock()

    def make_step(self) -> Step:
        with self._lock:
            self.names.append(threading.current_thread().name)
        return self.step

    def step(self) -> bool:
        if self.failing:
            self.failing()
        with self._lock:
            self.left -= 1
            return self.left >= 0

    def tell(self) -> None:
        self.told += 1

    def abandon(self) -> None:
        self.abandoned += 1

    def run(self, threads: int) -> None:
        with no_thread_left():
            run_steps(self.make_step, threads=threads, on_step=self.tell, abandon=self.abandon)


def test_each_thread_has_a_name_and_a_step_of_its_own() -> None:
    work = Work(10)
    work.run(3)
    assert sorted(work.names) == ["souspli-0", "souspli-1", "souspli-2"]
    assert (work.told, work.abandoned) == (10, 0)


def test_one_thread_is_the_caller_s() -> None:
    work = Work(10)
    work.run(1)
    assert work.names == [threading.current_thread().name]
    assert (work.told, work.abandoned) == (10, 0)


@pytest.mark.parametrize("threads", [1, 2])
def test_after_a_failure_all_is_given_up(threads: int) -> None:
    def fail() -> None:
        raise OSError("full")

    work = Work(10, fail)
    with pytest.raises(OSError, match="full"):
        work.run(threads)
    assert work.abandoned == threads
    assert work.told == 0


def test_what_failed_on_its_own_is_raised_before_who_was_only_told_to_end() -> None:
    order = threading.Barrier(2)
    first = threading.Lock()

    def fail() -> None:
        is_first = first.acquire(blocking=False)
        order.wait(60)
        if is_first:
            raise AbandonedError("somebody failed")
        while not work.abandoned:
            threading.Event().wait(0.001)
        raise OSError("full")

    work = Work(10, fail)
    with pytest.raises(OSError, match="full"):
        work.run(2)


def test_if_all_were_told_to_end_that_is_said() -> None:
    def fail() -> None:
        raise AbandonedError("somebody failed")

    with pytest.raises(AbandonedError):
        Work(10, fail).run(2)
