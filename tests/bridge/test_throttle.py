"""Who fails to sign in too often waits; who signs in is not locked out by others."""

from __future__ import annotations

from souspli_cli.bridge.smtp.throttle import (
    ACCOUNT_FAILURES,
    ADDRESS_FAILURES,
    LONGEST_WAIT_SECONDS,
    MOST_KEYS,
    WINDOW_SECONDS,
    Throttle,
)


def test_ten_failures_make_an_address_wait_and_each_more_doubles_it() -> None:
    throttle = Throttle()
    for _ in range(ADDRESS_FAILURES - 1):
        throttle.failed("10.0.0.9", "sil", now=0.0)
    assert not throttle.must_wait("10.0.0.9", "sil", now=0.0)
    throttle.failed("10.0.0.9", "sil", now=0.0)
    assert throttle.must_wait("10.0.0.9", "other", now=29.0)
    assert not throttle.must_wait("10.0.0.9", "sil", now=31.0)
    throttle.failed("10.0.0.9", "sil", now=31.0)
    assert throttle.must_wait("10.0.0.9", "sil", now=90.0)
    assert not throttle.must_wait("10.0.0.9", "sil", now=92.0)
    for _ in range(30):
        throttle.failed("10.0.0.9", "sil", now=100.0)
    assert not throttle.must_wait("10.0.0.9", "sil", now=101.0 + LONGEST_WAIT_SECONDS)


def test_another_address_is_not_delayed() -> None:
    throttle = Throttle()
    for _ in range(ADDRESS_FAILURES):
        throttle.failed("10.0.0.9", "sil", now=0.0)
    assert not throttle.must_wait("10.0.0.8", "sil", now=1.0)


def test_an_account_that_many_try_waits_but_where_it_was_signed_in_before() -> None:
    throttle = Throttle()
    throttle.succeeded("10.0.0.8", "sil")
    for number in range(ACCOUNT_FAILURES):
        throttle.failed(f"10.1.0.{number}", "sil", now=0.0)
    assert throttle.must_wait("10.0.0.7", "sil", now=1.0)
    assert not throttle.must_wait("10.0.0.8", "sil", now=1.0)


def test_failures_long_ago_are_forgotten() -> None:
    throttle = Throttle()
    for _ in range(ADDRESS_FAILURES - 1):
        throttle.failed("10.0.0.9", "sil", now=0.0)
    throttle.failed("10.0.0.9", "sil", now=WINDOW_SECONDS + 1)
    assert not throttle.must_wait("10.0.0.9", "sil", now=WINDOW_SECONDS + 1)


def test_what_strangers_make_it_remember_has_a_bound() -> None:
    throttle = Throttle()
    for number in range(MOST_KEYS + 50):
        throttle.failed("10.0.0.9", f"name-{number}", now=0.0)
    assert len(throttle._failures) == MOST_KEYS
    assert throttle.must_wait("10.0.0.9", "sil", now=1.0)
