"""Work to do, under leases: rows of the job table.

A job is one row from the transaction that makes it necessary until it is done.
Whoever works on it holds a *lease*: a random word and a moment. A worker that is
killed loses nothing; when the lease has run out another one takes the job. How
jobs are run, retried and given up is `jobs.py` one floor up.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

from sqlalchemy import BigInteger, Connection, bindparam, delete, insert, or_, select, update
from sqlalchemy.sql.dml import ReturningUpdate

from souspli_mailbox.records.errors import LeaseLostError
from souspli_mailbox.schema import tables
from souspli_storage.database import each_statement_decides


class JobName(StrEnum):
    """Every kind of job, with the ids in its payload."""

    NOTIFY = "notify"  # delivery_id
    EMAIL_CODE = "email-code"  # claim_session_id, counter
    ACTIVATED = "activated"  # account_number
    SWEEP = "sweep"  # none
    REMIND = "remind"  # none
    REMINDER = "reminder"  # delivery_id
    TEXT = "text"  # delivery_id
    EXPIRE = "expire"  # none
    PURGE_REPLACED = "purge-replaced"  # invitation_id
    WITHDRAW = "withdraw"  # deposit_id
    CLOSE = "close"  # account_number
    ANNOUNCE_TERMS = "announce-terms"  # version, after
    TERMS = "terms"  # account_number, version


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A job that this worker holds until `lease_until`."""

    job_id: int
    name: JobName
    ids: Mapping[str, str]
    attempts: int
    """How often it was begun, this time included."""
    lease: str
    lease_until: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadJob:
    """A job that was given up: for the operator to see."""

    job_id: int
    name: str
    attempts: int
    failure: str | None
    created_at: int


# Its id, which nobody needs here, is not asked for.
_ENQUEUE: Final = insert(tables.jobs).inline()


def enqueue(
    connection: Connection,
    *,
    name: JobName,
    ids: Mapping[str, str],
    now: int,
    run_at: int | None = None,
) -> None:
    """Add a job, in the transaction of what makes it necessary.

    `ids` name rows and nothing else: what a job needs to know it reads when it
    runs, so that no address or code rests in the table.
    """
    connection.execute(
        _ENQUEUE,
        {
            "job": name,
            "payload": json.dumps(dict(ids), sort_keys=True),
            "state": "waiting",
            "run_at": now if run_at is None else run_at,
            "attempts": 0,
            "created_at": now,
        },
    )


def ensure_job(connection: Connection, *, name: JobName, now: int) -> None:
    """Add a job without ids unless one is waiting: for what runs again and again.

    Of two processes that start at once one adds it: a unique index sees to it.
    """
    waiting = select(tables.jobs.c.job_id).where(
        tables.jobs.c.job == name, tables.jobs.c.state == "waiting"
    )
    if connection.execute(waiting).first() is None:
        enqueue(connection, name=name, ids={}, now=now)


def forget_jobs(connection: Connection, *, name: JobName, key: str, ids: Collection[str]) -> None:
    """Forget the jobs about things that are gone: those whose `key` is one of `ids`, alone."""
    payloads = [json.dumps({key: one}) for one in ids]
    table = tables.jobs.c
    connection.execute(delete(tables.jobs).where(table.job == name, table.payload.in_(payloads)))


def _claim() -> ReturningUpdate[*tuple[Any, ...]]:
    """The statement of `claim_jobs`.

    `run_at` becomes the lease's end: it always says from when a job may be taken, and
    the first of the index is the next. A process of 0.1.0 on the same file leaves it,
    hence the second condition.
    """
    job = tables.jobs.c
    now = bindparam("now", type_=BigInteger())
    until = bindparam("until", type_=BigInteger())
    due = (
        select(job.job_id)
        .where(
            job.state == "waiting",
            job.job.in_(bindparam("names", expanding=True)),
            job.run_at <= now,
            or_(job.lease_until.is_(None), job.lease_until <= now),
        )
        .order_by(job.run_at, job.job_id)
        .limit(bindparam("most"))
        .with_for_update(skip_locked=True)
        # PostgreSQL looks once into one that locks; into a subquery it may look again
        # for each row, and lock more than are taken.
        .cte("due")
    )
    return (
        update(tables.jobs)
        .where(job.job_id.in_(select(due.c.job_id)))
        .values(lease=bindparam("word"), lease_until=until, run_at=until, attempts=job.attempts + 1)
        .returning(job.job_id, job.job, job.payload, job.attempts)
    )


# Made once: workers run it again and again.
_CLAIM: Final = _claim()


@each_statement_decides
def claim_jobs(
    connection: Connection,
    *,
    names: Collection[JobName],
    lease: str,
    now: int,
    lease_until: int,
    most: int,
) -> tuple[Job, ...]:
    """Take the jobs that have been due longest and that nobody holds: `most` of them at most.

    `names` are those that the caller can do: during an upgrade the table may
    hold jobs that only a newer process knows. All are held under the one `lease`.

    One statement, so that two workers never take the same one (SQLite: one
    writer; PostgreSQL: rows are locked and skipped by others).
    """
    rows = connection.execute(
        _CLAIM,
        {"names": list(names), "word": lease, "now": now, "until": lease_until, "most": most},
    )
    return tuple(
        Job(
            job_id=row.job_id,
            name=JobName(row.job),
            ids=MappingProxyType(json.loads(row.payload)),
            attempts=row.attempts,
            lease=lease,
            lease_until=lease_until,
        )
        for row in rows
    )


_NEXT_DUE: Final = (
    select(tables.jobs.c.run_at)
    .where(
        tables.jobs.c.state == "waiting", tables.jobs.c.job.in_(bindparam("names", expanding=True))
    )
    .order_by(tables.jobs.c.run_at, tables.jobs.c.job_id)
    .limit(1)
)


def next_due(connection: Connection, *, names: Collection[JobName]) -> int | None:
    """Return the moment from which a job can be taken; None if none waits."""
    due: int | None = connection.execute(_NEXT_DUE, {"names": list(names)}).scalar_one_or_none()
    return due


_FINISH: Final = (
    delete(tables.jobs)
    .where(tables.jobs.c.job_id == bindparam("job_id"), tables.jobs.c.lease == bindparam("lease"))
    .returning(tables.jobs.c.job_id)
)


def finish_job(connection: Connection, *, job: Job) -> None:
    """Forget a job that is done. Raises LeaseLostError if another worker may have it."""
    gone = connection.execute(_FINISH, {"job_id": job.job_id, "lease": job.lease})
    if gone.first() is None:
        raise LeaseLostError


def postpone_job(connection: Connection, *, job: Job, run_at: int, failure: str | None) -> None:
    """Give the job back, to be taken again from `run_at`.

    `failure` is the class of what went wrong; None means that nothing did, the
    job only came too early, and the attempt does not count. Raises
    LeaseLostError.
    """
    attempts = job.attempts if failure is not None else job.attempts - 1
    _give_back(connection, job=job, state="waiting", run_at=run_at, attempts=attempts, why=failure)


def bury_job(connection: Connection, *, job: Job, failure: str, now: int) -> None:
    """Give the job up and keep it for the operator to see. Raises LeaseLostError."""
    _give_back(connection, job=job, state="dead", run_at=now, attempts=job.attempts, why=failure)


def _give_back(
    connection: Connection, *, job: Job, state: str, run_at: int, attempts: int, why: str | None
) -> None:
    table = tables.jobs.c
    given = connection.execute(
        update(tables.jobs)
        .where(table.job_id == job.job_id, table.lease == job.lease)
        .values(
            state=state,
            run_at=run_at,
            attempts=attempts,
            failure=why,
            lease=None,
            lease_until=None,
        )
        .returning(table.job_id)
    )
    if given.first() is None:
        raise LeaseLostError


def dead_jobs(connection: Connection) -> tuple[DeadJob, ...]:
    """Return the jobs that were given up, oldest first."""
    job = tables.jobs.c
    rows = connection.execute(
        select(job.job_id, job.job, job.attempts, job.failure, job.created_at)
        .where(job.state == "dead")
        .order_by(job.job_id)
    )
    return tuple(
        DeadJob(
            job_id=row.job_id,
            name=row.job,
            attempts=row.attempts,
            failure=row.failure,
            created_at=row.created_at,
        )
        for row in rows
    )
