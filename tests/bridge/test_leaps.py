"""A clock that leaps: nothing is given up, forgotten or put off for days because of it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from bridge.conftest import JEANNE, PAUL
from bridge.plain_reader import mail

from souspli_cli.bridge.leaps import MOST_SECONDS, Leaps
from souspli_cli.bridge.ledger_rows import State
from souspli_cli.bridge.sending import delivering, pauses
from souspli_cli.bridge.sending.line import ServiceLine
from souspli_exchange.port_errors import BrokenAnswerError, UnavailableError

if TYPE_CHECKING:
    from bridge.world import Laboratory

DAY = 86_400


@pytest.mark.parametrize("leap", [3 * DAY, -3 * DAY, MOST_SECONDS + 1])
def test_a_leap_is_known_until_it_is_long_ago(leap: float) -> None:
    wall, forward = 1_000_000.0, 50.0
    leaps = Leaps(lambda: wall, lambda: forward)
    assert leaps.quiet_for(DAY)
    # Time that passes, and a clock that is slewed, are none.
    for _ in range(100):
        wall, forward = wall + 65, forward + 60
        assert leaps.quiet_for(DAY)
    wall += leap
    assert not leaps.quiet_for(DAY)
    wall, forward = wall + DAY - 1, forward + DAY - 1
    assert not leaps.quiet_for(DAY)
    wall, forward = wall + 1, forward + 1
    assert leaps.quiet_for(DAY)
    assert leaps.ran_seconds() == 6_000 + DAY


async def test_a_clock_that_leaps_ahead_gives_nothing_up(
    laboratory: Laboratory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pauses, "TRIES_FIRST_SECONDS", 0)
    ahead, is_away, sign_in = 0, True, ServiceLine.sign_in
    clock = laboratory.clock
    laboratory.clock = lambda: clock() + ahead
    tries = 0

    async def signed_in(line: ServiceLine) -> None:
        nonlocal tries
        tries += 1
        if is_away:
            raise UnavailableError("away")
        await sign_in(line)

    monkeypatch.setattr(ServiceLine, "sign_in", signed_in)
    async with laboratory.bridge():
        await laboratory.send(mail(title="1"), JEANNE[0])
        await laboratory.until(lambda: any(row.lane for row in laboratory.rows()))
        ahead, before = 3 * DAY, tries
        await laboratory.until(lambda: tries >= before + 2)
        assert [row.state for row in laboratory.rows()] == [State.WAITING]
        is_away = False
        (row,) = await laboratory.settled(1)
    assert row.state is State.DELIVERED


async def test_what_was_put_off_by_a_clock_that_was_ahead_is_sent_when_it_is_put_right(
    laboratory: Laboratory, monkeypatch: pytest.MonkeyPatch
) -> None:
    ahead, is_broken, deposit = 3 * DAY, True, delivering.outbox.deposit
    clock = laboratory.clock
    laboratory.clock = lambda: clock() + ahead

    async def broken(*some, **more):
        if is_broken:
            raise BrokenAnswerError("nobody understands it")
        return await deposit(*some, **more)

    monkeypatch.setattr(delivering.outbox, "deposit", broken)
    async with laboratory.bridge():
        await laboratory.send(mail(title="1"), JEANNE[0])
        await laboratory.until(lambda: any(row.attempts for row in laboratory.rows()))
        is_broken, ahead = False, 0
        await laboratory.send(mail(title="2"), JEANNE[0])
        await laboratory.send(mail(title="3"), PAUL[0])
        rows = await laboratory.settled(3)
    assert [row.state for row in rows] == [State.DELIVERED] * 3


async def test_a_bridge_that_starts_with_a_clock_far_ahead_forgets_nothing(
    laboratory: Laboratory,
) -> None:
    once = mail(title="1", message_id="<1@labo>", date="Mon, 1 Jan 2024 00:00:00 +0000")
    clock = laboratory.clock
    async with laboratory.bridge():
        answer = await laboratory.send(once, JEANNE[0])
        await laboratory.settled(1)
    laboratory.clock = lambda: clock() + 31 * DAY
    async with laboratory.bridge():
        await asyncio.sleep(0.5)
    laboratory.clock = clock
    async with laboratory.bridge():
        assert await laboratory.send(once, JEANNE[0]) == answer
