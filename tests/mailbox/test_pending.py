"""The clock of what waits: reminders, late documents, the first moment of a purge."""

from hypothesis import given
from hypothesis import strategies as st
from simulation.rows import DAY, NOW

from souspli_mailbox.pending import REMINDER_DAYS, is_late, next_reminder, purge_from


def moment(*, mailed_at: int | None, now: int) -> int | None:
    found = next_reminder(waiting_since=NOW, mailed_at=mailed_at, now=now)
    return None if found is None else found.moment


def test_who_was_told_at_once_is_reminded_after_3_10_20_and_27_days() -> None:
    told, said = NOW, []
    for day in range(31):
        if moment(mailed_at=told, now=NOW + day * DAY) == NOW + day * DAY:
            told = NOW + day * DAY
            said.append(day)
    assert said == [3, 10, 20, 27]


def test_before_the_first_moment_it_is_the_next_one_and_after_the_last_there_is_none() -> None:
    assert moment(mailed_at=NOW, now=NOW + 3 * DAY - 1) == NOW + 3 * DAY
    assert moment(mailed_at=NOW + 27 * DAY, now=NOW + 27 * DAY) is None


def test_moments_that_were_missed_are_one_reminder() -> None:
    assert moment(mailed_at=NOW, now=NOW + 25 * DAY) == NOW + 25 * DAY
    assert moment(mailed_at=NOW + 25 * DAY, now=NOW + 25 * DAY) == NOW + 27 * DAY


def test_a_mail_that_said_the_same_meanwhile_counts_as_the_reminder() -> None:
    """Another document came on the fourth day, and its mail reached a service that had stood."""
    assert moment(mailed_at=NOW + 4 * DAY, now=NOW + 5 * DAY) == NOW + 10 * DAY


def test_who_was_never_told_is_told_at_the_first_moment() -> None:
    assert moment(mailed_at=None, now=NOW + 2 * DAY) == NOW + 3 * DAY
    assert moment(mailed_at=None, now=NOW + 3 * DAY) == NOW + 3 * DAY


def test_a_reminder_waits_for_a_day_since_the_mail_before() -> None:
    assert moment(mailed_at=NOW + 3 * DAY - 60, now=NOW + 3 * DAY) == NOW + 4 * DAY - 60


@given(st.lists(st.integers(0, 40 * DAY), min_size=1, max_size=60))
def test_however_the_clock_is_looked_at_there_are_four_at_most_and_never_two_in_a_day(
    looks: list[int],
) -> None:
    mailed, said = NOW, []
    for look in sorted(looks):
        if moment(mailed_at=mailed, now=NOW + look) == NOW + look:
            mailed = NOW + look
            said.append(mailed)
    assert len(said) <= len(REMINDER_DAYS)
    assert all(after - before >= DAY for before, after in zip([NOW, *said], said, strict=False))


def test_the_last_second_counts_and_a_claim_that_began_in_time_may_end() -> None:
    assert purge_from(not_after=NOW, claims_end=[]) == NOW + 1
    assert purge_from(not_after=NOW, claims_end=[NOW - 5, NOW + 3_000]) == NOW + 3_000


def test_with_less_than_ten_days_left_a_document_is_late() -> None:
    assert not is_late(not_after=NOW + 10 * DAY, now=NOW)
    assert is_late(not_after=NOW + 10 * DAY - 1, now=NOW)
    assert is_late(not_after=NOW, now=NOW + DAY)
