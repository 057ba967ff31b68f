"""What only an SQLite file has: its modes, its room, its leftovers, its locks."""

import sqlite3
import stat
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection

from souspli_storage.database import Database
from souspli_storage.errors import DatabaseError, StorageError
from souspli_storage.sqlite import SqliteDatabase


@pytest.fixture
def path(tmp_path: Path) -> Path:
    # What a path may hold and an address would take for something else.
    return tmp_path / "data ?mode=ro %41 #1" / "service.sqlite"


@pytest.fixture
def database(path: Path) -> Iterator[Database]:
    with SqliteDatabase(path) as database:
        database.write_now(make_table)
        yield database


def make_table(connection: Connection) -> None:
    connection.exec_driver_sql("CREATE TABLE notes (name TEXT PRIMARY KEY, value INTEGER) STRICT")


def put(connection: Connection, *, name: str, value: int) -> None:
    connection.exec_driver_sql(
        "INSERT INTO notes VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        (name, value),
    )


def get(connection: Connection, *, name: str) -> int | None:
    return connection.exec_driver_sql(
        "SELECT value FROM notes WHERE name = ?", (name,)
    ).scalar_one_or_none()


def increment(connection: Connection) -> None:
    put(connection, name="counter", value=(get(connection, name="counter") or 0) + 1)


def test_every_connection_has_the_pragmas(database: Database) -> None:
    def pragmas(connection: Connection) -> dict[str, int | str]:
        names = ("journal_mode", "synchronous", "foreign_keys", "secure_delete", "busy_timeout")
        return {name: connection.exec_driver_sql(f"PRAGMA {name}").scalar_one() for name in names}

    expected = {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "secure_delete": 1,
        "busy_timeout": 5000,
    }
    assert database.read_now(pragmas) == expected
    assert database.write_now(pragmas) == expected


def test_a_full_database_says_so_and_keeps_what_it_had(path: Path) -> None:
    """RLIMIT_FSIZE: the kernel refuses, SQLite reports, the unit leaves nothing."""
    script = textwrap.dedent(
        """
        import resource, sys
        from pathlib import Path
        sys.path.insert(0, sys.argv[2])
        from test_sqlite import get, make_table, put
        from souspli_storage.sqlite import SqliteDatabase
        from souspli_storage.errors import StorageFullError
        database = SqliteDatabase(Path(sys.argv[1]))
        database.write_now(make_table)
        database.write_now(put, name="kept", value=1)
        def large(connection):
            for number in range(2000):
                put(connection, name=f"{number:0200d}", value=number)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, resource.RLIM_INFINITY))
        try:
            database.write_now(large)
        except StorageFullError:
            print("full")
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        print(database.read_now(get, name="kept"), database.read_now(get, name="0" * 200))
        """
    )
    told = subprocess.run(
        [sys.executable, "-c", script, path, Path(__file__).parent],
        check=False,
        capture_output=True,
        text=True,
    )
    assert told.stdout.split() == ["full", "1", "None"], told.stderr


def test_a_deleted_row_is_in_no_file_once_the_log_is_forgotten(path: Path) -> None:
    planted = "PLANTED-VALUE-THAT-MUST-GO"

    def delete(connection: Connection) -> None:
        connection.exec_driver_sql("DELETE FROM notes WHERE name = ?", (planted,))

    def found() -> bool:
        return any(planted.encode() in file.read_bytes() for file in path.parent.iterdir())

    with SqliteDatabase(path) as database:
        database.write_now(make_table)
        database.write_now(put, name=planted, value=1)
        assert found()
        database.write_now(delete)
        database.forget_deleted_now()
        assert not found()


def test_a_version_is_another_one_once_anybody_has_committed(path: Path) -> None:
    with SqliteDatabase(path) as one, SqliteDatabase(path) as other:
        one.write_now(_make_table)
        before = one.version_now()
        assert one.version_now() == before
        other.read_now(_count_rows)
        assert one.version_now() == before
        other.write_now(_add_row)
        seen = one.version_now()
        assert seen != before
        one.write_now(_add_row)
        assert one.version_now() != seen
        # It holds up nobody who empties the log.
        one.forget_deleted_now()


def _make_table(connection: Connection) -> None:
    connection.exec_driver_sql("CREATE TABLE t (x INTEGER)")


def _add_row(connection: Connection) -> None:
    connection.exec_driver_sql("INSERT INTO t VALUES (1)")


def _count_rows(connection: Connection) -> int:
    count: int = connection.exec_driver_sql("SELECT count(*) FROM t").scalar_one()
    return count


def test_the_database_is_for_its_owner_alone(database: Database, path: Path) -> None:
    database.write_now(put, name="a", value=1)
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    for file in path.parent.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file


def test_a_file_that_is_no_database_is_refused(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"certainly not a database" * 100)
    with SqliteDatabase(path) as database, pytest.raises(DatabaseError):
        database.write_now(make_table)


def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StorageError):
        SqliteDatabase(tmp_path / "file" / "service.sqlite")


MIGRATION = '''
"""A migration."""
from alembic import op
revision = "{revision}"
down_revision = {down}
def upgrade():
    op.execute("CREATE TABLE t{revision} (a INTEGER)")
    {more}
'''
ENVIRONMENT = """
from alembic import context
context.configure(connection=context.config.attributes["connection"])
context.run_migrations()
"""


def migrations(folder: Path, *more: str) -> Path:
    (folder / "versions").mkdir(parents=True)
    (folder / "env.py").write_text(ENVIRONMENT)
    for number, line in enumerate(more, start=1):
        down = repr(str(number - 1)) if number > 1 else None
        (folder / "versions" / f"v{number}.py").write_text(
            MIGRATION.format(revision=number, down=down, more=line)
        )
    return folder


def tables(path: Path) -> set[str]:
    with sqlite3.connect(path) as connection:
        rows = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        names = {row[0] for row in rows}
    connection.close()
    return names


def test_a_migration_that_fails_leaves_the_old_schema(path: Path, tmp_path: Path) -> None:
    good = migrations(tmp_path / "good", "pass")
    bad = migrations(tmp_path / "bad", "pass", "op.execute('NO SUCH STATEMENT')")
    with SqliteDatabase(path) as database:
        database.upgrade(migrations=good)
        with pytest.raises(DatabaseError):
            database.upgrade(migrations=bad)
        assert tables(path) == {"alembic_version", "t1"}
        database.upgrade(migrations=good)


def test_a_second_opening_in_one_program_leaves_the_locks_of_the_first(
    path: Path, tmp_path: Path
) -> None:
    """Without them another program deletes the write-ahead log, and every commit with it."""
    insert = "import sys, sqlite3; sqlite3.connect(sys.argv[1]).execute('SELECT * FROM t1').close()"
    with SqliteDatabase(path) as database:
        database.upgrade(migrations=migrations(tmp_path / "good", "pass"))
        with SqliteDatabase(path):
            pass
        log = path.with_name(path.name + "-wal")
        before = log.stat().st_ino
        subprocess.run([sys.executable, "-c", insert, str(path)], check=True)
        assert log.stat().st_ino == before
