"""Work to do: jobs, and which mails have gone out."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, Table, text

from souspli_mailbox.schema.columns import Text, Wide, metadata, one_of

notifications = Table(
    "notifications",
    metadata,
    # `account:<number>` or `invitation:<id>`; `text:` and the same for text messages.
    Column("recipient", Text, primary_key=True),
    # NULL until the relay has accepted a first mail.
    Column("mailed_at", Wide, index=True),
    # While one worker talks to the relay, so that another does not as well.
    Column("sending_until", Wide),
    sqlite_strict=True,
)

jobs = Table(
    "jobs",
    metadata,
    Column("job_id", Wide, primary_key=True, autoincrement=True),
    Column("job", Text, nullable=False),
    # JSON with ids only: no address, code or text may rest here.
    Column("payload", Text, nullable=False),
    Column("state", Text, nullable=False),
    # From when a worker may take it: under a lease, when that ends.
    Column("run_at", Wide, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("lease", Text),
    Column("lease_until", Wide),
    Column("created_at", Wide, nullable=False),
    # The class of the last failure, never its text.
    Column("failure", Text),
    one_of("state", "waiting", "dead"),
    sqlite_strict=True,
    sqlite_autoincrement=True,
)
Index("ix_jobs_due", jobs.c.state, jobs.c.run_at, jobs.c.job_id)
# A job without ids runs again and again; of two processes that start, one adds it.
Index(
    "uq_jobs_recurring",
    jobs.c.job,
    unique=True,
    sqlite_where=text("state = 'waiting' AND payload = '{}'"),
    postgresql_where=text("state = 'waiting' AND payload = '{}'"),
)
