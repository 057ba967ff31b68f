"""The outbox: a sealed document is there whole or not at all, and held by one program."""

from __future__ import annotations

import multiprocessing
import os
import resource
import sys
from typing import TYPE_CHECKING

import pytest

from souspli_cli.spool import FolderSpool
from souspli_exchange.errors import SpoolError
from souspli_exchange.ids import DocumentId, InvitationId
from souspli_exchange.spool import SpooledCover, SpooledDocument
from souspli_keys.public import Fingerprint

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

A, B = DocumentId("a" * 32), DocumentId("b" * 32)


def document(document_id: DocumentId, *, cover: bytes = b"cover") -> SpooledDocument:
    spooled = SpooledCover(
        invitation_id=InvitationId("1" * 32),
        recipient=Fingerprint("2" * 64),
        manifest_hash="3" * 64,
        sealed=cover,
    )
    return SpooledDocument(
        document_id=document_id,
        sealed_length=6,
        checksums=(b"\x00" * 32, b"\x01" * 32),
        covers=(spooled,),
        sender_cover=b"own",
    )


def put(spool: FolderSpool, document_id: DocumentId) -> SpooledDocument:
    spool.put_segment(document_id, 0, b"abc")
    spool.put_segment(document_id, 1, b"def")
    made = document(document_id)
    spool.commit(made)
    return made


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[FolderSpool]:
    with FolderSpool(tmp_path) as opened:
        yield opened


def test_what_was_committed_is_found_oldest_first_by_the_next_program(tmp_path: Path) -> None:
    with FolderSpool(tmp_path) as spool:
        second = put(spool, B)
        first = put(spool, A)
        os.utime(tmp_path / A / "segment-0", ns=(0, 0))
    with FolderSpool(tmp_path) as spool:
        assert spool.documents() == [first, second]
        assert spool.segment(A, 1) == b"def"
        assert spool.count() == 2


def test_a_document_not_sealed_to_its_end_is_removed_at_the_next_start(tmp_path: Path) -> None:
    with FolderSpool(tmp_path) as spool:
        spool.put_segment(A, 0, b"abc")
    with FolderSpool(tmp_path) as spool:
        assert spool.documents() == []
    assert not (tmp_path / A).exists()


def test_a_document_in_the_hands_of_one_program_is_invisible_to_another(tmp_path: Path) -> None:
    with FolderSpool(tmp_path) as first:
        put(first, A)
        first.put_segment(B, 0, b"abc")  # being sealed
        with FolderSpool(tmp_path) as second:
            assert second.documents() == []
            assert second.count() == 1
        assert (tmp_path / B / "segment-0").exists()
    with FolderSpool(tmp_path) as third:
        assert [d.document_id for d in third.documents()] == [A]


def test_a_segment_is_never_written_twice(spool: FolderSpool) -> None:
    spool.put_segment(A, 0, b"abc")
    with pytest.raises(SpoolError):
        spool.put_segment(A, 0, b"xyz")
    assert spool.segment(A, 0) == b"abc"


def test_a_commit_replaces_the_one_before(spool: FolderSpool) -> None:
    put(spool, A)
    changed = document(A, cover=b"another")
    spool.commit(changed)
    assert spool.documents() == [changed]


def test_a_commit_without_its_segments_is_refused(spool: FolderSpool) -> None:
    spool.put_segment(A, 0, b"abc")
    with pytest.raises(SpoolError):
        spool.commit(document(A))
    assert spool.count() == 0


def test_what_was_discarded_is_gone_and_may_be_discarded_again(
    spool: FolderSpool, tmp_path: Path
) -> None:
    put(spool, A)
    spool.discard(A)
    spool.discard(A)
    assert spool.documents() == []
    assert not (tmp_path / A).exists()


@pytest.mark.parametrize("content", [b"", b"{}", b"\xff", b"[" * 100_000])
def test_a_damaged_document_is_told_from_the_others(tmp_path: Path, content: bytes) -> None:
    with FolderSpool(tmp_path) as spool:
        put(spool, A)
        good = put(spool, B)
    (tmp_path / A / "document.json").write_bytes(content)
    with FolderSpool(tmp_path) as spool:
        assert spool.take_all() == ([good], [A])
        with pytest.raises(SpoolError):
            spool.documents()


def test_a_document_under_another_s_name_is_damaged(tmp_path: Path) -> None:
    with FolderSpool(tmp_path) as spool:
        put(spool, A)
    (tmp_path / A).rename(tmp_path / B)
    with FolderSpool(tmp_path) as spool:
        assert spool.take_all() == ([], [B])


@pytest.mark.parametrize("name", ["../" + "a" * 29, "", "A" * 32, "a" * 31 + "/"])
def test_what_is_no_id_never_becomes_a_path(spool: FolderSpool, name: str) -> None:
    with pytest.raises(SpoolError):
        spool.put_segment(DocumentId(name), 0, b"abc")


def _put_with_full_disk(folder: Path) -> None:
    # Or modules imported from here on would be compiled into files cut short.
    sys.dont_write_bytecode = True
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
    with FolderSpool(folder) as spool:
        try:
            spool.put_segment(A, 0, b"x" * 2000)
        except SpoolError as error:
            if isinstance(error.__cause__, OSError):
                os._exit(7)


def test_a_full_disk_is_a_spool_error_with_its_cause(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    process = context.Process(target=_put_with_full_disk, args=(tmp_path,))
    process.start()
    process.join(60)
    assert process.exitcode == 7
