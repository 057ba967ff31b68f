"""A document that arrives late: its letter is about to end, and another one is offered.

docs/specs/pending.md §2. Nothing is re-issued without somebody agreeing: paper has to be
handed over.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from souspli_cli import clock, people, recipients
from souspli_cli.errors import Refused
from souspli_cli.invite import Order, check_letter_path, issue
from souspli_exchange.letter_clock import days_left, is_late

if TYPE_CHECKING:
    from collections.abc import Sequence

    from souspli_cli.account import Account
    from souspli_cli.addressbook import OwnInvitation, Patient, SentDocument
    from souspli_cli.terminal import Terminal
    from souspli_keys.address import Address


def offer_letters(
    terminal: Terminal, account: Account, addresses: Sequence[Address], *, ask: bool
) -> None:
    """Warn of each letter that ends soon or has ended; with somebody to ask, offer another.

    Before anything is sealed: the document is then sealed for the new letter. By our own
    copy, so that it is said without the service as well.
    """
    now = clock.now()
    for address in addresses:
        patient = account.book.patient(address)
        letter = None if patient is None else _ending(patient, now=now)
        if patient is None or letter is None:
            continue
        name = people.shown_name(patient.traits)
        if now > letter.not_after:
            # Whether it was used in time the service says: then all is well.
            terminal.warn("send.letter_ended", name=name, address=address)
        else:
            left = days_left(not_after=letter.not_after, now=now)
            terminal.warn("send.letter_ends", name=name, address=address, days=left)
        if ask and terminal.interactive and terminal.confirm("send.letter_ask", option="--yes"):
            path = Path(terminal.ask("invite.letter_ask", option="--letter"))
            check_letter_path(path, force=False)
            try:
                issue(terminal, account, patient.traits, Order(address, path, new_account=False))
            except Refused as refused:
                if refused.name != "invitation_claimed":
                    raise
                # Used since we last asked: the document goes to the account.


def _ending(patient: Patient, *, now: int) -> OwnInvitation | None:
    """Give the letter that the patient still needs, if little of its time is left."""
    letter = patient.invitations[-1] if patient.invitations else None
    if letter is None or not letter.confirmed or patient.stopped or patient.moved_to:
        return None  # refused in words of their own
    if recipients.accepted(patient, letter) is not None:
        return None
    return letter if is_late(not_after=letter.not_after, now=now) else None


def late_letters(sent: SentDocument, *, now: int) -> list[dict[str, object]]:
    """Give what programs are told: whose letter ends soon, as the service says."""
    return [
        {
            "address": to.address,
            "letter_ends_at": to.letter_ends_at,
            "days_left": days_left(not_after=to.letter_ends_at, now=now),
        }
        for to in sent.recipients
        if to.letter_ends_at is not None and is_late(not_after=to.letter_ends_at, now=now)
    ]
