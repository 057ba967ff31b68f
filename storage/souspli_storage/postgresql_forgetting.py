"""Having a PostgreSQL server's own files forget what was deleted, as far as SQL can.

A deleted row stays in its page. VACUUM frees its room, and what the row said is still in
the file: in the hole of the page, in those of the table's indexes, until something else
is written over it, if ever. VACUUM FULL writes the table and its indexes anew, into other
files, and deletes the old ones. Nobody can use the table meanwhile, so that is done to
small tables alone.

The server's write-ahead log is the operator's: docs/operations.md says what to set.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Final

from sqlalchemy import Connection, text

from souspli_storage.errors import DatabaseBusyError

# With its indexes; a second's work on a slow disk. Requests that need the table wait as
# long, and are told to come again after five (`lock_timeout` of every session).
MOST_REWRITTEN_BYTES: Final = 134_217_728

# While it waits for its lock everybody else waits behind it. Units take milliseconds:
# who holds one for longer is a dump, or stuck.
LOCK_SECONDS: Final = 1.0

# A unit that began before the deletion was committed still sees the rows, and so VACUUM
# FULL copies them: let it end. Longer than that is a dump or a backup.
SNAPSHOT_SECONDS: Final = 2.0
_SNAPSHOT_PAUSE_SECONDS: Final = 0.02

# Whether nobody needs rows that were deleted before `now`, as far as this role is told.
# Whoever dumps as another role is not seen here, but has every table locked.
_NO_EARLIER_READER: Final = text(
    "SELECT coalesce(max(age(began)), 0) <= age(CAST(:now AS xid)) FROM ("
    " SELECT unnest(ARRAY[backend_xmin, backend_xid]) AS began FROM pg_stat_activity"
    "  WHERE pid <> pg_backend_pid() AND (datname = current_database() OR datname IS NULL)"
    " UNION ALL SELECT xmin FROM pg_replication_slots"
    " UNION ALL SELECT transaction FROM pg_prepared_xacts WHERE database = current_database()"
    ") readers"
)
_NOW: Final = text("SELECT CAST(CAST(pg_snapshot_xmax(pg_current_snapshot()) AS xid) AS text)")


def forget_deleted(connection: Connection, rewrite: Sequence[str]) -> tuple[str, ...]:
    """Free the room of deleted rows everywhere, and write these tables anew.

    Returns those that are too large for it. Raises DatabaseBusyError while somebody still
    sees what was deleted. `connection` is in autocommit, and its session's timeouts are
    as before in the end.
    """
    # It waits for nobody, so it may take its time.
    connection.execute(text("SET statement_timeout = 0"))
    try:
        connection.execute(text("VACUUM (SKIP_LOCKED)"))
        small = [table for table in rewrite if _size(connection, table) <= MOST_REWRITTEN_BYTES]
        if small:
            _wait_for_readers(connection)
            milliseconds = round(LOCK_SECONDS * 1_000)
            connection.execute(text(f"SET lock_timeout = {milliseconds}"))
            for table in small:
                # A crash here: the old files stand, and the server deletes the new ones.
                connection.execute(text(f'VACUUM (FULL) "{table}"'))
    finally:
        connection.execute(text("RESET lock_timeout"))
        connection.execute(text("RESET statement_timeout"))
    return tuple(table for table in rewrite if table not in small)


def _size(connection: Connection, table: str) -> int:
    asked = text("SELECT pg_total_relation_size(CAST(:name AS regclass))")
    return int(connection.execute(asked, {"name": table}).scalar_one())


def _wait_for_readers(connection: Connection) -> None:
    """Return once nobody reads who began before this moment."""
    now = {"now": connection.execute(_NOW).scalar_one()}
    limit = time.monotonic() + SNAPSHOT_SECONDS
    while not connection.execute(_NO_EARLIER_READER, now).scalar_one():
        if time.monotonic() >= limit:
            raise DatabaseBusyError("somebody still reads what was deleted")
        time.sleep(_SNAPSHOT_PAUSE_SECONDS)
