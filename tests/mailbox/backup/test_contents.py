"""Contents beside the rows: copied once, compared on the way, never half there."""

from __future__ import annotations

import hashlib
from pathlib import Path

from simulation.backups import PIECES, World, check

from souspli_mailbox.store import DOCUMENTS_FOLDER
from souspli_storage.disk import DiskBlobs


def test_contents_that_an_earlier_backup_copied_are_not_copied_again(
    world: World, elsewhere: World, out: Path, tmp_path: Path
) -> None:
    contents = tmp_path / "contents"
    assert world.back_up(tmp_path / "first", contents=contents).copied == 2
    assert world.back_up(out, contents=contents).copied == 0
    assert elsewhere.restore(out, contents=contents).copied == 2


def test_a_copy_that_was_interrupted_is_gone_on_with(
    world: World, out: Path, tmp_path: Path
) -> None:
    contents = DiskBlobs(tmp_path / "contents")
    (key, _) = world.blobs.objects()
    contents.begin(key)
    contents.put_part(key, 0, PIECES[0], hashlib.sha256(PIECES[0]).digest())
    assert world.back_up(out, contents=tmp_path / "contents").copied == 2
    assert check(out, contents=tmp_path / "contents").missing == ()


def test_documents_without_contents_are_named_when_backed_up_and_when_restored(
    world: World, elsewhere: World, out: Path
) -> None:
    (lost, kept) = world.blobs.objects()
    world.blobs.delete(lost)
    documents = {row[5]: row[2] for row in world.rows()["deposits"]}
    made = world.back_up(out, with_contents=True)
    assert made.missing == (documents[lost],)
    assert check(out).missing == (documents[lost],)
    restored = elsewhere.restore(out)
    assert (restored.copied, restored.missing) == (1, (documents[lost],))
    assert list(elsewhere.blobs.objects()) == [kept]


def test_contents_that_rotted_in_the_store_are_not_backed_up_as_whole(
    world: World, out: Path
) -> None:
    part = next((world.settings.data / DOCUMENTS_FOLDER / "objects").glob("*/*/00001-*"))
    part.write_bytes(bytes(len(PIECES[1])))
    documents = {row[5]: row[2] for row in world.rows()["deposits"]}
    made = world.back_up(out, with_contents=True)
    assert made.missing == (documents[part.parent.name],)


def test_contents_that_rotted_in_the_backup_are_found_and_never_restored(
    world: World, elsewhere: World, out: Path
) -> None:
    world.back_up(out, with_contents=True)
    part = next((out / "contents" / "objects").glob("*/*/00001-*"))
    part.write_bytes(bytes(len(PIECES[1])))
    documents = {row[5]: row[2] for row in world.rows()["deposits"]}
    assert check(out).missing == (documents[part.parent.name],)
    restored = elsewhere.restore(out)
    assert restored.missing == (documents[part.parent.name],)
    assert part.parent.name not in set(elsewhere.blobs.objects())
    assert list(elsewhere.blobs.incomplete()) == []
