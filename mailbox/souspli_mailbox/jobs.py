"""Running jobs: take one under a lease, do it, write down what became of it.

Knows no kind of job: handlers are given by name. Rows and leases:
`records/jobs.py`. Any number of processes may run a worker on one database; a
job is done by one of them at a time, and by another one if that one is killed.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import structlog
from sqlalchemy import Connection

from souspli_mailbox.records.jobs import (
    Job,
    JobName,
    bury_job,
    claim_jobs,
    finish_job,
    next_due,
    postpone_job,
)
from souspli_storage.database import Database

# Twice what a patient relay takes for one mail. A killed worker's job waits this
# long for another one.
LEASE_SECONDS: Final = 120

# A handler is stopped before its lease ends, with time left to write that down.
HANDLER_SECONDS: Final = LEASE_SECONDS - 30

# 30 s, 1, 2, 4, … minutes, then every four hours: with 30 attempts three and a
# half days, so that a relay that fails on a Friday evening loses nothing.
FIRST_RETRY_SECONDS: Final = 30
LONGEST_RETRY_SECONDS: Final = 4 * 3_600
MAX_ATTEMPTS: Final = 30

# Other processes add jobs too, and can't wake this one: how late it may notice.
POLL_SECONDS: Final = 2.0

# Mostly waiting for the relay; more would be more connections to it.
JOBS_AT_ONCE: Final = 4

_log: Final = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Done:
    """The job is done. `then` is run in the very transaction that forgets it."""

    then: Callable[[Connection], object] | None = None


@dataclass(frozen=True, slots=True)
class NotYet:
    """Nothing went wrong: the job is to run again at this moment."""

    run_at: int


Outcome = Done | NotYet

Handler = Callable[[Job], Awaitable[Outcome]]
"""Does a job. Whatever it raises means: try again later, at last give up. It may be
run twice for one job (a crash between its work and the commit), and is cancelled
after HANDLER_SECONDS."""


class Result(StrEnum):
    """What became of one run of a job, for who counts."""

    DONE = "done"
    LATER = "later"
    FAILED = "failed"
    GIVEN_UP = "given-up"


Observer = Callable[[JobName, Result, float], None]
"""Told of each run, and how many seconds it took."""


def _unobserved(_name: JobName, _result: Result, _seconds: float) -> None:
    pass


def retry_delay(*, attempts: int, jitter: float) -> int:
    """Return seconds until the next attempt after `attempts` failed ones.

    `jitter` between 0 and 1 takes away up to half, so that what failed together
    does not come back together.
    """
    # Capped before it is shifted: attempts come from a table.
    doublings = min(attempts - 1, LONGEST_RETRY_SECONDS.bit_length())
    delay = min(FIRST_RETRY_SECONDS << doublings, LONGEST_RETRY_SECONDS)
    return round(delay * (1 - jitter / 2))


class Worker:
    """Runs due jobs until it is told to stop. `wake` after adding one saves the wait."""

    def __init__(
        self,
        *,
        database: Database,
        handlers: Mapping[JobName, Handler],
        clock: Callable[[], float],
        observer: Observer = _unobserved,
    ) -> None:
        """`clock` gives Unix seconds."""
        self._database = database
        self._handlers = dict(handlers)
        self._clock = clock
        self._observe = observer
        self._under_way = 0
        self._woken = asyncio.Event()
        self._stopping = False

    def wake(self) -> None:
        """Look for due jobs now. From the event loop's thread."""
        self._woken.set()

    def stop(self) -> None:
        """Take no further job; `run` returns once those under way have finished."""
        self._stopping = True
        self._woken.set()

    async def run(self) -> None:
        """Take and do jobs until `stop`. Cancelling leaves jobs to their leases' end."""
        async with asyncio.TaskGroup() as group:
            woken = False
            while not self._stopping:
                if free := JOBS_AT_ONCE - self._under_way:
                    taken = await self._claim(free, look_first=not woken)
                    for job in taken:
                        self._under_way += 1
                        group.create_task(self._work(job))
                    if len(taken) == free:
                        # There may be more, and others may have ended meanwhile.
                        woken = True
                        continue
                woken = await self._rest()

    async def _claim(self, most: int, *, look_first: bool) -> Sequence[Job]:
        now = self._now()
        try:
            # A read takes no lock that a deposit might wait for. Whoever is woken knows
            # already what it would find.
            if look_first:
                due = await self._database.read(next_due, names=self._handlers)
                if due is None or due > now:
                    return ()
            return await self._database.write(
                claim_jobs,
                names=self._handlers,
                lease=secrets.token_hex(16),
                now=now,
                lease_until=now + LEASE_SECONDS,
                most=most,
            )
        except Exception as error:  # noqa: BLE001  (see the next line)
            # Busy, full or unheard of: the worker must outlive what the operator will
            # mend, or a process would go on serving that does no jobs any more.
            _log.warning("jobs-unavailable", failure=type(error).__name__)
            return ()

    async def _rest(self) -> bool:
        """Wait until woken, or for as long as a job may go unnoticed; say whether woken."""
        try:
            async with asyncio.timeout(POLL_SECONDS):
                await self._woken.wait()
        except TimeoutError:
            return False
        # Before the database is asked: what is added from here on sets it again.
        self._woken.clear()
        return True

    async def _work(self, job: Job) -> None:
        # Of how long, never of when.
        began = time.monotonic()
        try:
            result = await self._settle(job)
            self._observe(job.name, result, time.monotonic() - began)
        except Exception as error:  # noqa: BLE001  (one job must not end the worker)
            # What became of the job could not be written down (the lease lost,
            # the disk full): its lease ends, and it is done again.
            _log.warning("job-unsettled", job=job.job_id, failure=type(error).__name__)
        finally:
            if self._under_way == JOBS_AT_ONCE:
                # Nobody was free to look for more.
                self._woken.set()
            self._under_way -= 1

    async def _settle(self, job: Job) -> Result:
        if job.attempts > MAX_ATTEMPTS:
            # Begun as often as that and never settled: it kills who does it.
            return await self._give_up(job, failure="Unsettled")
        try:
            async with asyncio.timeout(HANDLER_SECONDS):
                outcome = await self._handlers[job.name](job)
        except Exception as error:  # noqa: BLE001  (a job's failure is not the worker's)
            return await self._failed(job, failure=type(error).__name__)
        match outcome:
            case Done(then):
                await self._database.write(_finish, job=job, then=then)
                return Result.DONE
            case NotYet(run_at):
                await self._database.write(postpone_job, job=job, run_at=run_at, failure=None)
                if run_at <= self._now():
                    # It only lets others have their turn.
                    self._woken.set()
                return Result.LATER

    async def _failed(self, job: Job, *, failure: str) -> Result:
        if job.attempts >= MAX_ATTEMPTS:
            return await self._give_up(job, failure=failure)
        delay = retry_delay(attempts=job.attempts, jitter=secrets.randbelow(1001) / 1000)
        # The class alone: a failure's text may quote an address.
        _log.warning("job-failed", job=job.job_id, name=job.name, failure=failure, again_in=delay)
        await self._database.write(
            postpone_job, job=job, run_at=self._now() + delay, failure=failure
        )
        return Result.FAILED

    async def _give_up(self, job: Job, *, failure: str) -> Result:
        _log.error("job-given-up", job=job.job_id, name=job.name, failure=failure)
        await self._database.write(bury_job, job=job, failure=failure, now=self._now())
        return Result.GIVEN_UP

    def _now(self) -> int:
        return int(self._clock())


def _finish(
    connection: Connection, *, job: Job, then: Callable[[Connection], object] | None
) -> None:
    finish_job(connection, job=job)
    if then is not None:
        then(connection)
