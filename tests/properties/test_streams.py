"""Payloads of age: whole in any pieces and any order, and otherwise not at all."""

from itertools import pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from properties.damage import damaged
from properties.profile import examples

from souspli_exchange.age.decryptor import PayloadDecryptor
from souspli_exchange.age.errors import ChunkSealedTwiceError, PayloadError
from souspli_exchange.age.filekey import FileKey
from souspli_exchange.age.lengths import CHUNK_BYTES, SEALED_CHUNK_BYTES, StreamLayout
from souspli_exchange.age.stream import PayloadOpener, PayloadSealer

FILE_KEY = FileKey(bytes(range(16)))
NONCE = bytes(range(16))
PATTERN = bytes(n * n % 251 for n in range(7_919)) * 40  # no chunk of it equals another

LENGTHS = st.builds(
    lambda chunks, more: max(0, chunks * CHUNK_BYTES + more),
    st.integers(0, 4),
    st.sampled_from([-1, 0, 1]) | st.integers(0, CHUNK_BYTES),
)
PLAIN = LENGTHS.map(lambda length: PATTERN[:length])


def sealer() -> PayloadSealer:
    return PayloadSealer.reproduce_for_test_vectors(FILE_KEY, NONCE)


def opener() -> PayloadOpener:
    return PayloadOpener(FILE_KEY, NONCE)


def seal(plain: bytes) -> bytes:
    out = bytearray(StreamLayout(len(plain)).sealed_bytes)
    sealer().seal_segment(plain, first_chunk_index=0, last=True, out=out)
    return bytes(out)


def draw_runs(data: st.DataObject, layout: StreamLayout) -> list[range]:
    """Cut a stream's chunks into runs, in any order."""
    inner = st.sets(st.integers(1, max(1, layout.chunk_count - 1)))
    ends = sorted({0, *data.draw(inner), layout.chunk_count})
    runs = [range(a, b) for a, b in pairwise(ends)]
    return data.draw(st.permutations(runs))


@given(plain=PLAIN, data=st.data())
@examples(60)
def test_chunks_sealed_and_opened_in_any_runs_and_order_give_one_stream(
    plain: bytes, data: st.DataObject
) -> None:
    layout = StreamLayout(len(plain))
    stream, opened = bytearray(layout.sealed_bytes), bytearray(len(plain))
    one = sealer()
    for run in draw_runs(data, layout):
        sealed_at = layout.sealed_range(run.start, len(run))
        plain_at = layout.plain_range(run.start, len(run))
        one.seal_segment(
            plain[plain_at.start : plain_at.stop],
            first_chunk_index=run.start,
            last=layout.is_last(run.start, len(run)),
            out=memoryview(stream)[sealed_at.start : sealed_at.stop],
        )
    assert stream == seal(plain)
    for run in draw_runs(data, layout):
        sealed_at = layout.sealed_range(run.start, len(run))
        plain_at = layout.plain_range(run.start, len(run))
        opener().open_range(
            stream[sealed_at.start : sealed_at.stop],
            layout=layout,
            first_chunk_index=run.start,
            out=memoryview(opened)[plain_at.start : plain_at.stop],
        )
    assert opened == plain


@given(plain=PLAIN, data=st.data())
@examples(40)
def test_no_chunk_is_sealed_twice_whatever_the_runs(plain: bytes, data: st.DataObject) -> None:
    layout = StreamLayout(len(plain))
    one = sealer()
    runs = draw_runs(data, layout)
    done = data.draw(st.integers(1, len(runs)))
    out = bytearray(layout.sealed_bytes)

    def seal_run(run: range) -> None:
        plain_at = layout.plain_range(run.start, len(run))
        one.seal_segment(
            plain[plain_at.start : plain_at.stop],
            first_chunk_index=run.start,
            last=layout.is_last(run.start, len(run)),
            out=out,
        )

    for run in runs[:done]:
        seal_run(run)
    # Any other cutting: a run with no chunk in common with those may still be sealed.
    sealed = {index for run in runs[:done] for index in run}
    again = data.draw(st.sampled_from(draw_runs(data, layout)))
    assume(not sealed.isdisjoint(again))
    with pytest.raises(ChunkSealedTwiceError):
        seal_run(again)


@given(plain=PLAIN, data=st.data())
@examples(60)
def test_a_payload_in_any_pieces_is_released_whole_and_in_order(
    plain: bytes, data: st.DataObject
) -> None:
    stream = seal(plain)
    released, failure = release(stream, data)
    assert failure is None
    assert released == plain


@given(plain=PLAIN, data=st.data())
@examples(120)
def test_a_damaged_payload_raises_and_releases_only_what_is_authentic(
    plain: bytes, data: st.DataObject
) -> None:
    stream = data.draw(damaged(seal(plain)))
    released, failure = release(stream, data)
    assert isinstance(failure, PayloadError)
    assert plain.startswith(released)
    out = bytearray(b"\xaa" * len(stream))
    with pytest.raises(PayloadError):
        opener().open_segment(stream, first_chunk_index=0, last=True, out=out)
    # The beginning of `out`, as far as the plaintext would have gone, holds none of it.
    assert not out.strip(b"\xaa").strip(b"\0")


@given(chunks=st.integers(1, 3), more=st.binary(min_size=1, max_size=40), data=st.data())
@examples(20)
def test_nothing_may_follow_a_final_chunk_that_is_full(
    chunks: int, more: bytes, data: st.DataObject
) -> None:
    plain = PATTERN[: chunks * CHUNK_BYTES]
    released, failure = release(seal(plain) + more, data)
    assert isinstance(failure, PayloadError)
    assert plain.startswith(released)


@given(chunks=st.permutations(range(4)), length=st.integers(0, CHUNK_BYTES), data=st.data())
@examples(60)
def test_chunks_that_are_moved_doubled_or_missing_are_refused(
    chunks: list[int], length: int, data: st.DataObject
) -> None:
    plain = PATTERN[: 3 * CHUNK_BYTES + length]
    layout = StreamLayout(len(plain))
    stream = seal(plain)
    chosen = chunks[: data.draw(st.integers(1, 4))] + data.draw(
        st.lists(st.integers(0, 3), max_size=1)
    )
    chosen = [index for index in chosen if index < layout.chunk_count]
    assume(chosen != list(range(layout.chunk_count)))
    where = [layout.sealed_range(index, 1) for index in chosen]
    moved = b"".join(stream[part.start : part.stop] for part in where)
    released, failure = release(moved, data)
    assert isinstance(failure, PayloadError)
    assert plain.startswith(released)


@given(st.integers(0, 2**41))
@examples(200)
def test_the_length_of_a_stream_tells_the_length_of_its_plaintext(length: int) -> None:
    layout = StreamLayout(length)
    assert StreamLayout.of_sealed(layout.sealed_bytes) == layout
    last = layout.chunk_count - 1
    assert layout.sealed_range(last, 1).stop == layout.sealed_bytes
    assert layout.plain_range(last, 1).stop == length


@given(st.integers(-5, 5 * SEALED_CHUNK_BYTES))
@examples(200)
def test_a_length_is_refused_or_that_of_exactly_one_plaintext(sealed_bytes: int) -> None:
    try:
        layout = StreamLayout.of_sealed(sealed_bytes)
    except PayloadError:
        return
    assert layout.sealed_bytes == sealed_bytes


def release(stream: bytes, data: st.DataObject) -> tuple[bytes, PayloadError | None]:
    """Give the stream to a decryptor in pieces; return what came out, and how it ended."""
    inner = data.draw(st.lists(st.integers(0, len(stream)), max_size=6), label="pieces")
    ends = [0, *sorted(inner), len(stream)]
    decryptor = PayloadDecryptor(opener())
    released = bytearray()
    try:
        for a, b in pairwise(ends):
            released += decryptor.receive(stream[a:b])
        released += decryptor.finish()
    except PayloadError as failure:
        return bytes(released), failure
    return bytes(released), None
