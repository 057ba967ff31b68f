"""Files on a disk, sealed only while they stand still."""

import os
from pathlib import Path

import pytest
from exchange.people import NOW

from souspli_exchange import sources
from souspli_exchange.contents_sealer import ContentsSealer
from souspli_exchange.errors import SourceChangedError, SourceUnreadableError
from souspli_exchange.sources import PathSource


def seal(source: PathSource) -> str | None:
    sealer = ContentsSealer([source], created_at=NOW)
    list(sealer.segments())
    return sealer.finish().contents.files[0].sha256


@pytest.fixture
def path(tmp_path: Path) -> Path:
    found = tmp_path / "report.pdf"
    found.write_bytes(b"%PDF" * 1_000)
    os.utime(found, ns=(1, 1))
    return found


def test_a_file_is_sealed_with_the_hash_that_sha256sum_prints(path: Path) -> None:
    with PathSource(path, media_type="application/pdf") as source:
        assert source.name == "report.pdf"
        # printf '%%PDF%.0s' {1..1000} | sha256sum
        assert seal(source) == ("8c1d98399285d37e2234e51bad897e254ee0ea36fdc7046f623de0c0b1c86ddc")


def test_a_file_that_grew_is_refused(path: Path) -> None:
    with PathSource(path, media_type="application/pdf") as source:
        with path.open("ab") as file:
            file.write(b"more")
        with pytest.raises(SourceChangedError):
            seal(source)


def test_a_file_that_shrank_is_refused(path: Path) -> None:
    with PathSource(path, media_type="application/pdf") as source:
        path.write_bytes(b"%PDF")
        with pytest.raises(SourceChangedError):
            seal(source)


def test_a_file_rewritten_in_place_is_refused(path: Path) -> None:
    with PathSource(path, media_type="application/pdf") as source:
        path.write_bytes(b"%pdf" * 1_000)
        with pytest.raises(SourceChangedError):
            seal(source)


def test_a_file_rewritten_in_place_whose_time_was_put_back_is_refused(path: Path) -> None:
    with PathSource(path, media_type="application/pdf") as source:
        path.write_bytes(b"%pdf" * 1_000)
        os.utime(path, ns=(1, 1))
        with pytest.raises(SourceChangedError):
            seal(source)


def test_a_file_rewritten_in_place_and_then_replaced_is_refused(path: Path) -> None:
    with PathSource(path, media_type="application/pdf") as source:
        path.write_bytes(b"%pdf" * 1_000)
        other = path.with_name("other")
        other.write_bytes(b"other")
        other.rename(path)
        with pytest.raises(SourceChangedError):
            seal(source)


def test_a_file_may_be_given_another_name(path: Path) -> None:
    with PathSource(path, media_type="application/pdf", name="e\u0301.pdf") as source:
        assert source.name == "é.pdf"


def test_a_file_that_the_system_reads_in_small_pieces_is_read_whole(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = os.preadv
    asked: list[int] = []

    def one_byte(descriptor: int, buffers: list[memoryview], offset: int) -> int:
        asked.append(offset)
        assert len(asked) < 10
        return whole(descriptor, [buffers[0][:1]], offset)

    monkeypatch.setattr(sources.os, "preadv", one_byte)
    read = bytearray(3)
    with PathSource(path, media_type="application/pdf") as source:
        source.read_into(1, memoryview(read))
    assert (read, asked) == (b"PDF", [1, 2, 3])


def test_a_file_replaced_by_another_is_sealed_as_it_was(path: Path) -> None:
    with PathSource(path, media_type="application/pdf") as source:
        before = seal(source)
    with PathSource(path, media_type="application/pdf") as source:
        other = path.with_name("other")
        other.write_bytes(b"other")
        other.rename(path)
        assert seal(source) == before


def test_a_name_that_a_mac_hands_out_decomposed_is_composed(tmp_path: Path) -> None:
    decomposed = tmp_path / "e\u0301.pdf"
    decomposed.write_bytes(b"")
    with PathSource(decomposed, media_type="application/pdf") as source:
        assert source.name == "é.pdf"


def test_what_is_no_regular_file_is_refused(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for path in (tmp_path, pipe, tmp_path / "missing"):
        with pytest.raises(SourceUnreadableError):
            PathSource(path, media_type="application/pdf")
