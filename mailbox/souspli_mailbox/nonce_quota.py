"""How many nonces one network address may draw (docs/specs/mailbox.md §5).

Anybody may ask for one, and each is a row until it is used or swept: without a bound
one machine could fill the disk. Counted in memory: a restart forgets at most two
minutes, and a refusal must not cost the write that it spares.
"""

from collections import Counter
from typing import Final

from souspli_keys.login import NONCE_SECONDS
from souspli_mailbox.errors import Refusal
from souspli_mailbox.protocol.problems import ProblemKind

# In the two minutes that a nonce lives: a hospital behind one address signs in at
# eight o'clock; a machine that fills a disk asks a thousand times a second.
MOST_NONCES: Final = 300


class NonceQuota:
    """Counts nonces by network address, from one two-minute window to the next."""

    def __init__(self) -> None:
        self._window = 0
        self._drawn = Counter[str]()

    def draw(self, network: str, *, now: int) -> None:
        """Count one more nonce for `network`; Refusal `too-many-tries` beyond the bound."""
        window, passed = divmod(now, NONCE_SECONDS)
        if window != self._window:
            self._window = window
            self._drawn.clear()
        if self._drawn[network] >= MOST_NONCES:
            raise Refusal(ProblemKind.TOO_MANY_TRIES, retry_after=NONCE_SECONDS - passed)
        self._drawn[network] += 1
