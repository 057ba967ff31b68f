"""The statements that the service really issues, recorded, to be issued by somebody else.

The same step of work is recorded twice, for two patients. What is the same in both is a
constant; what names the patient or is given by the database has a name; the rest is drawn
anew each time. So a yardstick's script can't differ from the code: it is made from it.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from psycopg import Binary
from sqlalchemy import Connection, Engine, event

# Keys that the database counts itself.
COUNTED: Final = ("deposit_id", "job_id")


@dataclass(frozen=True)
class Constant:
    """The same each time."""

    value: Any


@dataclass(frozen=True)
class Named:
    """A column of the patient (or delivery) it is about, or a number that the database gave."""

    name: str


@dataclass(frozen=True)
class Drawn:
    """Text that is new each time; the same name, the same text."""

    name: str
    length: int


Argument = Constant | Named | Drawn


@dataclass(frozen=True)
class Statement:
    """SQL as it went to the driver, with what it was given."""

    text: str
    values: tuple[Any, ...] | Mapping[str, Any]

    def places(self) -> list[tuple[Any, Any]]:
        """(place, value), in order."""
        values = self.values
        pairs = values.items() if isinstance(values, Mapping) else enumerate(values)
        return [(place, _plain(value)) for place, value in pairs]


def _plain(value: Any) -> Any:
    """Return bytes as such: SQLite is given views of them, psycopg a wrapper."""
    value = getattr(value, "obj", value) if isinstance(value, Binary) else value
    return bytes(value) if isinstance(value, memoryview) else value


@dataclass(frozen=True)
class Step:
    """A statement, each of whose arguments is known by its kind."""

    text: str
    arguments: Mapping[Any, Argument]

    @property
    def writes(self) -> bool:
        return not self.text.startswith("SELECT")

    def gives(self, column: str) -> bool:
        """Say whether the statement returns this column."""
        selected = re.match(r"SELECT (.*?)\sFROM\s", self.text, re.DOTALL)
        returned = re.search(r"RETURNING (.*)$", self.text, re.DOTALL)
        return any(
            re.search(rf"\b{column}\b", found[1]) is not None
            for found in (selected, returned)
            if found is not None
        )


@dataclass(frozen=True)
class Transaction:
    """What was done between a BEGIN and its COMMIT."""

    steps: tuple[Step, ...]
    begin: str

    @property
    def writes(self) -> bool:
        return any(step.writes for step in self.steps)


@dataclass
class Recorded:
    """One transaction as it was seen."""

    begin: str = "BEGIN;"
    statements: list[Statement] = field(default_factory=list)


@dataclass
class Recording:
    """Transactions in the order in which they began."""

    transactions: list[Recorded] = field(default_factory=list)


@contextmanager
def recording() -> Generator[Recording]:
    """Record what goes through any engine of this process, in any thread."""
    found = Recording()
    current = threading.local()

    def begin(_connection: Connection) -> None:
        current.transaction = Recorded()
        found.transactions.append(current.transaction)

    def execute(
        connection: Connection, _cursor: object, text: str, values: Any, _context: object,
        executemany: bool,
    ) -> None:  # fmt: skip
        if not text.startswith(("BEGIN", "PRAGMA")):
            current.transaction.begin = _begin(connection)
            for some in values if executemany else (values,):
                current.transaction.statements.append(Statement(text, some))

    event.listen(Engine, "begin", begin)
    event.listen(Engine, "before_cursor_execute", execute)
    try:
        yield found
    finally:
        event.remove(Engine, "begin", begin)
        event.remove(Engine, "before_cursor_execute", execute)


def _begin(connection: Connection) -> str:
    """Return the statement with which the driver has begun, by itself."""
    driver: Any = connection.connection.dbapi_connection
    if not type(driver).__module__.startswith("psycopg"):
        return "BEGIN;"
    level = driver.isolation_level
    return (
        " ".join(
            filter(
                None,
                (
                    "BEGIN",
                    f"ISOLATION LEVEL {level.name.replace('_', ' ')}" if level else "",
                    "READ ONLY" if driver.read_only else "",
                ),
            )
        )
        + ";"
    )


def compare(
    first: Recording, second: Recording, *, known: tuple[Mapping[Any, str], Mapping[Any, str]]
) -> tuple[Transaction, ...]:
    """Tell each argument's kind from two recordings of the same step of work.

    `known` gives names to values of the first and of the second. Raises ValueError where
    the two differ in more than values.
    """
    drawn: dict[Any, Drawn] = {}

    def argument(one: Any, other: Any) -> Argument:
        name = known[0].get(one) if isinstance(one, str | int) else None
        if name is not None and known[1].get(other) == name:
            return Named(name)
        # Of ciphertext and signatures the database knows the length alone.
        if one == other or isinstance(one, bytes):
            return Constant(one)
        if not (isinstance(one, str) and isinstance(other, str)):
            raise ValueError(f"{one!r}, {other!r}: neither constant, nor known, nor text")
        return drawn.setdefault(one, Drawn(f"drawn_{len(drawn)}", len(one)))

    def step(one: Statement, other: Statement) -> Step:
        if one.text != other.text:
            raise ValueError("the same work was done by other statements")
        pairs = zip(one.places(), other.places(), strict=True)
        return Step(one.text, {place: argument(a, b) for (place, a), (_, b) in pairs})

    return tuple(
        Transaction(
            tuple(step(a, b) for a, b in zip(mine.statements, theirs.statements, strict=True)),
            mine.begin,
        )
        for mine, theirs in zip(first.transactions, second.transactions, strict=True)
    )


def constants(transactions: Sequence[Transaction]) -> list[Any]:
    """Return every constant, each once, None not among them."""
    found: dict[Any, None] = {}
    for transaction in transactions:
        for step in transaction.steps:
            for argument in step.arguments.values():
                if isinstance(argument, Constant) and argument.value is not None:
                    found.setdefault(argument.value)
    return list(found)


def drawn(transactions: Sequence[Transaction]) -> list[Drawn]:
    """Return everything that is drawn, each once."""
    return list(
        dict.fromkeys(
            argument
            for transaction in transactions
            for step in transaction.steps
            for argument in step.arguments.values()
            if isinstance(argument, Drawn)
        )
    )
