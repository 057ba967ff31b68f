"""Jobs as rows, for tests of the rows and of who works on them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulation.rows import NOW, Rows, hex32
from souspli_mailbox.records import jobs as records
from souspli_mailbox.records.jobs import Job, JobName

if TYPE_CHECKING:
    from sqlalchemy import Connection


def add(rows: Rows, name: JobName = JobName.NOTIFY, *, run_at: int | None = None) -> None:
    """Add a job, due now or then."""
    rows.database.write_now(
        records.enqueue, name=name, ids={"delivery_id": hex32()}, now=NOW, run_at=run_at
    )


def take(rows: Rows, *, now: int = NOW, lease_until: int = NOW + 120) -> Job | None:
    """Take what is due first, as a worker does; None if nothing is."""
    taken = take_some(rows, 1, now=now, lease_until=lease_until)
    return taken[0] if taken else None


def take_some(
    rows: Rows, most: int, *, now: int = NOW, lease_until: int = NOW + 120
) -> tuple[Job, ...]:
    """Take as many as are due, at most so many, under one lease."""
    return rows.database.write_now(
        records.claim_jobs,
        names=list(JobName),
        lease=hex32(),
        now=now,
        lease_until=lease_until,
        most=most,
    )


def waiting(rows: Rows) -> int:
    """How many jobs are not done and not given up."""

    def count(connection: Connection) -> int:
        return int(
            connection.exec_driver_sql(
                "SELECT count(*) FROM jobs WHERE state = 'waiting'"
            ).scalar_one()
        )

    return rows.database.read_now(count)
