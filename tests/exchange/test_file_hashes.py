"""Hashes of files whose bytes come out of order, thread by thread."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from exchange.engine_world import sha256_hex

from souspli_exchange.errors import AbandonedError
from souspli_exchange.file_hashes import FileHashes, SegmentHashing
from souspli_exchange.runs import RunBuffers
from souspli_exchange.segments import SegmentLayout

A, B, C = memoryview(b"first "), memoryview(b"second "), memoryview(b"third")
WHOLE = b"first second third"


def test_bytes_are_hashed_where_they_stand_or_left_for_later() -> None:
    hashes = FileHashes([True, True])
    assert hashes.feed(0, len(A), B, wait=False) is False
    assert hashes.feed(0, 0, A, wait=False) is True
    assert hashes.feed(0, len(A), B, wait=False) is True
    assert hashes.feed(0, len(A) + len(B), C, wait=True) is True
    assert hashes.hexdigest(0) == sha256_hex(WHOLE)
    assert hashes.hexdigest(1) == sha256_hex(b"")


def test_a_file_without_a_hash_takes_its_bytes_in_any_order() -> None:
    hashes = FileHashes([False])
    assert hashes.feed(0, 1_000, A, wait=True) is True
    assert hashes.hexdigest(0) is None


def test_who_waits_goes_on_when_the_bytes_before_have_come() -> None:
    hashes = FileHashes([True])
    later = in_a_thread(lambda: hashes.feed(0, len(A), B, wait=True))
    hashes.feed(0, 0, A, wait=False)
    later.join(60)
    assert not later.is_alive()
    assert hashes.hexdigest(0) == sha256_hex(WHOLE[:-5])


def test_who_waits_is_told_that_the_bytes_before_will_never_come() -> None:
    hashes = FileHashes([True])
    told: list[AbandonedError] = []

    def wait() -> None:
        try:
            hashes.feed(0, len(A), B, wait=True)
        except AbandonedError as error:
            told.append(error)

    waiting = in_a_thread(wait)
    hashes.abandon()
    waiting.join(60)
    assert len(told) == 1
    with pytest.raises(AbandonedError):
        hashes.feed(0, len(A), B, wait=False)
    assert hashes.feed(0, 0, A, wait=False)


def test_a_segment_keeps_copies_of_what_comes_too_early() -> None:
    """Its buffers are filled with the next run's bytes meanwhile."""
    hashes = FileHashes([True, True, True])
    layout = SegmentLayout(65_536)
    segment = SegmentHashing(hashes, RunBuffers(layout))
    segment.update(2, 0, A)
    assert hashes.hexdigest(2) == sha256_hex(bytes(A))  # not too early: at once
    for file_index in (0, 1):
        for offset, data in ((len(A), B), (len(A) + len(B), C)):
            run = bytearray(data)
            segment.update(file_index, offset, memoryview(run))
            run[:] = bytes(len(run))
    for file_index in (0, 1):
        hashes.feed(file_index, 0, A, wait=False)
    segment.finish()
    segment.finish()  # nothing is left: nothing is hashed twice
    assert hashes.hexdigest(0) == hashes.hexdigest(1) == sha256_hex(WHOLE)


def test_at_its_end_a_segment_waits_for_its_turn() -> None:
    """Whoever came too early is not told so again: its bytes would never be hashed."""

    class Late(FileHashes):
        def feed(self, file_index: int, offset: int, data: memoryview, *, wait: bool) -> bool:
            if wait:  # what comes before is fed in that time
                super().feed(0, 0, A, wait=False)
            return super().feed(file_index, offset, data, wait=wait)

    hashes = Late([True])
    segment = SegmentHashing(hashes, RunBuffers(SegmentLayout(65_536)))
    segment.update(0, len(A), B)
    segment.finish()
    assert hashes.hexdigest(0) == sha256_hex(bytes(A) + bytes(B))


def test_a_segment_that_kept_bytes_ends_when_all_is_given_up() -> None:
    hashes = FileHashes([True])
    segment = SegmentHashing(hashes, RunBuffers(SegmentLayout(65_536)))
    segment.update(0, 1, A)
    hashes.abandon()
    with pytest.raises(AbandonedError):
        segment.finish()


def in_a_thread(call: Callable[[], object]) -> threading.Thread:
    thread = threading.Thread(target=call, daemon=True)
    thread.start()
    return thread
