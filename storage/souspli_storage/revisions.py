"""Which version a schema has, and whether our migrations lead from it to the newest."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, Text, inspect, literal_column, select, table

# Where alembic keeps it.
VERSION_TABLE: Final = "alembic_version"

# How a migration's file is called: by the version that it leads to.
_MIGRATION: Final = re.compile(r"v([0-9]+)_\w+\.py", re.ASCII)


def revision_of(connection: Connection) -> str | None:
    """Return the schema's version; None if no migration has ever run."""
    if not inspect(connection).has_table(VERSION_TABLE):
        return None
    version: str | None = connection.execute(
        select(literal_column("version_num", Text)).select_from(table(VERSION_TABLE))
    ).scalar_one_or_none()
    return version


def is_newest(connection: Connection, *, migrations: Path) -> bool:
    """Say whether there is nothing to do for `upgrade`, by the names of the files alone.

    Almost every start finds that, and need not wait for alembic. Where files have other
    names the answer is no, and alembic looks.
    """
    names = (_MIGRATION.fullmatch(path.name) for path in (migrations / "versions").iterdir())
    numbers = [name[1] for name in names if name]
    return bool(numbers) and revision_of(connection) == max(numbers, key=int)


def is_known(revision: str, *, migrations: Path) -> bool:
    """Say whether this version is one of `migrations`, so that `upgrade` goes on from it."""
    # Imported here: alembic takes 60 ms that no other command should pay.
    from alembic.script import ScriptDirectory  # noqa: PLC0415  (see above)

    script = ScriptDirectory(str(migrations))
    return any(one.revision == revision for one in script.walk_revisions())
