"""Sealed documents: open(seal(x)) = x, and of anything else nothing is released."""

from dataclasses import replace
from functools import cache
from itertools import pairwise

import pytest
from exchange.people import NOW
from hypothesis import assume, given
from hypothesis import strategies as st
from properties import descriptions, values
from properties.damage import damaged
from properties.documents import (
    ME,
    SOMEBODY_ELSE,
    Document,
    Sink,
    open_contents,
    open_sealed_cover,
    open_segments,
    reader_of,
    seal,
)
from properties.profile import examples

from souspli_exchange.cover import Cover
from souspli_exchange.errors import (
    AnotherDocumentError,
    ContentsRefusedError,
    CoverRefusedError,
    GrantRefusedError,
    ManifestRefusedError,
    NotForMeError,
    RefusedError,
)
from souspli_exchange.grant import GrantReason
from souspli_exchange.sealed import VerifiedCover, reseal_cover, seal_cover
from souspli_exchange.segments import SEGMENT_BYTES

CHUNK = 65_536
CONTENTS = st.binary(max_size=2_000) | st.builds(
    lambda some, length: (some * length)[:length],
    st.binary(min_size=1, max_size=50),
    st.integers(0, 3 * CHUNK) | st.sampled_from([511, 512, 513, CHUNK - 1_536, CHUNK - 1_535]),
)
FILES = descriptions.file_names(4).flatmap(
    lambda names: st.fixed_dictionaries(dict.fromkeys(names, CONTENTS))
)


@cache
def small() -> Document:
    """Two chunks in one segment."""
    return seal({"scan.jpg": bytes(range(256)) * 300, "empty": b"", "é.txt": b"a short one"})


@cache
def twin() -> Document:
    """Another document of the very same files."""
    return seal(small().files)


@cache
def long() -> Document:
    """Three segments."""
    return seal({"scan.bin": bytes(range(256)) * (2 * SEGMENT_BYTES // 256), "end": b"end"})


@cache
def cover_of(document: Document) -> VerifiedCover:
    return open_sealed_cover(document.cover, document.document_id)


@given(FILES)
@examples(30)
def test_what_was_sealed_opens_to_the_same_files(files: dict[str, bytes]) -> None:
    document = seal(files)
    cover = open_sealed_cover(document.cover, document.document_id)
    assert [file.name for file in cover.manifest.contents.files] == list(files)
    sink = Sink()
    open_contents(cover, document.contents, sink)
    assert sink.released is not None
    assert [sink.file(index) for index in range(len(files))] == list(files.values())


@given(st.data())
@examples(80)
def test_damaged_contents_are_refused_and_not_released(data: st.DataObject) -> None:
    sink = Sink()
    contents = data.draw(damaged(small().contents))
    with pytest.raises(ContentsRefusedError):
        open_contents(cover_of(small()), contents, sink)
    assert sink.released is None


@given(st.data())
@examples(80)
def test_a_damaged_cover_is_refused(data: st.DataObject) -> None:
    cover = data.draw(damaged(small().cover))
    with pytest.raises(CoverRefusedError):
        open_sealed_cover(cover, small().document_id)


@given(st.lists(st.integers(0, 2), max_size=4))
@examples(25)
def test_segments_that_are_moved_doubled_or_missing_are_refused(order: list[int]) -> None:
    assume(order != [0, 1, 2])
    sink = Sink()
    with pytest.raises(ContentsRefusedError):
        open_segments(cover_of(long()), [long().segments[index] for index in order], sink)
    assert sink.released is None


def test_the_segments_in_their_order_open() -> None:
    sink = Sink()
    open_segments(cover_of(long()), long().segments, sink)
    assert [sink.file(index) for index in range(2)] == list(long().files.values())


@given(st.data())
@examples(10)
def test_a_part_of_another_document_of_the_same_files_is_refused(data: st.DataObject) -> None:
    one, other = small().contents, twin().contents
    at, to = sorted(data.draw(st.tuples(st.integers(0, len(one)), st.integers(0, len(one)))))
    assume(one[at:to] != other[at:to])
    sink = Sink()
    with pytest.raises(ContentsRefusedError):
        open_contents(cover_of(small()), one[:at] + other[at:to] + one[to:], sink)
    assert sink.released is None


def test_the_cover_of_another_document_of_the_same_files_is_refused() -> None:
    with pytest.raises(AnotherDocumentError):
        open_sealed_cover(twin().cover, small().document_id)


def test_the_cover_of_another_reader_is_refused() -> None:
    with pytest.raises(NotForMeError):
        open_sealed_cover(small().cover, small().document_id, reader=reader_of(SOMEBODY_ELSE))


# --- envelopes -------------------------------------------------------------------------


@cache
def passed_on() -> tuple[VerifiedCover, Cover]:
    """A cover that was re-sealed three times, to ME again in the end."""
    people = [ME, values.identity(3), values.identity(4), ME]
    cover = cover_of(small())
    for giver, taker in pairwise(people):
        sealed = reseal_cover(
            cover, signer=giver, to=taker.public, reason=GrantReason.REKEY, now=NOW
        )
        # A reader knows who sealed it to them: here, one account's older identities.
        reader = reader_of(taker, giver)
        cover = open_sealed_cover(sealed, small().document_id, reader=reader)
    return cover, cover.envelopes


def open_with(envelopes: Cover) -> VerifiedCover:
    sealed = seal_cover(envelopes, ME.public)
    reader = reader_of(ME, values.identity(3), values.identity(4))
    return open_sealed_cover(sealed, small().document_id, reader=reader)


def test_three_grants_in_their_order_lead_to_the_reader() -> None:
    assert len(open_with(passed_on()[1]).grants) == 3


@given(st.lists(st.integers(0, 2), max_size=5))
@examples(40)
def test_grants_that_are_moved_doubled_or_missing_are_refused(order: list[int]) -> None:
    _, envelopes = passed_on()
    chosen = replace(envelopes, grants=tuple(envelopes.grants[index] for index in order))
    # The way is a ring, and this reader has the keys of all on it: whoever walks it step
    # by step, once or more, may stop anywhere.
    if order == [step % 3 for step in range(len(order))]:
        assert len(open_with(chosen).grants) == len(order)
        return
    with pytest.raises(GrantRefusedError):
        open_with(chosen)


@given(st.sampled_from(["manifest", "first", "second"]), st.sampled_from([0, 1, 2]))
@examples(12)
def test_an_envelope_in_the_place_of_another_is_refused(place: str, which: int) -> None:
    _, envelopes = passed_on()
    grants = envelopes.grants
    swapped = {
        "manifest": replace(envelopes, manifest=grants[which]),
        "first": replace(envelopes, grants=(envelopes.manifest, *grants)),
        "second": replace(envelopes, grants=(*grants[:which], envelopes.manifest)),
    }[place]
    with pytest.raises((ManifestRefusedError, GrantRefusedError)):
        open_with(swapped)


@given(st.data())
@examples(60)
def test_a_damaged_envelope_is_refused_inside_a_cover_that_opens(data: st.DataObject) -> None:
    # What a hostile reader can do, who seals a cover again for the next one.
    _, envelopes = passed_on()
    index = data.draw(st.integers(-1, 2))
    envelope = envelopes.manifest if index < 0 else envelopes.grants[index]
    part = data.draw(st.sampled_from(["payload", "ed25519", "ml_dsa_65"]))
    length = len(getattr(envelope, part))
    changed = data.draw(damaged(getattr(envelope, part)))
    if part != "payload":
        changed = (changed + bytes(length))[:length]  # other lengths are not even parsed
    assume(changed != getattr(envelope, part))
    envelope = replace(envelope, **{part: changed})
    grants = list(envelopes.grants)
    if index >= 0:
        grants[index] = envelope
    manifest = envelope if index < 0 else envelopes.manifest
    with pytest.raises(RefusedError) as raised:
        open_with(replace(envelopes, manifest=manifest, grants=tuple(grants)))
    expected = ManifestRefusedError if index < 0 else GrantRefusedError
    assert isinstance(raised.value, expected)
