"""How much work waits: counts of the job table, for the operator's eyes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from souspli_mailbox.records.jobs import JobName
from souspli_mailbox.schema import tables


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """Counts by the job's name; every name is there, with 0 if need be."""

    waiting: Mapping[str, int]
    dead: Mapping[str, int]
    oldest_due: int | None
    """The moment since which a job could have been taken, None if none could."""


def read_backlog(connection: Connection, *, now: int) -> Backlog:
    """Return how much waits, how much was given up, and what has waited longest."""
    job = tables.jobs.c
    counted = connection.execute(
        select(job.job, job.state, func.count()).group_by(job.job, job.state)
    ).all()
    # A job that is being done is not late, however long ago it was due.
    oldest: int | None = connection.execute(
        select(func.min(job.run_at)).where(
            job.state == "waiting", job.run_at <= now, func.coalesce(job.lease_until, 0) <= now
        )
    ).scalar_one()
    counts = {state: {name.value: 0 for name in JobName} for state in ("waiting", "dead")}
    for name, state, count in counted:
        counts[state][name] = count
    return Backlog(waiting=counts["waiting"], dead=counts["dead"], oldest_due=oldest)
