"""Signals whose handlers wait: Ctrl-C raises where we listen for it, and nowhere else.

Python runs a handler in the main thread, between any two of its instructions, whichever
thread the system gave the signal to. To block signals in the main thread is therefore
not enough: any other thread takes them, such as one that asyncio left waiting for more
to do. What is held here is the handlers.
"""

import signal
import threading
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Self

# What a person or a service manager ends a program with.
_HELD = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

_Handler = Callable[[int, FrameType | None], object]


class HeldSignals:
    """`with HeldSignals(tell=…) as signals:` no handler runs in the block, but in `hear`.

    `tell` is called when a signal has come: between any two instructions of the main
    thread, so that it must be able to interrupt itself. Signals that nobody heard are
    heard at the block's end, with the handlers from before. Those that are ignored, or
    end the program on the spot, go on doing so; so do those that a handler has ignored
    meanwhile. In other threads than the main one nothing is held: no handler runs there.
    """

    def __init__(self, tell: Callable[[], None]) -> None:
        self._tell = tell
        self._handlers: dict[int, _Handler] = {}  # from before
        self._came: list[int] = []
        self._holding = False

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            found = {number: signal.getsignal(number) for number in _HELD}
            self._handlers = {n: handler for n, handler in found.items() if callable(handler)}
            try:
                for number in self._handlers:
                    signal.signal(number, self._take)
                self._holding = True  # nothing raises from here on
            except BaseException:
                self._put_back()
                raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        # From here on a handler may raise again. Those that are then not put back are
        # still run, by `_take`.
        self._holding = False
        try:
            self._put_back()
        finally:
            self.hear()

    def hear(self) -> None:
        """Run the handlers of the signals that came, in order; raise what they raise.

        Each runs, whatever another raises: the last error is raised, with those before
        it as its context.
        """
        if self._came:
            try:
                self._run(self._came.pop(0))
            finally:
                self.hear()

    def _run(self, number: int) -> None:
        handler = signal.getsignal(number)
        if handler == self._take:
            handler = self._handlers[number]
        # Whoever ran before may have had this one ignored. Python then runs none either.
        if callable(handler):
            handler(number, None)

    def _take(self, number: int, frame: FrameType | None) -> None:
        if not self._holding:
            self._handlers[number](number, frame)
        elif number not in self._came:
            self._came.append(number)
            self._tell()

    def _put_back(self) -> None:
        for number, handler in self._handlers.items():
            if signal.getsignal(number) == self._take:
                signal.signal(number, handler)
