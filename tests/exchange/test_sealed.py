"""Sealed documents: what was sealed opens, and nothing else does."""

from dataclasses import replace

import pytest
from exchange.people import NOW, Practice, make_practice
from exchange.sealed_world import ME, Sent, open_contents, open_own, reader_of, seal, sources_of
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from souspli_exchange.age.file import open_start
from souspli_exchange.contents_opener import ContentsOpener, VerifiedContents
from souspli_exchange.errors import (
    AnotherDocumentError,
    ContentsRefusedError,
    CoverRefusedError,
    ExchangeUsageError,
    FileNameError,
    ManifestRefusedError,
    NotForMeError,
    SenderRefusedError,
)
from souspli_exchange.manifest import Limits
from souspli_exchange.sealed import MAX_SEALED_COVER_BYTES
from souspli_exchange.segments import SEGMENT_BYTES, START_BYTES, SegmentLayout
from souspli_exchange.verified import Proof
from souspli_keys.address import Origin
from souspli_keys.identity import Identity
from souspli_keys.tree import leaf_hash

NAMES = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cf", "Zl", "Zp", "Cs"]),
    min_size=1,
    max_size=40,
).map(lambda name: name.replace("/", "-").replace("\\", "-"))


@given(files=st.dictionaries(NAMES, st.binary(max_size=5_000), min_size=1, max_size=4))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
def test_what_was_sealed_opens_to_the_same_bytes(
    practice: Practice, files: dict[str, bytes]
) -> None:
    try:
        sent = seal(practice, sources_of(files))
    except FileNameError:
        return  # not a name for a manifest: told before anything was sealed
    cover = open_own(practice, sent.cover, sent)
    assert [file.name for file in cover.manifest.contents.files] == list(files)
    assert open_contents(cover, sent.contents)[1] == list(files.values())


@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_any_changed_byte_of_the_cover_is_refused(
    practice: Practice, sent: Sent, data: st.DataObject
) -> None:
    changed = bytearray(sent.cover)
    changed[data.draw(st.integers(0, len(changed) - 1))] ^= data.draw(st.integers(1, 255))
    with pytest.raises(CoverRefusedError):
        open_own(practice, bytes(changed), sent)


@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_any_changed_byte_of_the_contents_is_refused(
    practice: Practice, sent: Sent, data: st.DataObject
) -> None:
    changed = bytearray(sent.contents)
    changed[data.draw(st.integers(0, len(changed) - 1))] ^= data.draw(st.integers(1, 255))
    cover = open_own(practice, sent.cover, sent)
    with pytest.raises(ContentsRefusedError):
        open_contents(cover, bytes(changed))


@given(data=st.data())
@settings(max_examples=30, deadline=None)
def test_contents_or_a_cover_cut_anywhere_are_refused(
    practice: Practice, sent: Sent, data: st.DataObject
) -> None:
    cover = open_own(practice, sent.cover, sent)
    length = data.draw(st.integers(0, len(sent.contents) - 1))
    with pytest.raises(ContentsRefusedError):
        open_contents(cover, sent.contents[:length])
    length = data.draw(st.integers(0, len(sent.cover) - 1))
    with pytest.raises(CoverRefusedError):
        open_own(practice, sent.cover[:length], sent)


def test_three_segments_open_and_none_of_them_may_move(practice: Practice) -> None:
    content = bytes(range(256)) * (2 * SEGMENT_BYTES // 256) + b"end"
    sent = seal(practice, sources_of({"scan.bin": content, "b.txt": b"second"}))
    layout = SegmentLayout.of_sealed(sent.spooled.sealed_length)
    assert layout.count == 3
    cover = open_own(practice, sent.cover, sent)
    assert open_contents(cover, sent.contents)[1] == [content, b"second"]

    def part(index: int) -> bytes:
        where = layout.sealed_range(index)
        return sent.contents[where.start : where.stop]

    for swapped in (
        part(0) + part(2) + part(1),
        part(0) + part(1) + part(1),
        part(0) + part(1),
        part(1) + part(1) + part(2),
    ):
        with pytest.raises(ContentsRefusedError):
            open_contents(cover, swapped)


def test_contents_are_whole_only_with_their_last_segment(practice: Practice) -> None:
    # A hostile sender's tree hash could be that of the first segment alone.
    sent = seal(practice, sources_of({"a.bin": bytes(SEGMENT_BYTES)}))
    cover = open_own(practice, sent.cover, sent)
    contents = cover.manifest.contents
    layout = SegmentLayout(contents.padded_length)
    where = layout.sealed_range(0)
    plain = bytearray(SEGMENT_BYTES)
    opener = open_start(sent.contents, cover.document_key)
    opener.open_segment(
        sent.contents[START_BYTES : where.stop], first_chunk_index=0, last=False, out=plain
    )
    contents = replace(
        contents,
        tree_hash=leaf_hash(plain).hex(),
        files=(replace(contents.files[0], sha256=None),),
    )
    hostile = replace(cover, manifest=replace(cover.manifest, contents=contents))
    reading = ContentsOpener(hostile, write=lambda *_: None)
    reading.open_next(sent.contents[where.start : where.stop])
    with pytest.raises(ContentsRefusedError):
        reading.finish()


def test_no_segment_is_taken_after_one_was_refused(practice: Practice, sent: Sent) -> None:
    opener = ContentsOpener(open_own(practice, sent.cover, sent), write=lambda *_: None)
    with pytest.raises(ContentsRefusedError):
        opener.open_next(bytes(len(sent.contents)))
    with pytest.raises(ExchangeUsageError):
        opener.open_next(sent.contents)
    with pytest.raises(ExchangeUsageError):
        opener.finish()


def test_contents_of_another_document_are_refused(
    practice: Practice, sent: Sent, other: Sent
) -> None:
    with pytest.raises(ContentsRefusedError):
        open_contents(open_own(practice, sent.cover, sent), other.contents)


def test_a_cover_of_another_document_is_refused(
    practice: Practice, sent: Sent, other: Sent
) -> None:
    with pytest.raises(AnotherDocumentError):
        open_own(practice, other.cover, sent)


def test_a_cover_larger_than_any_is_not_even_decrypted(practice: Practice, sent: Sent) -> None:
    keyless = replace(reader_of(practice), identities=())
    with pytest.raises(CoverRefusedError) as refused:
        open_own(practice, bytes(MAX_SEALED_COVER_BYTES + 1), sent, reader=keyless)
    assert not isinstance(refused.value, NotForMeError)


def test_a_cover_for_somebody_else_is_refused(practice: Practice, sent: Sent) -> None:
    with pytest.raises(NotForMeError):
        open_own(practice, sent.cover, sent, reader=reader_of(practice, Identity.generate()))


def test_a_claim_identity_that_is_still_kept_opens_too(practice: Practice, sent: Sent) -> None:
    reader = reader_of(practice, Identity.generate(), ME)
    opened = open_own(practice, sent.cover, sent, reader=reader)
    assert opened.effective_recipient == ME.public.fingerprint


def test_an_organisation_that_the_reader_does_not_trust_is_refused(
    practice: Practice, stranger: Practice, sent: Sent
) -> None:
    with pytest.raises(SenderRefusedError):
        open_own(practice, sent.cover, sent, reader=reader_of(stranger))


def test_statements_of_another_member_are_refused(practice: Practice, sent: Sent) -> None:
    colleague = make_practice(root=practice.root)
    with pytest.raises(ManifestRefusedError):
        open_own(practice, sent.cover, sent, sender=colleague.sender)


def test_a_document_signed_before_or_after_the_membership_is_refused(
    practice: Practice, sent: Sent
) -> None:
    over = make_practice(root=practice.root, not_after=NOW - 1)
    with pytest.raises(SenderRefusedError):
        open_own(practice, sent.cover, sent, sender=over.sender)


def test_a_document_of_another_service_is_refused(practice: Practice, sent: Sent) -> None:
    reader = replace(reader_of(practice), origin=Origin("other.example"))
    with pytest.raises(SenderRefusedError):
        open_own(practice, sent.cover, sent, reader=reader)


def test_a_reader_with_smaller_limits_refuses_a_larger_document(
    practice: Practice, sent: Sent
) -> None:
    reader = replace(reader_of(practice), limits=Limits(max_files=1))
    with pytest.raises(ManifestRefusedError):
        open_own(practice, sent.cover, sent, reader=reader)


def test_a_verified_cover_can_t_be_made_by_hand(practice: Practice, sent: Sent) -> None:
    cover = open_own(practice, sent.cover, sent)
    with pytest.raises(ExchangeUsageError):
        replace(cover, proof=Proof())
    with pytest.raises(ExchangeUsageError):
        VerifiedContents(cover, Proof())
    assert repr(cover.proof) == "Proof()"


def test_nothing_about_a_patient_shows_in_a_repr(practice: Practice, sent: Sent) -> None:
    cover = open_own(practice, sent.cover, sent)
    shown = f"{cover!r} {cover.manifest!r} {cover.manifest.document!r} {cover.envelopes!r}"
    shown += f"{cover.manifest.document.patient!r} {cover.manifest.contents!r} {sent.spooled!r}"
    for word in ("Martin", "Jeanne", "1950", "analyses", "a.txt", "AGE-SECRET"):
        assert word not in shown
