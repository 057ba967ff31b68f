"""How far a document had come when it was taken back (docs/specs/withdrawal.md §5)."""

from __future__ import annotations

import time
from enum import StrEnum
from typing import TYPE_CHECKING

from souspli_exchange.ports.states import DeliveryState

if TYPE_CHECKING:
    from souspli_cli.addressbook import OwnWithdrawal, SentTo
    from souspli_cli.terminal import Terminal


class Fate(StrEnum):
    """Named like the state whose moment belongs to it."""

    NOT_COLLECTED = "stored"
    FETCHED = "fetched"
    """Collected, and perhaps read."""
    OPENED = "opened"
    """Proved by the recipient's receipt."""
    UNPROVED = "unproved"
    """Opened, says the service, without a receipt that verifies."""
    EXPIRED = "expired"


def fate_of(to: SentTo) -> Fate:
    """Say what had become of it; what was proved counts before what is only said."""
    if to.opened_verified:
        return Fate.OPENED
    if to.state == DeliveryState.EXPIRED.value:
        return Fate.EXPIRED
    if DeliveryState.OPENED.value in to.moments:
        return Fate.UNPROVED
    if DeliveryState.FETCHED.value in to.moments:
        return Fate.FETCHED
    return Fate.NOT_COLLECTED


def moment_of(moment: int) -> str:
    """Write a moment as people here do."""
    return time.strftime("%d/%m/%Y %H:%M", time.localtime(moment))


def shown(terminal: Terminal, withdrawal: OwnWithdrawal, to: SentTo) -> str:
    """Say in a line what became of a document that we took back."""
    say = terminal.words
    if not withdrawal.taken:
        return say("sent.state_withdrawing")
    fate = fate_of(to)
    return say(
        f"sent.withdrawn_{fate.value}",
        date=moment_of(withdrawal.withdrawn_at),
        reached=moment_of(to.moments.get(fate.value, withdrawal.withdrawn_at)),
    )
