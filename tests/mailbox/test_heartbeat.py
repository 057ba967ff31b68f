"""Which worker is stopped, and killed, for its silence, and which is not."""

from __future__ import annotations

from souspli_mailbox.heartbeat import HELD_UP_SECONDS, LAST_SECONDS, Heartbeats, Remedy

SILENT = 30.0
STOP = 120.0


def heartbeats(*, silent_seconds: float = SILENT) -> Heartbeats:
    return Heartbeats(silent_seconds=silent_seconds, stop_seconds=STOP)


def look_until(hearts: Heartbeats, begin: int, end: int) -> dict[int, dict[int, Remedy]]:
    """Look every second, as the parent does; return when something was to be done."""
    found = {second: hearts.look(float(second)) for second in range(begin, end)}
    return {second: remedies for second, remedies in found.items() if remedies}


def test_who_is_silent_is_asked_to_stop_once_and_then_killed_until_it_ends() -> None:
    hearts = heartbeats()
    hearts.beat(0, 0.0)
    done = look_until(hearts, 0, 38)
    assert done == {
        30: {0: Remedy.STOP},
        **{second: {0: Remedy.KILL} for second in (35, 36, 37)},
    }
    hearts.forget(0)
    assert look_until(hearts, 38, 100) == {}


def test_who_beats_is_left_alone_beside_one_that_does_not() -> None:
    hearts = heartbeats()
    hearts.beat(0, 0.0)
    for second in range(31):
        hearts.beat(1, float(second))
        remedies = hearts.look(float(second))
    assert remedies == {0: Remedy.STOP}


def test_who_has_not_begun_to_beat_may_take_its_time() -> None:
    assert look_until(heartbeats(), 0, 1_000) == {}


def test_who_is_heard_again_has_the_time_that_stopping_takes() -> None:
    hearts = heartbeats()
    hearts.beat(0, 0.0)
    assert look_until(hearts, 0, 32) == {30: {0: Remedy.STOP}}
    hearts.beat(0, 32.0)
    assert look_until(hearts, 32, 150) == {}
    assert hearts.look(150.0) == {0: Remedy.KILL}


def test_a_parent_that_was_held_up_gives_everybody_a_second_beginning() -> None:
    hearts = heartbeats()
    hearts.beat(0, 0.0)
    assert look_until(hearts, 0, 20) == {}
    # A suspended machine: nobody ran.
    assert hearts.look(1_000.0) == {}
    assert look_until(hearts, 1_001, 1_010) == {}
    assert list(look_until(hearts, 1_010, 1_015)) == [1_011]


def test_one_that_was_asked_to_stop_before_the_parent_was_held_up_is_not_killed_for_it() -> None:
    hearts = heartbeats()
    hearts.beat(0, 0.0)
    assert list(look_until(hearts, 0, 32)) == [30]
    assert hearts.look(31.0 + HELD_UP_SECONDS + 100) == {}
    assert hearts.look(31.0 + HELD_UP_SECONDS + 100 + LAST_SECONDS) == {0: Remedy.KILL}


def test_with_0_nobody_is_missed() -> None:
    hearts = heartbeats(silent_seconds=0)
    hearts.beat(0, 0.0)
    assert look_until(hearts, 0, 10_000) == {}
