"""The sealing engine: in any number of threads the same, and over when it returns."""

import errno
import os
import random
import tarfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from io import BytesIO

import pytest
from exchange.engine_world import (
    FIRST,
    LAST,
    MIDDLE,
    THREE_SEGMENTS,
    Document,
    MemoryContents,
    cover_of,
    files_of,
    no_thread_left,
    seal_document,
    sha256_hex,
)
from exchange.people import NOW, Practice

from souspli_exchange.age.file import decrypt
from souspli_exchange.contents_sealer import ContentsSealer
from souspli_exchange.engine import run_sealer, seal_contents
from souspli_exchange.errors import (
    AbandonedError,
    ContentsRefusedError,
    ExchangeUsageError,
    SourceChangedError,
    TooLargeToSendError,
)
from souspli_exchange.manifest import MAX_HASHED_FILE_BYTES, Limits
from souspli_exchange.segments import SEGMENT_BYTES, SegmentLayout
from souspli_exchange.sources import BytesSource

CHUNK, RUN = 65_536, 1_048_576
# A tar of one file: a header block before, at least two zero blocks after its bytes.
AROUND = 512 + 1_024
NOISE = random.Random(1).randbytes(2 * SEGMENT_BYTES)  # noqa: S311  (no secret)


@pytest.fixture(scope="module")
def document(practice: Practice) -> Document:
    return seal_document(practice, files_of(THREE_SEGMENTS), threads=3)


# --- the same in any number of threads ------------------------------------------------


@pytest.mark.parametrize("threads", [1, 2, 3, 8])
def test_what_several_threads_sealed_opens_in_every_way(practice: Practice, threads: int) -> None:
    sealed = seal_document(practice, files_of(THREE_SEGMENTS, b"", b"end"), threads=threads)
    expected = [THREE_SEGMENTS, b"", b"end"]
    assert sealed.open_in_order() == expected
    assert sealed.open(threads=1) == expected
    assert sealed.open(threads=3) == expected
    plain = BytesIO(decrypt(sealed.contents, sealed.cover.document_key))
    with tarfile.open(fileobj=plain) as tar:
        files = [tar.extractfile(member) for member in tar]
        assert [file.read() for file in files if file is not None] == expected


def test_what_was_sealed_in_order_opens_in_several_threads(practice: Practice) -> None:
    sealer = ContentsSealer(files_of(THREE_SEGMENTS), created_at=NOW)
    contents = b"".join(sealer.segments())
    assert Document(cover_of(practice, sealer.finish()), contents).open(threads=3) == [
        THREE_SEGMENTS
    ]


@pytest.mark.parametrize("difference", [-1, 0, 1])
@pytest.mark.parametrize("boundary", [CHUNK, RUN, SEGMENT_BYTES, 2 * SEGMENT_BYTES])
@pytest.mark.parametrize("around", [512, AROUND])
def test_a_file_or_its_tar_may_end_at_any_boundary(
    practice: Practice, boundary: int, difference: int, around: int
) -> None:
    content = NOISE[: boundary - around + difference]
    sealed = seal_document(practice, files_of(content), threads=3)
    contents = sealed.cover.manifest.contents
    assert contents.files[0].sha256 == sha256_hex(content)
    assert (contents.padded_length == boundary) == (around == AROUND and difference <= 0)
    assert sealed.open(threads=3) == [content]
    assert sealed.open_in_order() == [content]


@pytest.mark.parametrize("threads", [1, 4])
def test_files_across_segments_have_the_hashes_that_sha256sum_prints(
    practice: Practice, threads: int
) -> None:
    lengths = [5_000_000, 0, 100, 20_000_000, SEGMENT_BYTES, 1, 3_000_000]
    noise = random.Random(2)  # noqa: S311  (no secret)
    contents = [noise.randbytes(length) for length in lengths]
    sealed = seal_document(practice, files_of(*contents), threads=threads)
    hashes = [file.sha256 for file in sealed.cover.manifest.contents.files]
    assert hashes == [sha256_hex(content) for content in contents]
    assert sealed.open(threads=threads) == contents


def test_a_file_above_64_mib_has_no_hash_of_its_own(practice: Practice) -> None:
    content = bytes(MAX_HASHED_FILE_BYTES + 1)
    sealed = seal_document(practice, files_of(content), threads=2)
    assert sealed.cover.manifest.contents.files[0].sha256 is None
    assert sealed.open(threads=2) == [content]


def test_each_part_is_put_once_and_those_of_a_segment_in_order() -> None:
    sink = MemoryContents()
    seal_contents(files_of(THREE_SEGMENTS), created_at=NOW, sink=sink, threads=3)
    layout = SegmentLayout.of_sealed(len(sink.sealed))
    assert {index for index, _, _ in sink.parts} == {FIRST, MIDDLE, LAST}
    for segment in range(layout.count):
        position = layout.sealed_range(segment).start
        for index, offset, length in sink.parts:
            if index == segment:
                assert offset == position
                position += length
        assert position == layout.sealed_range(segment).stop


def test_progress_is_told_in_the_callers_thread() -> None:
    told: list[tuple[int, int, int]] = []
    seal_contents(
        files_of(THREE_SEGMENTS),
        created_at=NOW,
        sink=MemoryContents(),
        threads=3,
        on_segment=lambda done, total: told.append((done, total, threading.get_ident())),
    )
    me = threading.get_ident()
    assert told == [(1, 3, me), (2, 3, me), (3, 3, me)]


class Watched(BytesSource):
    """Tells in which threads it was read."""

    readers: set[int]

    def read_into(self, offset: int, out: memoryview) -> None:
        self.readers.add(threading.get_ident())
        super().read_into(offset, out)


@pytest.mark.parametrize(
    ("length", "straight"), [(200_000, True), (9_000_000, True), (2 * SEGMENT_BYTES, False)]
)
def test_small_documents_take_the_straight_path_and_large_ones_do_not(
    length: int, *, straight: bool
) -> None:
    Watched.readers = set()
    source = Watched("a", "a/b", bytes(length))
    seal_contents([source], created_at=NOW, sink=MemoryContents())
    several = len(os.sched_getaffinity(0)) > 1
    assert (Watched.readers == {threading.get_ident()}) == (straight or not several)


def test_where_no_thread_can_be_started_the_caller_does_the_work(document: Document) -> None:
    Watched.readers = set()
    source = Watched("0.bin", "a/b", THREE_SEGMENTS)
    before = threading.stack_size(1 << 46)  # more than any machine can give
    try:
        seal_contents([source], created_at=NOW, sink=MemoryContents(), threads=3)
        assert document.open(threads=3) == [THREE_SEGMENTS]
    finally:
        threading.stack_size(before)
    assert Watched.readers == {threading.get_ident()}


def test_more_bytes_than_the_limits_are_not_sealed() -> None:
    sink = MemoryContents()
    with pytest.raises(TooLargeToSendError):
        seal_contents(files_of(b"xx"), created_at=NOW, sink=sink, limits=Limits(max_bytes=1))
    assert not sink.parts


# --- the slowest thread comes first ----------------------------------------------------


@dataclass
class Late:
    """A source whose first segment can be read only when the others have been put."""

    content: bytes
    then: Callable[[], None] = lambda: None
    others: threading.Event = field(default_factory=threading.Event)
    name: str = "late.bin"
    media_type: str = "a/b"

    @property
    def size(self) -> int:
        return len(self.content)

    def read_into(self, offset: int, out: memoryview) -> None:
        if offset == 0:
            assert self.others.wait(60)
            self.then()
        out[:] = self.content[offset : offset + len(out)]

    def check_unchanged(self) -> None:
        return

    def heard(self, index: int) -> None:
        if index == LAST:
            self.others.set()


def test_a_file_whose_beginning_comes_last_is_hashed_in_order(practice: Practice) -> None:
    late = Late(THREE_SEGMENTS)
    sink = MemoryContents(before_put=late.heard)
    sealed = seal_contents([late], created_at=NOW, sink=sink, threads=3)
    assert sealed.contents.files[0].sha256 == sha256_hex(THREE_SEGMENTS)
    document = Document(cover_of(practice, sealed), bytes(sink.sealed))
    assert document.open(threads=3) == [THREE_SEGMENTS]


def test_who_waits_for_a_thread_that_fails_is_told() -> None:
    def fail() -> None:
        time.sleep(0.2)  # until the others have nothing left to do but wait
        raise SourceChangedError("changed")

    late = Late(THREE_SEGMENTS, fail)
    sink = MemoryContents(before_put=late.heard)
    with no_thread_left(), pytest.raises(SourceChangedError):
        seal_contents([late], created_at=NOW, sink=sink, threads=3)


# --- failures ----------------------------------------------------------------------------


@dataclass
class Failing:
    """A source that fails where one segment is read."""

    at: int
    error: Exception
    name: str = "a.bin"
    media_type: str = "a/b"
    size: int = len(THREE_SEGMENTS)

    def read_into(self, offset: int, out: memoryview) -> None:
        if (512 + offset) // SEGMENT_BYTES == self.at:
            raise self.error
        out[:] = THREE_SEGMENTS[offset : offset + len(out)]

    def check_unchanged(self) -> None:
        return


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("segment", [FIRST, MIDDLE, LAST])
@pytest.mark.parametrize(
    "error", [SourceChangedError("shorter"), RuntimeError("a fault of ours")], ids=repr
)
def test_a_source_that_fails_in_one_thread_ends_all(
    segment: int, threads: int, error: Exception
) -> None:
    sealer = ContentsSealer([Failing(segment, error)], created_at=NOW)
    with no_thread_left(), pytest.raises(type(error)) as raised:
        run_sealer(sealer, MemoryContents(), threads=threads)
    assert raised.value is error
    with pytest.raises(AbandonedError):
        sealer.seal_next()
    with pytest.raises(ExchangeUsageError):
        sealer.finish()


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("segment", [FIRST, MIDDLE, LAST])
def test_a_sink_that_is_full_in_one_thread_ends_all(segment: int, threads: int) -> None:
    def fill(index: int) -> None:
        if index == segment:
            raise OSError(errno.ENOSPC, "full")

    sink = MemoryContents(before_put=fill)
    with no_thread_left(), pytest.raises(OSError, match="full"):
        seal_contents(files_of(THREE_SEGMENTS), created_at=NOW, sink=sink, threads=threads)
    assert all(index != segment for index, _, _ in sink.parts)


def test_a_source_that_changed_while_it_was_sealed_is_refused_at_the_end() -> None:
    class Changed(BytesSource):
        def check_unchanged(self) -> None:
            raise SourceChangedError("changed")

    source = Changed("a", "a/b", THREE_SEGMENTS)
    with no_thread_left(), pytest.raises(SourceChangedError):
        seal_contents([source], created_at=NOW, sink=MemoryContents(), threads=3)


class Enough(Exception):  # noqa: N818  (no error)
    """What a caller raises who wants no more."""


@pytest.mark.parametrize("threads", [1, 3])
def test_whoever_raises_when_told_of_progress_cancels(threads: int) -> None:
    def enough(_done: int, _total: int) -> None:
        raise Enough

    sink = MemoryContents()
    many = files_of(bytes(20 * SEGMENT_BYTES))
    with no_thread_left(), pytest.raises(Enough):
        seal_contents(many, created_at=NOW, sink=sink, threads=threads, on_segment=enough)
    # Segments that other threads had begun, and perhaps one that each went on to.
    assert len({index for index, _, _ in sink.parts}) < 20


# --- opening -----------------------------------------------------------------------------


def damaged(contents: bytes, position: int) -> bytes:
    return contents[:position] + bytes([contents[position] ^ 1]) + contents[position + 1 :]


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("where", ["begin", "end"])
@pytest.mark.parametrize("segment", [FIRST, MIDDLE, LAST])
def test_a_damaged_byte_in_any_segment_is_refused(
    document: Document, segment: int, where: str, threads: int
) -> None:
    place = SegmentLayout.of_sealed(len(document.contents)).sealed_range(segment)
    changed = damaged(document.contents, place.start if where == "begin" else place.stop - 1)
    with pytest.raises(ContentsRefusedError):
        document.open(threads=threads, contents=changed)


@pytest.mark.parametrize("threads", [1, 3])
def test_a_swapped_or_doubled_segment_is_refused(document: Document, threads: int) -> None:
    first, middle, last = segments_of(document)
    for wrong in (
        first + last + middle,
        first + first[: len(middle)] + last,
        first + middle + middle[: len(last)],
    ):
        assert len(wrong) == len(document.contents)
        with pytest.raises(ContentsRefusedError):
            document.open(threads=threads, contents=wrong)


def segments_of(document: Document) -> list[bytes]:
    layout = SegmentLayout.of_sealed(len(document.contents))
    ranges = [layout.sealed_range(index) for index in range(layout.count)]
    return [document.contents[where.start : where.stop] for where in ranges]


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("difference", [-SEGMENT_BYTES, -1, 1])
def test_contents_cut_short_or_added_to_are_refused(
    document: Document, difference: int, threads: int
) -> None:
    contents = (document.contents + b"x")[: len(document.contents) + difference]
    with pytest.raises(ContentsRefusedError):
        document.open(threads=threads, contents=contents)


def test_contents_of_another_document_are_refused(practice: Practice, document: Document) -> None:
    other = seal_document(practice, files_of(THREE_SEGMENTS), threads=3)
    with pytest.raises(ContentsRefusedError):
        document.open(threads=3, contents=other.contents)
