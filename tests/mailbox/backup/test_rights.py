"""What the database refuses is not laid at the backup's door."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import msgspec
import pytest
from simulation.backups import World
from simulation.databases import PostgresqlServer
from sqlalchemy import text

from souspli_mailbox.errors import BackupError, BackupTrouble
from souspli_storage.errors import DatabaseError, RowRefusedError


@pytest.mark.parametrize("kinds", [("postgresql", "postgresql")], ids=["postgresql"])
def test_a_user_who_may_make_no_tables_is_not_told_that_the_backup_is_damaged(
    world: World, elsewhere: World, out: Path, postgresql: PostgresqlServer
) -> None:
    """As a database's other users from PostgreSQL 15 on, unless somebody gives them the right."""
    world.back_up(out)
    guest = "souspli_test_guest"
    postgresql.execute("CREATE ROLE {} LOGIN", guest)
    try:
        database = elsewhere.settings.database
        owner = database.url.partition("//")[2].partition("@")[0]
        url = database.url.replace(f"//{owner}@", f"//{guest}@")
        elsewhere.settings = msgspec.structs.replace(
            elsewhere.settings, database=msgspec.structs.replace(database, url=url)
        )
        with pytest.raises(DatabaseError) as error:
            elsewhere.restore(out)
        assert not isinstance(error.value, RowRefusedError)
        assert not error.value.temporary
    finally:
        postgresql.execute("DROP ROLE {}", guest)


def test_a_row_of_a_hundred_thousand_brackets_is_a_damaged_backup(
    world: World, elsewhere: World, out: Path
) -> None:
    world.back_up(out)
    replace_first_row(out, "deposits", "[" * 100_000)
    with pytest.raises(BackupError) as error:
        elsewhere.restore(out)
    assert error.value.trouble is BackupTrouble.DAMAGED


def change_row(folder: Path, table: str, **changed: object) -> None:
    first = (folder / "tables" / f"{table}.jsonl").read_text().splitlines()[0]
    replace_first_row(folder, table, json.dumps(json.loads(first) | changed))


def replace_first_row(folder: Path, table: str, line: str) -> None:
    """Change a table's first row, and all hashes with it, as somebody's hand would."""
    file = folder / "tables" / f"{table}.jsonl"
    _, *others = file.read_text().splitlines(keepends=True)
    data = "".join([line + "\n", *others]).encode()
    file.write_bytes(data)
    manifest = json.loads((folder / "backup.json").read_text())
    facts = manifest["files"][f"tables/{table}.jsonl"]
    facts |= {"size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    (folder / "backup.json").write_text(json.dumps(manifest))


@pytest.mark.parametrize(
    "value",
    [None, 2**63, "text", {"base64": "AAAA"}, "\x00"],
    ids=["null", "large", "text", "bytes", "nul"],
)
def test_a_row_that_does_not_fit_is_a_damaged_backup_and_leaves_nothing(
    world: World, elsewhere: World, out: Path, value: object
) -> None:
    world.back_up(out)
    change_row(out, "deposits", sealed_length=value)
    with pytest.raises(BackupError) as error:
        elsewhere.restore(out)
    assert error.value.trouble is BackupTrouble.DAMAGED
    with elsewhere.connect() as database:
        # Not even a table.
        assert not database.read_now(
            lambda connection: connection.dialect.has_table(connection, "deposits")
        )
        assert database.read_now(lambda connection: connection.scalar(text("SELECT 1"))) == 1
