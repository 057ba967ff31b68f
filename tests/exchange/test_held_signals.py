"""Signals whose handlers wait: none runs before it is heard, none is lost, all come back."""

from __future__ import annotations

import signal
import threading
from typing import TYPE_CHECKING

import pytest

from souspli_exchange.held_signals import HeldSignals

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
ALL = pytest.mark.parametrize("number", ENDING)


class Ended(Exception):  # noqa: N818  (no error)
    """What a handler raises; no KeyboardInterrupt, which would end the tests."""


class Handler:
    """Notes that it ran, and raises."""

    def __init__(self, *, raises: bool = True) -> None:
        self.ran: list[int] = []
        self.frames: list[FrameType | None] = []
        self.raises = raises

    def __call__(self, number: int, frame: FrameType | None) -> None:
        self.ran.append(number)
        self.frames.append(frame)
        if self.raises:
            raise Ended(number)


@pytest.fixture(autouse=True)
def handlers_come_back() -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in ENDING}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture
def handler() -> Handler:
    """The handler of all three."""
    new = Handler()
    for number in ENDING:
        signal.signal(number, new)
    return new


def nobody() -> None:
    return


def hold(*numbers: int, tell: Callable[[], None] = nobody) -> None:
    """Hold while these come, and listen to none."""
    with HeldSignals(tell=tell):
        for number in numbers:
            signal.raise_signal(number)


@ALL
def test_a_handler_runs_once_when_it_is_heard_and_not_before(number: int, handler: Handler) -> None:
    told: list[bool] = []
    with HeldSignals(tell=lambda: told.append(True)) as signals:
        signal.raise_signal(number)
        assert (handler.ran, told) == ([], [True])
        with pytest.raises(Ended):
            signals.hear()
        signals.hear()
    assert handler.ran == [number]
    assert told == [True]


@ALL
def test_what_nobody_heard_is_heard_at_the_end(number: int, handler: Handler) -> None:
    told: list[list[int]] = []
    with pytest.raises(Ended):
        hold(number, tell=lambda: told.append(handler.ran.copy()))
    assert told == [[]]
    assert handler.ran == [number]


def test_a_key_held_down_is_heard_once(handler: Handler) -> None:
    told: list[bool] = []
    with pytest.raises(Ended):
        hold(*[signal.SIGINT] * 100, tell=lambda: told.append(True))
    assert (handler.ran, told) == ([signal.SIGINT], [True])


def test_a_signal_that_comes_again_is_heard_again(handler: Handler) -> None:
    handler.raises = False
    with HeldSignals(tell=nobody) as signals:
        for _ in range(2):
            signal.raise_signal(signal.SIGINT)
            signals.hear()
    assert handler.ran == [signal.SIGINT] * 2


def test_each_is_heard_in_order_whatever_another_raises(handler: Handler) -> None:
    order = [signal.SIGTERM, signal.SIGINT, signal.SIGHUP]
    with HeldSignals(tell=nobody) as signals:
        for number in order:
            signal.raise_signal(number)
        with pytest.raises(Ended) as ended:
            signals.hear()
    assert handler.ran == order
    assert ended.value.args == (signal.SIGHUP,)
    before = ended.value.__context__
    assert before is not None
    assert before.args == (signal.SIGINT,)


def test_what_the_first_has_ignored_is_not_heard_and_stays_ignored() -> None:
    """So do our commands: however often they are told to, they end once."""
    ran: list[int] = []

    def end(number: int, _frame: FrameType | None) -> None:
        ran.append(number)
        for other in ENDING:
            signal.signal(other, signal.SIG_IGN)
        raise Ended

    for number in ENDING:
        signal.signal(number, end)
    with pytest.raises(Ended):
        hold(signal.SIGINT, signal.SIGTERM)
    assert ran == [signal.SIGINT]
    assert {signal.getsignal(number) for number in ENDING} == {signal.SIG_IGN}


@pytest.mark.parametrize("left", [signal.SIG_IGN, signal.SIG_DFL])
@ALL
def test_a_signal_that_no_handler_hears_is_left_alone(
    number: int, left: signal.Handlers, handler: Handler
) -> None:
    signal.signal(number, left)
    with HeldSignals(tell=nobody):
        assert signal.getsignal(number) == left
        assert handler not in map(signal.getsignal, ENDING)
    assert signal.getsignal(number) == left


def test_the_handlers_from_before_come_back(handler: Handler) -> None:
    with HeldSignals(tell=nobody):
        pass
    assert [signal.getsignal(number) for number in ENDING] == [handler] * 3


class Arriving:
    """`signal.signal`, and right after the first time another signal."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
        self._set = signal.signal
        self._number: int | None = number
        monkeypatch.setattr(signal, "signal", self)

    def __call__(self, number: int, handler: signal.Handlers) -> object:
        before = self._set(number, handler)
        if self._number is not None:
            arriving, self._number = self._number, None
            signal.raise_signal(arriving)
        return before


@ALL
def test_a_signal_that_comes_at_the_beginning_is_raised_and_nothing_was_held(
    number: int, handler: Handler, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[bool] = []
    Arriving(monkeypatch, number)
    with pytest.raises(Ended), HeldSignals(tell=nobody):
        begun.append(True)
    assert not begun
    assert handler.ran == [number]
    assert [signal.getsignal(number) for number in ENDING] == [handler] * 3


@ALL
def test_a_signal_that_comes_at_the_end_is_raised_and_later_ones_are_too(
    number: int, handler: Handler, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(Ended), HeldSignals(tell=nobody):
        Arriving(monkeypatch, number)
    for later in ENDING:
        with pytest.raises(Ended):
            signal.raise_signal(later)
    assert handler.ran == [number, *ENDING]
    assert None not in handler.frames


def test_a_signal_that_comes_at_the_end_takes_nothing_from_one_that_came_before(
    handler: Handler, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(Ended):
        hold(signal.SIGHUP, tell=lambda: Arriving(monkeypatch, signal.SIGTERM) and None)
    assert handler.ran == [signal.SIGTERM, signal.SIGHUP]


def test_in_other_threads_nothing_is_held(handler: Handler) -> None:
    found: list[object] = []

    def look() -> None:
        with HeldSignals(tell=nobody) as signals:
            found.extend(map(signal.getsignal, ENDING))
            signals.hear()

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    assert found == [handler] * 3
