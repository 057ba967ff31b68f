"""Asking again what failed for a passing reason, ever more slowly."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from souspli_exchange.port_errors import PortError, StorageFullError, UnavailableError

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often, and after how many seconds, a call is repeated.

    As it stands: after about 1, 2, 4, 8, 16 and 30 seconds, a minute in all. A
    service that restarts is back by then; whoever waits longer wants to be told.
    """

    attempts: int = 7
    first_delay: float = 1.0
    longest_delay: float = 30.0
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep

    async def repeat(self, call: Callable[[], Awaitable[T]]) -> T:
        """Return what `call` returns, repeated while it raises a temporary PortError.

        Only for calls that may be repeated: all of the ports' are. The last error is
        raised as it is. A full store is not asked again: its operator has to act.
        """
        delay = self.first_delay
        for _ in range(self.attempts - 1):
            try:
                return await call()
            except PortError as failure:
                if not failure.temporary or isinstance(failure, StorageFullError):
                    raise
                await self.sleep(self._wait(delay, failure))
            delay = min(2 * delay, self.longest_delay)
        return await call()

    def _wait(self, delay: float, failure: PortError) -> float:
        if isinstance(failure, UnavailableError) and failure.retry_after is not None:
            return min(failure.retry_after, self.longest_delay)
        # Up to a quarter off, so that a hundred clients of a service that comes back
        # don't all ask at once.
        return delay * (1 - random.random() / 4)  # noqa: S311  (no secret depends on it)
