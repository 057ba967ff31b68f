"""What the database knows of the clocks by which purges go (docs/specs/pending.md §8)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, update

from souspli_mailbox.clock_rule import SLACK_SECONDS, Judged, Known, Reading, judge
from souspli_mailbox.records.jobs import JobName
from souspli_mailbox.records.service_facts import Fact, forget_fact, keep_fact, read_fact
from souspli_mailbox.schema import tables
from souspli_storage.server_clock import server_seconds

# What runs again and again, and never later than in four hours.
RECURRING: Final = (JobName.SWEEP, JobName.EXPIRE, JobName.REMIND)


@dataclass(frozen=True, slots=True)
class Disagreement:
    """The database's server has another time; nothing was written down."""

    apart: int
    """By how many seconds our clock is ahead of it."""


def judge_clock(
    connection: Connection,
    *,
    reading: Reading,
    first: Reading | None,
    last: Reading | None,
    asks_server: bool,
) -> Judged | Disagreement:
    """Judge a process's clock by what is written down, and by the server's; change nothing."""
    apart = _apart_from_server(connection, reading) if asks_server else 0
    if apart:
        return Disagreement(apart)
    return judge(_read(connection), reading, first=first, last=last)


def look_at_clock(
    connection: Connection,
    *,
    reading: Reading,
    first: Reading | None,
    last: Reading | None,
    asks_server: bool,
) -> Judged | Disagreement:
    """Judge a process's clock, and write down what it reads and what follows.

    `asks_server`: whether the clock of the database's server has to agree, where there is
    one. A node whose clock does not, writes nothing: the others go on.
    """
    judged = judge_clock(
        connection, reading=reading, first=first, last=last, asks_server=asks_server
    )
    if isinstance(judged, Disagreement):
        return judged
    _keep(connection, seen=reading.wall, waits=judged.waits)
    if judged.leapt is not None and judged.leapt < 0:
        _recall(connection, reading.wall)
    return judged


def confirm_clock(connection: Connection, *, now: int) -> None:
    """Believe this moment, on an operator's word: purges wait no more."""
    _keep(connection, seen=now, waits=0)


def _read(connection: Connection) -> Known:
    seen = read_fact(connection, fact=Fact.CLOCK_SEEN)
    waits = read_fact(connection, fact=Fact.PURGES_WAIT)
    return Known(seen=None if seen is None else int(seen), waits=0 if waits is None else int(waits))


def _keep(connection: Connection, *, seen: int, waits: int) -> None:
    keep_fact(connection, fact=Fact.CLOCK_SEEN, value=str(seen))
    if waits:
        keep_fact(connection, fact=Fact.PURGES_WAIT, value=str(waits))
    else:
        forget_fact(connection, fact=Fact.PURGES_WAIT)


def _recall(connection: Connection, now: int) -> None:
    """Have what recurs run now: by a clock that was ahead it is due in a month, perhaps."""
    job = tables.jobs.c
    connection.execute(
        update(tables.jobs)
        .where(
            job.job.in_(RECURRING),
            job.state == "waiting",
            job.lease.is_(None),
            job.run_at > now,
        )
        .values(run_at=now)
    )


def _apart_from_server(connection: Connection, reading: Reading) -> int:
    """Return by how many seconds we are ahead of it; 0 within what is in order."""
    server = server_seconds(connection)
    apart = 0 if server is None else round(reading.wall - server)
    return apart if abs(apart) > SLACK_SECONDS else 0
