"""The load benchmark still works: real nodes, a handful of documents, no time compared."""

from __future__ import annotations

import sqlite3
from collections.abc import Generator
from contextlib import closing
from pathlib import Path

import pytest
from benchmarks import drivers
from benchmarks.engine_kinds import DatabaseKind, StoreKind
from benchmarks.load import COLLECT, DEPOSIT, NOTIFIED, Found, Load, Plan
from benchmarks.load_limits import FSYNC, ROWS, names_of, prepare_limits
from benchmarks.load_tables import write_tables
from benchmarks.raw_sqlite import RawSqlite
from benchmarks.statements import Drawn, Named
from benchmarks.world import World, made

PLAN = Plan(rounds=1, connections=(2,), nodes=(1,), count=4, warming=0)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("load")


@pytest.fixture(scope="module")
def world(folder: Path) -> Generator[World]:
    with made(DatabaseKind.SQLITE, StoreKind.DISK, patients=20, folder=folder, before=200) as one:
        yield one


def test_every_document_is_deposited_mailed_collected_and_compared(
    world: World, folder: Path
) -> None:
    limits = prepare_limits(world, folder)
    found = Found(world.engines, limits, world.captured)
    with drivers.started(folder, world.letters, processes=1) as driving:
        Load(world, driving, PLAN, iter(world.patients[:4])).one_round(found)
    for what in (DEPOSIT, COLLECT):
        series = found.measured[what, 1, 2].series
        assert (len(series.rounds[0].seconds), series.say_errors()) == (4, "0")
    assert len(found.measured[NOTIFIED, 1, 2].series.rounds) == 1
    assert {name for name, _ in limits.series} >= {ROWS, FSYNC}
    table = write_tables([found])
    assert "| deposits, acknowledged | 1 | 2 |" in table
    assert "the same rows" in table


def _rows(path: Path) -> dict[str, int]:
    with closing(sqlite3.connect(path)) as there:
        names = [
            row[0] for row in there.execute("SELECT name FROM sqlite_master WHERE type='table'")
        ]
        return {
            name: there.execute(f"SELECT count(*) FROM {name}").fetchone()[0]  # noqa: S608  (its own)
            for name in names
        }


def test_raw_commits_leave_the_very_rows_of_a_deposit(world: World, tmp_path: Path) -> None:
    copy = tmp_path / "copy.sqlite"
    with closing(sqlite3.connect(world.engines.data / "mailbox.sqlite")) as there:
        there.execute("VACUUM INTO ?", [str(copy)])
    before = _rows(copy)
    raw = RawSqlite(copy, world.captured.deposit, [names_of(one) for one in world.patients[10:]])
    assert len(raw.run(3).seconds) == 3
    after = _rows(copy)
    grown = {name: after[name] - before[name] for name in after if after[name] != before[name]}
    one_each = {"deposits", "sender_covers", "deliveries", "covers", "jobs"}
    assert grown == dict.fromkeys(one_each, 3)
    with closing(sqlite3.connect(copy)) as there:
        stored = there.execute(
            "SELECT count(*) FROM deliveries JOIN deposits USING (deposit_id) "
            "JOIN covers USING (delivery_id) WHERE account_number IN (?, ?, ?) "
            "AND deposits.state = 'stored'",
            [one.account_number for one in world.patients[10:13]],
        )
        assert stored.fetchone() == (3,)


def test_a_recording_holds_every_statement_of_a_deposit_s_two_commits(world: World) -> None:
    # The deposit and its count for the quota; state, covers, delivery, job.
    writing = [one for one in world.captured.deposit if one.writes]
    assert [len([step for step in one.steps if step.writes]) for one in writing] == [2, 5]
    arguments = {
        argument
        for transaction in world.captured.deposit
        for step in transaction.steps
        for argument in step.arguments.values()
        if isinstance(argument, Named | Drawn)
    }
    names = {argument.name for argument in arguments if isinstance(argument, Named)}
    assert names == {"account_number", "invitation_id", "deposit_id"}
    # Document, object key, request's hash, delivery, the job's payload.
    assert len([argument for argument in arguments if isinstance(argument, Drawn)]) == 5
