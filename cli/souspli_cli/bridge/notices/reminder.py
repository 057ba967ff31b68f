"""A reminder of what still waits for a person: how many, since when, where to look. Pure.

docs/specs/bridge.md §9. Nothing of a mail or a document is handed in.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from souspli_cli.bridge.notices.lines import day, field, head, joined, text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from souspli_cli.words import Words


@dataclass(frozen=True)
class Reminder:
    """One mail to one address."""

    to: str
    domain: str
    """Of the bridge, as an A-label."""
    mail_id: str
    now: int
    count: int
    """Documents that this address was, or would have been, told of."""
    oldest: int
    """Since when the oldest of them is on its way."""


def compose(reminder: Reminder) -> bytes:
    """Write it, each line ended by CR LF."""
    return joined(_lines(reminder))


def _lines(reminder: Reminder) -> Iterator[str]:
    yield from head(
        domain=reminder.domain,
        to=reminder.to,
        subject=lambda say: say("bridge_notice.reminder_subject", count=reminder.count),
        mail_id=reminder.mail_id,
        now=reminder.now,
    )
    yield from field("X-Souspli-To-Check", str(reminder.count))
    yield from text(lambda say: _in(say, reminder))


def _in(say: Words, reminder: Reminder) -> str:
    lines = [
        say("bridge_notice.reminder_count", count=reminder.count, since=day(reminder.oldest)),
        "",
        say("bridge_notice.reminder_about"),
        "",
        say("bridge_notice.signature", domain=reminder.domain),
    ]
    return "\n".join(lines)
