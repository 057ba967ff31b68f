"""What only a PostgreSQL server has: sessions, other people's locks, lines that break."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from simulation.databases import Place
from simulation.notes import get, increment, make_table, put
from sqlalchemy import Connection, event, text

from souspli_mailbox.database import connect_database
from souspli_storage import postgresql_server
from souspli_storage.database import Database, each_statement_decides
from souspli_storage.errors import (
    DatabaseBusyError,
    DatabaseError,
    DatabaseUnavailableError,
    DatabaseUnsuitableError,
)
from souspli_storage.postgresql import MAX_ATTEMPTS, PostgresqlDatabase
from souspli_storage.postgresql_server import Server, check_server, connect_arguments

if TYPE_CHECKING:
    from simulation.databases import PostgresqlServer


@pytest.fixture
def place(postgresql: PostgresqlServer, tmp_path: Path) -> Iterator[Place]:
    with postgresql.empty() as settings:
        yield Place("postgresql", tmp_path, settings)


@pytest.fixture
def database(place: Place) -> Iterator[PostgresqlDatabase]:
    with place.connect() as database:
        assert isinstance(database, PostgresqlDatabase)
        database.write_now(make_table)
        yield database


def end_all_sessions(database: Database) -> None:
    """As a restart of the server does, or a broken line."""
    with connect(database) as other:
        other.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        )


def connect(database: Database) -> Connection:
    assert isinstance(database, PostgresqlDatabase)
    connection = database._engine.connect()
    return connection.execution_options(isolation_level="AUTOCOMMIT")


@pytest.mark.parametrize("how", ["alone", "together", "read"])
def test_every_session_has_its_settings(database: PostgresqlDatabase, how: str) -> None:
    def shown(connection: Connection) -> dict[str, str]:
        names = [*postgresql_server.SESSION, "transaction_isolation", "transaction_read_only"]
        return {name: str(connection.execute(text(f"SHOW {name}")).scalar_one()) for name in names}

    run = {
        "alone": lambda: database.write_now(shown),
        "together": lambda: database.write_now(each_statement_decides(shown)),
        "read": lambda: database.read_now(shown),
    }[how]
    isolation = {"alone": "serializable", "together": "read committed", "read": "repeatable read"}
    assert run() == {
        **postgresql_server.SESSION,
        "client_encoding": "UTF8",
        "timezone": "UTC",
        "transaction_isolation": isolation[how],
        "transaction_read_only": "on" if how == "read" else "off",
    }


def test_a_connection_lost_before_the_commit_costs_one_more_run(
    database: PostgresqlDatabase,
) -> None:
    runs: list[int] = []

    def unit(connection: Connection) -> None:
        increment(connection)
        runs.append(1)
        if len(runs) == 1:
            end_all_sessions(database)
            increment(connection)

    database.write_now(unit)
    assert len(runs) == 2
    assert database.read_now(get, name="counter") == 1


def test_connections_that_a_restart_has_ended_are_replaced_unseen(
    database: PostgresqlDatabase,
) -> None:
    database.write_now(put, name="a", value=1)
    end_all_sessions(database)
    assert database.read_now(get, name="a") == 1
    end_all_sessions(database)
    database.write_now(put, name="a", value=2)


def test_a_connection_lost_at_the_commit_is_unavailable_and_not_run_again(
    database: PostgresqlDatabase,
) -> None:
    """Applied or not: only asking again tells, and a second run might be one too many."""
    runs: list[int] = []

    def unit(connection: Connection) -> None:
        runs.append(1)
        increment(connection)
        event.listen(connection, "commit", lambda _: end_all_sessions(database))

    with pytest.raises(DatabaseUnavailableError) as failed:
        database.write_now(unit)
    assert failed.value.temporary
    assert len(runs) == 1
    assert database.read_now(get, name="counter") is None


def test_a_unit_that_is_always_undone_is_busy_in_the_end(database: PostgresqlDatabase) -> None:
    runs: list[int] = []

    def unit(connection: Connection) -> None:
        runs.append(1)
        get(connection, name="counter")
        database.write_now(each_statement_decides(put), name="counter", value=len(runs))
        put(connection, name="counter", value=0)

    with pytest.raises(DatabaseBusyError) as failed:
        database.write_now(unit)
    assert failed.value.temporary
    assert len(runs) == MAX_ATTEMPTS


def test_a_broken_constraint_is_tried_once_more_and_is_then_the_unit_s_own_fault(
    database: PostgresqlDatabase,
) -> None:
    runs: list[int] = []

    def unit(connection: Connection) -> None:
        runs.append(1)
        for _ in range(2):
            connection.execute(text("INSERT INTO notes VALUES ('a', 1)"))

    with pytest.raises(DatabaseError) as failed:
        database.write_now(unit)
    assert not failed.value.temporary
    assert len(runs) == 2


def test_a_value_that_no_row_can_hold_is_the_unit_s_own_fault(database: PostgresqlDatabase) -> None:
    """PostgreSQL's text has no NUL; the driver says so itself, without asking the server."""
    with pytest.raises(DatabaseError) as failed:
        database.write_now(put, name="a\0b", value=1)
    assert not failed.value.temporary


def test_what_others_hold_too_long_is_busy(
    place: Place, database: PostgresqlDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The usual five seconds would test nothing more.
    monkeypatch.setitem(postgresql_server.SESSION, "lock_timeout", "20ms")
    with place.connect() as hurried, database._engine.begin() as holder:
        holder.execute(text("LOCK TABLE notes"))
        with pytest.raises(DatabaseBusyError):
            hurried.write_now(put, name="a", value=1)


def test_a_statement_that_takes_too_long_is_ended(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(postgresql_server.SESSION, "statement_timeout", "20ms")
    with place.connect() as database, pytest.raises(DatabaseBusyError):
        database.read_now(lambda connection: connection.execute(text("SELECT pg_sleep(60)")))


def test_units_wait_their_turn_for_a_connection(place: Place) -> None:
    """Ten times as many threads as connections: nobody fails, and no more are opened."""
    with place.connect() as database:
        database.write_now(make_table)
        failed: list[Exception] = []
        most: list[int] = []

        def count(connection: Connection) -> int:
            increment(connection)
            found = connection.execute(
                text("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()")
            )
            return int(found.scalar_one())

        def work() -> None:
            try:
                most.append(database.write_now(count))
            except DatabaseError as error:
                failed.append(error)

        threads = [threading.Thread(target=work) for _ in range(60)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert failed == []
        assert max(most) <= place.settings.pool_size + 2
        assert database.read_now(get, name="counter") == 60


def test_deleted_rows_are_vacuumed_away(database: PostgresqlDatabase) -> None:
    def dead(connection: Connection) -> int:
        """How many pages the table has: a vacuum gives the empty ones at its end back."""
        size = connection.execute(text("SELECT pg_relation_size('notes')"))
        return int(size.scalar_one())

    def fill(connection: Connection) -> None:
        connection.execute(
            text("INSERT INTO notes SELECT repeat('x', 100) || n, n FROM generate_series(1, 500) n")
        )

    database.write_now(fill)
    database.write_now(lambda connection: connection.execute(text("DELETE FROM notes")))
    assert database.read_now(dead) > 0
    database.forget_deleted_now()
    assert database.read_now(dead) == 0


def test_a_server_that_is_not_there_is_unavailable_and_names_nothing(
    place: Place, tmp_path: Path
) -> None:
    settings = dataclasses.replace(place).service
    url = f"postgresql://somebody@/somewhere?host={tmp_path}"
    nowhere = Place("postgresql", tmp_path, type(settings.database)(url=url))
    with pytest.raises(DatabaseUnavailableError) as failed:
        connect_database(nowhere.service)
    assert failed.value.__cause__ is None
    assert failed.value.__suppress_context__
    for word in ("somebody", "somewhere", str(tmp_path)):
        assert word not in f"{failed.value!s} {failed.value!r}"


class Asked:
    """Stands for a server that runs with one setting changed."""

    def __init__(self, connection: Connection, **changed: str) -> None:
        self._connection = connection
        self._changed = changed

    def execute(self, _statement: object, values: dict[str, str]) -> Asked:
        self._name = values["name"]
        return self

    def scalar_one(self) -> str:
        asked = text("SELECT current_setting(:name)")
        real = self._connection.execute(asked, {"name": self._name}).scalar_one()
        return self._changed.get(self._name, str(real))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("server_version_num", "140013"),
        ("server_encoding", "SQL_ASCII"),
        ("fsync", "off"),
        ("full_page_writes", "off"),
    ],
)
def test_a_server_that_would_lose_rows_is_refused_with_what_to_change(
    database: PostgresqlDatabase, name: str, value: str
) -> None:
    def check(connection: Connection, changed: dict[str, str]) -> None:
        check_server(Asked(connection, **changed))  # type: ignore[arg-type]  # as much of one as it takes

    database.read_now(check, {})
    with pytest.raises(DatabaseUnsuitableError, match=r"needed|UTF8|switch it on"):
        database.read_now(check, {name: value})


def test_a_database_in_another_encoding_is_refused_when_it_is_opened(
    postgresql: PostgresqlServer, tmp_path: Path
) -> None:
    postgresql.execute(
        "CREATE DATABASE {} TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'", "souspli_latin"
    )
    try:
        latin = Place("postgresql", tmp_path, postgresql.settings("souspli_latin"))
        with pytest.raises(DatabaseUnsuitableError):
            latin.connect()
    finally:
        postgresql.execute("DROP DATABASE {}", "souspli_latin")


def test_a_server_prints_neither_its_password_nor_where_it_is() -> None:
    server = Server(host="db.example.org", user="mail", name="souspli", password="hunter2")
    for word in ("hunter2", "db.example.org", "mail", "souspli"):
        assert word not in repr(server).removeprefix("Server")


def test_another_machine_is_asked_for_tls_under_its_own_name(tmp_path: Path) -> None:
    far = Server(host="db.example.org", user="mail", name="souspli")
    arguments = connect_arguments(far)
    assert (arguments["sslmode"], arguments["sslrootcert"]) == ("verify-full", "system")
    own = dataclasses.replace(far, authorities=tmp_path / "ca.pem")
    assert connect_arguments(own)["sslrootcert"] == str(tmp_path / "ca.pem")
    near = dataclasses.replace(far, host="/run/postgresql", verify=False)
    assert connect_arguments(near)["sslmode"] == "prefer"
