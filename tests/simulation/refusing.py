"""A database that takes nothing of one row: what a constraint that bites looks like."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection

    from souspli_storage.database import Database

_SQLITE = (
    "CREATE TRIGGER refusal {when} ON purges FOR EACH ROW WHEN new.invitation_id = '{one}' "
    "BEGIN SELECT raise(ABORT, 'refused'); END",
)
_POSTGRESQL = (
    "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS "
    "$$ BEGIN RAISE EXCEPTION 'refused' USING ERRCODE = 'check_violation'; END $$",
    "CREATE TRIGGER refusal {when} ON purges FOR EACH ROW "
    "WHEN (new.invitation_id = '{one}') EXECUTE FUNCTION refuse()",
)


@contextlib.contextmanager
def purge_refused(database: Database, when: str, *, invitation_id: str) -> Iterator[None]:
    """Have the database refuse this letter's row of `purges`; `when` as in CREATE TRIGGER."""

    def refuse(connection: Connection) -> None:
        here = _SQLITE if connection.dialect.name == "sqlite" else _POSTGRESQL
        for statement in here:
            connection.exec_driver_sql(statement.format(when=when, one=invitation_id))

    def allow(connection: Connection) -> None:
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("DROP TRIGGER refusal")
        else:
            connection.exec_driver_sql("DROP FUNCTION refuse() CASCADE")

    database.write_now(refuse)
    try:
        yield
    finally:
        database.write_now(allow)
