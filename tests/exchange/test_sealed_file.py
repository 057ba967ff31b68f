"""Sealed contents on a disk: the file and the folder are there whole, or not at all."""

import os
import resource
import stat
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest
from exchange.engine_world import (
    FIRST,
    LAST,
    MIDDLE,
    THREE_SEGMENTS,
    Document,
    cover_of,
    files_of,
    no_thread_left,
    seal_document,
)
from exchange.people import NOW, Practice

from souspli_exchange.errors import (
    ContentsRefusedError,
    OutputError,
    OutputExistsError,
    SealedFolderError,
    SourceChangedError,
)
from souspli_exchange.sealed_file import (
    FileSink,
    open_contents_file,
    open_file_into_folder,
    seal_to_file,
)
from souspli_exchange.segments import SegmentLayout
from souspli_exchange.sources import BytesSource, PathSource

SMALL = b"%PDF-1.7 made up " * 400


@contextmanager
def files_of_at_most(length: int) -> Generator[None]:
    """Have the system refuse to make files longer, as a full disk would."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (length, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def left_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture(scope="module")
def document(practice: Practice) -> Document:
    return seal_document(practice, files_of(THREE_SEGMENTS, b"", SMALL), threads=3)


@pytest.fixture
def contents(document: Document, tmp_path: Path) -> Path:
    path = tmp_path / "contents.age"
    path.write_bytes(document.contents)
    return path


def test_files_of_a_disk_are_sealed_into_a_file_and_opened_into_a_folder(
    practice: Practice, tmp_path: Path
) -> None:
    scan, report = tmp_path / "scan.bin", tmp_path / "report.pdf"
    scan.write_bytes(THREE_SEGMENTS)
    report.write_bytes(SMALL)
    sealed_path, folder = tmp_path / "contents.age", tmp_path / "document"
    with (
        PathSource(scan, media_type="a/b") as one,
        PathSource(report, media_type="application/pdf") as two,
        no_thread_left(),
    ):
        sealed = seal_to_file([one, two], sealed_path, created_at=NOW, threads=3)
    assert stat.S_IMODE(sealed_path.stat().st_mode) == 0o600
    assert sealed_path.stat().st_size == sealed.contents.sealed_length
    cover = cover_of(practice, sealed)
    told: list[tuple[int, int]] = []
    with no_thread_left():
        opened = open_file_into_folder(
            cover,
            sealed_path,
            folder,
            threads=3,
            on_segment=lambda done, total: told.append((done, total)),
        )
    assert [path.read_bytes() for path in opened.paths] == [THREE_SEGMENTS, SMALL]
    assert opened.paths == (folder / "scan.bin", folder / "report.pdf")
    assert opened.verified.cover is cover
    assert told == [(1, 3), (2, 3), (3, 3)]
    assert left_in(tmp_path) == ["contents.age", "document", "report.pdf", "scan.bin"]


def test_a_file_that_exists_is_not_sealed_over(tmp_path: Path) -> None:
    path = tmp_path / "contents.age"
    path.write_bytes(b"mine")
    with pytest.raises(OutputExistsError):
        seal_to_file(files_of(SMALL), path, created_at=NOW)
    assert path.read_bytes() == b"mine"
    path.unlink()
    path.symlink_to(tmp_path / "nowhere")
    with pytest.raises(OutputExistsError):
        seal_to_file(files_of(SMALL), path, created_at=NOW)
    assert left_in(tmp_path) == ["contents.age"]


def test_a_disk_without_room_is_found_out_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(OutputError) as failure:
        FileSink(tmp_path / "contents.age", length=1 << 60)
    assert failure.value.temporary
    assert left_in(tmp_path) == []


@pytest.mark.parametrize("room", [1_000, 10_000_000])
def test_a_disk_that_fills_while_it_is_sealed_leaves_nothing(tmp_path: Path, room: int) -> None:
    with files_of_at_most(room), no_thread_left(), pytest.raises(OutputError):
        seal_to_file(files_of(THREE_SEGMENTS), tmp_path / "c", created_at=NOW, threads=3)
    assert left_in(tmp_path) == []


def test_a_source_that_changed_leaves_nothing(tmp_path: Path) -> None:
    class Changed(BytesSource):
        def check_unchanged(self) -> None:
            raise SourceChangedError("changed")

    source = Changed("a", "a/b", THREE_SEGMENTS)
    with no_thread_left(), pytest.raises(SourceChangedError):
        seal_to_file([source], tmp_path / "c", created_at=NOW, threads=3)
    assert left_in(tmp_path) == []


def test_a_file_cut_while_it_is_sealed_leaves_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(THREE_SEGMENTS)
    with PathSource(path, media_type="a/b") as source:
        path.write_bytes(THREE_SEGMENTS[:-1])
        with no_thread_left(), pytest.raises(SourceChangedError):
            seal_to_file([source], tmp_path / "c", created_at=NOW, threads=3)
    assert left_in(tmp_path) == ["a.bin"]


def interrupt(_done: int, _total: int) -> None:
    raise KeyboardInterrupt


def test_who_interrupts_finds_nothing(document: Document, contents: Path) -> None:
    folder = contents.parent
    with no_thread_left(), pytest.raises(KeyboardInterrupt):
        open_file_into_folder(
            document.cover, contents, folder / "document", threads=3, on_segment=interrupt
        )
    with no_thread_left(), pytest.raises(KeyboardInterrupt):
        seal_to_file(
            files_of(THREE_SEGMENTS), folder / "c", created_at=NOW, threads=3, on_segment=interrupt
        )
    assert left_in(folder) == ["contents.age"]


def refused(document: Document, contents: Path, *, threads: int = 3) -> None:
    """Opening is refused, and leaves nothing but what was there."""
    with no_thread_left(), pytest.raises(ContentsRefusedError):
        open_file_into_folder(document.cover, contents, contents.parent / "d", threads=threads)
    assert left_in(contents.parent) == ["contents.age"]


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("segment", [FIRST, MIDDLE, LAST])
def test_a_damaged_byte_in_any_segment_leaves_no_folder(
    document: Document, contents: Path, segment: int, threads: int
) -> None:
    place = SegmentLayout.of_sealed(len(document.contents)).sealed_range(segment)
    with contents.open("r+b") as file:
        file.seek(place.stop - 1)
        byte = file.read(1)
        file.seek(place.stop - 1)
        file.write(bytes([byte[0] ^ 1]))
    refused(document, contents, threads=threads)


def test_a_swapped_segment_leaves_no_folder(document: Document, contents: Path) -> None:
    layout = SegmentLayout.of_sealed(len(document.contents))
    middle, last = layout.sealed_range(MIDDLE), layout.sealed_range(LAST)
    with contents.open("r+b") as file:
        file.seek(middle.start)
        file.write(document.contents[last.start : last.stop])
    refused(document, contents)


@pytest.mark.parametrize("difference", [-1, 1])
def test_a_file_too_short_or_too_long_leaves_no_folder(
    document: Document, contents: Path, difference: int
) -> None:
    os.truncate(contents, len(document.contents) + difference)
    refused(document, contents)


def test_a_file_cut_while_it_is_opened_is_refused(document: Document, contents: Path) -> None:
    def cut(_file_index: int, _offset: int, _data: memoryview) -> None:
        os.truncate(contents, 2_000_000)

    with no_thread_left(), pytest.raises(ContentsRefusedError):
        open_contents_file(document.cover, contents, write=cut, threads=3)


@pytest.mark.parametrize("room", [1_000, 10_000_000])
def test_a_disk_that_fills_while_it_is_opened_leaves_no_folder(
    document: Document, contents: Path, room: int
) -> None:
    with files_of_at_most(room), no_thread_left(), pytest.raises(OutputError):
        open_file_into_folder(document.cover, contents, contents.parent / "d", threads=3)
    assert left_in(contents.parent) == ["contents.age"]


def test_what_is_no_regular_file_is_not_opened(document: Document, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for path in (tmp_path, pipe, tmp_path / "missing"):
        with pytest.raises(SealedFolderError):
            open_file_into_folder(document.cover, path, tmp_path / "document")
    assert left_in(tmp_path) == ["pipe"]
