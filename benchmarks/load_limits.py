"""The limits beside a load: the same rows, the same bytes, an fsync, each by itself."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from benchmarks.capture import recipient_names
from benchmarks.engine_kinds import DatabaseKind
from benchmarks.engines import DATABASE
from benchmarks.pgbench import Pgbench, find, keep_recipients, write_script
from benchmarks.postgres import PostgresServer
from benchmarks.put_limits import durable_file, fsyncs, many
from benchmarks.raw_sqlite import RawSqlite
from benchmarks.rows import Patient
from benchmarks.series import Series, Timed
from benchmarks.world import World

Limit = Callable[[int, int], Timed]
"""`limit(connections, count)` does the least that the work takes so many times."""


@dataclass
class Limits:
    """Every limit by name, with what it reached at each number of connections."""

    what: dict[str, Limit]
    series: dict[tuple[str, int], Series] = field(default_factory=dict)

    def measure(self, *, connections: int, count: int) -> None:
        """Let each do it once."""
        for name, limit in self.what.items():
            kept = self.series.setdefault((name, connections), Series(name))
            kept.rounds.append(limit(connections, count))

    def forgotten(self) -> Limits:
        """Return the same ones, of which nothing was measured."""
        return Limits(self.what)


ROWS = "the same rows"
LIMIT_DATABASE = "limit"
FSYNC = "fsync of a page"


def prepare_limits(world: World, folder: Path) -> Limits:
    """Make them ready, on a copy of the database as it is now."""
    for name in ("files", "limits"):
        (folder / name).mkdir()
    put = durable_file(folder / "files")
    what: dict[str, Limit] = {}
    if world.engines.database is DatabaseKind.SQLITE:
        what[ROWS] = _sqlite(world, folder / "limits")
    elif world.engines.postgres is not None:
        what[ROWS] = _pgbench(world, world.engines.postgres, folder / "limits")
    what["the same bytes, each a durable file"] = lambda connections, count: many(
        put, world.letters[0].contents, connections=connections, count=count
    )
    what[FSYNC] = lambda _, count: fsyncs(folder, count)
    return Limits(what)


def _sqlite(world: World, folder: Path) -> Limit:
    copy = folder / "copy.sqlite"
    with closing(sqlite3.connect(world.engines.data / "mailbox.sqlite")) as there:
        there.execute("VACUUM INTO ?", [str(copy)])
    raw = RawSqlite(copy, world.captured.deposit, [names_of(one) for one in world.patients])
    return lambda _, count: raw.run(count)


def _pgbench(world: World, server: PostgresServer, folder: Path) -> Limit:
    server.create(LIMIT_DATABASE, like=DATABASE)
    with psycopg.connect(server.url(LIMIT_DATABASE), autocommit=True) as connection:
        keep_recipients(connection, [names_of(one) for one in world.patients])
    server.settle(LIMIT_DATABASE)
    script = write_script(world.captured.deposit)
    bench = Pgbench(find(), server.url(LIMIT_DATABASE), script, folder)
    return lambda connections, count: bench.run(connections=connections, count=count)


def names_of(patient: Patient) -> dict[str, str]:
    """Return the columns that name a patient in statements, with their values."""
    return {name: str(value) for value, name in recipient_names(patient).items()}
