"""Jobs as rows: due, under one lease, postponed, given up, recurring."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING

import pytest
from simulation.job_rows import add, take, take_some, waiting
from simulation.rows import NOW, Rows, hex32

from souspli_mailbox.records import jobs as records
from souspli_mailbox.records.errors import LeaseLostError
from souspli_mailbox.records.jobs import JobName
from souspli_storage.errors import DatabaseError

if TYPE_CHECKING:
    from simulation.databases import Place


def test_the_job_that_was_due_first_is_taken_first_and_none_before_its_time(rows: Rows) -> None:
    for run_at in (NOW + 2, NOW, NOW + 1):
        add(rows, run_at=run_at)
    assert [job.job_id for job in rows.jobs(now=NOW + 1)] == [2, 3]
    due = rows.database.read_now(records.next_due, names=list(JobName))
    assert due == NOW + 2
    assert [job.job_id for job in rows.jobs(now=NOW + 2)] == [1]


def test_a_job_under_lease_is_taken_by_nobody_until_the_lease_ends(rows: Rows) -> None:
    add(rows)
    first = take(rows)
    assert first is not None
    assert take(rows, now=NOW + 119) is None
    assert rows.database.read_now(records.next_due, names=list(JobName)) == NOW + 120
    second = take(rows, now=NOW + 120, lease_until=NOW + 240)
    assert second is not None
    assert (second.job_id, second.attempts) == (first.job_id, 2)
    # The first one comes back from the dead, too late.
    with pytest.raises(LeaseLostError):
        rows.database.write_now(records.finish_job, job=first)
    with pytest.raises(LeaseLostError):
        rows.database.write_now(records.postpone_job, job=first, run_at=NOW, failure=None)
    with pytest.raises(LeaseLostError):
        rows.database.write_now(records.bury_job, job=first, failure="X", now=NOW)
    rows.database.write_now(records.finish_job, job=second)
    assert waiting(rows) == 0


def test_several_are_taken_at_once_those_first_that_were_due_first(rows: Rows) -> None:
    for run_at in (NOW, NOW - 1, NOW + 1, NOW - 2):
        add(rows, run_at=run_at)
    first = take_some(rows, 2)
    assert sorted(job.job_id for job in first) == [2, 4]
    (second,) = take_some(rows, 2)
    assert second.job_id == 1
    # Held under one word, and given back one by one.
    rows.database.write_now(records.postpone_job, job=first[0], run_at=NOW, failure=None)
    rows.database.write_now(records.finish_job, job=first[1])
    with pytest.raises(LeaseLostError):
        rows.database.write_now(records.finish_job, job=first[0])
    assert [job.job_id for job in take_some(rows, 2)] == [first[0].job_id]


def test_jobs_of_a_newer_version_are_left_to_it(rows: Rows) -> None:
    add(rows, JobName.SWEEP)
    taken = rows.database.write_now(
        records.claim_jobs,
        names=[JobName.NOTIFY],
        lease=hex32(),
        now=NOW,
        lease_until=NOW + 1,
        most=4,
    )
    assert taken == ()
    assert rows.database.read_now(records.next_due, names=[JobName.NOTIFY]) is None


def test_a_job_that_came_too_early_has_not_used_an_attempt(rows: Rows) -> None:
    add(rows)
    for failure, attempts in ((None, 1), ("Failed", 1), (None, 2)):
        job = take(rows)
        assert job is not None
        assert job.attempts == attempts
        rows.database.write_now(records.postpone_job, job=job, run_at=NOW, failure=failure)


def test_a_recurring_job_waits_once(rows: Rows) -> None:
    for _ in range(3):
        rows.database.write_now(records.ensure_job, name=JobName.SWEEP, now=NOW)
    assert waiting(rows) == 1


async def test_processes_that_start_at_once_add_a_recurring_job_once(rows: Rows) -> None:
    ensure = rows.database.write
    await asyncio.gather(
        *(ensure(records.ensure_job, name=JobName.SWEEP, now=NOW) for _ in range(12))
    )
    assert waiting(rows) == 1
    with pytest.raises(DatabaseError):
        rows.database.write_now(records.enqueue, name=JobName.SWEEP, ids={}, now=NOW)


def test_many_workers_at_once_take_each_job_once(place: Place, rows: Rows) -> None:
    for _ in range(60):
        add(rows)
    taken: list[int] = []
    barrier = threading.Barrier(4)

    def work() -> None:
        with place.open() as database:
            barrier.wait()
            taken.extend(job.job_id for job in Rows(database).jobs())

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == list(range(1, 61))
