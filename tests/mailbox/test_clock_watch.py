"""A clock that leapt purges nobody: not until it is mended, confirmed, or a day has passed."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from simulation.purging import END, PurgeWorld, job
from simulation.rows import DAY, NOW, Rows

from souspli_mailbox.clock_watch import Clocks, ClockWatch, Verdict, clocks_of, look_only
from souspli_mailbox.jobs import Done, NotYet
from souspli_mailbox.records.jobs import JobName, ensure_job

if TYPE_CHECKING:
    from simulation.databases import Place

HOUR = 3_600


class Machine:
    """One whose clock can be set, unlike the time that passes."""

    def __init__(self, world: PurgeWorld) -> None:
        self.world = world
        self.passed = 0.0
        world.now = NOW
        world.is_confirmed = False
        self.restart()

    def restart(self) -> None:
        self.world.watch = ClockWatch(
            self.world.rows.database,
            Clocks(lambda: float(self.world.now), lambda: self.passed, is_declared=True),
        )

    def run(self, seconds: int) -> None:
        self.world.now += seconds
        self.passed += seconds

    async def look(self) -> Verdict:
        return await self.world.watch.look()


@pytest.fixture
async def machine(rows: Rows) -> Machine:
    """A service that has run for a day."""
    machine = Machine(PurgeWorld(rows))
    await machine.look()
    machine.run(DAY)
    assert (await machine.look()).is_trusted
    return machine


async def test_a_clock_that_leapt_purges_nobody_and_once_mended_nothing_is_lost(
    machine: Machine,
) -> None:
    world = machine.world
    letter = world.rows.invite(world.practice)
    world.deliver(letter)
    world.now += 31 * DAY
    for _ in range(3):
        await world.run()
        machine.run(HOUR)
        machine.restart()
        await machine.look()
    assert world.purge(letter) is None
    assert world.states() == ["stored"]
    # Mended, and the day after it purges only what is due.
    world.now -= 31 * DAY
    for _ in range(26):
        machine.run(HOUR)
        await world.run()
    assert (await machine.look()).is_trusted
    assert world.purge(letter) is None
    machine.run(31 * DAY)
    await world.run()
    assert world.purge(letter) is not None


async def test_after_a_long_stop_purges_wait_for_a_day_of_running(machine: Machine) -> None:
    world = machine.world
    letter = world.rows.invite(world.practice)
    world.now = END + DAY
    machine.restart()
    for _ in range(25):
        assert world.purge(letter) is None
        outcome = await world.run()
        assert isinstance(outcome, NotYet)
        machine.run(HOUR)
    await world.run()
    assert world.purge(letter) is not None


async def test_an_operator_s_word_ends_the_wait_for_every_process(machine: Machine) -> None:
    world = machine.world
    letter = world.rows.invite(world.practice)
    world.now = END
    machine.restart()
    done = await world.purger.run(seconds=60)
    assert (done.decided, done.held_back) == (0, True)
    beside = ClockWatch(world.rows.database, clocks_of(lambda: float(world.now)))
    await beside.confirm()
    done = await world.purger.run(seconds=60)
    assert (done.ended, done.held_back) == (1, False)
    assert world.purge(letter) is not None


async def test_what_was_decided_before_the_leap_is_done_to_its_end(machine: Machine) -> None:
    world = machine.world
    letter = world.rows.invite(world.practice)
    machine.run(31 * DAY)
    world.decide(letter, now=world.now)
    world.now += 300 * DAY
    await world.run()
    purge = world.purge(letter)
    assert purge is not None
    assert purge.ended_at is not None


async def test_what_was_replaced_is_not_purged_by_a_clock_that_leapt(machine: Machine) -> None:
    world = machine.world
    first = world.rows.invite(world.practice)
    world.deliver(first)
    world.rows.invite(world.practice, supersedes=first.invitation_id, now=NOW + 1)
    due = job(JobName.PURGE_REPLACED, invitation_id=first.invitation_id)
    world.now = END + 30 * DAY
    assert isinstance(await world.purger.purge_replaced(due), NotYet)
    assert world.purge(first) is None
    machine.run(DAY)
    assert isinstance(await world.purger.purge_replaced(due), Done)
    assert world.purge(first) is not None


async def test_a_clock_that_is_mended_finds_what_recurs_due_at_once(machine: Machine) -> None:
    world = machine.world
    world.rows.database.write_now(ensure_job, name=JobName.EXPIRE, now=world.now + 31 * DAY)
    world.now += 31 * DAY
    await machine.look()
    world.now -= 31 * DAY
    await machine.look()
    assert world.one("SELECT run_at FROM jobs WHERE job = 'expire'") == world.now


async def test_looking_ahead_writes_nothing(machine: Machine) -> None:
    world = machine.world
    before = world.all("SELECT * FROM service_facts ORDER BY fact")
    world.now += 31 * DAY
    verdict = look_only(world.rows.database, clocks_of(lambda: float(world.now)))
    assert (verdict.waits, verdict.is_trusted) == (DAY, False)
    assert world.all("SELECT * FROM service_facts ORDER BY fact") == before


async def test_a_node_whose_clock_is_not_the_database_server_s_writes_nothing_and_purges_nothing(
    place: Place,
) -> None:
    with place.open() as database:
        right = ClockWatch(database, clocks_of(time.time))
        await right.look()
        await right.confirm()
        wrong = ClockWatch(
            database, Clocks(lambda: time.time() + HOUR, time.monotonic, is_declared=False)
        )
        verdict = await wrong.look()
        if place.engine == "sqlite":
            # A file has no clock; and an hour is within what a stop may take.
            assert verdict.is_trusted
        else:
            assert not verdict.is_trusted
            assert abs(verdict.apart - HOUR) < 60
            assert (await right.look()).is_trusted


def test_the_machine_s_own_clock_is_no_declared_one() -> None:
    assert not clocks_of(time.time).is_declared
    assert clocks_of(lambda: float(NOW)).is_declared
