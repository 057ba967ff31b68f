"""How a database carries out the statements of a step of work: EXPLAIN."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from sqlalchemy import Connection

from benchmarks.statements import Statement, recording
from souspli_storage.database import Database


def plans(database: Database, work: Callable[[], object]) -> list[str]:
    """Do the work once more, and explain each of its statements that reads; one text each."""
    with recording() as found:
        work()
    explained: dict[str, str] = {}
    for transaction in found.transactions:
        for statement in transaction.statements:
            if not statement.text.startswith("INSERT"):
                # Rolled back: EXPLAIN ANALYZE does what it explains.
                explained.setdefault(statement.text, _explain(database, statement))
    return [f"{_short(text)}\n{plan}" for text, plan in explained.items()]


def _short(text: str) -> str:
    """Return the statement on one line, with the first of many arguments alone."""
    return re.sub(r"(\?|%\(\w+\)s(?:::\w+)?)(, \1){3,}", r"\1, …", " ".join(text.split()))


def _explain(database: Database, statement: Statement) -> str:
    class Undo(Exception):  # noqa: N818  (goes no further than the next lines)
        pass

    plan: list[str] = []

    def explain(connection: Connection) -> None:
        values: Any = statement.values
        if connection.dialect.name == "sqlite":
            rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement.text}", values)
            plan.extend(f"  {row[3]}" for row in rows)
        else:
            rows = connection.exec_driver_sql(
                f"EXPLAIN (ANALYZE, BUFFERS) {statement.text}", values
            )
            plan.extend(f"  {row[0]}" for row in rows)
        raise Undo

    with suppress(Undo):
        database.write_now(explain)
    return "\n".join(plan)


def scans(plan: str) -> bool:
    """Say whether a plan goes through a whole table."""
    return any(
        (line.strip().startswith("SCAN ") and "CONSTANT ROW" not in line) or "Seq Scan" in line
        for line in plan.split("\n")[1:]
    )
