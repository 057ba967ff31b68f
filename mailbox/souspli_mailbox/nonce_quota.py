"""Remembering who has drawn all of its nonces (docs/specs/mailbox.md §5).

They are counted in the database, for all processes together (`records/nonces.py`).
Who has reached the bound would go on costing a transaction with each request; this
spares it. In memory: what one process has forgotten, or never knew, the count says.
"""

from collections.abc import Generator
from contextlib import contextmanager

from souspli_keys.login import NONCE_SECONDS
from souspli_mailbox.errors import Refusal
from souspli_mailbox.protocol.problems import ProblemKind
from souspli_mailbox.records.errors import TooManyTriesError


class NonceQuota:
    """Networks that were refused in the present window of two minutes."""

    def __init__(self) -> None:
        self._window = 0
        self._refused = set[str]()

    @contextmanager
    def guard(self, drawn_by: str, *, now: int) -> Generator[None]:
        """Let the block draw a nonce, or raise Refusal `too-many-tries` before it does."""
        window, passed = divmod(now, NONCE_SECONDS)
        if window != self._window:
            self._window = window
            self._refused.clear()
        if drawn_by in self._refused:
            raise Refusal(ProblemKind.TOO_MANY_TRIES, retry_after=NONCE_SECONDS - passed)
        try:
            yield
        except TooManyTriesError:
            self._refused.add(drawn_by)
            raise
