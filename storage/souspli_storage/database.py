"""The database: what a unit of work is, and the port behind which two databases stand.

A *unit of work* is a plain function that takes a `Connection` first. It runs in
a thread, in one transaction: committed when it returns, rolled back when it
raises. Committed means on the disk.

    count = await database.read(count_jobs, state="waiting")
    await database.write(enqueue, job="notify", ids={...}, now=now)

A unit is written as if it were alone. That is true on SQLite, which has one
writer (`sqlite.py`). PostgreSQL lets them run beside each other and undoes those
that were not alone after all; they are then run again (`postgresql.py`). So a unit
may run more than once: it touches nothing but its connection, and changes none of
its arguments.

Reading units see one snapshot, and can't write.
"""

from __future__ import annotations

import asyncio
import functools
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Concatenate, Final, ParamSpec, Self, TypeVar

from sqlalchemy import Connection

from souspli_storage.errors import DatabaseInUseError

P = ParamSpec("P")
T = TypeVar("T")
Unit = TypeVar("Unit", bound=Callable[..., Any])

_MARK: Final = "_each_statement_decides"

# A process that was killed an instant ago still holds the database in the server's eyes.
HOLD_SECONDS: Final = 2.0
_HOLD_PAUSE_SECONDS: Final = 0.2


@dataclass(frozen=True, slots=True)
class Refused:
    """Returned by a writing unit: commit what it wrote, then raise `error`.

    For refusals that must leave a trace. A wrong one-time code has to be
    counted; raising inside the unit would roll the count back and give guesses
    without end.
    """

    error: Exception


def each_statement_decides(unit: Unit) -> Unit:
    """Mark a writing unit whose every statement settles its own race.

    By a row lock, a compare-and-swap or a unique index; nothing that one statement
    read is taken for granted by the next. Such a unit needs no snapshot, so it never
    has to be undone and run again: worth it where many write to the same few rows (the
    job table, counters). In doubt don't: without the mark a unit is right anyway.
    """
    setattr(unit, _MARK, True)
    return unit


def is_settled_by_statement(unit: Callable[..., Any]) -> bool:
    """Say whether the unit bears the mark of `each_statement_decides`."""
    return bool(getattr(unit, _MARK, False))


class Database(ABC):
    """Rows, shared by any number of processes. For who implements it:

    - **Durable.** A writing unit that returned is on the disk, whatever happens next.
    - **Alone.** Writing units have the effect of running one after the other.
    - **All or nothing.** A unit that raised left nothing, with one exception: when
      the connection is lost while it commits, DatabaseUnavailableError is raised and
      nobody can tell. Callers may always repeat a unit's request.
    - **Mute.** No error text holds a value, an address or a statement's parameter.
    """

    def __init__(self, *, writers: int, readers: int) -> None:
        """`writers`, `readers`: threads, and so the most units of each kind at once."""
        self._writing = ThreadPoolExecutor(writers, thread_name_prefix="database-write")
        self._reading = ThreadPoolExecutor(readers, thread_name_prefix="database-read")

    async def write(
        self,
        unit: Callable[Concatenate[Connection, P], T | Refused],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Run a unit that writes; return its value once it is on the disk.

        Raises what the unit raises (rolled back), the error of a `Refused` that
        it returns (committed), StorageFullError, or DatabaseError. A caller that
        is cancelled stops waiting; the unit finishes all the same.
        """
        call = functools.partial(self.write_now, unit, *args, **kwargs)
        return await asyncio.get_running_loop().run_in_executor(self._writing, call)

    async def read(
        self, unit: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run a unit that only reads, on one consistent snapshot; writing fails."""
        call = functools.partial(self.read_now, unit, *args, **kwargs)
        return await asyncio.get_running_loop().run_in_executor(self._reading, call)

    @abstractmethod
    def write_now(
        self,
        unit: Callable[Concatenate[Connection, P], T | Refused],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Do what `write` does in the calling thread: for mains, workers and tests."""

    @abstractmethod
    def read_now(
        self, unit: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Do what `read` does in the calling thread."""

    @abstractmethod
    def upgrade(self, *, migrations: Path) -> None:
        """Bring the schema to the newest revision of `migrations`, in one transaction.

        Processes that start at once take turns. A crash leaves the old schema.
        Raises DatabaseNewerError for a database of a later version.
        """

    def share(self) -> None:
        """Hold the database beside any number of others who do, until it is closed.

        For whoever may write to it. Raises DatabaseInUseError while somebody has it
        alone, or can't be sure yet of having it so.
        """
        self._hold(alone=False)

    @contextmanager
    def alone(self) -> Generator[None]:
        """Hold the database alone until the block ends: to fill it.

        Raises DatabaseInUseError, before the block, while anybody holds it. Who only
        reads need not hold it. Whoever is killed holds nothing any more.
        """
        self._hold(alone=True)
        try:
            yield
        finally:
            self._let_go()

    def _hold(self, *, alone: bool) -> None:
        limit = time.monotonic() + HOLD_SECONDS
        while not self._try_to_hold(alone=alone):
            if time.monotonic() >= limit:
                raise DatabaseInUseError("somebody else holds the database")
            time.sleep(_HOLD_PAUSE_SECONDS)

    @abstractmethod
    def _try_to_hold(self, *, alone: bool) -> bool:
        """Hold it, if that can be had at once, and say so. Ends with the process, if killed."""

    @abstractmethod
    def _let_go(self) -> None:
        """Hold it no more. Nothing to do if it is not held, or if that was lost."""

    async def forget_deleted(self, *, rewrite: Sequence[str] = ()) -> tuple[str, ...]:
        """Do what `forget_deleted_now` does, after the units that wait to write."""
        call = functools.partial(self.forget_deleted_now, rewrite=rewrite)
        return await asyncio.get_running_loop().run_in_executor(self._writing, call)

    @abstractmethod
    def forget_deleted_now(self, *, rewrite: Sequence[str] = ()) -> tuple[str, ...]:
        """Remove what deleted rows have left in the database's files, as far as it can.

        After a deletion that was promised to somebody. How far that is each database
        says itself. `rewrite`: names of tables of which nothing deleted may be left
        behind, even if everybody has to wait a moment for it; returns those of them for
        which that moment would be too long. Raises DatabaseBusyError while somebody still
        needs what was deleted; then any part of it may be done.
        """

    def close(self) -> None:
        """Let units under way finish, then close. Closing twice is allowed."""
        self._writing.shutdown()
        self._reading.shutdown()
        self._let_go()
        self._dispose()

    @abstractmethod
    def _dispose(self) -> None:
        """Close every connection. May be called twice."""

    def __enter__(self) -> Self:
        """Close at the end of a `with` block."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close."""
        self.close()
