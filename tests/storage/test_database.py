"""Units of work, on both databases: commits, refusals, races, deaths, migrations."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from simulation.databases import ENGINES, Place
from simulation.notes import get, increment, make_table, put
from sqlalchemy import Connection, inspect, text

from souspli_mailbox.settings import DatabaseSettings
from souspli_storage.database import Database, Refused, each_statement_decides
from souspli_storage.errors import DatabaseError, DatabaseNewerError


@pytest.fixture(params=ENGINES)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    if request.param == "sqlite":
        # What a path may hold and an address would take for something else.
        yield Place("sqlite", tmp_path / "data ?mode=ro %41 #1", DatabaseSettings())
        return
    with request.getfixturevalue("postgresql").empty() as settings:
        yield Place("postgresql", tmp_path, settings)


@pytest.fixture
def database(place: Place) -> Iterator[Database]:
    with place.connect() as database:
        database.write_now(make_table)
        yield database


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


async def test_a_reading_unit_sees_one_moment(database: Database) -> None:
    def twice(connection: Connection) -> tuple[int | None, int | None]:
        before = get(connection, name="a")
        database.write_now(put, name="a", value=2)
        return before, get(connection, name="a")

    await database.write(put, name="a", value=1)
    assert await database.read(twice) == (1, 1)


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


async def test_units_at_once_that_read_then_write_lose_no_update(database: Database) -> None:
    await asyncio.gather(*(database.write(increment) for _ in range(60)))
    assert await database.read(get, name="counter") == 60


def test_units_of_two_processes_that_read_then_write_lose_no_update(
    place: Place, database: Database
) -> None:
    script = textwrap.dedent(
        """
        from simulation.notes import increment
        from souspli_mailbox.database import connect_database
        from souspli_mailbox.settings import load
        with connect_database(load()) as database:
            for _ in range(100):
                database.write_now(increment)
        """
    )
    command = [sys.executable, "-c", script]
    processes = [subprocess.Popen(command, env=place.environment) for _ in range(2)]
    assert [process.wait() for process in processes] == [0, 0]
    assert database.read_now(get, name="counter") == 200


async def test_of_units_that_insert_one_key_at_once_one_does_and_the_others_see_it(
    database: Database,
) -> None:
    """Also under the mark, where the key itself decides."""

    def once(connection: Connection, *, name: str) -> str:
        if get(connection, name=name) is not None:
            return "there"
        insert = text("INSERT INTO notes VALUES (:name, 1)")
        connection.execute(insert, {"name": name})
        return "made"

    @each_statement_decides
    def marked(connection: Connection, *, name: str) -> str:
        return once(connection, name=name)

    for unit in (once, marked):
        for number in range(10):
            name = f"{unit.__name__}{number}"
            told = await asyncio.gather(*(database.write(unit, name=name) for _ in range(4)))
            assert sorted(told) == ["made", "there", "there", "there"]


def test_a_committed_unit_survives_the_death_of_its_process(
    place: Place, database: Database
) -> None:
    script = textwrap.dedent(
        """
        import os, signal
        from simulation.notes import put
        from souspli_mailbox.database import connect_database
        from souspli_mailbox.settings import load
        database = connect_database(load())
        database.write_now(put, name="kept", value=1)
        def dying(connection):
            put(connection, name="lost", value=1)
            os.kill(os.getpid(), signal.SIGKILL)
        database.write_now(dying)
        """
    )
    command = [sys.executable, "-c", script]
    assert subprocess.run(command, env=place.environment, check=False).returncode == -9
    assert database.read_now(get, name="kept") == 1
    assert database.read_now(get, name="lost") is None


def test_no_error_tells_what_was_written(database: Database) -> None:
    def twice(connection: Connection) -> None:
        for _ in range(2):
            insert = text("INSERT INTO notes VALUES (:name, 1)")
            connection.execute(insert, {"name": "jane@example.org"})

    def wrong(connection: Connection) -> None:
        connection.execute(text("SELECT no_such_column FROM notes WHERE name = 'jane'"))

    for unit in (twice, wrong):
        with pytest.raises(DatabaseError) as failed:
            database.write_now(unit)
        told: list[str] = []
        error: BaseException | None = failed.value
        while error is not None:
            told.append(f"{error!s} {error!r}")
            # What a traceback would show: causes, and contexts that are not suppressed.
            hidden = error.__suppress_context__
            error = error.__cause__ or (None if hidden else error.__context__)
        if unit is twice:
            assert "jane" not in " ".join(told)


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


def tables(connection: Connection) -> set[str]:
    return set(inspect(connection).get_table_names())


def test_a_migration_that_fails_leaves_the_old_schema(place: Place, tmp_path: Path) -> None:
    good = migrations(tmp_path / "good", "pass")
    bad = migrations(tmp_path / "bad", "pass", "op.execute('NO SUCH STATEMENT')")
    with place.connect() as database:
        database.upgrade(migrations=good)
        with pytest.raises(DatabaseError):
            database.upgrade(migrations=bad)
        assert database.read_now(tables) == {"alembic_version", "t1"}
        database.upgrade(migrations=good)


def test_a_database_of_a_newer_version_is_not_touched(place: Place, tmp_path: Path) -> None:
    new = migrations(tmp_path / "new", "pass", "pass")
    old = migrations(tmp_path / "old %(here)s", "pass")
    with place.connect() as database:
        database.upgrade(migrations=new)
        with pytest.raises(DatabaseNewerError):
            database.upgrade(migrations=old)


def test_processes_that_start_at_once_migrate_one_after_the_other(
    place: Place, tmp_path: Path
) -> None:
    folder = migrations(tmp_path / "some", "pass", "pass", "pass")
    script = textwrap.dedent(
        """
        import sys
        from pathlib import Path
        from souspli_mailbox.database import connect_database
        from souspli_mailbox.settings import load
        with connect_database(load()) as database:
            database.upgrade(migrations=Path(sys.argv[1]))
        """
    )
    command = [sys.executable, "-c", script, str(folder)]
    processes = [subprocess.Popen(command, env=place.environment) for _ in range(3)]
    assert [process.wait() for process in processes] == [0, 0, 0]
    with place.connect() as database:
        assert database.read_now(tables) == {"alembic_version", "t1", "t2", "t3"}


def test_closing_twice_is_allowed(place: Place) -> None:
    database = place.connect()
    database.close()
    database.close()
