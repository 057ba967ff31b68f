"""Slips of mails that were accepted just now, handed on to whoever sorts them.

What is in the spool says the same, sealed: reading and opening it again took a third of what
sorting costs. Nothing is lost with what is here.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

    from souspli_cli.bridge.ledger_rows import AcceptedMail
    from souspli_cli.bridge.slip import MailSlips

# Some kilobytes each; beyond, the oldest are read from the spool.
MOST_MAILS: Final = 500


class FreshSlips:
    """Filled in one thread, before the ledger has the mails; emptied in another, after."""

    def __init__(self) -> None:
        self._slips: dict[str, MailSlips] = {}
        self._lock = threading.Lock()

    def add(self, mails: Iterable[AcceptedMail]) -> None:
        """Keep the slips of mails until they are taken, as far as there is room."""
        with self._lock:
            for mail in mails:
                if mail.slips is not None:
                    self._slips[mail.queue_id] = mail.slips
            while len(self._slips) > MOST_MAILS:
                del self._slips[next(iter(self._slips))]

    def take(self, queue_id: str) -> MailSlips | None:
        """Give a mail's slips, once."""
        with self._lock:
            return self._slips.pop(queue_id, None)
