"""The worklist of a profile: its rules asked about what the address book knows, in words."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from souspli_cli import people, recipients
from souspli_cli.worklist_rules import Item, Kind, Waiting, worklist
from souspli_exchange.letter_clock import NOT_COLLECTED_DAYS, days_left
from souspli_exchange.manifest import Priority

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from souspli_cli.addressbook import Patient, SentDocument, SentTo
    from souspli_cli.terminal import Terminal

_BY_DAYS: Final = frozenset({Kind.NOT_COLLECTED, Kind.LETTER_ENDS})
"""Kinds that are about time alone."""


@dataclass(frozen=True)
class ToDo:
    """An item, and the names that our own address book has for it."""

    item: Item
    document: SentDocument
    patient: Patient | None

    @property
    def name(self) -> str:
        """Who the document is for."""
        return people.shown_name(self.patient.traits) if self.patient else self.item.address


def to_do(
    documents: Iterable[SentDocument], patients: Mapping[str, Patient], *, now: int
) -> list[ToDo]:
    """Give what needs a person, the most urgent first, without what was handled."""
    by_id = {document.document_id: document for document in documents}
    waiting = [
        _waiting(document, to, patients.get(to.address))
        for document in by_id.values()
        for to in document.recipients
    ]
    return [
        ToDo(item, by_id[item.document_id], patients.get(item.address))
        for item in worklist(waiting, now=now)
        if not _is_handled(by_id[item.document_id], item)
    ]


def _is_handled(document: SentDocument, item: Item) -> bool:
    return any(
        to.address == item.address and to.handled == item.kind.value for to in document.recipients
    )


def _waiting(document: SentDocument, to: SentTo, patient: Patient | None) -> Waiting:
    letter = None if patient is None else patient.letter(to.invitation_id)
    return Waiting(
        document_id=document.document_id,
        address=to.address,
        priority=_priority(document),
        created_at=document.created_at,
        stored=document.stored,
        state=to.state,
        moments=to.moments,
        opened_verified=to.opened_verified,
        bounce_reason=to.bounce_reason,
        has_account=patient is not None
        and letter is not None
        and recipients.accepted(patient, letter) is not None,
        letter_from=None if letter is None else letter.not_before,
        letter_ends=None if letter is None else letter.not_after,
        stopped=patient is not None and patient.stopped is not None,
        paper_since=None if patient is None else patient.paper_since,
        closed_since=None if letter is None else letter.closed_since,
    )


def _priority(document: SentDocument) -> Priority:
    # A book written by a newer version may know more levels: as urgent as can be, then.
    known = {priority.value for priority in Priority}
    return Priority(document.priority) if document.priority in known else Priority.URGENT


def happened(terminal: Terminal, item: Item, *, now: int) -> str:
    """Say in a sentence what happened."""
    say = terminal.words
    if item.kind is Kind.BOUNCED and item.reason is not None:
        why = say(f"worklist.why_{item.reason.value}")
        return say("worklist.what_bounced", date=day(item.since), reason=why)
    return say(
        f"worklist.what_{item.kind.value}",
        date=day(item.since),
        days=max(0, now - item.since) // 86_400,
        left=0 if item.until is None else days_left(not_after=item.until, now=now),
    )


def advice(terminal: Terminal, item: Item) -> str:
    """Say in a sentence what to do about it."""
    return terminal.words(f"worklist.do_{item.kind.value}")


def urgency(terminal: Terminal, item: Item) -> str:
    """Give the word for the document's urgency."""
    return terminal.words(f"worklist.urgency_{item.priority.value}")


def as_json(found: ToDo) -> dict[str, object]:
    """Give an item as ``--json`` shows it."""
    item = found.item
    return {
        "kind": item.kind.value,
        "reason": item.reason.value if item.reason is not None else None,
        "priority": item.priority.value,
        "since": item.since,
        "after_days": NOT_COLLECTED_DAYS[item.priority] if item.kind in _BY_DAYS else None,
        "letter_ends_at": item.until,
        "document_id": item.document_id,
        "title": found.document.title,
        "created_at": found.document.created_at,
        "name": found.name,
        "address": item.address,
        "command": item.command,
    }


def day(moment: int) -> str:
    """Show a moment's day, as it was here."""
    return time.strftime("%d/%m/%Y", time.localtime(moment))
