"""The same rows, written and committed by nobody but SQLite: the limit of the embedded default.

Of the service's transactions only those that write are done, and of these only the
statements that write: no look-up, no HTTP, no contents. One connection, because SQLite
has one writer.
"""

from __future__ import annotations

import secrets
import sqlite3
import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from benchmarks.series import Timed
from benchmarks.statements import COUNTED, Constant, Drawn, Named, Step, Transaction
from souspli_storage.sqlite import PRAGMAS


class RawSqlite:
    """A copy of the service's database, and the statements to fill it further with."""

    def __init__(
        self,
        path: Path,
        transactions: Sequence[Transaction],
        recipients: Sequence[Mapping[str, str]],
    ) -> None:
        """`recipients`: the named values of each; every run takes the next ones."""
        self._path = path
        self._writing = [
            [step for step in transaction.steps if step.writes]
            for transaction in transactions
            if transaction.writes
        ]
        self._recipients = iter(recipients)

    def run(self, count: int) -> Timed:
        """Commit what `count` times the work leaves."""
        seconds: list[float] = []
        with closing(sqlite3.connect(self._path, isolation_level=None)) as connection:
            for pragma in PRAGMAS:
                connection.execute(pragma)
            for _ in range(count):
                # Drawn beforehand, as the service has its ids from elsewhere.
                values: dict[str, Any] = dict(next(self._recipients))
                began = time.perf_counter()
                for steps in self._writing:
                    connection.execute("BEGIN IMMEDIATE")
                    for step in steps:
                        _execute(connection, step, values)
                    connection.execute("COMMIT")
                seconds.append(time.perf_counter() - began)
        return Timed(count / sum(seconds), tuple(seconds))


def _execute(connection: sqlite3.Connection, step: Step, values: dict[str, Any]) -> None:
    done = connection.execute(step.text, [_value(one, values) for one in step.arguments.values()])
    row = next(iter(done.fetchall()), None)
    for column in COUNTED:
        if step.gives(column) and row is not None:
            values[column] = row[0]
        elif step.text.startswith(f"INSERT INTO {column.removesuffix('_id')}s "):
            values[column] = done.lastrowid


def _value(argument: Constant | Named | Drawn, values: dict[str, Any]) -> Any:
    match argument:
        case Constant(value):
            return value
        case Named(name):
            return values[name]
        case Drawn(name, length):
            return values.setdefault(name, secrets.token_hex(length // 2 + 1)[:length])
