"""Facts so small that no story tells them: each was found missing by changing the code."""

from __future__ import annotations

import errno
import os
from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from exchange.engine_world import files_of, seal_document

from souspli_exchange import durable, sealed_file, spool
from souspli_exchange.errors import SpoolError
from souspli_exchange.offline_identity import (
    OFFLINE_ORIGIN,
    new_identity,
)
from souspli_exchange.port_errors import QuotaReachedError
from souspli_exchange.spool import SpooledCover, SpooledDocument, encode_spooled, parse_spooled
from souspli_keys.address import Address

if TYPE_CHECKING:
    from pathlib import Path

    from exchange.people import Practice


def test_an_identity_without_a_name_is_called_by_its_fingerprint() -> None:
    own = new_identity()
    digits = own.identity.public.fingerprint[:16]
    assert own.name == f"{digits[:4]} {digits[4:8]} {digits[8:12]} {digits[12:]}"
    assert own.address == f"{digits}@{OFFLINE_ORIGIN}"
    assert own.organisation == own.identity.public.fingerprint
    assert repr(own) == "OfflineIdentity(…)"


def test_an_identity_with_a_name_keeps_it() -> None:
    own = new_identity(name="Dr Anne Martin", address=Address("anne@cabinet.example"))
    assert (own.name, own.address) == ("Dr Anne Martin", "anne@cabinet.example")
    assert own.public_file.organisation == own.identity.public.fingerprint


def test_what_the_system_writes_in_small_pieces_is_written_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A signal or a nearly full disk may have it take less than it was given."""
    whole = os.pwrite
    monkeypatch.setattr(durable.os, "pwrite", lambda fd, data, at: whole(fd, data[:3], at))
    descriptor = os.open(tmp_path / "a", os.O_RDWR | os.O_CREAT)
    try:
        durable.write_at(descriptor, 5, memoryview(b"glucose 1,2"))
        assert os.pread(descriptor, 100, 0) == bytes(5) + b"glucose 1,2"
    finally:
        os.close(descriptor)


def test_what_was_written_two_parts_ago_is_put_on_the_disk_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only a hint, so that the sync at the end finds little to do; it may be refused."""
    told: list[tuple[int, int]] = []

    def refuse(_descriptor: int, start: int, length: int, _advice: int) -> None:
        told.append((start, length))
        raise OSError

    monkeypatch.setattr(durable.os, "posix_fadvise", refuse)
    monkeypatch.setattr(durable, "_WRITE_OUT_BYTES", 10)
    descriptor = os.open(tmp_path / "a", os.O_RDWR | os.O_CREAT)
    try:
        for start, length in ((0, 10), (10, 10), (20, 5), (25, 10)):
            durable.write_at(descriptor, start, memoryview(bytes(length)))
    finally:
        os.close(descriptor)
    assert told == [(0, 10), (10, 10)]


def test_a_folder_that_cannot_be_removed_is_left(tmp_path: Path) -> None:
    durable.remove_unfinished_folder(tmp_path / "missing")


def test_a_disk_has_room_for_what_is_left_or_does_not_know(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = SimpleNamespace(f_blocks=9, f_bavail=2, f_frsize=4)
    monkeypatch.setattr(durable.os, "statvfs", lambda _folder: disk)
    durable.check_room(tmp_path, 8)
    with pytest.raises(OSError, match=os.strerror(errno.ENOSPC)):
        durable.check_room(tmp_path, 9)
    disk.f_blocks = 0
    durable.check_room(tmp_path, 9)


def test_no_file_is_synced_in_a_folder_s_place(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    durable.sync_folder(tmp_path)
    with pytest.raises(NotADirectoryError):
        durable.sync_folder(tmp_path / "file")


def test_no_link_is_synced_in_a_file_s_place(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    (tmp_path / "link").symlink_to(tmp_path / "file")
    durable.sync_file(tmp_path / "file")
    with pytest.raises(OSError):  # noqa: PT011  (ELOOP)
        durable.sync_file(tmp_path / "link")


def test_what_the_system_reads_in_small_pieces_is_read_whole(
    practice: Practice, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = seal_document(practice, files_of(b"x" * 100_000), threads=1)
    path = tmp_path / "contents.age"
    path.write_bytes(document.contents)
    whole = os.preadv

    def some(descriptor: int, buffers: list[Any], offset: int) -> int:
        return whole(descriptor, [memoryview(buffers[0])[:10_000]], offset)

    monkeypatch.setattr(sealed_file.os, "preadv", some)
    sealed_file.open_file_into_folder(document.cover, path, tmp_path / "opened")
    (opened,) = (tmp_path / "opened").iterdir()
    assert opened.read_bytes() == b"x" * 100_000


def _cover(number: int, sealed: bytes = b"cover") -> SpooledCover:
    return SpooledCover(
        invitation_id=f"{number:032x}",  # type: ignore[arg-type]  # text
        recipient=f"{number:064x}",  # type: ignore[arg-type]  # text
        manifest_hash=f"{number:064x}",
        sealed=sealed,
    )


SPOOLED = SpooledDocument(
    document_id="ab" * 16,  # type: ignore[arg-type]  # text
    sealed_length=100,
    checksums=(bytes(32),),
    covers=(_cover(1), _cover(2)),
    sender_cover=b"own",
)


def test_a_new_cover_takes_the_place_of_its_own_invitation_s_and_of_no_other() -> None:
    changed = SPOOLED.with_cover(_cover(2, b"sealed again"))
    assert changed.covers == (_cover(1), _cover(2, b"sealed again"))


def test_a_spooled_document_has_a_hundred_covers_and_a_million_segments_at_most(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(spool, "_MOST_SEGMENTS", 3)
    largest = replace(SPOOLED, checksums=(bytes(32),) * 3, covers=(_cover(1),) * 100)
    assert parse_spooled(encode_spooled(largest)) == largest
    for beyond in (
        replace(SPOOLED, checksums=(bytes(32),) * 4),
        replace(SPOOLED, covers=(_cover(1),) * 101),
    ):
        with pytest.raises(SpoolError):
            parse_spooled(encode_spooled(beyond))


@pytest.mark.parametrize(
    "damaged",
    [
        replace(SPOOLED, checksums=()),
        replace(SPOOLED, covers=()),
        replace(SPOOLED, checksums=(bytes(31),)),
        replace(SPOOLED, checksums=(bytes(33),)),
    ],
    ids=["no segment", "no cover", "a short checksum", "a long checksum"],
)
def test_a_spooled_document_that_lacks_something_is_damaged(damaged: SpooledDocument) -> None:
    assert parse_spooled(encode_spooled(SPOOLED)) == SPOOLED
    with pytest.raises(SpoolError):
        parse_spooled(encode_spooled(damaged))


def test_a_quota_s_error_may_say_when_there_is_room_again() -> None:
    assert str(QuotaReachedError("full")) == "full"
    assert QuotaReachedError("full").retry_after is None
    assert QuotaReachedError("full", retry_after=3_600.0).retry_after == 3_600.0
