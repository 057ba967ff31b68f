"""When what is killed: drawn before the run, by how many mails have begun.

A count and not a clock: a slow machine is killed at the same places.
"""

from __future__ import annotations

import asyncio
import random
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

# After the count was reached: over all of what a mail goes through.
LONGEST_DELAY_SECONDS: Final = 0.4


@dataclass(frozen=True, order=True)
class Kill:
    """One of them."""

    after: int
    """Mails that have begun."""
    delay: float


def schedule(seed: int, what: str, *, kills: int, mails: int) -> list[Kill]:
    """Draw so many kills over so many mails, in order."""
    draw = random.Random(f"{what} {seed}")  # noqa: S311  (no secret)
    return sorted(
        Kill(draw.randrange(1, mails), draw.uniform(0, LONGEST_DELAY_SECONDS)) for _ in range(kills)
    )


@dataclass
class Killing:
    """Kills one process by its schedule, and starts it again each time."""

    kill: Callable[[], object]
    start: Callable[[], object]
    begun: Callable[[], int]
    done: int = 0
    away_seconds: list[float] = field(default_factory=list)
    """From each kill until it was there again."""

    async def run(self, kills: Sequence[Kill]) -> None:
        """Return after the last one."""
        for one in kills:
            while self.begun() < one.after:  # noqa: ASYNC110  (a count)
                await asyncio.sleep(0.01)
            await asyncio.sleep(one.delay)
            began = time.monotonic()
            await asyncio.to_thread(self.kill)
            await asyncio.to_thread(self.start)
            self.away_seconds.append(time.monotonic() - began)
            self.done += 1
