"""The database of every release is opened by this one, and goes on where it stood."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from simulation.rows import NOW, Rows
from sqlalchemy import Connection

from souspli_mailbox.records import accounts, deliveries, deposits, invitations
from souspli_mailbox.schema import MIGRATIONS, tables
from souspli_storage.sqlite import SqliteDatabase

RELEASES = sorted(Path(__file__).with_name("databases").glob("*.sql"))


def test_there_is_a_database_of_a_release() -> None:
    assert RELEASES


@pytest.mark.parametrize("script", RELEASES, ids=lambda path: path.stem)
def test_an_old_database_is_opened_and_its_claims_and_deliveries_go_on(
    script: Path, tmp_path: Path
) -> None:
    path = tmp_path / "mailbox.sqlite"
    old = sqlite3.connect(path)
    old.executescript(script.read_text(encoding="utf-8"))
    old.close()
    facts = json.loads(script.with_suffix(".json").read_text(encoding="utf-8"))
    with SqliteDatabase(path) as database:
        database.upgrade(migrations=MIGRATIONS)
        assert database.write_now(_differences) == []
        read = database.read_now
        (listed,) = read(
            deliveries.list_deliveries, account_number=facts["account"], after=None, limit=10
        )
        assert (listed.delivery_id, listed.state) == (facts["opened_delivery"], "opened")
        assert read(accounts.read_vault, account_number=facts["account"]).generation == 1
        assert read(deliveries.read_cover, delivery_id=listed.delivery_id).cover
        (sent,) = read(deposits.sent_deposits, member=facts["member"], after=None, limit=10)
        assert [one.receipt for one in sent.deliveries] == [b"receipt", None]
        assert read(invitations.read_binding, invitation_id=facts["claimed"]) is not None
        assert read(invitations.read_attestation, invitation_id=facts["claimed"]) == b"attestation"

        pending = read(invitations.read_invitation, invitation_id=facts["pending"], now=NOW)
        account = Rows(database).claim(pending)
        waiting = read(deliveries.read_delivery, delivery_id=facts["waiting_delivery"])
        assert waiting.account_number == account.account_number


def _differences(connection: Connection) -> list[object]:
    return list(compare_metadata(MigrationContext.configure(connection), tables.metadata))
