"""How far making, checking or restoring has come, for whoever watches."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum


class Stage(StrEnum):
    """What is being done; how far it has come is told as (done, of how many)."""

    ROWS = "rows"
    OBJECTS = "objects"
    CHECK = "check"


Told = Callable[[Stage, int, int], None]


def untold(_stage: Stage, _done: int, _total: int) -> None:
    """Tell nobody."""
