"""What was deleted after the backup stays deleted, however the database was put back."""

from __future__ import annotations

from pathlib import Path

import pytest
from simulation.backups import SECONDS_LATER, World, check, delete_document
from simulation.rows import NOW

from souspli_mailbox.backup.make import make_backup
from souspli_mailbox.backup.progress import Stage, untold
from souspli_mailbox.backup.restore import after_restore
from souspli_mailbox.reapply import reapply_new
from souspli_mailbox.records.service_facts import Fact, read_fact
from souspli_mailbox.records.sweeps import condemned_objects
from souspli_storage.disk import DiskBlobs
from souspli_storage.errors import NoSuchObjectError


def test_what_was_deleted_after_the_backup_is_deleted_again(world: World, out: Path) -> None:
    world.back_up(out, with_contents=True)
    key = delete_document(world)
    assert DiskBlobs(out / "contents").size(key)
    world.lose_database()
    restored = world.restore(out)
    assert (restored.reapplied.deleted, restored.objects, restored.copied) == (1, 1, 0)
    assert restored.missing == ()
    with world.connect() as database:
        assert key not in world.object_keys(database)
        assert [one.object_key for one in database.read_now(condemned_objects, limit=9)] == [key]
    with pytest.raises(NoSuchObjectError):
        world.blobs.size(key)


def test_a_start_after_an_old_copy_of_the_database_was_put_back_deletes_it_again(
    world: World,
) -> None:
    """Whoever never heard of `souspli restore`."""
    world.key()  # drawn at the first start
    before = world.rows()
    key = delete_document(world)
    world.put_back(before)
    with world.connect() as database:
        assert key in world.object_keys(database)
        done = reapply_new(database, world.ledger, key=world.key(), now=SECONDS_LATER)
        assert done.deleted == 1
        assert key not in world.object_keys(database)


def test_the_tombstones_key_is_in_a_backup_of_a_service_that_never_wrote_one(
    world: World, elsewhere: World, out: Path
) -> None:
    world.back_up(out)
    elsewhere.restore(out)
    assert elsewhere.key() == world.key()


def test_a_backup_gives_its_tombstones_to_a_store_that_has_none(
    world: World, elsewhere: World, out: Path, tmp_path: Path
) -> None:
    """All is lost, the newest backup is restored; an older one must not undo its deletions."""
    older = tmp_path / "older"
    world.back_up(older, with_contents=True)
    key = delete_document(world)
    world.back_up(out, with_contents=True)
    elsewhere.restore(out)
    expected = [entry.line for entry in world.ledger.read()]
    assert [entry.line for entry in elsewhere.ledger.read()] == expected
    elsewhere.lose_database()
    elsewhere.restore(older)
    with elsewhere.connect() as database:
        assert key not in elsewhere.object_keys(database)
    # The second restore found them there.
    assert [entry.line for entry in elsewhere.ledger.read()] == expected


def test_an_object_deleted_between_rows_and_inventory_is_not_called_missing(
    world: World, out: Path
) -> None:
    def delete(stage: Stage, done: int, total: int) -> None:
        if stage is Stage.ROWS and done == total and not list(world.ledger.read()):
            delete_document(world)

    made = make_backup(world.settings, out, with_contents=True, contents=None, now=NOW, told=delete)
    assert (made.objects, made.copied, made.missing) == (2, 1, ())


def test_shared_contents_lose_what_the_service_deleted(
    world: World, out: Path, tmp_path: Path
) -> None:
    contents = tmp_path / "contents"
    assert world.back_up(tmp_path / "first", contents=contents).copied == 2
    key = delete_document(world)
    assert world.back_up(out, contents=contents).copied == 0
    assert key not in set(DiskBlobs(contents).objects())
    assert check(out, contents=contents).missing == ()


def test_after_any_restore_tombstones_objects_and_the_sweep_can_be_seen_to(
    world: World,
) -> None:
    (lost, _) = world.blobs.objects()
    world.blobs.delete(lost)
    documents = {row[5]: row[2] for row in world.rows()["deposits"]}
    done = after_restore(world.settings, now=SECONDS_LATER, told=untold)
    assert (done.rows, done.objects, done.missing) == (0, 2, (documents[lost],))
    with world.connect() as database:
        assert database.read_now(read_fact, fact=Fact.RESTORED_AT) == str(SECONDS_LATER)
