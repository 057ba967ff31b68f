"""The tables, the migrations that lead to them, and the page that publishes them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from simulation.databases import Place
from sqlalchemy import Connection, inspect, text

from souspli_cli.bridge.schema import MIGRATIONS as BRIDGE_MIGRATIONS
from souspli_mailbox.database import connect_database
from souspli_mailbox.schema import MIGRATIONS, tables
from souspli_mailbox.settings import Settings
from souspli_storage.database import Database
from souspli_storage.errors import DatabaseError
from souspli_storage.revisions import is_newest, revision_of
from souspli_storage.sqlite import SqliteDatabase

if TYPE_CHECKING:
    from collections.abc import Iterator

    from simulation.databases import PostgresqlServer

PAGE = Path(__file__).parents[2] / "docs" / "what-is-kept.md"
HEADING = re.compile(r"^### `([a-z_]+)`$", re.MULTILINE)
ROW = re.compile(r"^\| `([a-z_]+)` \|(.*)\|$", re.MULTILINE)

# Words for what must never be a column of its own (docs/specs/mailbox.md §6).
FORBIDDEN = re.compile(r"name|title|birth|sex|phone|postal|file|text|subject_of|loinc|password$")


@pytest.fixture
def database(place: Place) -> Iterator[Database]:
    with place.open() as database:
        yield database


def published() -> dict[str, list[str]]:
    _, *parts = HEADING.split(PAGE.read_text(encoding="utf-8"))
    return {
        table: [column for column, _ in ROW.findall(text)]
        for table, text in zip(parts[::2], parts[1::2], strict=True)
    }


def columns(connection: Connection) -> dict[str, list[str]]:
    inspector = inspect(connection)
    return {
        table: [column["name"] for column in inspector.get_columns(table)]
        for table in inspector.get_table_names()
        if table != "alembic_version"
    }


def test_every_column_is_published_with_its_purpose_and_no_other_is(database: Database) -> None:
    kept = database.read_now(columns)
    assert {table: sorted(names) for table, names in published().items()} == {
        table: sorted(names) for table, names in kept.items()
    }


def test_no_column_holds_a_name_a_title_or_a_birth_date(database: Database) -> None:
    found = {
        f"{table}.{column}"
        for table, names in database.read_now(columns).items()
        for column in names
        if FORBIDDEN.search(column)
    }
    # A recipient's, if the practice gave one: published in §6 as the address is.
    assert found == {"accounts.phone", "invitations.phone"}


def test_the_migrations_lead_to_the_tables_that_the_records_use(database: Database) -> None:
    def differences(connection: Connection) -> list[object]:
        return list(compare_metadata(MigrationContext.configure(connection), tables.metadata))

    assert database.write_now(differences) == []


def test_that_nothing_is_to_be_migrated_is_known_without_alembic(database: Database) -> None:
    def known(connection: Connection) -> list[bool]:
        answers = []
        # The true one at last: another test goes on with this database.
        for version in ("0001", revision_of(connection)):
            change = text("UPDATE alembic_version SET version_num = :version")
            connection.execute(change, {"version": version})
            answers.append(is_newest(connection, migrations=MIGRATIONS))
        return answers

    assert database.write_now(known) == [False, True]


@pytest.mark.parametrize("folder", [MIGRATIONS, BRIDGE_MIGRATIONS])
def test_a_migration_s_file_is_called_by_the_version_that_it_leads_to(folder: Path) -> None:
    script = ScriptDirectory(str(folder))
    revisions = [one.revision for one in script.walk_revisions()]
    names = sorted(path.name.partition("_")[0] for path in (folder / "versions").glob("*.py"))
    assert names == sorted(f"v{revision}" for revision in revisions)
    assert script.get_current_head() == max(revisions, key=int)


def test_migrated_tables_have_every_constraint_of_the_records_tables(tmp_path: Path) -> None:
    """SQLite's own words: what comparing by alembic does not see (checks, STRICT)."""

    def statements(connection: Connection) -> set[str]:
        rows = connection.exec_driver_sql("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL")
        return {_canonical(row[0]) for row in rows if "alembic" not in row[0]}

    with SqliteDatabase(tmp_path / "migrated.sqlite") as migrated:
        migrated.upgrade(migrations=MIGRATIONS)
        with SqliteDatabase(tmp_path / "made.sqlite") as made:
            made.write_now(tables.metadata.create_all)
            assert migrated.read_now(statements) == made.read_now(statements)


def test_migrated_tables_are_the_records_tables_on_postgresql(postgresql: PostgresqlServer) -> None:
    """In the catalogue's own words: constraints, indexes, types, collations."""

    def definitions(connection: Connection) -> set[str]:
        found = connection.execute(
            text(
                """
                SELECT conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid)
                FROM pg_constraint WHERE conrelid::regclass::text <> 'alembic_version'
                UNION ALL SELECT indexdef FROM pg_indexes
                WHERE schemaname = 'public' AND tablename <> 'alembic_version'
                UNION ALL
                SELECT concat_ws(' ', table_name, column_name, data_type, collation_name,
                    is_nullable, column_default)
                FROM information_schema.columns
                WHERE table_schema = 'public' AND table_name <> 'alembic_version'
                """
            )
        )
        return set(found.scalars())

    with postgresql.migrated() as settings, postgresql.empty() as empty:
        with Place("postgresql", Path(), settings).open() as migrated:
            there = migrated.read_now(definitions)
        with connect_database(Settings(data=Path(), database=empty)) as made:
            made.write_now(tables.metadata.create_all)
            assert there == made.read_now(definitions)
    texts = [line for line in there if " text " in line]
    assert len(texts) > 50
    assert all(" text C " in line for line in texts), "text sorts by code point"


def _canonical(statement: str) -> str:
    """Drop spelling; constraints come in any order."""
    words = re.sub(r"\s+", " ", statement)
    head, _, rest = words.partition("(")
    body, _, tail = rest.rpartition(")")
    return head + str(sorted(part.strip() for part in body.split(", "))) + tail.strip()


def test_upgrading_twice_changes_nothing(database: Database) -> None:
    before = database.read_now(columns)
    database.upgrade(migrations=MIGRATIONS)
    assert database.read_now(columns) == before


def test_tables_are_strict_about_types(database: Database) -> None:
    def insert_words(connection: Connection) -> None:
        connection.exec_driver_sql("INSERT INTO condemned_objects VALUES ('a', 'not a moment')")

    with pytest.raises(DatabaseError):
        database.write_now(insert_words)
