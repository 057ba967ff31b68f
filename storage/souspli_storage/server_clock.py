"""The clock of the machine on which the database is, if that is a server."""

from __future__ import annotations

from sqlalchemy import Connection, text


def server_seconds(connection: Connection) -> float | None:
    """Return what time it is there, in Unix seconds; None for a file of this machine."""
    if connection.dialect.name != "postgresql":
        return None
    # Not now(): that is when the transaction began.
    return float(
        connection.execute(text("SELECT extract(epoch FROM clock_timestamp())")).scalar_one()
    )
