"""Sealed documents: what was sealed opens, and nothing else does."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pytest
from exchange.people import DAY, DESCRIPTION, NOW, ORIGIN, Practice, make_practice
from exchange.simulator import MemorySpool
from exchange.world import MemorySink
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from souspli_exchange.age.file import decrypt, encrypt, open_start
from souspli_exchange.age.recipient import HybridRecipient
from souspli_exchange.age.unwrap import HybridIdentity
from souspli_exchange.binding import VerifiedRecipient
from souspli_exchange.contents_opener import ContentsOpener, VerifiedContents
from souspli_exchange.contents_sealer import ContentsSealer
from souspli_exchange.cover import parse_cover
from souspli_exchange.errors import (
    AnotherDocumentError,
    ContentsRefusedError,
    CoverRefusedError,
    ExchangeUsageError,
    FileNameError,
    GrantRefusedError,
    ManifestRefusedError,
    NotForMeError,
    ReceiptRefusedError,
    ResealedByStrangerError,
    SenderRefusedError,
    SourceChangedError,
    TooLargeToSendError,
)
from souspli_exchange.grant import GrantReason
from souspli_exchange.ids import InvitationId, new_document_id, random_hex
from souspli_exchange.manifest import Limits
from souspli_exchange.outgoing import SendingMember, seal_into_spool
from souspli_exchange.receipt import verify_receipt
from souspli_exchange.receive import sign_receipt
from souspli_exchange.sealed import (
    MAX_SEALED_COVER_BYTES,
    Reader,
    VerifiedCover,
    open_cover,
    reseal_cover,
)
from souspli_exchange.segments import SEGMENT_BYTES, START_BYTES, SegmentLayout
from souspli_exchange.sources import BytesSource, Source
from souspli_exchange.spool import SpooledDocument, parse_spooled
from souspli_exchange.verified import Proof
from souspli_keys import canonical, dsse
from souspli_keys.address import Origin
from souspli_keys.dsse import PayloadType
from souspli_keys.identity import Identity
from souspli_keys.statements import Role
from souspli_keys.tree import leaf_hash

ME = Identity.generate()


@dataclass(frozen=True)
class Sent:
    """A sealed document as the store holds it."""

    spooled: SpooledDocument
    contents: bytes

    @property
    def cover(self) -> bytes:
        return self.spooled.covers[0].sealed


def seal(
    practice: Practice, sources: Sequence[Source], *, to: Identity = ME, now: int = NOW
) -> Sent:
    spool = MemorySpool()
    invitation_id = InvitationId(random_hex())
    spooled = seal_into_spool(
        sources,
        DESCRIPTION,
        [VerifiedRecipient(invitation_id, to.public, None, attested=False)],
        document_id=new_document_id(),
        sender=practice.sender,
        spool=spool,
        now=now,
    )
    indices = range(len(spooled.checksums))
    contents = b"".join(spool.segment(spooled.document_id, index) for index in indices)
    assert len(contents) == spooled.sealed_length
    return Sent(spooled, contents)


def reader_of(practice: Practice, *identities: Identity) -> Reader:
    return Reader(identities or (ME,), ORIGIN, {practice.fingerprint})


def open_own(
    practice: Practice,
    sealed: bytes,
    sent: Sent,
    *,
    reader: Reader | None = None,
    sender: SendingMember | None = None,
) -> VerifiedCover:
    sender = sender or practice.sender
    return open_cover(
        sealed,
        reader=reader or reader_of(practice),
        document_id=sent.spooled.document_id,
        organisation=sender.organisation,
        member=sender.member,
    )


def open_contents(cover: VerifiedCover, sealed: bytes) -> tuple[VerifiedContents, list[bytes]]:
    sink = MemorySink()
    opener = ContentsOpener(cover, write=sink.write)
    while (where := opener.next_range) is not None:
        opener.open_next(sealed[where.start : where.stop])
    if len(sealed) > opener.layout.sealed_length:
        raise ContentsRefusedError("longer")
    verified = opener.finish()
    return verified, [sink.content(index) for index in range(len(cover.manifest.contents.files))]


def sources_of(files: Mapping[str, bytes]) -> list[BytesSource]:
    return [BytesSource(name, "text/plain", content) for name, content in files.items()]


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


@pytest.fixture(scope="module")
def sent(practice: Practice) -> Sent:
    return seal(practice, sources_of({"a.txt": b"text " * 50, "é.txt": b""}))


@pytest.fixture(scope="module")
def other(practice: Practice) -> Sent:
    return seal(practice, sources_of({"a.txt": b"text " * 50, "é.txt": b""}))


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


# --- grants -------------------------------------------------------------------------


def test_a_document_passes_through_eight_hands_and_no_more(practice: Practice, sent: Sent) -> None:
    hands = [ME, *(Identity.generate() for _ in range(8))]
    sealed = sent.cover
    for giver, taker in itertools.pairwise(hands):
        cover = open_own(practice, sealed, sent, reader=reader_of(practice, giver, *hands))
        sealed = reseal_cover(
            cover, signer=giver, to=taker.public, reason=GrantReason.SHARE, now=NOW
        )
    cover = open_own(practice, sealed, sent, reader=reader_of(practice, hands[-1], hands[-2]))
    assert len(cover.grants) == 8
    assert open_contents(cover, sent.contents)[1][0] == b"text " * 50
    with pytest.raises(ExchangeUsageError):
        reseal_cover(cover, signer=hands[-1], to=ME.public, reason=GrantReason.SHARE, now=NOW)


def test_a_document_re_sealed_by_a_stranger_is_refused(practice: Practice, sent: Sent) -> None:
    friend = Identity.generate()
    cover = open_own(practice, sent.cover, sent)
    sealed = reseal_cover(cover, signer=ME, to=friend.public, reason=GrantReason.SHARE, now=NOW)
    with pytest.raises(ResealedByStrangerError):
        open_own(practice, sealed, sent, reader=reader_of(practice, friend))
    assert open_own(practice, sealed, sent, reader=reader_of(practice, friend, ME)).grants


def test_only_who_has_a_document_passes_it_on(practice: Practice, sent: Sent) -> None:
    cover = open_own(practice, sent.cover, sent)
    friend = Identity.generate()
    with pytest.raises(ExchangeUsageError):
        reseal_cover(cover, signer=friend, to=friend.public, reason=GrantReason.SHARE, now=NOW)
    # The sender may, as long as nobody else did.
    sealed = reseal_cover(
        cover,
        signer=practice.sender.identity,
        to=friend.public,
        reason=GrantReason.REKEY,
        now=NOW,
    )
    rekeyed = open_own(practice, sealed, sent, reader=reader_of(practice, friend))
    assert rekeyed.effective_recipient == friend.public.fingerprint
    with pytest.raises(ExchangeUsageError):
        reseal_cover(
            rekeyed,
            signer=practice.sender.identity,
            to=ME.public,
            reason=GrantReason.REKEY,
            now=NOW,
        )


def test_a_grant_taken_from_another_document_is_refused(
    practice: Practice, sent: Sent, other: Sent
) -> None:
    friend = Identity.generate()
    age_key = HybridIdentity(friend.secret_age_seed())
    sealed = [
        reseal_cover(
            open_own(practice, document.cover, document),
            signer=ME,
            to=friend.public,
            reason=GrantReason.SHARE,
            now=NOW,
        )
        for document in (sent, other)
    ]
    mine, theirs = (canonical.decode(decrypt(one, age_key).rstrip(b" ")) for one in sealed)
    mixed = canonical.encode_padded(mine | {"grants": theirs["grants"]}, multiple=8_192)
    with pytest.raises(GrantRefusedError):
        open_own(
            practice,
            encrypt(mixed, HybridRecipient(friend.public.recipient_key)),
            sent,
            reader=reader_of(practice, friend, ME),
        )


# --- receipts -----------------------------------------------------------------------


def test_a_receipt_says_which_document_was_opened_by_whom(
    practice: Practice, sent: Sent, other: Sent
) -> None:
    verified, _ = open_contents(open_own(practice, sent.cover, sent), sent.contents)
    envelope = sign_receipt(verified, signer=ME, now=NOW + 60)
    expected: dict[str, Any] = {
        "reader": ME.public,
        "document_id": sent.spooled.document_id,
        "manifest_hash": sent.spooled.covers[0].manifest_hash,
        "origin": ORIGIN,
    }
    assert verify_receipt(envelope, **expected).opened_at == NOW + 60
    somebody = Identity.generate()
    differences: dict[str, Any] = {
        "reader": somebody.public,
        "document_id": other.spooled.document_id,
        "manifest_hash": other.spooled.covers[0].manifest_hash,
        "origin": "other.example",
    }
    for name, value in differences.items():
        with pytest.raises(ReceiptRefusedError):
            verify_receipt(envelope, **(expected | {name: value}))
    forged = dsse.sign(PayloadType.RECEIPT, envelope.payload, somebody)
    with pytest.raises(ReceiptRefusedError):
        verify_receipt(forged, **expected)


# --- sealing ------------------------------------------------------------------------


class Failing(BytesSource):
    """A file that becomes shorter halfway."""

    def read_into(self, offset: int, out: memoryview) -> None:
        raise SourceChangedError(f"shorter than {offset + len(out)} bytes")


def test_a_source_that_fails_leaves_nothing_and_is_never_sealed_further(
    practice: Practice,
) -> None:
    source = Failing("a.txt", "text/plain", b"x")
    with pytest.raises(SourceChangedError):
        seal(practice, [source])
    sealer = ContentsSealer([source], created_at=NOW)
    with pytest.raises(SourceChangedError):
        sealer.seal_next()
    with pytest.raises(ExchangeUsageError):
        sealer.seal_next()
    with pytest.raises(ExchangeUsageError):
        sealer.finish()


def test_no_segment_is_sealed_after_the_last(practice: Practice) -> None:
    sealer = ContentsSealer(sources_of({"a": b""}), created_at=NOW)
    with pytest.raises(ExchangeUsageError):
        sealer.finish()
    assert len(list(sealer.segments())) == 1
    with pytest.raises(ExchangeUsageError):
        sealer.seal_next()
    assert sealer.finish().contents.files[0].size == 0


@pytest.mark.parametrize("files", [{}, {"a/b": b""}, {"A": b"", "a": b""}])
def test_what_no_manifest_may_name_is_not_sealed(
    practice: Practice, files: dict[str, bytes]
) -> None:
    with pytest.raises((FileNameError, TooLargeToSendError)):
        seal(practice, sources_of(files))


def test_more_files_or_bytes_than_the_limits_are_not_sealed() -> None:
    with pytest.raises(TooLargeToSendError):
        ContentsSealer(sources_of({"a": b"xx"}), created_at=NOW, limits=Limits(max_bytes=1))
    with pytest.raises(TooLargeToSendError):
        ContentsSealer(sources_of({"a": b"", "b": b""}), created_at=NOW, limits=Limits(max_files=1))


@pytest.mark.parametrize("role", Role)
def test_every_role_may_send_documents(role: Role) -> None:
    practice = make_practice(role=role)
    sent = seal(practice, sources_of({"a": b"x"}))
    assert open_own(practice, sent.cover, sent)


def test_the_sender_opens_their_own_cover(practice: Practice, sent: Sent) -> None:
    own = practice.sender.open_own_cover(sent.spooled.sender_cover, sent.spooled.document_id)
    assert open_contents(own, sent.contents)[1][0] == b"text " * 50
    assert own.manifest.recipient == practice.sender.identity.public.fingerprint


def test_every_cover_has_a_manifest_of_its_own(practice: Practice, sent: Sent) -> None:
    own = practice.sender.open_own_cover(sent.spooled.sender_cover, sent.spooled.document_id)
    mine = open_own(practice, sent.cover, sent)
    assert own.manifest_hash != mine.manifest_hash
    assert own.manifest.salt != mine.manifest.salt
    assert own.manifest.contents == mine.manifest.contents


def test_a_spooled_document_survives_being_written_down(sent: Sent) -> None:
    spool = MemorySpool()
    spool.commit(sent.spooled)
    assert parse_spooled(spool.committed[sent.spooled.document_id]) == sent.spooled


def test_a_cover_s_plaintext_is_padded_and_read_strictly(sent: Sent) -> None:
    plaintext = decrypt(sent.cover, HybridIdentity(ME.secret_age_seed()))
    assert len(plaintext) % 8_192 == 0
    assert parse_cover(plaintext).grants == ()
    for wrong in (plaintext.rstrip(b" "), plaintext + b" " * 8_192, plaintext[:-1] + b"\n"):
        with pytest.raises(CoverRefusedError):
            parse_cover(wrong)


def test_a_colleague_certified_a_year_later_reads_nothing_into_the_past(
    practice: Practice,
) -> None:
    late = make_practice(root=practice.root, not_before=NOW + DAY)
    with pytest.raises(SenderRefusedError):
        seal(late, sources_of({"a": b"x"}))
