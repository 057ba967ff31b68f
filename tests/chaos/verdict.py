"""What has to be true at the end of a run, looked at from outside. Pure.

Known are: what the clients were answered, what the recipients opened, in which order the
service stored it, and what the ledger says of mails that nobody received.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from enum import Enum, unique
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from chaos.clients import Story
    from chaos.mails import Mail
    from chaos.opening import Opened


@unique
class Property(Enum):
    """A promise of docs/specs/bridge.md."""

    ONCE = "every mail answered 250 is delivered, or waits for a person to look at it"
    NOT_TWICE = "none is delivered twice, however often it was handed in"
    IDENTICAL = "what a recipient opens is, byte for byte, what was handed in"
    WHOSE = "nobody receives what is another's"
    ORDER = "one patient's mails are delivered in the order in which they were taken"
    SAME_ID = "a mail that comes again gets the same id"
    REFUSED = "what was refused is delivered to nobody"
    QUARANTINE = "only what nobody can attribute waits for a person"

    def __str__(self) -> str:
        return str(self.value)


@dataclass(frozen=True)
class Broken:
    """A promise that was not kept, and by which mail."""

    what: Property
    number: int
    how: str = ""

    def __str__(self) -> str:
        return f"mail {self.number}: {self.what} ({self.how})"


@dataclass(frozen=True)
class Seen:
    """All that is known at the end."""

    stories: Mapping[int, Story]
    opened: Mapping[str, list[Opened]]
    """By address."""
    stored: Mapping[str, int]
    """Document ids in the service's order."""
    held: Mapping[str, str]
    """Queue ids of what is to be checked or has failed, and why."""


@dataclass(frozen=True)
class Verdict:
    """What was broken, and how many mails of each fate there were."""

    broken: tuple[Broken, ...]
    counts: Mapping[str, int]


def judge(seen: Seen, mail: Callable[[int], Mail]) -> Verdict:
    """Compare everything; `mail` makes a mail anew."""
    broken: list[Broken] = []
    mails = {number: mail(number) for number in seen.stories}
    by_original = {one.original: one for one in mails.values() if one.kind.is_delivered}
    received: dict[int, list[str]] = defaultdict(list)
    for address, documents in seen.opened.items():
        for document in documents:
            meant = next((by_original[one] for one in document.files if one in by_original), None)
            if meant is None:
                broken.append(Broken(Property.IDENTICAL, -1, f"document {document.document_id}"))
                continue
            received[meant.number].append(document.document_id)
            if meant.patient != address:
                broken.append(Broken(Property.WHOSE, meant.number))
    counts: Counter[str] = Counter()
    for number, story in seen.stories.items():
        broken += _of_one(mails[number], story, received.get(number, []), seen.held, counts)
    for address in seen.opened:
        broken += _order(
            (seen.stories[number], number, seen.stored[documents[0]])
            for number, documents in received.items()
            if mails[number].patient == address
        )
    return Verdict(tuple(broken), counts)


def _of_one(
    mail: Mail, story: Story, received: list[str], held: Mapping[str, str], counts: Counter[str]
) -> Iterable[Broken]:
    number, taken = mail.number, bool(story.queue_ids)
    waits = [held[one] for one in story.queue_ids if one in held]
    counts["mails"] += 1
    counts["tries without an answer"] += story.unseen
    counts["answers 4xx"] += sum(answer[0] == "4" for answer in story.answers)
    counts["answered 250"] += taken
    counts["answered 5xx"] += any(answer[0] == "5" for answer in story.answers)
    counts["answered nothing, and never handed in again"] += not story.answers
    counts["of those, delivered"] += not story.answers and bool(received)
    counts["delivered"] += bool(received)
    counts["to be checked"] += bool(waits)
    if len(story.queue_ids) > 1:
        yield Broken(Property.SAME_ID, number, " ".join(sorted(story.queue_ids)))
    if len(received) > 1:
        yield Broken(Property.NOT_TWICE, number, f"{len(received)} documents")
    if taken and mail.kind.is_delivered and not received and not waits:
        yield Broken(Property.ONCE, number, "nowhere")
    if taken and not mail.kind.is_delivered and not waits:
        yield Broken(Property.ONCE, number, "not to be checked")
    if mail.kind.is_delivered and waits:
        yield Broken(Property.QUARANTINE, number, waits[0])
    if received and not taken and not story.unseen:
        yield Broken(Property.REFUSED, number, " ".join(story.answers))


def _order(delivered: Iterable[tuple[Story, int, int]]) -> Iterable[Broken]:
    """Look for a mail that was answered before another began, and was delivered after it."""
    earliest = float("inf")
    for story, number, _ in sorted(delivered, key=lambda one: one[2], reverse=True):
        if story.began > earliest:
            yield Broken(Property.ORDER, number, "before one that was answered earlier")
        if story.answered is not None:
            earliest = min(earliest, story.answered)
