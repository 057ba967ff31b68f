"""Room on the spool's disk that no mail may take.

A disk that mails fill to its last block is never emptied again: sending writes the ledger,
covers and the address book, and only what was sent makes room.
"""

from __future__ import annotations

import contextlib
import threading
from typing import TYPE_CHECKING, Final

from souspli_exchange.durable import check_room

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

# A mail's files as they came and as they were decoded, padded, sealed: of a message with a
# PDF in it one and a half times the mail. What a zip unpacks to the reserve has to bear.
TIMES_ITS_SIZE: Final = 2


class SpoolRoom:
    """Asked by each mail before it is read; from any thread."""

    def __init__(self, folder: Path, *, reserve_bytes: int) -> None:
        """`reserve_bytes`: what stays free; with 0 nobody looks."""
        self._folder = folder
        self._reserve_bytes = reserve_bytes
        self._under_way = 0
        self._lock = threading.Lock()

    @contextlib.contextmanager
    def held(self, mail_bytes: int) -> Generator[None]:
        """Hold room for a mail while it is written, beside others at the same moment.

        Raises OSError (ENOSPC) if the reserve would be touched, or if nobody can say.
        """
        if not self._reserve_bytes:
            yield
            return
        needed = TIMES_ITS_SIZE * mail_bytes
        with self._lock:
            # What these have written by now counts twice: rather too soon than too late.
            check_room(self._folder, self._reserve_bytes + self._under_way + needed)
            self._under_way += needed
        try:
            yield
        finally:
            with self._lock:
                self._under_way -= needed
