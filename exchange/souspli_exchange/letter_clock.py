"""The sender's clock of a document that waits (docs/specs/pending.md §2).

Pure. Moments are seconds since 1970 in UTC, so that neither time zones nor summer time
move a limit.
"""

from typing import Final

from souspli_exchange.manifest import Priority

DAY: Final = 86_400

NOT_COLLECTED_DAYS: Final = {Priority.URGENT: 2, Priority.SOON: 5, Priority.ROUTINE: 25}
"""After so many days a document that nobody collected is its sender's to look after."""

LATE_DAYS: Final = 10
"""With less left on the letter a document arrives late: another letter is offered."""

LAST_DAYS: Final = 5
"""What waits for a letter is looked after before it ends, whatever its urgency: as long
as the 25th day leaves of 30."""


def is_late(*, not_after: int, now: int) -> bool:
    """Say whether a document arrives so late that its letter should be replaced."""
    return not_after - now < LATE_DAYS * DAY


def days_left(*, not_after: int, now: int) -> int:
    """Return for how many whole days the letter is still good; 0 on its last, or after it."""
    return max(0, (not_after - now) // DAY)


def due_at(*, priority: Priority, since: int, not_after: int | None) -> int:
    """Return from when a document that waits `since` then is its sender's to look after.

    `not_after`: of the letter that it waits for; None for an account.
    """
    due = since + NOT_COLLECTED_DAYS[priority] * DAY
    if not_after is None:
        return due
    if is_late(not_after=not_after, now=since):
        return since
    return min(due, not_after - LAST_DAYS * DAY)
