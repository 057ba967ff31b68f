"""Whose turn it is: beside slow documents, a person's decisions, and a service that stumbles."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
from bridge.conftest import JEANNE, PAUL
from bridge.plain_reader import mail
from bridge.test_withdrawals import DELETION, REPORT, states, withdrawn

from souspli_cli.bridge import decisions, ledger
from souspli_cli.bridge.digests import Digests
from souspli_cli.bridge.ledger_rows import State
from souspli_cli.bridge.routing import Target
from souspli_cli.bridge.sending import delivering, pauses, worker
from souspli_cli.bridge.sending.line import ServiceLine
from souspli_cli.bridge.sending.pauses import Pauses
from souspli_cli.bridge.sending.targets import seal_target
from souspli_exchange.port_errors import UnavailableError

if TYPE_CHECKING:
    from bridge.world import Laboratory

DAY = 86_400


@dataclass
class Way:
    """The way to the service: away, slow for what is titled so, with answers of 503."""

    is_away: bool = True
    slow: str = ""
    refused: frozenset[int] = frozenset()
    """Which deposits get 503, counted from 1."""
    begun: list[str] = field(default_factory=list[str])


@pytest.fixture
def way(monkeypatch: pytest.MonkeyPatch) -> Way:
    way = Way()
    deposit, sign_in = delivering.outbox.deposit, ServiceLine.sign_in

    async def signed_in(line: ServiceLine) -> None:
        if way.is_away:
            raise UnavailableError("away")
        await sign_in(line)

    async def deposited(account, sending, spool, spooled, **more):
        way.begun.append(spool.slip.title)
        if len(way.begun) in way.refused:
            raise UnavailableError("503")
        while spool.slip.title == way.slow:  # noqa: ASYNC110  (another loop says so)
            await asyncio.sleep(0.02)
        return await deposit(account, sending, spool, spooled, **more)

    monkeypatch.setattr(ServiceLine, "sign_in", signed_in)
    monkeypatch.setattr(delivering.outbox, "deposit", deposited)
    return way


async def test_while_all_are_busy_what_comes_is_sorted_and_what_is_taken_back_stays(
    laboratory: Laboratory, way: Way, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "LANES", 1)  # one slow document, as eight would be
    way.slow = "before"
    async with laboratory.bridge():
        await laboratory.send(mail(title="before"), JEANNE[0])
        await laboratory.send(mail(title="v1", **REPORT), PAUL[0])
        await laboratory.until(lambda: [one for one, _ in states(laboratory)] == ["waiting"] * 2)
        way.is_away = False
        await laboratory.until(lambda: way.begun == ["before"])
        await laboratory.send(DELETION, PAUL[0])
        await laboratory.send(mail(title="unclear", broken="yes"), PAUL[0])
        expected = ["waiting", "withdrawn", "waiting", "to-check"]
        await laboratory.until(lambda: [one for one, _ in states(laboratory)] == expected)
        way.slow = ""
        await laboratory.settled(4)
    assert way.begun == ["before"]


@pytest.mark.parametrize("how", ["assign", "retry"])
async def test_what_a_person_lets_go_before_a_deletion_s_turn_is_taken_back_with_the_rest(
    laboratory: Laboratory, way: Way, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    is_broken = True
    way.is_away, way.slow = False, "before"
    from souspli_cli.bridge.sending import sorting  # noqa: PLC0415  (patched here alone)

    route = sorting.route

    def routed(slip, *some, **more):
        if slip.title == "v2" and is_broken:
            return sorting.Unclear.UNCERTAIN
        return route(slip, *some, **more)

    monkeypatch.setattr(sorting, "route", routed)
    second = mail(b"v2", change="replaces", replaces="LABO|1", title="v2", **REPORT)
    async with laboratory.bridge():
        await laboratory.send(mail(title="v1", **REPORT), JEANNE[0])
        await laboratory.settled(1)
        await laboratory.send(second, JEANNE[0])
        await laboratory.settled(2)
        way.is_away = True
        await laboratory.send(mail(title="before"), JEANNE[0])
        await laboratory.send(DELETION, JEANNE[0])
        await laboratory.until(lambda: len(laboratory.rows()) == 4)
        way.is_away = False
        await laboratory.until(lambda: way.begun[-1] == "before")
        await laboratory.until(lambda: laboratory.rows()[3].lane is not None)
        is_broken = False
        _let_go(laboratory, how)
        way.slow = ""
        rows = await laboratory.settled(4)
        said = await withdrawn(laboratory)
    assert [row.state for row in rows] == [
        State.WITHDRAWN,
        State.WITHDRAWN,
        State.DELIVERED,
        State.WITHDRAWN,
    ]
    assert said[rows[0].document_id]
    # Not sent any more, or sent and withdrawn.
    assert said.get(rows[1].document_id, True)


def _let_go(laboratory: Laboratory, how: str) -> None:
    document_id = laboratory.rows()[1].document_id
    with ledger.open_ledger(laboratory.folder.ledger) as database:
        if how == "retry":
            assert database.write_now(ledger.try_again, document_id, now=1) == 1
            return
        secret = laboratory.account.device.unlocker.secret_bytes()
        target = Target(JEANNE[0])
        decision = decisions.Decision(
            target=seal_target(secret, target, document_id=document_id),
            lane=Digests.of(secret).lane(target.addresses[:1]),
            by="anne",
        )
        assert database.write_now(decisions.assign, document_id, decision, now=1)


async def test_an_entry_that_is_damaged_when_its_turn_comes_keeps_its_own_documents(
    laboratory: Laboratory, way: Way
) -> None:
    async with laboratory.bridge():
        await laboratory.send(mail(title="1"), JEANNE[0])
        await laboratory.send(mail(title="2"), PAUL[0])
        await laboratory.recorded(2)
        await laboratory.until(lambda: all(row.lane for row in laboratory.rows()))
        book = laboratory.account.book
        entry = book.folder / book._patient_name(JEANNE[0])
        entry.write_bytes(entry.read_bytes()[:-1])
        way.is_away = False
        await laboratory.settled(2)
    assert states(laboratory) == [("to-check", "book_damaged"), ("delivered", None)]


async def test_a_service_that_stumbles_now_and_then_is_waited_for_a_moment_each_time(
    laboratory: Laboratory, way: Way, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float] = []
    next_pause = Pauses.next_pause

    def noted(one: Pauses) -> float:
        seconds = next_pause(one)
        if not way.is_away:
            waits.append(seconds)
        return seconds

    monkeypatch.setattr(Pauses, "next_pause", noted)
    # One patient's, one after the other: the third is refused once, and so on.
    way.refused = frozenset({3, 6, 9, 12})
    async with laboratory.bridge():
        for number in range(9):
            await laboratory.send(mail(title=str(number)), JEANNE[0])
        await laboratory.recorded(9)
        way.is_away = False
        rows = await laboratory.settled(9)
    assert {row.state for row in rows} == {State.DELIVERED}
    assert len(waits) >= 4
    # The first wait may have been as long as those before the service was there.
    assert max(waits[1:]) <= pauses.FIRST_AWAY_SECONDS


async def test_back_after_two_days_a_stumble_fails_nothing(
    laboratory: Laboratory, way: Way, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "LANES", 1)
    monkeypatch.setattr(pauses, "TRIES_FIRST_SECONDS", 0)
    later = 0
    clock, forward = laboratory.clock, laboratory.forward
    laboratory.clock = lambda: clock() + later
    laboratory.forward = lambda: forward() + later
    way.refused = frozenset({1})
    give_up = worker.Worker._give_up
    async with laboratory.bridge():
        for number in range(4):
            await laboratory.send(mail(title=str(number)), (JEANNE, PAUL)[number % 2][0])
        await laboratory.recorded(4)
        # Its last try that found nobody was just before the two days were over.
        monkeypatch.setattr(worker.Worker, "_give_up", lambda _: None)
        later = 2 * DAY + 60
        way.is_away = False
        await laboratory.until(lambda: bool(way.begun))
        monkeypatch.setattr(worker.Worker, "_give_up", give_up)
        rows = await laboratory.settled(4)
    assert [row.state for row in rows] == [State.DELIVERED] * 4


async def test_a_service_that_takes_calls_and_no_documents_for_hours_is_away(
    laboratory: Laboratory, way: Way, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pauses, "TRIES_FIRST_SECONDS", 0)
    later = 0
    clock, forward = laboratory.clock, laboratory.forward
    laboratory.clock = lambda: clock() + later
    laboratory.forward = lambda: forward() + later
    way.is_away, way.refused = False, frozenset(range(1, 1_000))
    async with laboratory.bridge():
        await laboratory.send(mail(title="1"), JEANNE[0])
        await laboratory.until(lambda: bool(way.begun))
        later = 2 * DAY + 60
        (row,) = await laboratory.settled(1)
    # Its covers were made: the service may have it.
    assert (row.state, row.reason) == (State.FAILED, "maybe_sent")
