"""Units of work on a real SQLite file: commits, locks, refusals, room, leftovers."""

import asyncio
import sqlite3
import stat
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection

from souspli_storage.database import Database, Refused
from souspli_storage.errors import DatabaseError, DatabaseNewerError, StorageError


@pytest.fixture
def path(tmp_path: Path) -> Path:
    # What a path may hold and an address would take for something else.
    return tmp_path / "data ?mode=ro %41 #1" / "service.sqlite"


@pytest.fixture
def database(path: Path) -> Iterator[Database]:
    with Database(path) as database:
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


async def test_what_a_unit_writes_is_read_by_the_next(database: Database) -> None:
    await database.write(put, name="a", value=1)
    assert await database.read(get, name="a") == 1


async def test_a_unit_that_raises_leaves_nothing(database: Database) -> None:
    def unit(connection: Connection) -> None:
        put(connection, name="a", value=1)
        raise KeyError("any error")

    with pytest.raises(KeyError):
        await database.write(unit)
    assert await database.read(get, name="a") is None


async def test_a_refusal_keeps_what_was_written_and_raises(database: Database) -> None:
    def unit(connection: Connection) -> Refused:
        put(connection, name="tries", value=1)
        return Refused(PermissionError("wrong code"))

    with pytest.raises(PermissionError):
        await database.write(unit)
    assert await database.read(get, name="tries") == 1


async def test_a_reading_unit_cannot_write(database: Database) -> None:
    with pytest.raises(DatabaseError):
        await database.read(put, name="a", value=1)
    assert await database.read(get, name="a") is None


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


async def test_reading_goes_on_while_a_unit_writes(database: Database) -> None:
    await database.write(put, name="a", value=1)
    reached, release = threading.Event(), threading.Event()

    def slow(connection: Connection) -> None:
        put(connection, name="a", value=2)
        reached.set()
        release.wait(30)

    writing = asyncio.create_task(database.write(slow))
    await asyncio.to_thread(reached.wait, 30)
    assert await database.read(get, name="a") == 1
    release.set()
    await writing
    assert await database.read(get, name="a") == 2


def test_units_of_two_processes_that_read_then_write_lose_no_update(
    database: Database, path: Path
) -> None:
    script = textwrap.dedent(
        """
        import sys
        from pathlib import Path
        sys.path.insert(0, sys.argv[2])
        from test_database import increment
        from souspli_storage.database import Database
        with Database(Path(sys.argv[1])) as database:
            for _ in range(100):
                database.write_now(increment)
        """
    )
    command = [sys.executable, "-c", script, str(path), str(Path(__file__).parent)]
    processes = [subprocess.Popen(command) for _ in range(2)]
    assert [process.wait() for process in processes] == [0, 0]
    assert database.read_now(get, name="counter") == 200


def test_a_committed_unit_survives_the_death_of_its_process(path: Path) -> None:
    script = textwrap.dedent(
        """
        import os, signal, sys
        from pathlib import Path
        sys.path.insert(0, sys.argv[2])
        from test_database import make_table, put
        from souspli_storage.database import Database
        database = Database(Path(sys.argv[1]))
        database.write_now(make_table)
        database.write_now(put, name="kept", value=1)
        def dying(connection):
            put(connection, name="lost", value=1)
            os.kill(os.getpid(), signal.SIGKILL)
        database.write_now(dying)
        """
    )
    done = subprocess.run([sys.executable, "-c", script, path, Path(__file__).parent], check=False)
    assert done.returncode == -9
    with Database(path) as database:
        assert database.read_now(get, name="kept") == 1
        assert database.read_now(get, name="lost") is None


def test_a_full_database_says_so_and_keeps_what_it_had(path: Path) -> None:
    """RLIMIT_FSIZE: the kernel refuses, SQLite reports, the unit leaves nothing."""
    script = textwrap.dedent(
        """
        import resource, sys
        from pathlib import Path
        sys.path.insert(0, sys.argv[2])
        from test_database import get, make_table, put
        from souspli_storage.database import Database
        from souspli_storage.errors import StorageFullError
        database = Database(Path(sys.argv[1]))
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


def test_no_error_tells_what_was_written(database: Database) -> None:
    def twice(connection: Connection) -> None:
        for _ in range(2):
            connection.exec_driver_sql("INSERT INTO notes VALUES (?, 1)", ("jane@example.org",))

    with pytest.raises(DatabaseError) as failed:
        database.write_now(twice)
    told: list[str] = []
    error: BaseException | None = failed.value
    while error is not None:
        told.append(f"{error!s} {error!r}")
        error = error.__cause__
    assert "jane" not in " ".join(told)


def test_a_deleted_row_is_in_no_file_once_the_log_is_forgotten(path: Path) -> None:
    planted = "PLANTED-VALUE-THAT-MUST-GO"

    def delete(connection: Connection) -> None:
        connection.exec_driver_sql("DELETE FROM notes WHERE name = ?", (planted,))

    def found() -> bool:
        return any(planted.encode() in file.read_bytes() for file in path.parent.iterdir())

    with Database(path) as database:
        database.write_now(make_table)
        database.write_now(put, name=planted, value=1)
        assert found()
        database.write_now(delete)
        database.forget_log_now()
        assert not found()


def test_the_database_is_for_its_owner_alone(database: Database, path: Path) -> None:
    database.write_now(put, name="a", value=1)
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    for file in path.parent.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file


def test_a_file_that_is_no_database_is_refused(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"certainly not a database" * 100)
    with Database(path) as database, pytest.raises(DatabaseError):
        database.write_now(make_table)


def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StorageError):
        Database(tmp_path / "file" / "service.sqlite")


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
    with Database(path) as database:
        database.upgrade(migrations=good)
        with pytest.raises(DatabaseError):
            database.upgrade(migrations=bad)
        assert tables(path) == {"alembic_version", "t1"}
        database.upgrade(migrations=good)


def test_a_database_of_a_newer_version_is_not_touched(path: Path, tmp_path: Path) -> None:
    new = migrations(tmp_path / "new", "pass", "pass")
    old = migrations(tmp_path / "old %(here)s", "pass")
    with Database(path) as database:
        database.upgrade(migrations=new)
        with pytest.raises(DatabaseNewerError):
            database.upgrade(migrations=old)


def test_closing_twice_is_allowed(path: Path) -> None:
    database = Database(path)
    database.close()
    database.close()


def test_a_second_opening_in_one_program_leaves_the_locks_of_the_first(
    path: Path, tmp_path: Path
) -> None:
    """Without them another program deletes the write-ahead log, and every commit with it."""
    insert = "import sys, sqlite3; sqlite3.connect(sys.argv[1]).execute('SELECT * FROM t1').close()"
    with Database(path) as database:
        database.upgrade(migrations=migrations(tmp_path / "good", "pass"))
        with Database(path):
            pass
        log = path.with_name(path.name + "-wal")
        before = log.stat().st_ino
        subprocess.run([sys.executable, "-c", insert, str(path)], check=True)
        assert log.stat().st_ino == before
