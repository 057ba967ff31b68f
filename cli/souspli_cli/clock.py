"""What time it is, for every verb, in seconds since 1970.

The machine's, always, but in programs that `souspli_cli.later` starts: tests, and a demo
in which days pass. No option and no setting of a verb moves it.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_read: Callable[[], float] = time.time


def seconds() -> float:
    """Give the moment."""
    return _read()


def handed_on() -> Callable[[], float]:
    """Give the clock itself: `time.time`, or else one that says so by being another."""
    return _read


def now() -> int:
    """Give the moment in whole seconds."""
    return int(_read())


def use(read: Callable[[], float]) -> None:
    """Read another clock from here on, in this process."""
    global _read  # noqa: PLW0603  (one clock for a process, as the machine has one)
    _read = read
