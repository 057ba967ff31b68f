"""Backups of other versions' databases."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from simulation.backups import SECONDS_LATER, World, check
from sqlalchemy import text

from souspli_mailbox.database import DATABASE_FILE
from souspli_mailbox.errors import BackupError, BackupTrouble
from souspli_mailbox.records import deliveries
from souspli_mailbox.records.service_facts import restored_at
from souspli_mailbox.settings import DatabaseSettings
from souspli_storage.revisions import revision_of

RELEASES = sorted((Path(__file__).parents[1] / "databases").glob("*.sql"))


@pytest.mark.parametrize("script", RELEASES, ids=lambda path: path.stem)
def test_a_release_s_database_is_backed_up_as_it_is_and_restored_as_the_newest(
    script: Path, elsewhere: World, tmp_path: Path, out: Path
) -> None:
    """Before it is migrated is when people make backups."""
    old = World(tmp_path / "old", DatabaseSettings())
    with closing(sqlite3.connect(old.settings.data / DATABASE_FILE)) as database:
        database.executescript(script.read_text(encoding="utf-8"))
    with old.connect() as connected:
        before = connected.read_now(revision_of)
    old.back_up(out)
    with old.connect() as connected:
        assert connected.read_now(revision_of) == before == check(out).manifest.schema
    restored = elsewhere.restore(out)
    facts = json.loads(script.with_suffix(".json").read_text(encoding="utf-8"))
    # Objects were not part of that data.
    assert len(restored.missing) == restored.objects == 1
    with elsewhere.connect() as database:
        listed = database.read_now(
            deliveries.list_deliveries, account_number=facts["account"], after=None, limit=10
        )
        assert [one.delivery_id for one in listed] == [facts["opened_delivery"]]
        assert database.read_now(restored_at) == SECONDS_LATER


def test_a_database_of_a_later_version_is_not_backed_up(world: World, out: Path) -> None:
    with world.connect() as database:
        database.write_now(
            lambda connection: connection.execute(
                text("UPDATE alembic_version SET version_num = '9999'")
            )
        )
    with pytest.raises(BackupError) as error:
        world.back_up(out)
    assert error.value.trouble is BackupTrouble.NEWER_SERVICE
    assert not out.exists()
