"""One small table and units of work on it, for the tests of the databases."""

from __future__ import annotations

from sqlalchemy import Connection, text


def make_table(connection: Connection) -> None:
    connection.execute(text("CREATE TABLE notes (name TEXT PRIMARY KEY, value INTEGER NOT NULL)"))


def put(connection: Connection, *, name: str, value: int) -> None:
    statement = (
        "INSERT INTO notes VALUES (:name, :value) "
        "ON CONFLICT (name) DO UPDATE SET value = excluded.value"
    )
    connection.execute(text(statement), {"name": name, "value": value})


def get(connection: Connection, *, name: str) -> int | None:
    found = connection.execute(text("SELECT value FROM notes WHERE name = :name"), {"name": name})
    value: int | None = found.scalar_one_or_none()
    return value


def increment(connection: Connection) -> None:
    """Read, then write: what is lost if another does the same in between."""
    put(connection, name="counter", value=(get(connection, name="counter") or 0) + 1)
