"""What deleted rows leave in a PostgreSQL server's files, and what of it can be ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from simulation.databases import Place
from simulation.notes import make_table, put
from sqlalchemy import Connection, text

from souspli_storage import postgresql_forgetting
from souspli_storage.errors import DatabaseBusyError
from souspli_storage.postgresql import PostgresqlDatabase

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from simulation.databases import PostgresqlServer

NEEDLE = "boite.9917@courriel.example"


@pytest.fixture
def database(postgresql: PostgresqlServer, tmp_path: Path) -> Iterator[PostgresqlDatabase]:
    with (
        postgresql.empty() as settings,
        Place("postgresql", tmp_path, settings).connect() as database,
    ):
        assert isinstance(database, PostgresqlDatabase)
        database.write_now(make_table)
        yield database


def delete_needle(database: PostgresqlDatabase) -> None:
    database.write_now(put, name="kept", value=1)
    database.write_now(put, name=NEEDLE, value=1)
    database.write_now(
        lambda connection: connection.execute(
            text("DELETE FROM notes WHERE name = :name"), {"name": NEEDLE}
        )
    )


def holds(database: PostgresqlDatabase) -> bool:
    """Whether the files of the table and of its index say it."""

    def look(connection: Connection) -> bool:
        connection.execute(text("CHECKPOINT"))
        files = connection.execute(
            text(
                "SELECT pg_read_binary_file(pg_relation_filepath(oid)) FROM pg_class"
                " WHERE relname LIKE '%notes%' AND relkind IN ('r', 'i')"
            )
        ).scalars()
        return any(NEEDLE.encode() in bytes(file) for file in files)

    return database.write_now(look)


def test_vacuum_leaves_a_deleted_row_in_the_file_and_writing_the_table_anew_does_not(
    database: PostgresqlDatabase,
) -> None:
    delete_needle(database)
    assert database.forget_deleted_now() == ()
    # If ever this fails, PostgreSQL zeroes by now what it frees, and half of this can go.
    assert holds(database)
    assert database.forget_deleted_now(rewrite=["notes"]) == ()
    assert not holds(database)


def test_somebody_who_still_sees_the_rows_is_waited_for_and_then_it_is_put_off(
    database: PostgresqlDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgresql_forgetting, "SNAPSHOT_SECONDS", 0.1)
    with database._snapshot.connect() as reader:
        # Of another table: no lock says that it reads.
        reader.execute(text("SELECT count(*) FROM pg_class"))
        delete_needle(database)
        with pytest.raises(DatabaseBusyError):
            database.forget_deleted_now(rewrite=["notes"])
        assert holds(database)
    database.forget_deleted_now(rewrite=["notes"])
    assert not holds(database)


def test_whoever_holds_the_table_makes_nobody_wait_behind_the_rewriting_for_long(
    database: PostgresqlDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgresql_forgetting, "LOCK_SECONDS", 0.1)
    delete_needle(database)
    with database._together.connect() as dump:
        dump.execute(text("LOCK TABLE notes IN ACCESS SHARE MODE"))
        with pytest.raises(DatabaseBusyError):
            database.forget_deleted_now(rewrite=["notes"])
    # The session is as it was: units wait for as long as before.
    with database._together.connect() as session:
        for name, value in (("lock_timeout", "5s"), ("statement_timeout", "30s")):
            assert session.execute(text(f"SHOW {name}")).scalar_one() == value


def test_a_table_for_which_everybody_would_wait_too_long_is_named(
    database: PostgresqlDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    delete_needle(database)
    monkeypatch.setattr(postgresql_forgetting, "MOST_REWRITTEN_BYTES", 8_192)
    assert database.forget_deleted_now(rewrite=["notes"]) == ("notes",)
    assert holds(database)
