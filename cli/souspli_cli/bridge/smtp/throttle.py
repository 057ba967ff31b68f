"""Who failed to sign in too often waits (docs/specs/bridge.md §3). No clock: `now` is given."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

# A laboratory's software with an old password fails a few times, and says so.
ADDRESS_FAILURES: Final = 10
# From everywhere together. 150 bits are not guessed in any number of tries: this is so
# that a machine that tries is noticed, and costs nothing.
ACCOUNT_FAILURES: Final = 100
WINDOW_SECONDS: Final = 900.0
FIRST_WAIT_SECONDS: Final = 30.0
LONGEST_WAIT_SECONDS: Final = 900.0
# Of addresses and names together that are remembered: strangers make up both.
MOST_KEYS: Final = 10_000


@dataclass
class _Failures:
    count: int = 0
    last: float = 0.0
    until: float = 0.0


class Throttle:
    """Counts failures; in memory, so that a restart forgives."""

    def __init__(self) -> None:
        self._failures: dict[tuple[str, str], _Failures] = {}
        self._proven: set[tuple[str, str]] = set()

    def must_wait(self, address: str, account: str, *, now: float) -> bool:
        """Say whether this address may not try this account now."""
        keys = [("address", address)]
        if (address, account) not in self._proven:
            keys.append(("account", account))
        return any(key in self._failures and now < self._failures[key].until for key in keys)

    def failed(self, address: str, account: str, *, now: float) -> None:
        """Count a failure."""
        self._count(("address", address), most=ADDRESS_FAILURES, now=now)
        self._count(("account", account), most=ACCOUNT_FAILURES, now=now)

    def succeeded(self, address: str, account: str) -> None:
        """Forgive the address; it goes on while others try its account."""
        self._failures.pop(("address", address), None)
        if len(self._proven) < MOST_KEYS:
            self._proven.add((address, account))

    def _count(self, key: tuple[str, str], *, most: int, now: float) -> None:
        known = self._failures.pop(key, None)
        if known is None or now - max(known.last, known.until) > WINDOW_SECONDS:
            known = _Failures()
        known.count += 1
        known.last = now
        if known.count >= most:
            wait = FIRST_WAIT_SECONDS * 2.0 ** min(known.count - most, 10)
            known.until = now + min(wait, LONGEST_WAIT_SECONDS)
        # At the end: the one that is forgotten first failed longest ago.
        self._failures[key] = known
        if len(self._failures) > MOST_KEYS:
            del self._failures[next(iter(self._failures))]
