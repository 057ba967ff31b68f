"""Slips of mails that were accepted just now, handed on to whoever sorts them.

What is in the spool says the same, sealed: reading and opening it again took a third of what
sorting costs. Nothing is lost with what is here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

    from souspli_cli.bridge.ledger_rows import AcceptedMail
    from souspli_cli.bridge.slip import MailSlips

# Some kilobytes each; beyond, they are read from the spool.
MOST_MAILS: Final = 500


class FreshSlips:
    """Filled in one thread, emptied in another."""

    def __init__(self) -> None:
        self._slips: dict[str, MailSlips] = {}

    def add(self, mails: Iterable[AcceptedMail]) -> None:
        """Keep the slips of mails until they are taken, as far as there is room."""
        for mail in mails:
            if mail.slips is not None and len(self._slips) < MOST_MAILS:
                self._slips[mail.queue_id] = mail.slips

    def take(self, queue_id: str) -> MailSlips | None:
        """Give a mail's slips, once."""
        return self._slips.pop(queue_id, None)
