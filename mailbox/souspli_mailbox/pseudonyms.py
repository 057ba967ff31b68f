"""Names for accounts and organisations in the log, good for one day.

An operator who helps somebody has to see which lines are of one account; nobody has to
see what an account did last week. A pseudonym is a keyed hash under the day's key. The
key is random, shared by all processes, and written over by the next day's: after that
not even who has the database can tell whose a line was.
"""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Awaitable, Callable
from typing import Final

import structlog

DAY_SECONDS: Final = 86_400

# Half a thousand million million: no two of a day's accounts meet, and a line stays short.
PSEUDONYM_DIGITS: Final = 12

# A database that is away is not asked for each line that says so.
RETRY_SECONDS: Final = 60

_log: structlog.typing.FilteringBoundLogger = structlog.get_logger("souspli.mailbox")


class Pseudonyms:
    """Knows the day's key; fetches the next one when the day is over (UTC)."""

    def __init__(self, fetch: Callable[[int], Awaitable[bytes]]) -> None:
        """`fetch` returns the key of a day, counted since 1970."""
        self._fetch = fetch
        self._turning = asyncio.Lock()
        self._day: int | None = None
        self._key = b""
        self._not_before = 0

    async def turn(self, now: int) -> None:
        """Have the key of this moment's day. Without it there are no pseudonyms, and no harm."""
        day = now // DAY_SECONDS
        if day == self._day or now < self._not_before:
            return
        async with self._turning:
            if day == self._day or now < self._not_before:
                return
            try:
                key = await self._fetch(day)
            except Exception as failed:  # noqa: BLE001  (a log line must not end a request)
                self._day, self._key, self._not_before = None, b"", now + RETRY_SECONDS
                _log.warning("no-pseudonyms", failure=type(failed).__name__)
            else:
                self._day, self._key = day, key

    def of(self, kind: str, name: str) -> str | None:
        """Return the name's pseudonym of today; None while there is no key."""
        if not self._key:
            return None
        text = f"souspli/v1/log\0{kind}\0{name}".encode()
        return hmac.digest(self._key, text, "sha256").hex()[:PSEUDONYM_DIGITS]
