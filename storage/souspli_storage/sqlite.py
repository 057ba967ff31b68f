"""The database in one SQLite file: nothing to install, one machine.

Any number of its processes may open the same file. Writing units take SQLite's
write lock when they begin (BEGIN IMMEDIATE). One that first reads and then writes
would otherwise fail in the middle, with SQLITE_BUSY and without waiting, whenever
another process wrote in between. Reading units run on connections that refuse to
write, beside each other and beside the writer (that is what the write-ahead log is
for).
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Concatenate, Final, ParamSpec, TypeVar

from sqlalchemy import URL, Connection, Engine, PoolProxiedConnection, create_engine, event, exc

from souspli_storage.database import Database, Refused
from souspli_storage.durable import sync, translated
from souspli_storage.errors import (
    DatabaseBusyError,
    DatabaseError,
    RowRefusedError,
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


class SqliteDatabase(Database):
    """One SQLite file. Commit means fsync (`synchronous=full`)."""

    def __init__(self, path: Path) -> None:
        """Open `path`, made for its owner alone if it does not exist.

        Raises StorageError when that is not possible. Nothing is migrated:
        `upgrade` does that.
        """
        _create_private(path)
        # SQLite has one writer. Units queue in one thread, in order, rather than in
        # SQLite's busy handler, which sleeps and is not fair.
        super().__init__(writers=1, readers=READERS)
        self._folder = path.parent
        self._held: int | None = None
        self._writer = _engine(path, begin="BEGIN IMMEDIATE", read_only=False)
        self._reader = _engine(path, begin="BEGIN", read_only=True)
        self._version_lock = threading.Lock()
        self._version: PoolProxiedConnection | None = None

    def write_now(
        self,
        unit: Callable[Concatenate[Connection, P], T | Refused],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Run the unit under the write lock."""
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
        """Run the unit on a connection that can't write."""
        try:
            with self._reader.begin() as connection:
                return unit(connection, *args, **kwargs)
        except exc.DBAPIError as error:
            raise _translated(error) from error

    def version_now(self) -> int:
        """Give a number that is another one once anybody has committed. Any thread.

        For who keeps what was read: PRAGMA data_version, of a connection that never
        writes. Takes microseconds.
        """
        with self._version_lock:
            try:
                if self._version is None:
                    self._version = self._reader.raw_connection()
                # To its end: a statement under way would hold the write-ahead log.
                [(version,)] = self._version.cursor().execute("PRAGMA data_version").fetchall()
            except sqlite3.Error as error:
                raise DatabaseError("the database refused a statement") from error
            return int(version)

    def upgrade(self, *, migrations: Path) -> None:
        """Migrate; the write lock makes processes take turns."""
        self.write_now(upgrade_schema, migrations)

    def _try_to_hold(self, *, alone: bool) -> bool:
        """Lock the folder: a file for it could be put aside with the others."""
        kind = fcntl.LOCK_EX if alone else fcntl.LOCK_SH
        with translated():
            descriptor = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            try:
                # Of the open file, not of the process: two of one process exclude each other.
                fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(descriptor)
                return False
        self._held = descriptor
        return True

    def _let_go(self) -> None:
        if self._held is not None:
            os.close(self._held)
            self._held = None

    def forget_deleted_now(self, *, rewrite: Sequence[str] = ()) -> tuple[str, ...]:
        """Move the write-ahead log into the database and empty the log.

        `secure_delete` zeroes rows in the database; pages that were written
        before rest in the log until it is overwritten. This ends that too, for all
        tables alike. Raises DatabaseBusyError while a reader still needs the log.
        """
        del rewrite
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
        return ()

    def _dispose(self) -> None:
        with self._version_lock:
            if self._version is not None:
                self._version.close()
                self._version = None
        self._reader.dispose()
        self._writer.dispose()


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
        return RowRefusedError("a constraint of the schema was broken")
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
