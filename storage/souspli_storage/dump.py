"""All rows of a database as files of lines, and back: the same for SQLite and PostgreSQL.

One file for each table, one row a line: a JSON object of column names and values. A
value is text, an integer, null, or bytes as `{"base64": "…"}`. What the columns are is
asked of the database, so that a database of any version can be dumped; which version
that is (`revisions.py`), the caller writes down, and has the schema made before `load`.

Functions here take a `Connection` inside a unit of work and know no table by name.
"""

from __future__ import annotations

import base64
import binascii
import itertools
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

from sqlalchemy import (
    BigInteger,
    ColumnClause,
    Connection,
    Integer,
    MetaData,
    Table,
    bindparam,
    column,
    func,
    insert,
    inspect,
    literal_column,
    select,
    table,
    update,
)
from sqlalchemy.schema import DropTable
from sqlalchemy.sql.expression import TableClause

from souspli_storage.errors import DumpRefusedError
from souspli_storage.lines import Facts, LinesWriter, read_lines
from souspli_storage.revisions import VERSION_TABLE

Row = dict[str, Any]

# Rows in memory at a time. Larger ones hold a cover; a hundred of those are some MB.
ROWS_AT_ONCE: Final = 100


@dataclass(frozen=True, slots=True)
class _Shape:
    """What has to be known of a table to write its rows."""

    name: str
    columns: tuple[str, ...]
    primary_key: tuple[str, ...]
    own_columns: tuple[str, ...]
    """Columns that point to rows of the very same table."""
    counted: tuple[str, ...]
    """Integers in the primary key, which the database may count itself."""

    @property
    def clause(self) -> TableClause:
        return table(self.name, *(_column(name) for name in self.columns))


def dump(
    connection: Connection,
    folder: Path,
    *,
    without: Collection[str] = (),
    told: Callable[[int, int], None] = lambda _done, _total: None,
) -> dict[str, Facts]:
    """Write every table but `without` into `folder`; return the files' facts, by table.

    In a reading unit all of it is one snapshot. `told` is called with the number of
    rows so far, and of all. Files of these names are replaced.
    """
    facts: dict[str, Facts] = {}
    shapes = [shape for shape in _shapes(connection) if shape.name not in without]
    rows, total = 0, sum(_count(connection, shape) for shape in shapes)
    for shape in shapes:
        with LinesWriter(file_of(folder, shape.name)) as lines:
            ordered = select(shape.clause).order_by(*(_column(one) for one in shape.primary_key))
            for row in connection.execute(
                ordered, execution_options={"yield_per": ROWS_AT_ONCE}
            ).mappings():
                lines.write({name: _to_json(value) for name, value in row.items()})
                rows += 1
                if rows % ROWS_AT_ONCE == 0:
                    told(rows, total)
            facts[shape.name] = lines.close()
    told(rows, total)
    return facts


def is_empty(connection: Connection) -> bool:
    """Say whether no table has a row, or there is no table."""
    return all(
        connection.execute(
            select(literal_column("1", Integer)).select_from(shape.clause).limit(1)
        ).first()
        is None
        for shape in _shapes(connection)
    )


def drop_empty_tables(connection: Connection) -> None:
    """Drop every table, so that migrations can begin anew. ValueError if one has rows."""
    if not is_empty(connection):
        raise ValueError("only an empty database is made anew")
    names = [shape.name for shape in _shapes(connection)]
    if inspect(connection).has_table(VERSION_TABLE):
        names.insert(0, VERSION_TABLE)
    for name in reversed(names):
        connection.execute(DropTable(Table(name, MetaData())))


def load(
    connection: Connection,
    folder: Path,
    facts: Mapping[str, Facts],
    *,
    change: Callable[[str, Row], Row] = lambda _, row: row,
    told: Callable[[int, int], None] = lambda _done, _total: None,
) -> None:
    """Insert the rows of these files into their tables, each changed by `change` before.

    In a writing unit: all of them or none. Raises DumpRefusedError for a file that is
    not what was written, and for rows that don't fit the tables.
    """
    shapes = {shape.name: shape for shape in _shapes(connection)}
    if not facts.keys() <= shapes.keys():
        raise DumpRefusedError("a table that this version of the schema does not have")
    rows, total = 0, sum(one.lines for one in facts.values())
    for name, shape in shapes.items():
        if name not in facts:
            continue
        for batch in _batches(_rows(folder, shape, facts[name], change)):
            # A row may point to one that comes later. PostgreSQL asks at once
            # whether it is there, so such columns are filled in afterwards.
            unbound = [{**row, **dict.fromkeys(shape.own_columns)} for row in batch]
            connection.execute(insert(shape.clause), unbound)
            rows += len(batch)
            told(rows, total)
        if shape.own_columns:
            _bind_own_columns(connection, shape, _rows(folder, shape, facts[name], change))
        _go_on_counting(connection, shape)


def file_of(folder: Path, name: str) -> Path:
    """Return where the rows of a table are."""
    return folder / f"{name}.jsonl"


def _shapes(connection: Connection) -> Iterator[_Shape]:
    """Yield the tables: one that others point to before those others."""
    inspector = inspect(connection)
    for name, _ in inspector.get_sorted_table_and_fkc_names():
        if name is None or name == VERSION_TABLE:
            continue
        columns = inspector.get_columns(name)
        key = tuple(inspector.get_pk_constraint(name)["constrained_columns"])
        yield _Shape(
            name=name,
            columns=tuple(one["name"] for one in columns),
            primary_key=key,
            own_columns=tuple(
                one
                for foreign in inspector.get_foreign_keys(name)
                if foreign["referred_table"] == name
                for one in foreign["constrained_columns"]
            ),
            counted=tuple(
                one["name"]
                for one in columns
                if key == (one["name"],) and isinstance(one["type"], Integer | BigInteger)
            ),
        )


def _count(connection: Connection, shape: _Shape) -> int:
    return connection.execute(select(func.count()).select_from(shape.clause)).scalar_one()


def _rows(
    folder: Path, shape: _Shape, facts: Facts, change: Callable[[str, Row], Row]
) -> Iterator[Row]:
    for found in read_lines(file_of(folder, shape.name), facts):
        if not isinstance(found, dict):
            raise DumpRefusedError("a row is no object")
        row = cast(Row, found)
        if row.keys() != set(shape.columns):
            raise DumpRefusedError("a row has other columns than its table")
        yield change(shape.name, {name: _from_json(value) for name, value in row.items()})


def _bind_own_columns(connection: Connection, shape: _Shape, rows: Iterable[Row]) -> None:
    # Names of parameters must not be names of columns.
    statement = update(shape.clause).where(
        *(_column(name) == bindparam(f"key_{name}") for name in shape.primary_key)
    )
    statement = statement.values({name: bindparam(f"to_{name}") for name in shape.own_columns})
    bound = (
        {f"key_{name}": row[name] for name in shape.primary_key}
        | {f"to_{name}": row[name] for name in shape.own_columns}
        for row in rows
        if any(row[name] is not None for name in shape.own_columns)
    )
    for batch in _batches(bound):
        connection.execute(statement, batch)


def _go_on_counting(connection: Connection, shape: _Shape) -> None:
    """Let the database count on from the highest number; SQLite does so by itself."""
    if connection.dialect.name != "postgresql":
        return
    for name in shape.counted:
        counter = connection.execute(
            select(func.pg_get_serial_sequence(shape.name, name))
        ).scalar_one()
        last: int | None = connection.execute(
            select(func.max(_column(name))).select_from(shape.clause)
        ).scalar_one()
        if counter is not None and last is not None:
            connection.execute(select(func.setval(counter, last)))


def _column(name: str) -> ColumnClause[Any]:
    return column(name)


def _batches(rows: Iterable[Row]) -> Iterator[list[Row]]:
    iterator = iter(rows)
    while batch := list(itertools.islice(iterator, ROWS_AT_ONCE)):
        yield batch


def _to_json(value: object) -> object:
    if isinstance(value, bytes):
        return {"base64": base64.b64encode(value).decode("ascii")}
    if value is None or isinstance(value, str) or type(value) is int:
        return value
    raise DumpRefusedError("a value of a type that dumps don't have")


def _from_json(value: object) -> object:
    match value:
        case {"base64": str(text)} if len(cast(Row, value)) == 1:
            try:
                return base64.b64decode(text, validate=True)
            except (binascii.Error, ValueError):
                raise DumpRefusedError("bytes are not base64") from None
        case None | str():
            return value
        case int() if type(value) is int and -(2**63) <= value < 2**63:
            return value
        case _:
            raise DumpRefusedError("a value of a type that dumps don't have")
