"""Running alembic's migrations inside a unit of work: all of them, or none."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from sqlalchemy import Connection, text

from souspli_storage.errors import DatabaseNewerError
from souspli_storage.revisions import is_newest

# A migration may rewrite a large table, and others wait for it at their start.
PATIENCE: Final = "1h"

# The newest version, in alembic's word.
HEAD: Final = "head"


def allow_time(connection: Connection) -> None:
    """Let statements of this transaction take their time, where sessions limit it."""
    if connection.dialect.name != "postgresql":
        return
    for name in ("statement_timeout", "lock_timeout"):
        connection.execute(text(f"SET LOCAL {name} = '{PATIENCE}'"))


def upgrade_schema(connection: Connection, migrations: Path, revision: str = HEAD) -> None:
    """Bring the schema to `revision` of the folder `migrations`, in the caller's transaction.

    Schema changes are transactional in SQLite and in PostgreSQL. That no other process
    does the same meanwhile is the caller's to make sure. Raises DatabaseNewerError for
    a database of a later version.
    """
    if revision == HEAD and is_newest(connection, migrations=migrations):
        return
    # Imported here: alembic takes 60 ms that no other command should pay.
    from alembic import command  # noqa: PLC0415  (see above)
    from alembic.config import Config  # noqa: PLC0415  (see above)
    from alembic.util import CommandError  # noqa: PLC0415  (see above)

    allow_time(connection)
    config = Config()
    config.set_main_option("path_separator", "os")
    # A % in the installation's path would be read as interpolation.
    config.set_main_option("script_location", str(migrations).replace("%", "%%"))
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, revision)
    except CommandError as error:
        raise DatabaseNewerError("made by a newer version of the service") from error
