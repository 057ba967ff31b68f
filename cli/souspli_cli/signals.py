"""Ctrl-C, a closed window, a stopped session: a command ends once, and tidies up whole."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import FrameType

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Ended(KeyboardInterrupt):
    """One of `ENDING` came; `number` says which."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


def end_tidily() -> None:
    """Have the first of these signals raise `Ended`, and ignore those that come after it.

    What follows the first removes half-written files, plaintext among them. A second
    Ctrl-C, out of impatience or by a key held down, would leave them lying about.
    SIGTERM and SIGHUP would end the program on the spot, with the same result.
    Where it is raised while threads are at work: `souspli_exchange.held_signals`.
    """
    for number in ENDING:
        # Whoever started us in the background, or with nohup, wants some unheard.
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _end)


def _end(number: int, _frame: FrameType | None) -> None:
    for other in ENDING:
        signal.signal(other, signal.SIG_IGN)
    raise Ended(number)
