"""The database on a PostgreSQL server: for several nodes, or rows that outlive a machine.

Writing units run SERIALIZABLE. The server lets them overlap and undoes one whose
outcome would depend on it (SQLSTATE 40001); that unit is run again, from its start,
on what the others left. So units that were written for SQLite's single writer are
right here too. Units marked `each_statement_decides` run READ COMMITTED: they wait
for each other's rows and are never undone. Reading units run REPEATABLE READ, READ
ONLY: one snapshot, writing fails.

A connection that is lost before COMMIT was sent has changed nothing: the unit is run
again on another one. That is why connections are not tried out before use.
"""

from __future__ import annotations

import contextlib
import random
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Concatenate, Final, Generic, ParamSpec, TypeVar

from sqlalchemy import URL, Connection, Engine, create_engine, exc, text

from souspli_storage.database import Database, Refused, is_settled_by_statement
from souspli_storage.errors import DatabaseBusyError, StorageError
from souspli_storage.migrations import allow_time, upgrade_schema
from souspli_storage.postgresql_errors import Why, translated, worth_repeating
from souspli_storage.postgresql_forgetting import forget_deleted
from souspli_storage.postgresql_server import Server, check_server, connect_arguments

if TYPE_CHECKING:
    from collections.abc import Generator

P = ParamSpec("P")
T = TypeVar("T")

# What callers outside the threads need beside them: a main that reads, a test.
OVERFLOW_CONNECTIONS: Final = 2

# How long to wait for one's turn when every connection is in use: as long as SQLite
# waits for its lock.
POOL_WAIT_SECONDS: Final = 5.0

# A backend's memory grows with what it has seen, and a name may point to another
# server by now (fail-over): half an hour bounds both.
RECYCLE_SECONDS: Final = 1_800

# Attempts that a unit makes beside all others. Most conflicts are over by then.
FREE_ATTEMPTS: Final = 2

# In each round at least one of those who want the same row succeeds, so with four
# writers a process and a handful of nodes the unluckiest needs about twenty.
MAX_ATTEMPTS: Final = 40

# The first pause is about one commit long; doubling up to a few of them keeps forty
# together within what a person waits.
FIRST_PAUSE_SECONDS: Final = 0.002
LONGEST_PAUSE_SECONDS: Final = 0.05

# Any number, as long as all versions of the service use the same: "souspli".
MIGRATION_LOCK: Final = 0x736F7573706C69

# Another one: "souspl" and H, for holding.
HOLD_LOCK: Final = 0x736F7573706C48


class PostgresqlDatabase(Database):
    """One database of a PostgreSQL server. Commit means fsync there."""

    def __init__(self, server: Server, *, connections: int) -> None:
        """Connect, and check what `server` promises.

        `connections`: of this process, at most (`OVERFLOW_CONNECTIONS` more for what
        runs outside its threads); half of them write, half read. Raises
        DatabaseUnavailableError, or DatabaseUnsuitableError for a server that would
        lose what was acknowledged.
        """
        writers = max(1, connections // 2)
        super().__init__(writers=writers, readers=max(1, connections - writers))
        self._engine = _engine(server, connections=connections)
        self._alone = self._engine.execution_options(isolation_level="SERIALIZABLE")
        self._together = self._engine.execution_options(isolation_level="READ COMMITTED")
        self._snapshot = self._engine.execution_options(
            isolation_level="REPEATABLE READ", postgresql_readonly=True
        )
        self._losers = threading.Lock()
        self._held: Connection | None = None
        try:
            self.read_now(check_server)
        except BaseException:
            self.close()
            raise

    def write_now(
        self,
        unit: Callable[Concatenate[Connection, P], T | Refused],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Run the unit, again when the server says that it was not alone."""
        engine = self._together if is_settled_by_statement(unit) else self._alone
        value = self._repeat(engine, lambda connection: unit(connection, *args, **kwargs))
        if isinstance(value, Refused):
            raise value.error
        return value

    def read_now(
        self, unit: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run the unit on a snapshot."""
        return self._repeat(self._snapshot, lambda connection: unit(connection, *args, **kwargs))

    def _repeat(self, engine: Engine, call: Callable[[Connection], T]) -> T:
        """Run `call` in a transaction until it is committed or has failed for good."""
        attempts = _Attempts(engine, call)
        if not attempts.make(FREE_ATTEMPTS):
            # Who lost twice lets the other losers of this process wait: together they
            # would go on undoing each other.
            with self._losers:
                attempts.make(MAX_ATTEMPTS)
        return attempts.value()

    def upgrade(self, *, migrations: Path) -> None:
        """Migrate under an advisory lock, so that processes take turns."""
        # READ COMMITTED: who waited for the lock must see what its holder did.
        self._repeat(self._together, lambda connection: _upgrade(connection, migrations))

    def _try_to_hold(self, *, alone: bool) -> bool:
        """Take an advisory lock, which the server keeps for one session and frees at its end.

        If that session is lost (a restart of the server), so is the hold, and nobody
        is told: whoever fills a database looks whether it is empty as well.
        """
        call = "pg_try_advisory_lock" if alone else "pg_try_advisory_lock_shared"
        with _without_values():
            connection = self._engine.execution_options(isolation_level="AUTOCOMMIT").connect()
            # Nobody else's from here on, and no part of the pool.
            connection.detach()
            try:
                asked = connection.execute(text(f"SELECT {call}(:lock)"), {"lock": HOLD_LOCK})
                held = bool(asked.scalar_one())
            except BaseException:
                connection.close()
                raise
        if held:
            self._held = connection
        else:
            connection.close()
        return held

    def _let_go(self) -> None:
        if self._held is not None:
            with contextlib.suppress(exc.DBAPIError):  # the server ended it before us
                self._held.close()
            self._held = None

    def forget_deleted_now(self, *, rewrite: Sequence[str] = ()) -> tuple[str, ...]:
        """VACUUM: deleted rows give their room free, to be overwritten by others.

        Not zeroed, but in the small ones of `rewrite`, which are written anew. The
        server's write-ahead log keeps what was written until it is deleted, its archive
        for as long as the operator says (docs/operations.md).
        """
        with _without_values(), self._engine.connect() as connection:
            connection.execution_options(isolation_level="AUTOCOMMIT")
            return forget_deleted(connection, rewrite)

    def _dispose(self) -> None:
        self._engine.dispose()


class _Attempts(Generic[T]):
    """One unit's way to its commit: how often it was tried, and what came of it."""

    def __init__(self, engine: Engine, call: Callable[[Connection], T]) -> None:
        self._engine = engine
        self._call = call
        self._made = 0
        self._pause = FIRST_PAUSE_SECONDS
        self._seen: set[Why] = set()
        self._values: list[T] = []

    def make(self, most: int) -> bool:
        """Try until the unit is committed, or `most` attempts were made; say whether it is.

        Raises what the unit raises, and what makes no sense to try again.
        """
        while not self._values and self._made < most:
            self._made += 1
            try:
                self._values.append(_attempt(self._engine, self._call))
            except _Undone as undone:
                self._require_sense(undone)
                time.sleep(random.uniform(0, self._pause))  # noqa: S311  (spreads load only)
                self._pause = min(2 * self._pause, LONGEST_PAUSE_SECONDS)
        return bool(self._values)

    def _require_sense(self, undone: _Undone) -> None:
        """Raise the attempt's error if another one would be of no use."""
        why = undone.why
        again = why is Why.CONFLICT or why not in self._seen
        if why is None or not again or self._made == MAX_ATTEMPTS:
            # None: the driver's words quote the values of a row.
            raise undone.error from None
        self._seen.add(why)

    def value(self) -> T:
        """Return what the unit returned in the attempt that was committed."""
        return self._values[0]


class _Undone(Exception):  # noqa: N818  (told to `_Attempts` alone, not an error of ours)
    """An attempt left nothing behind, or nobody knows; `error` is what to tell callers."""

    def __init__(self, error: StorageError, *, why: Why | None) -> None:
        super().__init__("an attempt was undone")
        self.error = error
        self.why = why


def _attempt(engine: Engine, call: Callable[[Connection], T]) -> T:
    began = committing = False
    try:
        with engine.connect() as connection:
            began = True
            value = call(connection)
            committing = True
            # A crash here, of the server or of the line to it: committed or not,
            # nobody can tell. Only the server's own word says that it was undone.
            connection.commit()
            return value
    except exc.DBAPIError as error:
        why = worth_repeating(error, committing=committing) if began else None
        raise _Undone(translated(error), why=why) from None
    except exc.TimeoutError:
        raise _Undone(DatabaseBusyError("every connection is in use"), why=None) from None


@contextmanager
def _without_values() -> Generator[None]:
    try:
        yield
    except exc.DBAPIError as error:
        raise translated(error) from None
    except exc.TimeoutError:
        raise DatabaseBusyError("every connection is in use") from None


def _upgrade(connection: Connection, migrations: Path) -> None:
    allow_time(connection)
    # Held until the transaction ends, however it ends.
    connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": MIGRATION_LOCK})
    upgrade_schema(connection, migrations)


def _engine(server: Server, *, connections: int) -> Engine:
    arguments: dict[str, Any] = connect_arguments(server)
    return create_engine(
        # Where it is stands in the arguments, so that no engine's name tells it.
        URL.create("postgresql+psycopg"),
        connect_args=arguments,
        # An error's text would hold addresses otherwise, and errors reach the log.
        hide_parameters=True,
        pool_size=connections,
        max_overflow=OVERFLOW_CONNECTIONS,
        pool_timeout=POOL_WAIT_SECONDS,
        pool_recycle=RECYCLE_SECONDS,
        # The one used last: those that a busy hour needed get old and are closed.
        pool_use_lifo=True,
    )
