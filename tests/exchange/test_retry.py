"""What is asked again, how often, and after which delays."""

import pytest
from exchange.world import AT_ONCE

from souspli_exchange import retry
from souspli_exchange.port_errors import NotFoundError, UnavailableError
from souspli_exchange.retry import RetryPolicy


async def test_delays_grow_and_the_service_s_wish_is_followed() -> None:
    delays: list[float] = []

    async def sleep(seconds: float) -> None:
        delays.append(seconds)

    failures = [None, None, None, 7.0, 900.0]

    async def call() -> str:
        if failures:
            raise UnavailableError("no", retry_after=failures.pop(0))
        return "done"

    policy = RetryPolicy(sleep=sleep)
    assert await policy.repeat(call) == "done"
    assert all(0.75 * 2**n <= delay <= 2**n for n, delay in enumerate(delays[:3]))
    assert delays[3:] == [7.0, policy.longest_delay]


async def test_a_service_that_is_never_back_is_asked_seven_times_within_a_minute(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    delays: list[float] = []
    asked: list[str] = []

    async def sleep(seconds: float) -> None:
        delays.append(seconds)

    async def call() -> None:
        asked.append("again")
        raise UnavailableError("no")

    monkeypatch.setattr(retry.random, "random", lambda: 1.0)
    with pytest.raises(UnavailableError):
        await RetryPolicy(sleep=sleep).repeat(call)
    assert len(asked) == 7
    assert delays == [0.75, 1.5, 3.0, 6.0, 12.0, 22.5]


async def test_what_is_refused_for_good_is_not_asked_again() -> None:
    asked: list[str] = []

    async def call() -> None:
        asked.append("again")
        raise NotFoundError("no")

    with pytest.raises(NotFoundError):
        await AT_ONCE.repeat(call)
    assert len(asked) == 1
