"""Chunks: their arithmetic, sealing once, opening from anywhere, releasing nothing false."""

import os
from array import array
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from hypothesis import given
from hypothesis import strategies as st

import souspli_exchange
from souspli_exchange.age.decryptor import PayloadDecryptor
from souspli_exchange.age.errors import AgeUsageError, ChunkSealedTwiceError, PayloadError
from souspli_exchange.age.filekey import FileKey
from souspli_exchange.age.lengths import (
    CHUNK_BYTES,
    SEALED_CHUNK_BYTES,
    TAG_BYTES,
    StreamLayout,
)
from souspli_exchange.age.stream import PayloadOpener, PayloadSealer, chunk_nonce

FILE_KEY = FileKey.generate()
THREE_CHUNKS = os.urandom(2 * CHUNK_BYTES + 5)
CHUNK = THREE_CHUNKS[:CHUNK_BYTES]
edge_lengths = st.sampled_from([0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1])
lengths = st.builds(
    lambda chunks, edge: chunks * CHUNK_BYTES + edge, st.integers(0, 3), edge_lengths
)


def seal(plaintext: bytes) -> tuple[PayloadOpener, bytes]:
    sealer = PayloadSealer(FILE_KEY)
    out = bytearray(StreamLayout(len(plaintext)).sealed_bytes)
    assert sealer.seal_segment(plaintext, first_chunk_index=0, last=True, out=out) == len(out)
    return PayloadOpener(FILE_KEY, sealer.nonce), bytes(out)


def open_all(opener: PayloadOpener, sealed: bytes) -> bytes:
    out = bytearray(len(sealed))
    written = opener.open_segment(sealed, first_chunk_index=0, last=True, out=out)
    return bytes(out[:written])


# Arithmetic


@given(st.integers(0, 1 << 50))
def test_sealed_and_plain_lengths_are_each_others_inverse(plain_bytes: int) -> None:
    layout = StreamLayout(plain_bytes)
    assert StreamLayout.of_sealed(layout.sealed_bytes) == layout


def test_every_other_length_of_a_stream_is_refused() -> None:
    possible = {StreamLayout(n).sealed_bytes for n in range(2 * CHUNK_BYTES + 1)}
    for sealed_bytes in range(-1, 2 * SEALED_CHUNK_BYTES + 1):
        if sealed_bytes in possible:
            continue
        with pytest.raises(PayloadError):
            StreamLayout.of_sealed(sealed_bytes)


@given(lengths)
def test_the_chunks_cover_stream_and_plaintext_without_gap_or_overlap(plain_bytes: int) -> None:
    layout = StreamLayout(plain_bytes)
    plain_end = sealed_end = 0
    for index in range(layout.chunk_count):
        plain, sealed = layout.plain_range(index, 1), layout.sealed_range(index, 1)
        assert (plain.start, sealed.start) == (plain_end, sealed_end)
        assert len(sealed) == len(plain) + TAG_BYTES
        assert layout.is_last(index, 1) == (index == layout.chunk_count - 1)
        plain_end, sealed_end = plain.stop, sealed.stop
    assert (plain_end, sealed_end) == (layout.plain_bytes, layout.sealed_bytes)


@pytest.mark.parametrize(("first", "count"), [(-1, 1), (0, 0), (0, 4), (3, 1)])
def test_chunks_outside_the_stream_have_no_place_in_it(first: int, count: int) -> None:
    layout = StreamLayout(len(THREE_CHUNKS))
    for ask in (layout.plain_range, layout.sealed_range, layout.is_last):
        with pytest.raises(AgeUsageError):
            ask(first, count)


@pytest.mark.parametrize(
    ("plain_bytes", "chunks", "sealed_bytes"),
    [
        (0, 1, 16),
        (1, 1, 17),
        (65_535, 1, 65_551),
        (65_536, 1, 65_552),
        (65_537, 2, 65_569),
        (131_072, 2, 131_104),
        (131_073, 3, 131_121),
    ],
)
def test_these_are_the_lengths_of_a_stream(
    plain_bytes: int, chunks: int, sealed_bytes: int
) -> None:
    layout = StreamLayout(plain_bytes)
    assert (layout.chunk_count, layout.sealed_bytes) == (chunks, sealed_bytes)
    assert StreamLayout.of_sealed(sealed_bytes).plain_bytes == plain_bytes


def test_the_ranges_of_a_run_end_with_the_stream() -> None:
    layout = StreamLayout(len(THREE_CHUNKS))
    assert layout.plain_range(1, 1) == range(65_536, 131_072)
    assert layout.plain_range(1, 2) == range(65_536, 131_077)
    assert layout.sealed_range(1, 1) == range(65_552, 131_104)
    assert layout.sealed_range(1, 2) == range(65_552, 131_125)
    assert [layout.is_last(0, count) for count in (1, 2, 3)] == [False, False, True]


def test_a_negative_length_has_no_layout() -> None:
    with pytest.raises(AgeUsageError):
        StreamLayout(-1)


def test_a_chunks_nonce_is_its_index_and_whether_it_is_the_final_one() -> None:
    assert chunk_nonce(0, last=False) == bytes(12)
    assert chunk_nonce(0x0102, last=True).hex() == "0000000000000000000102" + "01"
    assert chunk_nonce((1 << 88) - 1, last=False) == b"\xff" * 11 + b"\x00"
    for index in (1 << 88, -1):
        with pytest.raises(AgeUsageError):
            chunk_nonce(index, last=False)


# Sealing


@given(lengths.filter(lambda n: n < 3 * CHUNK_BYTES))
def test_what_is_sealed_opens(plain_bytes: int) -> None:
    plaintext = os.urandom(plain_bytes)
    assert open_all(*seal(plaintext)) == plaintext


def test_chunks_sealed_one_by_one_in_order_are_those_sealed_at_once() -> None:
    sealer, out = PayloadSealer(FILE_KEY), bytearray(SEALED_CHUNK_BYTES)
    one_by_one = bytearray()
    for index in range(3):
        chunk = THREE_CHUNKS[index * CHUNK_BYTES : (index + 1) * CHUNK_BYTES]
        written = sealer.seal_segment(chunk, first_chunk_index=index, last=index == 2, out=out)
        assert written == len(chunk) + TAG_BYTES
        one_by_one += out[:written]
    at_once = bytearray(len(one_by_one))
    again = PayloadSealer.reproduce_for_test_vectors(FILE_KEY, sealer.nonce)
    again.seal_segment(THREE_CHUNKS, first_chunk_index=0, last=True, out=at_once)
    assert at_once == one_by_one


def test_a_buffer_of_wider_items_counts_as_its_octets() -> None:
    numbers = array("Q", range(CHUNK_BYTES // 8))
    sealer, out = PayloadSealer(FILE_KEY), array("Q", bytes(SEALED_CHUNK_BYTES))
    view = memoryview(numbers)
    written = sealer.seal_segment(view, first_chunk_index=0, last=True, out=memoryview(out))
    assert written == SEALED_CHUNK_BYTES
    assert open_all(PayloadOpener(FILE_KEY, sealer.nonce), out.tobytes()) == numbers.tobytes()


def test_segments_sealed_in_threads_are_those_sealed_in_order() -> None:
    plaintext = os.urandom(64 * CHUNK_BYTES + 1)
    layout = StreamLayout(len(plaintext))
    sealer = PayloadSealer(FILE_KEY)
    out = bytearray(layout.sealed_bytes)

    def seal_run(first: int) -> int:
        count = min(8, layout.chunk_count - first)
        source, target = layout.plain_range(first, count), layout.sealed_range(first, count)
        return sealer.seal_segment(
            memoryview(plaintext)[source.start : source.stop],
            first_chunk_index=first,
            last=layout.is_last(first, count),
            out=memoryview(out)[target.start : target.stop],
        )

    with ThreadPoolExecutor(4) as threads:
        written = sum(threads.map(seal_run, reversed(range(0, layout.chunk_count, 8))))
    assert written == len(out)
    assert open_all(PayloadOpener(FILE_KEY, sealer.nonce), bytes(out)) == plaintext


def test_a_chunk_index_is_sealed_once_even_if_the_source_has_not_changed() -> None:
    sealer, out = PayloadSealer(FILE_KEY), bytearray(2 * SEALED_CHUNK_BYTES)
    sealer.seal_segment(CHUNK * 2, first_chunk_index=4, last=False, out=out)
    sealed = bytes(out)
    for first, chunks in ((4, 2), (5, 1), (3, 2), (5, 2)):
        with pytest.raises(ChunkSealedTwiceError):
            sealer.seal_segment(CHUNK * chunks, first_chunk_index=first, last=False, out=out)
    assert out == sealed
    sealer.seal_segment(CHUNK, first_chunk_index=3, last=False, out=out)


def test_nothing_is_sealed_after_the_final_chunk_and_it_is_sealed_once() -> None:
    sealer, out = PayloadSealer(FILE_KEY), bytearray(2 * SEALED_CHUNK_BYTES)
    sealer.seal_segment(b"end", first_chunk_index=2, last=True, out=out)
    for first, last in ((3, False), (2, False), (2, True), (0, True), (3, True)):
        with pytest.raises(ChunkSealedTwiceError):
            sealer.seal_segment(CHUNK, first_chunk_index=first, last=last, out=out)
    sealer.seal_segment(CHUNK * 2, first_chunk_index=0, last=False, out=out)


def test_no_chunk_before_one_already_sealed_is_the_final_one() -> None:
    sealer, out = PayloadSealer(FILE_KEY), bytearray(SEALED_CHUNK_BYTES)
    sealer.seal_segment(CHUNK, first_chunk_index=7, last=False, out=out)
    with pytest.raises(ChunkSealedTwiceError):
        sealer.seal_segment(CHUNK, first_chunk_index=6, last=True, out=out)


def test_of_two_threads_given_the_same_chunk_one_seals_it() -> None:
    def seals(sealer: PayloadSealer) -> bool:
        out = bytearray(SEALED_CHUNK_BYTES)
        try:
            sealer.seal_segment(os.urandom(CHUNK_BYTES), first_chunk_index=0, last=True, out=out)
        except ChunkSealedTwiceError:
            return False
        return True

    with ThreadPoolExecutor(2) as threads:
        for _ in range(200):
            sealer = PayloadSealer(FILE_KEY)
            assert sorted(threads.map(seals, [sealer, sealer])) == [False, True]


@pytest.mark.parametrize(
    ("length", "first", "last"),
    [
        (0, 0, False),
        (0, 1, True),
        (1, 0, False),
        (CHUNK_BYTES + 1, 0, False),
        (1, -1, True),
    ],
)
def test_a_run_that_age_does_not_allow_is_not_sealed(length: int, first: int, last: bool) -> None:
    sealer, out = PayloadSealer(FILE_KEY), bytearray(2 * SEALED_CHUNK_BYTES)
    with pytest.raises(AgeUsageError):
        sealer.seal_segment(bytes(length), first_chunk_index=first, last=last, out=out)


@pytest.mark.parametrize(
    ("plain_bytes", "first", "last"),
    [(0, 0, True), (1, 0, True), (1, 1, True), (CHUNK_BYTES, 0, False), (CHUNK_BYTES, 0, True)],
)
def test_the_shortest_runs_that_age_allows_are_sealed(
    plain_bytes: int, first: int, last: bool
) -> None:
    sealer, out = PayloadSealer(FILE_KEY), bytearray(SEALED_CHUNK_BYTES)
    plaintext = os.urandom(plain_bytes)
    written = sealer.seal_segment(plaintext, first_chunk_index=first, last=last, out=out)
    assert written == plain_bytes + TAG_BYTES
    opener, opened = PayloadOpener(FILE_KEY, sealer.nonce), bytearray(plain_bytes)
    sealed = memoryview(out)[:written]
    got = opener.open_segment(sealed, first_chunk_index=first, last=last, out=opened)
    assert (got, opened) == (plain_bytes, plaintext)


def test_no_chunk_has_a_negative_index() -> None:
    opener, sealed = seal(CHUNK)
    with pytest.raises(AgeUsageError):
        opener.open_segment(sealed, first_chunk_index=-1, last=True, out=bytearray(CHUNK_BYTES))


def test_a_refusal_for_want_of_room_leaves_the_chunk_to_be_sealed() -> None:
    sealer = PayloadSealer(FILE_KEY)
    for out in (bytearray(18), memoryview(bytes(19))):
        with pytest.raises(AgeUsageError):
            sealer.seal_segment(b"end", first_chunk_index=0, last=True, out=out)
    assert sealer.seal_segment(b"end", first_chunk_index=0, last=True, out=bytearray(99)) == 19


def test_two_payloads_under_one_file_key_have_different_nonces() -> None:
    assert len({PayloadSealer(FILE_KEY).nonce for _ in range(8)}) == 8


def test_only_tests_seal_under_a_nonce_of_their_choice() -> None:
    packages = Path(souspli_exchange.__file__).parents[2]
    sources = [
        path
        for room in ("exchange", "keys", "mailbox", "storage", "cli")
        for path in (packages / room).rglob("*.py")
        if "node_modules" not in path.parts
    ]
    users = {p.name for p in sources if "reproduce_for_test_vectors" in p.read_text("utf-8")}
    assert users == {"stream.py"}


# Opening


def test_any_run_opens_by_itself() -> None:
    opener, sealed = seal(THREE_CHUNKS)
    layout = StreamLayout.of_sealed(len(sealed))
    for first in range(3):
        for count in range(1, 4 - first):
            source, place = layout.sealed_range(first, count), layout.plain_range(first, count)
            out = bytearray(len(place))
            opener.open_range(
                sealed[source.start : source.stop],
                layout=layout,
                first_chunk_index=first,
                out=out,
            )
            assert out == THREE_CHUNKS[place.start : place.stop]


@pytest.mark.parametrize(
    ("start", "stop", "first"),
    [
        (0, SEALED_CHUNK_BYTES, 1),  # another chunk's place
        (0, SEALED_CHUNK_BYTES - 1, 0),  # not a whole chunk
        (1, SEALED_CHUNK_BYTES + 1, 0),  # shifted
        (0, 0, 0),  # none
        (0, 3 * SEALED_CHUNK_BYTES, 1),  # more than there are
        (0, 2 * SEALED_CHUNK_BYTES + 21, 1),
    ],
)
def test_what_is_not_the_run_it_is_said_to_be_is_refused(start: int, stop: int, first: int) -> None:
    opener, sealed = seal(THREE_CHUNKS)
    layout = StreamLayout.of_sealed(len(sealed))
    with pytest.raises(PayloadError):
        opener.open_range(
            sealed[start:stop], layout=layout, first_chunk_index=first, out=bytearray(len(sealed))
        )


def test_a_stream_cut_at_a_chunks_end_is_refused() -> None:
    opener, sealed = seal(THREE_CHUNKS)
    for chunks in (1, 2):
        with pytest.raises(PayloadError):
            open_all(opener, sealed[: chunks * SEALED_CHUNK_BYTES])


def test_chunks_swapped_doubled_or_left_out_are_refused() -> None:
    opener, sealed = seal(THREE_CHUNKS)
    one, two, end = (sealed[i : i + SEALED_CHUNK_BYTES] for i in range(0, len(sealed), 65_552))
    assert open_all(opener, one + two + end) == THREE_CHUNKS
    for order in (two + one + end, one + one + two + end, one + end, one + two + end + end):
        with pytest.raises(PayloadError):
            open_all(opener, order)


def test_a_failed_opening_leaves_no_plaintext_behind() -> None:
    opener, sealed = seal(THREE_CHUNKS)
    damaged = bytearray(sealed)
    damaged[-1] ^= 1
    out = bytearray(b"x" * (len(THREE_CHUNKS) + 1))
    with pytest.raises(PayloadError):
        opener.open_segment(damaged, first_chunk_index=0, last=True, out=out)
    assert out == bytes(len(THREE_CHUNKS)) + b"x"


def test_an_empty_final_chunk_after_others_is_refused_though_its_tag_is_right() -> None:
    """Only whoever has the file key can make one: a second file of the same plaintext."""
    sealer, full = PayloadSealer(FILE_KEY), bytearray(SEALED_CHUNK_BYTES)
    sealer.seal_segment(CHUNK, first_chunk_index=0, last=False, out=full)
    cipher = ChaCha20Poly1305(FILE_KEY.payload_key(sealer.nonce))
    opener, out = PayloadOpener(FILE_KEY, sealer.nonce), bytearray(CHUNK_BYTES)
    empty = cipher.encrypt(chunk_nonce(1, last=True), b"", None)
    for first, run in ((1, empty), (0, bytes(full) + empty)):
        with pytest.raises(PayloadError):
            opener.open_segment(run, first_chunk_index=first, last=True, out=out)
    # Such a chunk opens where the payload is empty: it is the place that is refused.
    only = cipher.encrypt(chunk_nonce(0, last=True), b"", None)
    assert opener.open_segment(only, first_chunk_index=0, last=True, out=out) == 0


def test_another_files_key_or_nonce_opens_nothing() -> None:
    sealer, out = PayloadSealer(FILE_KEY), bytearray(19)
    sealer.seal_segment(b"end", first_chunk_index=0, last=True, out=out)
    for key, nonce in ((FileKey.generate(), sealer.nonce), (FILE_KEY, os.urandom(16))):
        with pytest.raises(PayloadError):
            PayloadOpener(key, nonce).open_segment(
                out, first_chunk_index=0, last=True, out=bytearray(3)
            )


# Opening as it arrives


@given(st.lists(st.integers(0, 2 * SEALED_CHUNK_BYTES), max_size=6))
def test_a_payload_that_arrives_in_pieces_of_any_size_opens(cuts: list[int]) -> None:
    opener, sealed = seal(THREE_CHUNKS)
    decryptor, released = PayloadDecryptor(opener), bytearray()
    ends = [*sorted(cuts), len(sealed)]
    for start, end in zip([0, *ends], ends, strict=False):
        released += decryptor.receive(sealed[start:end])
    released += decryptor.finish()
    assert released == THREE_CHUNKS


def test_a_chunk_is_released_with_its_last_byte() -> None:
    opener, sealed = seal(THREE_CHUNKS)
    decryptor = PayloadDecryptor(opener)
    assert decryptor.receive(sealed[: SEALED_CHUNK_BYTES - 1]) == b""
    end = SEALED_CHUNK_BYTES
    assert decryptor.receive(sealed[end - 1 : end]) == CHUNK
    assert decryptor.receive(sealed[end:]) == THREE_CHUNKS[CHUNK_BYTES : 2 * CHUNK_BYTES]
    assert decryptor.finish() == THREE_CHUNKS[2 * CHUNK_BYTES :]


def test_a_full_final_chunk_is_released_at_once_and_nothing_may_follow() -> None:
    opener, sealed = seal(CHUNK)
    whole, longer = PayloadDecryptor(opener), PayloadDecryptor(opener)
    assert whole.receive(sealed) == CHUNK
    assert whole.finish() == b""
    assert longer.receive(sealed) == CHUNK
    with pytest.raises(PayloadError):
        longer.receive(b"\0")


@pytest.mark.parametrize("length", [0, 1, TAG_BYTES - 1])
def test_a_payload_that_ends_inside_a_tag_is_refused(length: int) -> None:
    opener, sealed = seal(b"")
    decryptor = PayloadDecryptor(opener)
    decryptor.receive(sealed[:length])
    for _ in range(2):
        with pytest.raises(PayloadError):
            decryptor.finish()
        with pytest.raises(PayloadError):
            decryptor.receive(b"")


def test_a_decryptor_that_has_failed_or_finished_says_so_ever_after() -> None:
    opener, sealed = seal(THREE_CHUNKS)
    failed, finished = PayloadDecryptor(opener), PayloadDecryptor(opener)
    for _ in range(2):
        with pytest.raises(PayloadError):
            failed.receive(bytes(SEALED_CHUNK_BYTES))
        with pytest.raises(PayloadError):
            failed.finish()
    finished.receive(sealed)
    finished.finish()
    for _ in range(2):
        with pytest.raises(AgeUsageError):
            finished.receive(b"")
        with pytest.raises(AgeUsageError):
            finished.finish()


def test_what_came_before_the_damage_is_released_and_the_next_call_raises() -> None:
    opener, sealed = seal(THREE_CHUNKS)
    decryptor = PayloadDecryptor(opener)
    damaged = bytearray(sealed)
    damaged[SEALED_CHUNK_BYTES] ^= 1
    assert decryptor.receive(damaged) == CHUNK
    with pytest.raises(PayloadError):
        decryptor.receive(b"")
