"""Rows out of a database and into another: the same rows, or none at all."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import pytest
from simulation.databases import ENGINES, PostgresqlServer
from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    ForeignKey,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    insert,
    select,
)

from souspli_mailbox.database import connect_database
from souspli_mailbox.settings import Settings
from souspli_storage import dump
from souspli_storage.database import Database
from souspli_storage.errors import DatabaseError, DumpRefusedError
from souspli_storage.lines import Facts, LinesWriter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

metadata = MetaData()
Wide = BigInteger().with_variant(Integer(), "sqlite")
# Named so that the alphabet is not the order in which they must be filled.
parents = Table(
    "zebras",
    metadata,
    Column("number", Wide, primary_key=True, autoincrement=True),
    Column("text", Text),
    Column("bytes", LargeBinary),
    Column("next", Wide, ForeignKey("zebras.number"), unique=True),
    sqlite_strict=True,
    sqlite_autoincrement=True,
)
children = Table(
    "apes",
    metadata,
    Column("parent", Wide, ForeignKey("zebras.number"), primary_key=True),
    Column("place", Integer, primary_key=True),
    sqlite_strict=True,
)
ROWS = 250


@pytest.fixture(params=ENGINES)
def open_database(
    request: pytest.FixtureRequest, tmp_path: Path
) -> Iterator[Callable[[str], Database]]:
    """Open databases that begin without a table; one of a name that is open, once more."""
    with contextlib.ExitStack() as opened:
        places: dict[str, Settings] = {}

        def open_one(name: str) -> Database:
            if name not in places:
                settings = Settings(data=tmp_path / name)
                if request.param == "postgresql":
                    server: PostgresqlServer = request.getfixturevalue("postgresql")
                    empty = opened.enter_context(server.empty())
                    settings = Settings(data=tmp_path / name, database=empty)
                places[name] = settings
            return opened.enter_context(connect_database(places[name]))

        yield open_one


@pytest.fixture
def filled(open_database: Callable[[str], Database]) -> Database:
    database = open_database("filled")
    database.write_now(metadata.create_all)

    def fill(connection: Connection) -> None:
        # Each points to the one after it, the last to none.
        for number in range(ROWS, 0, -1):
            following = number + 1 if number < ROWS else None
            values = {"text": f"é {number}\n'", "bytes": bytes([number % 256])}
            connection.execute(insert(parents).values(number=number, next=following, **values))
        connection.execute(insert(parents).values(number=ROWS + 1))
        connection.execute(insert(children), [{"parent": 1, "place": n} for n in range(3)])

    database.write_now(fill)
    return database


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "dump"
    folder.mkdir()
    return folder


def rows(connection: Connection) -> list[list[tuple[object, ...]]]:
    return [
        [tuple(row) for row in connection.execute(select(one).order_by(*one.primary_key.columns))]
        for one in (parents, children)
    ]


@pytest.fixture
def empty(open_database: Callable[[str], Database]) -> Database:
    database = open_database("empty")
    database.write_now(metadata.create_all)
    return database


def test_every_row_comes_back_as_it_was(filled: Database, empty: Database, folder: Path) -> None:
    facts = filled.read_now(dump.dump, folder)
    assert {name: one.lines for name, one in facts.items()} == {"zebras": ROWS + 1, "apes": 3}
    empty.write_now(dump.load, folder, facts)
    assert empty.read_now(rows) == filled.read_now(rows)


def test_the_same_rows_give_the_same_files(filled: Database, folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    assert filled.read_now(dump.dump, folder) == filled.read_now(dump.dump, other)


def test_numbers_go_on_behind_the_highest(filled: Database, empty: Database, folder: Path) -> None:
    empty.write_now(dump.load, folder, filled.read_now(dump.dump, folder))
    drawn = empty.write_now(
        lambda connection: connection.execute(insert(parents).returning(parents.c.number)).scalar()
    )
    assert drawn == ROWS + 2


def test_a_table_can_be_left_out(filled: Database, empty: Database, folder: Path) -> None:
    facts = filled.read_now(dump.dump, folder, without={"apes"})
    assert {path.name for path in folder.iterdir()} == {"zebras.jsonl"}
    empty.write_now(dump.load, folder, facts)
    assert empty.read_now(rows)[1] == []


def test_rows_can_be_changed_on_their_way_in(
    filled: Database, empty: Database, folder: Path
) -> None:
    def forget(table: str, row: dump.Row) -> dump.Row:
        return {**row, "text": None} if table == "zebras" else row

    facts = filled.read_now(dump.dump, folder)
    empty.write_now(dump.load, folder, facts, change=forget)
    assert {row[1] for row in empty.read_now(rows)[0]} == {None}


@pytest.mark.parametrize(
    "wrong",
    [
        {"number": 1, "text": None, "bytes": None},
        {"number": 1, "text": None, "bytes": None, "next": None, "more": 1},
        {"number": 1, "text": 1.5, "bytes": None, "next": None},
        {"number": True, "text": None, "bytes": None, "next": None},
        {"number": 1, "text": None, "bytes": {"base64": "="}, "next": None},
        {"number": 1, "text": None, "bytes": {"base64": "", "x": 1}, "next": None},
        {"number": 1, "text": [], "bytes": None, "next": None},
        ["number"],
        None,
    ],
    ids=repr,
)
def test_rows_that_are_not_of_the_table_are_refused_and_none_is_kept(
    empty: Database, folder: Path, wrong: object
) -> None:
    right = {"number": 7, "text": "a", "bytes": {"base64": "AA=="}, "next": None}
    with LinesWriter(folder / "zebras.jsonl") as lines:
        lines.write(right)
        lines.write(wrong)
        facts = lines.close()
    with pytest.raises(DumpRefusedError):
        empty.write_now(dump.load, folder, {"zebras": facts})
    assert empty.read_now(dump.is_empty)


def test_rows_that_break_the_schema_are_refused_and_none_is_kept(
    empty: Database, folder: Path
) -> None:
    with LinesWriter(folder / "apes.jsonl") as lines:
        lines.write({"parent": 99, "place": 0})
        facts = lines.close()
    with pytest.raises(DatabaseError):
        empty.write_now(dump.load, folder, {"apes": facts})
    assert empty.read_now(dump.is_empty)


def test_a_file_that_changed_is_refused_and_none_of_its_rows_is_kept(
    filled: Database, empty: Database, folder: Path
) -> None:
    facts = filled.read_now(dump.dump, folder)
    path = folder / "apes.jsonl"
    path.write_bytes(path.read_bytes().replace(b'"place":2', b'"place":3'))
    with pytest.raises(DumpRefusedError):
        empty.write_now(dump.load, folder, facts)
    assert empty.read_now(dump.is_empty)


def test_a_table_that_does_not_exist_is_refused(empty: Database, folder: Path) -> None:
    with pytest.raises(DumpRefusedError):
        empty.write_now(dump.load, folder, {"alembic_version": Facts(0, 0, "")})


def test_only_an_empty_database_loses_its_tables(filled: Database, empty: Database) -> None:
    with pytest.raises(ValueError, match="empty"):
        filled.write_now(dump.drop_empty_tables)
    assert len(filled.read_now(rows)[0]) == ROWS + 1
    empty.write_now(dump.drop_empty_tables)
    empty.write_now(lambda connection: metadata.create_all(connection, checkfirst=False))


def test_a_dump_is_one_snapshot_while_others_write(
    filled: Database, open_database: Callable[[str], Database], folder: Path
) -> None:
    """The rows are counted when half of them are out, after another has deleted some."""
    writer = open_database("filled")

    def interfere(count: int, total: int) -> None:
        assert total == ROWS + 4
        if count == dump.ROWS_AT_ONCE:
            writer.write_now(lambda connection: connection.execute(children.delete()).rowcount)

    facts = filled.read_now(dump.dump, folder, told=interfere)
    assert facts["apes"].lines == 3
    assert filled.read_now(rows)[1] == []
