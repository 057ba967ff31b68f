"""When who waits is reminded, and when what nobody finished is purged (docs/specs/pending.md §2).

Pure. Moments are seconds since 1970 in UTC, so that neither time zones nor summer time
move a limit.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

DAY: Final = 86_400

REMINDER_DAYS: Final = (3, 10, 20, 27)
"""After the oldest document that waits was stored."""

LATE_DAYS: Final = 10
"""With less left on the letter a sender is offered another one."""


@dataclass(frozen=True, slots=True)
class Reminder:
    """When to look again: at `moment`; to send one then, or only to see what waits."""

    moment: int


def next_reminder(*, waiting_since: int, mailed_at: int | None, now: int) -> Reminder | None:
    """Return when the next reminder is due: now or earlier means now; None after the last.

    `mailed_at`: when the recipient's last mail of any kind was accepted. Moments that
    were missed, because the service stood still or a mail said the same meanwhile, are
    one reminder or none; never two in 24 hours.
    """
    moments = [waiting_since + days * DAY for days in REMINDER_DAYS]
    passed = [moment for moment in moments if moment <= now]
    if passed and (mailed_at is None or mailed_at < passed[-1]):
        return Reminder(now if mailed_at is None else max(now, mailed_at + DAY))
    coming = next_look(waiting_since=waiting_since, now=now)
    return None if coming is None else Reminder(coming)


def first_look(waiting_since: int) -> int:
    """Return when to see for the first time whether a reminder is due."""
    return waiting_since + REMINDER_DAYS[0] * DAY


def next_look(*, waiting_since: int, now: int) -> int | None:
    """Return the first of the reminders' moments after `now`; None after the last."""
    moments = (waiting_since + days * DAY for days in REMINDER_DAYS)
    return next((moment for moment in moments if moment > now), None)


def purge_from(*, not_after: int, claims_end: Iterable[int]) -> int:
    """Return the first moment at which a letter may be purged.

    It is good up to and including `not_after`; a claim that began in time may end, at
    one of `claims_end`.
    """
    return max([not_after + 1, *claims_end])


def is_late(*, not_after: int, now: int) -> bool:
    """Say whether a document arrives so late that its letter should be replaced."""
    return not_after - now < LATE_DAYS * DAY
