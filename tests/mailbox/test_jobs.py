"""Workers: leases that end, retries, giving up, stopping gracefully."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import textwrap
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest
from simulation.job_rows import add, take, waiting
from simulation.rows import NOW, Rows

from souspli_mailbox import jobs
from souspli_mailbox.jobs import Done, NotYet, Worker, retry_delay
from souspli_mailbox.records import jobs as records
from souspli_mailbox.records.jobs import Job, JobName

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from pathlib import Path

    from simulation.databases import Place
    from sqlalchemy import Connection


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        return float(self.now)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@asynccontextmanager
async def working(
    rows: Rows, clock: Clock, handler: Callable[[Job], Awaitable[jobs.Outcome]]
) -> AsyncIterator[Worker]:
    worker = Worker(database=rows.database, handlers={JobName.NOTIFY: handler}, clock=clock)
    running = asyncio.create_task(worker.run())
    try:
        yield worker
    finally:
        worker.stop()
        async with asyncio.timeout(30):
            await running


def next_due(rows: Rows) -> int | None:
    return rows.database.read_now(records.next_due, names=[JobName.NOTIFY])


async def until(fact: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not fact():  # noqa: ASYNC110  (facts in a database announce themselves to nobody)
            await asyncio.sleep(0.01)


async def test_what_a_job_concludes_is_committed_with_its_end(rows: Rows, clock: Clock) -> None:
    add(rows)
    seen: list[int] = []

    async def handler(job: Job) -> jobs.Outcome:
        seen.append(job.job_id)
        return Done(
            lambda connection: records.enqueue(connection, name=JobName.SWEEP, ids={}, now=NOW)
        )

    async with working(rows, clock, handler):
        await until(lambda: bool(seen) and waiting(rows) == 1)
    (left,) = rows.jobs()
    assert left.name is JobName.SWEEP


async def test_a_failure_is_tried_again_later_and_only_its_class_is_kept(
    rows: Rows, clock: Clock
) -> None:
    add(rows)

    async def handler(_: Job) -> jobs.Outcome:
        raise ConnectionError("550 patient@example.org unknown")

    async with working(rows, clock, handler):
        await until(lambda: _failures(rows) == ["ConnectionError"])
    assert take(rows, now=NOW + 14) is None  # 30 s, less half by jitter
    job = take(rows, now=NOW + 30)
    assert job is not None
    assert job.attempts == 2


def _failures(rows: Rows) -> list[str]:
    def read(connection: Connection) -> list[str]:
        found = connection.exec_driver_sql(
            "SELECT failure FROM jobs WHERE failure IS NOT NULL"
        ).scalars()
        return [str(failure) for failure in found]

    return rows.database.read_now(read)


async def test_a_job_that_always_fails_is_given_up_visibly(rows: Rows, clock: Clock) -> None:
    add(rows)
    attempts: list[int] = []

    async def handler(job: Job) -> jobs.Outcome:
        attempts.append(job.attempts)
        raise ValueError("always")

    def given_back(connection: Connection) -> int | None:
        run_at = connection.exec_driver_sql(
            "SELECT run_at FROM jobs WHERE state = 'waiting' AND lease IS NULL"
        ).scalar_one_or_none()
        return None if run_at is None else int(run_at)

    async with working(rows, clock, handler) as worker:

        def dead() -> bool:
            if (run_at := rows.database.read_now(given_back)) is not None:
                clock.now = run_at
                worker.wake()
            return bool(rows.database.read_now(records.dead_jobs))

        await until(dead)
    assert attempts == list(range(1, jobs.MAX_ATTEMPTS + 1))
    (given_up,) = rows.database.read_now(records.dead_jobs)
    assert (given_up.name, given_up.failure, given_up.attempts) == ("notify", "ValueError", 30)
    assert waiting(rows) == 0


async def test_a_job_that_kills_its_workers_is_given_up_unseen(rows: Rows, clock: Clock) -> None:
    add(rows)
    for n in range(jobs.MAX_ATTEMPTS):
        assert take(rows, now=NOW + n, lease_until=NOW + n) is not None

    async def handler(_: Job) -> jobs.Outcome:
        raise AssertionError("must not be begun again")

    clock.now += jobs.MAX_ATTEMPTS
    async with working(rows, clock, handler):
        await until(lambda: bool(rows.database.read_now(records.dead_jobs)))
    (dead,) = rows.database.read_now(records.dead_jobs)
    assert dead.failure == "Unsettled"


async def test_not_yet_runs_again_at_its_moment(rows: Rows, clock: Clock) -> None:
    add(rows)
    begun: list[int] = []

    async def handler(job: Job) -> jobs.Outcome:
        begun.append(job.attempts)
        if clock.now == NOW:
            return NotYet(NOW + 1000)
        return Done()

    async with working(rows, clock, handler) as worker:
        # Put off: with the clock ahead before, its lease would be over.
        await until(lambda: next_due(rows) == NOW + 1000)
        clock.now = NOW + 1000
        worker.wake()
        await until(lambda: waiting(rows) == 0)
    assert begun == [1, 1]


async def test_what_is_due_is_done_without_waiting_for_the_next_look(
    rows: Rows, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Many more than are done at once, the first ones slow, some ending during a claim."""
    monkeypatch.setattr(jobs, "POLL_SECONDS", 3_600)
    for _ in range(30):
        add(rows)
    done: list[int] = []

    async def handler(job: Job) -> jobs.Outcome:
        await asyncio.sleep(0.05 if len(done) < jobs.JOBS_AT_ONCE else 0)
        done.append(job.job_id)
        return Done()

    async with working(rows, clock, handler) as worker:
        await until(lambda: waiting(rows) == 0)
        add(rows)
        worker.wake()
        await until(lambda: waiting(rows) == 0)
    assert sorted(done) == list(range(1, 32))


async def test_a_job_that_lets_others_have_their_turn_goes_on_at_once(
    rows: Rows, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "POLL_SECONDS", 3_600)
    add(rows)
    turns: list[int] = []

    async def handler(job: Job) -> jobs.Outcome:
        turns.append(job.attempts)
        return Done() if len(turns) == 3 else NotYet(clock.now)

    async with working(rows, clock, handler):
        await until(lambda: waiting(rows) == 0)
    assert len(turns) == 3


async def test_jobs_that_are_due_together_are_taken_in_one_transaction(
    rows: Rows, clock: Clock
) -> None:
    for _ in range(jobs.JOBS_AT_ONCE):
        add(rows)
    leases: list[str] = []

    async def handler(job: Job) -> jobs.Outcome:
        leases.append(job.lease)
        return Done()

    async with working(rows, clock, handler):
        await until(lambda: waiting(rows) == 0)
    assert len(leases) == jobs.JOBS_AT_ONCE
    assert len({*leases}) == 1


async def test_stopping_lets_the_job_under_way_finish_and_takes_no_other(
    rows: Rows, clock: Clock
) -> None:
    for _ in range(jobs.JOBS_AT_ONCE + 3):
        add(rows)
    begun, finish = [0], asyncio.Event()

    async def handler(_: Job) -> jobs.Outcome:
        begun[0] += 1
        await finish.wait()
        return Done()

    async with working(rows, clock, handler) as worker:
        await until(lambda: begun[0] == jobs.JOBS_AT_ONCE)
        worker.stop()
        finish.set()
    assert begun[0] == jobs.JOBS_AT_ONCE
    assert waiting(rows) == 3


async def test_a_job_whose_conclusion_fails_does_not_end_the_worker(
    rows: Rows, clock: Clock
) -> None:
    add(rows)
    add(rows)
    done: list[int] = []

    def broken(_: Connection) -> None:
        raise KeyError("a mistake")

    async def handler(job: Job) -> jobs.Outcome:
        done.append(job.job_id)
        return Done(broken) if job.job_id == 1 else Done()

    async with working(rows, clock, handler):
        await until(lambda: waiting(rows) == 1 and len(done) == 2)
    assert take(rows, now=NOW + jobs.LEASE_SECONDS) is not None


async def test_a_handler_that_hangs_is_stopped_before_its_lease_ends(
    rows: Rows, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert jobs.HANDLER_SECONDS < jobs.LEASE_SECONDS
    monkeypatch.setattr(jobs, "HANDLER_SECONDS", 0.05)
    add(rows)

    async def handler(_: Job) -> jobs.Outcome:
        await asyncio.Event().wait()
        return Done()

    async with working(rows, clock, handler):
        await until(lambda: _failures(rows) == ["TimeoutError"])


@pytest.mark.parametrize(
    ("attempts", "longest"), [(1, 30), (2, 60), (3, 120), (9, 7_680), (10, 14_400), (10**9, 14_400)]
)
def test_delays_double_up_to_four_hours_and_jitter_takes_up_to_half(
    attempts: int, longest: int
) -> None:
    assert retry_delay(attempts=attempts, jitter=0) == longest
    assert retry_delay(attempts=attempts, jitter=1) == longest / 2


def test_retrying_outlasts_a_week_end() -> None:
    shortest = sum(retry_delay(attempts=n, jitter=1) for n in range(1, jobs.MAX_ATTEMPTS))
    longest = sum(retry_delay(attempts=n, jitter=0) for n in range(1, jobs.MAX_ATTEMPTS))
    assert shortest > 36 * 3_600
    assert longest > 72 * 3_600


def test_two_processes_never_do_one_job_both(place: Place, rows: Rows, tmp_path: Path) -> None:
    """Each notes a job's begin and end in one file; nothing may come between the two."""
    for _ in range(40):
        add(rows)
    script = textwrap.dedent(
        """
        import asyncio, os, sys
        from souspli_mailbox.database import open_database
        from souspli_mailbox.jobs import Done, Worker
        from souspli_mailbox.records.jobs import JobName, next_due
        from souspli_mailbox.settings import load

        async def main(log):
            with open_database(load()) as database:
                async def handler(job):
                    for word in ("begin", "end"):
                        os.write(log, f"{job.job_id} {word}\\n".encode())
                        await asyncio.sleep(0.001)
                    return Done()
                worker = Worker(
                    database=database,
                    handlers={JobName.NOTIFY: handler},
                    clock=lambda: float(sys.argv[2]),
                )
                running = asyncio.create_task(worker.run())
                while (
                    not running.done()
                    and await database.read(next_due, names=[JobName.NOTIFY]) is not None
                ):
                    await asyncio.sleep(0.01)
                worker.stop()
                await running

        asyncio.run(main(os.open(sys.argv[1], os.O_WRONLY | os.O_APPEND)))
        """
    )
    log = tmp_path / "log"
    log.touch()
    command = [sys.executable, "-c", script, str(log), str(NOW)]
    processes = [subprocess.Popen(command, env=place.environment) for _ in range(2)]
    assert [process.wait(60) for process in processes] == [0, 0]
    lines = log.read_text().split("\n")[:-1]
    assert sorted(lines) == sorted(
        f"{job} {word}" for job in range(1, 41) for word in ("begin", "end")
    )


def test_a_job_of_a_killed_process_is_done_after_its_lease(place: Place, rows: Rows) -> None:
    add(rows)
    script = textwrap.dedent(
        f"""
        import asyncio, os, signal
        from souspli_mailbox.database import open_database
        from souspli_mailbox.jobs import Worker
        from souspli_mailbox.records.jobs import JobName
        from souspli_mailbox.settings import load

        async def handler(job):
            os.kill(os.getpid(), signal.SIGKILL)

        worker = Worker(
            database=open_database(load()),
            handlers={{JobName.NOTIFY: handler}},
            clock=lambda: {NOW},
        )
        asyncio.run(worker.run())
        """
    )
    done = subprocess.run([sys.executable, "-c", script], env=place.environment, check=False)
    assert done.returncode == -signal.SIGKILL
    assert take(rows, now=NOW + jobs.LEASE_SECONDS - 1) is None
    job = take(rows, now=NOW + jobs.LEASE_SECONDS)
    assert job is not None
    assert job.attempts == 2
