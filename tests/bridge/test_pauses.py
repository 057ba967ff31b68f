"""How long a service that is away is left alone, and what has waited for too long."""

from __future__ import annotations

from souspli_cli.bridge.sending.pauses import (
    AWAY_FOR_ALL_SECONDS,
    LONGEST_AWAY_SECONDS,
    TRIES_FIRST_SECONDS,
    Pauses,
)

HOUR = 3_600
START = 1_800_000_000


class Time:
    """Both clocks."""

    def __init__(self) -> None:
        self.passed = 0.0
        self.pauses = Pauses(
            lambda: START + self.passed, lambda: self.passed, too_late_seconds=48 * HOUR
        )

    def passes(self, seconds: float) -> None:
        """Let time pass as it does: looked at now and then."""
        for _ in range(10):
            self.passed += seconds / 10
            self.pauses.too_late_before()


def test_pauses_double_up_to_five_minutes_and_begin_anew_with_a_document() -> None:
    pauses = Time().pauses
    for expected in (1, 2, 4, 8, 16, 32, 64, 128, 256, LONGEST_AWAY_SECONDS, LONGEST_AWAY_SECONDS):
        assert 0.75 * expected <= pauses.next_pause() <= expected
    pauses.is_back()
    assert pauses.next_pause() <= 1


def test_where_nobody_is_there_all_that_was_due_counts_as_tried() -> None:
    time = Time()
    time.passes(TRIES_FIRST_SECONDS)
    time.pauses.begins()
    time.passes(60)
    time.pauses.was_away(nobody_there=True)
    assert time.pauses.too_late_before() == START + TRIES_FIRST_SECONDS - 48 * HOUR


def test_who_takes_calls_and_nothing_else_is_away_after_an_hour() -> None:
    time = Time()
    time.passes(TRIES_FIRST_SECONDS)
    for _ in range(11):
        time.pauses.begins()
        time.pauses.was_away(nobody_there=False)
        assert time.pauses.too_late_before() == START - 48 * HOUR
        time.passes(AWAY_FOR_ALL_SECONDS / 10)
        if time.passed >= TRIES_FIRST_SECONDS + AWAY_FOR_ALL_SECONDS:
            break
    asked = int(START + time.passed)
    time.pauses.begins()
    time.pauses.was_away(nobody_there=False)
    assert time.pauses.too_late_before() == asked - 48 * HOUR
    # A document that is taken begins the hour anew.
    time.pauses.is_back()
    time.passes(60)
    time.pauses.begins()
    time.pauses.was_away(nobody_there=False)
    assert time.pauses.too_late_before() == asked - 48 * HOUR


def test_a_bridge_that_has_just_begun_tries_first() -> None:
    time = Time()
    time.pauses.begins()
    time.pauses.all_tried()
    assert time.pauses.too_late_before() is None
