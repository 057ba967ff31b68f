"""What is no whole backup of this service is refused, with nothing written."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from simulation.backups import World, check, delete_document
from simulation.rows import NOW, Rows

from souspli_mailbox.backup.make import make_backup
from souspli_mailbox.backup.progress import Stage
from souspli_mailbox.database import DATABASE_FILE, has_database, open_database
from souspli_mailbox.errors import BackupError, BackupTrouble
from souspli_storage.dump import is_empty

if TYPE_CHECKING:
    from collections.abc import Iterator


def refused(world: World, folder: Path, *, contents: Path | None = None) -> BackupTrouble:
    """Restore, be refused; nothing may have been written."""
    with pytest.raises(BackupError) as error:
        world.restore(folder, contents=contents)
    if has_database(world.settings):
        with world.connect() as database:
            assert database.read_now(is_empty)
    assert list(world.blobs.objects()) == []
    assert list(world.ledger.read()) == []
    return error.value.trouble


def change_manifest(folder: Path, **changed: object) -> None:
    path = folder / "backup.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changed))


def files(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*.jsonl")) if path.stat().st_size)


def test_every_file_that_is_damaged_cut_short_or_missing_is_refused(
    world: World, elsewhere: World, out: Path
) -> None:
    delete_document(world)
    world.back_up(out)
    for path in files(out):
        whole = path.read_bytes()
        for damaged in (whole[:-1], b" " + whole[1:], whole + b"{}\n", None):
            path.unlink()
            if damaged is not None:
                path.write_bytes(damaged)
            assert refused(elsewhere, out) is BackupTrouble.DAMAGED
            with pytest.raises(BackupError):
                check(out)
        path.write_bytes(whole)
    assert len(list(files(out))) > 15
    assert elsewhere.restore(out).rows


@pytest.mark.parametrize(
    ("changed", "trouble"),
    [
        ({"version": 2, "news": 1}, BackupTrouble.NEWER_BACKUP),
        ({"schema": "9999"}, BackupTrouble.NEWER_BACKUP),
        ({"origin": "other.example"}, BackupTrouble.OTHER_ORIGIN),
        ({"format": "something"}, BackupTrouble.NOT_A_BACKUP),
        ({"version": 0}, BackupTrouble.DAMAGED),
        ({"more": 1}, BackupTrouble.DAMAGED),
        ({"files": {}}, BackupTrouble.DAMAGED),
        ({"schema": 1}, BackupTrouble.DAMAGED),
    ],
)
def test_a_foreign_or_newer_backup_is_refused(
    world: World, elsewhere: World, out: Path, changed: dict[str, object], trouble: BackupTrouble
) -> None:
    world.back_up(out)
    change_manifest(out, **changed)
    assert refused(elsewhere, out) is trouble


def test_a_file_s_name_never_leads_out_of_the_backup(
    world: World, elsewhere: World, out: Path
) -> None:
    world.back_up(out)
    manifest = json.loads((out / "backup.json").read_text())
    manifest["files"]["tables/../../../etc/passwd"] = {"lines": 0, "size": 0, "sha256": "0" * 64}
    change_manifest(out, files=manifest["files"])
    assert refused(elsewhere, out) is BackupTrouble.DAMAGED


@pytest.mark.parametrize("text", ["", "{", "[]", '"souspli-backup"', "null", "\ud800"])
def test_what_is_no_backup_is_refused(elsewhere: World, out: Path, text: str) -> None:
    out.mkdir()
    assert refused(elsewhere, out) is BackupTrouble.NOT_A_BACKUP
    (out / "backup.json").write_text(text, errors="surrogatepass")
    assert refused(elsewhere, out) in {BackupTrouble.DAMAGED, BackupTrouble.NOT_A_BACKUP}


def test_rows_that_do_not_fit_together_are_refused_although_their_hashes_are_right(
    world: World, elsewhere: World, out: Path
) -> None:
    world.back_up(out)
    manifest = json.loads((out / "backup.json").read_text())
    manifest["files"]["tables/organisations.jsonl"] = {
        "lines": 0, "size": 0, "sha256": hashlib.sha256().hexdigest(),
    }  # fmt: skip
    (out / "tables" / "organisations.jsonl").write_bytes(b"")
    change_manifest(out, files=manifest["files"])
    assert refused(elsewhere, out) is BackupTrouble.DAMAGED


def test_sessions_that_somebody_put_into_a_backup_are_refused(
    world: World, elsewhere: World, out: Path
) -> None:
    world.back_up(out)
    manifest = json.loads((out / "backup.json").read_text())
    manifest["files"]["tables/sessions.jsonl"] = manifest["files"]["tables/receipts.jsonl"]
    shutil.copy(out / "tables" / "receipts.jsonl", out / "tables" / "sessions.jsonl")
    change_manifest(out, files=manifest["files"])
    assert refused(elsewhere, out) is BackupTrouble.DAMAGED


def test_a_folder_of_contents_that_is_none_is_refused(
    world: World, elsewhere: World, out: Path, tmp_path: Path
) -> None:
    world.back_up(out)
    assert refused(elsewhere, out, contents=tmp_path) is BackupTrouble.NO_CONTENTS
    assert not (tmp_path / "objects").exists()


def test_a_database_with_rows_is_left_as_it_is(world: World, out: Path, tmp_path: Path) -> None:
    world.back_up(out)
    with world.connect() as database:
        Rows(database).admit("another@example.org")
    before = world.rows()
    with pytest.raises(BackupError) as error:
        world.restore(out)
    assert error.value.trouble is BackupTrouble.NOT_EMPTY
    assert world.rows() == before


def test_an_empty_database_of_this_version_takes_an_older_backup(
    world: World, elsewhere: World, out: Path
) -> None:
    world.back_up(out)
    open_database(elsewhere.settings).close()
    assert elsewhere.restore(out).rows


def test_the_same_restore_again_goes_on(world: World, elsewhere: World, out: Path) -> None:
    """It was killed after the database: contents are still to come."""
    world.back_up(out, with_contents=True)
    first = elsewhere.restore(out)
    for key in list(elsewhere.blobs.objects()):
        elsewhere.blobs.delete(key)
    before = elsewhere.rows()
    again = elsewhere.restore(out)
    assert (first.rows > 0, again.rows, again.copied) == (True, 0, 2)
    assert elsewhere.rows() == before


def test_a_folder_that_exists_is_never_written_into(world: World, out: Path) -> None:
    out.mkdir()
    with pytest.raises(BackupError) as error:
        world.back_up(out)
    assert error.value.trouble is BackupTrouble.FOLDER_EXISTS
    assert list(out.iterdir()) == []


def test_where_there_is_no_service_none_is_made(elsewhere: World, out: Path) -> None:
    with pytest.raises(BackupError) as error:
        elsewhere.back_up(out)
    assert error.value.trouble is BackupTrouble.NO_SERVICE
    assert not (elsewhere.settings.data / DATABASE_FILE).exists()
    if has_database(elsewhere.settings):
        with elsewhere.connect() as database:
            assert database.read_now(is_empty)


def test_a_backup_that_fails_leaves_nothing(world: World, out: Path) -> None:
    def fail(stage: Stage, done: int, total: int) -> None:
        del done, total
        if stage is Stage.OBJECTS:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make_backup(world.settings, out, with_contents=True, contents=None, now=NOW, told=fail)
    assert [path.name for path in out.parent.iterdir()] == ["data"]
