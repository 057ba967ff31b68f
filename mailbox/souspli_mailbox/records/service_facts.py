"""What the service remembers of itself, one value for each fact (docs/what-is-kept.md)."""

from __future__ import annotations

from enum import StrEnum

from sqlalchemy import Connection, delete, insert, select

from souspli_mailbox.schema import tables


class Fact(StrEnum):
    """Every fact that is remembered."""

    TOMBSTONES_READ = "tombstones-read"
    """A position in the ledger: up to there every tombstone has been applied here."""
    RESTORED_AT = "restored-at"
    """The moment at which this database was put back from a backup."""
    CLOCK_SEEN = "clock-seen"
    """The moment that the clock said when it was last looked at."""
    PURGES_WAIT = "purges-wait"
    """Seconds of running for which purges still wait, since a clock is not believed yet."""
    PURGED_SINCE = "purged-since"
    """There was a purge, and the database's files have not forgotten yet (records/purges.py)."""
    RESTORED_FROM = "restored-from"
    """SHA-256 of that backup's `backup.json`."""


def read_fact(connection: Connection, *, fact: Fact) -> str | None:
    """Return what is remembered; None for nothing."""
    table = tables.service_facts.c
    return connection.execute(select(table.value).where(table.fact == fact)).scalar_one_or_none()


def keep_fact(connection: Connection, *, fact: Fact, value: str) -> None:
    """Remember this value instead of the one before."""
    forget_fact(connection, fact=fact)
    connection.execute(insert(tables.service_facts).values(fact=fact, value=value))


def forget_fact(connection: Connection, *, fact: Fact) -> None:
    """Forget the fact; one that was never kept is forgotten."""
    connection.execute(delete(tables.service_facts).where(tables.service_facts.c.fact == fact))


def restored_at(connection: Connection) -> int | None:
    """Return the moment at which the database was restored; None if it never was."""
    kept = read_fact(connection, fact=Fact.RESTORED_AT)
    return None if kept is None else int(kept)
