"""The database of every release is opened by this one, and goes on where it stood.

On PostgreSQL as well: the release's own migrations make its tables there, and its rows
are copied into them, before the newer migrations run.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from simulation.databases import ENGINES, SEQUENCES, Place
from simulation.rows import NOW, Rows
from sqlalchemy import Connection, MetaData, insert, text

from souspli_mailbox.records import accounts, deliveries, invitations, usage
from souspli_mailbox.records.jobs import JobName, ensure_job
from souspli_mailbox.records.sent import sent_deposits
from souspli_mailbox.schema import MIGRATIONS, tables
from souspli_mailbox.settings import DatabaseSettings
from souspli_storage.database import Database
from souspli_storage.migrations import upgrade_schema

RELEASES = sorted(Path(__file__).with_name("databases").glob("*.sql"))


def test_there_is_a_database_of_a_release() -> None:
    assert RELEASES


@pytest.fixture(params=RELEASES, ids=lambda path: path.stem)
def release(request: pytest.FixtureRequest) -> Path:
    return Path(request.param)


@pytest.fixture(params=ENGINES)
def old(request: pytest.FixtureRequest, release: Path, tmp_path: Path) -> Iterator[Database]:
    """The release's database, not yet migrated."""
    file = tmp_path / "mailbox.sqlite"
    made = sqlite3.connect(file)
    made.executescript(release.read_text(encoding="utf-8"))
    try:
        if request.param == "sqlite":
            with Place("sqlite", tmp_path, DatabaseSettings()).connect() as database:
                yield database
            return
        with (
            request.getfixturevalue("postgresql").empty() as settings,
            Place("postgresql", tmp_path, settings).connect() as database,
        ):
            database.write_now(_copy, made)
            yield database
    finally:
        made.close()


def _copy(connection: Connection, made: sqlite3.Connection) -> None:
    """Make the tables as the release did, and fill them with its rows."""
    made.row_factory = sqlite3.Row
    (revision,) = made.execute("SELECT version_num FROM alembic_version").fetchone()
    upgrade_schema(connection, MIGRATIONS, revision)
    there = MetaData()
    there.reflect(connection)
    copied = 0
    for table in there.sorted_tables:
        if table.name == "alembic_version":
            continue
        rows: list[dict[str, Any]] = [
            dict(row)
            for row in made.execute(f"SELECT * FROM {table.name}")  # noqa: S608  (our own)
        ]
        if rows:
            connection.execute(insert(table), rows)
        copied += len(rows)
    assert copied > 20
    for name in SEQUENCES:
        table_name, column = name.split("_")[0], name.removesuffix("_seq").split("_", 1)[1]
        highest = f"SELECT coalesce(max({column}), 1) FROM {table_name}"  # noqa: S608  (our own)
        connection.execute(text(f"SELECT setval('{name}', ({highest}))"))


def test_an_old_database_is_opened_and_its_claims_and_deliveries_go_on(
    release: Path, old: Database
) -> None:
    facts = json.loads(release.with_suffix(".json").read_text(encoding="utf-8"))
    old.upgrade(migrations=MIGRATIONS)
    assert old.write_now(_differences) == []
    read = old.read_now
    (listed,) = read(
        deliveries.list_deliveries, account_number=facts["account"], after=None, limit=10
    )
    assert (listed.delivery_id, listed.state) == (facts["opened_delivery"], "opened")
    assert read(accounts.read_vault, account_number=facts["account"]).generation == 1
    assert read(deliveries.read_cover, delivery_id=listed.delivery_id).cover
    (sent,) = read(sent_deposits, member=facts["member"], after=None, limit=10)
    assert [one.receipt for one in sent.deliveries] == [b"receipt", None]
    assert read(invitations.read_binding, invitation_id=facts["claimed"]) is not None
    assert read(invitations.read_attestation, invitation_id=facts["claimed"]) == b"attestation"
    counted = read(usage.usage_of, organisation=listed.organisation)
    assert (counted.documents, counted.sealed_bytes) == (1, listed.sealed_length)

    pending = read(invitations.read_invitation, invitation_id=facts["pending"], now=NOW)
    account = Rows(old).claim(pending)
    waiting = read(deliveries.read_delivery, delivery_id=facts["waiting_delivery"])
    assert waiting.account_number == account.account_number
    old.write_now(ensure_job, name=JobName.SWEEP, now=NOW)
    assert Rows(old).jobs()


def _differences(connection: Connection) -> list[object]:
    return list(compare_metadata(MigrationContext.configure(connection), tables.metadata))
