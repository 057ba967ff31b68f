"""The database: an engine, units of work in threads, migrations at start.

A *unit of work* is a plain function that takes a `Connection` first. It runs in
a thread, in one transaction: committed when it returns, rolled back when it
raises. Committed means on the disk (`synchronous=full`).

    count = await database.read(count_jobs, state="waiting")
    await database.write(enqueue, job="notify", ids={...}, now=now)

Writing units take SQLite's write lock when they begin (BEGIN IMMEDIATE). One
that first reads and then writes would otherwise fail in the middle, with
SQLITE_BUSY and without waiting, whenever another process wrote in between.
Reading units run on connections that refuse to write, beside each other and
beside the writer (that is what the write-ahead log is for).
"""

from __future__ import annotations

import asyncio
import functools
import os
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Concatenate, Final, ParamSpec, Self, TypeVar

from sqlalchemy import URL, Connection, Engine, create_engine, event, exc

from souspli_storage.durable import sync
from souspli_storage.errors import (
    DatabaseBusyError,
    DatabaseError,
    StorageError,
    StorageFullError,
)
from souspli_storage.migrations import upgrade_schema

P = ParamSpec("P")
T = TypeVar("T")

# Long enough for another process's checkpoint on a slow disk, short enough for
# a person who waits for an answer.
BUSY_TIMEOUT_MILLISECONDS: Final = 5_000

# Readers are mostly waiting for the disk; more threads than this only take turns.
READERS: Final = 4

PRAGMAS: Final = (
    # Readers don't wait for the writer, nor the writer for them.
    "PRAGMA journal_mode=wal",
    # Commit means fsync. The default (normal) may lose the last commits when
    # power fails, and an acknowledged deposit with them.
    "PRAGMA synchronous=full",
    f"PRAGMA busy_timeout={BUSY_TIMEOUT_MILLISECONDS}",
    "PRAGMA foreign_keys=on",
    # Deleted rows are overwritten with zeros. Purging promises that a cover or
    # an address is gone, and a free page of the file would still hold it.
    "PRAGMA secure_delete=on",
    # Temporary indexes hold rows: never in a file of their own under /tmp.
    "PRAGMA temp_store=memory",
)


@dataclass(frozen=True, slots=True)
class Refused:
    """Returned by a writing unit: commit what it wrote, then raise `error`.

    For refusals that must leave a trace. A wrong one-time code has to be
    counted; raising inside the unit would roll the count back and give guesses
    without end.
    """

    error: Exception


class Database:
    """One SQLite file. Any number of processes may open the same one."""

    def __init__(self, path: Path) -> None:
        """Open `path`, made for its owner alone if it does not exist.

        Raises StorageError when that is not possible. Nothing is migrated:
        `upgrade` does that.
        """
        _create_private(path)
        self._writer = _engine(path, begin="BEGIN IMMEDIATE", read_only=False)
        self._reader = _engine(path, begin="BEGIN", read_only=True)
        # SQLite has one writer. Units queue here, in order, rather than in
        # SQLite's busy handler, which sleeps and is not fair.
        self._writing = ThreadPoolExecutor(1, thread_name_prefix="database-write")
        self._reading = ThreadPoolExecutor(READERS, thread_name_prefix="database-read")

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

    def write_now(
        self,
        unit: Callable[Concatenate[Connection, P], T | Refused],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Do what `write` does in the calling thread: for mains, workers and tests."""
        try:
            with self._writer.begin() as connection:
                value = unit(connection, *args, **kwargs)
        except exc.DBAPIError as error:
            raise _translated(error) from error
        if isinstance(value, Refused):
            raise value.error
        return value

    def read_now(
        self, unit: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Do what `read` does in the calling thread."""
        try:
            with self._reader.begin() as connection:
                return unit(connection, *args, **kwargs)
        except exc.DBAPIError as error:
            raise _translated(error) from error

    def upgrade(self, *, migrations: Path) -> None:
        """Bring the schema to the newest revision of `migrations`, in one transaction.

        Two processes that start at once take turns. A crash leaves the old
        schema. Raises DatabaseNewerError for a database of a later version.
        """
        self.write_now(upgrade_schema, migrations)

    async def forget_log(self) -> None:
        """Do what `forget_log_now` does, after the units that wait to write."""
        await asyncio.get_running_loop().run_in_executor(self._writing, self.forget_log_now)

    def forget_log_now(self) -> None:
        """Move the write-ahead log into the database and empty the log.

        `secure_delete` zeroes rows in the database; pages that were written
        before rest in the log until it is overwritten. After a deletion that
        was promised to somebody, this ends that too. Raises DatabaseBusyError
        while a reader still needs the log.
        """
        # Outside a transaction, where alone SQLite truncates a log.
        raw = self._writer.raw_connection()
        try:
            busy = raw.cursor().execute("PRAGMA wal_checkpoint(truncate)").fetchone()[0]
        except sqlite3.Error as error:
            raise DatabaseError("the write-ahead log could not be emptied") from error
        finally:
            raw.close()
        if busy:
            raise DatabaseBusyError("a reader still needs the write-ahead log")

    def close(self) -> None:
        """Let units under way finish, then close. Closing twice is allowed."""
        self._writing.shutdown()
        self._reading.shutdown()
        self._reader.dispose()
        self._writer.dispose()

    def __enter__(self) -> Self:
        """Close at the end of a `with` block."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close."""
        self.close()


def _create_private(path: Path) -> None:
    # SQLite would make the file readable by all (0644); the log and the shared
    # memory beside it take over the mode of this one.
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # O_EXCL, so that an existing file is never opened here: closing any descriptor
        # of a file drops all POSIX locks that this process holds on it. Another
        # program would then take the write-ahead log for abandoned and delete it
        # under us, with every commit in it (sqlite.org/howtocorrupt.html, 2.2).
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, 0o600))
        # SQLite syncs what it writes into the file; the file must keep its name.
        sync(path.parent)
        sync(path.parent.parent)
    except OSError as error:
        if isinstance(error, FileExistsError) and path.is_file():
            return
        raise StorageError("the database file can't be opened") from error


def _engine(path: Path, *, begin: str, read_only: bool) -> Engine:
    # hide_parameters: an error's text would hold addresses otherwise, and
    # errors reach the log.
    # URL.create: a path may have a ? or % in it, which an address would not.
    engine = create_engine(URL.create("sqlite+pysqlite", database=str(path)), hide_parameters=True)

    def connected(connection: sqlite3.Connection, _record: object) -> None:
        # Python's sqlite3 begins transactions of its own, deferred and only
        # before some statements. Off: `began` says when and how.
        connection.isolation_level = None
        for pragma in PRAGMAS:
            connection.execute(pragma)
        if read_only:
            connection.execute("PRAGMA query_only=on")

    def began(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    event.listen(engine, "connect", connected)
    event.listen(engine, "begin", began)
    return engine


def _translated(error: exc.DBAPIError) -> Exception:
    """Return the error of this package for what SQLite said."""
    if isinstance(error, exc.IntegrityError):
        return DatabaseError("a constraint of the schema was broken")
    code: Any = getattr(error.orig, "sqlite_errorcode", None)
    if code in {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_WRITE}:
        # SQLite says FULL for ENOSPC alone; a quota (EDQUOT) or a file size
        # limit (EFBIG) come out as a failed write. A dying disk does as well:
        # the operator is called in each case, and nothing was kept.
        return StorageFullError("no room for the database")
    # Extended codes carry the primary one in their low byte.
    if isinstance(code, int) and code & 0xFF in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
        return DatabaseBusyError("another process holds the database")
    return DatabaseError("the database refused a statement")
