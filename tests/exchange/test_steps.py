"""The steps of a document one by one, where the stories take them all at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import pytest
from exchange.engine_world import Document, MemoryContents, files_of, seal_document
from exchange.memory_spool import MemorySpool
from exchange.people import DESCRIPTION, NOW, Practice

from souspli_exchange import contents_sealer, manifest, outgoing
from souspli_exchange.binding import VerifiedRecipient
from souspli_exchange.contents_opener import ContentsOpener
from souspli_exchange.contents_sealer import ContentsSealer, sealed_length
from souspli_exchange.engine import SegmentDone, unheard
from souspli_exchange.errors import (
    AbandonedError,
    AnotherDocumentError,
    BeyondLimitsError,
    ExchangeUsageError,
    TooLargeToSendError,
)
from souspli_exchange.ids import InvitationId, new_document_id, random_hex
from souspli_exchange.known_sender import (
    PinnedSender,
    expected_sender,
    pinned_sender,
    signing_key,
)
from souspli_exchange.manifest import DEFAULT_LIMITS, MAX_FILES, Limits
from souspli_exchange.outgoing import seal_into_spool
from souspli_exchange.port_errors import (
    CodeWrongError,
    IncompleteDepositError,
    RecipientClaimedError,
    StatementNotTakenError,
    UnavailableError,
)
from souspli_exchange.runs import RunBuffers
from souspli_exchange.sealed import Reader, open_cover, unverified_manifest
from souspli_exchange.segments import START_BYTES
from souspli_exchange.sources import BytesSource
from souspli_exchange.spool import SpooledDocument
from souspli_keys.identity import Identity


@pytest.fixture(scope="module")
def document(practice: Practice) -> Document:
    return seal_document(practice, files_of(b"text " * 50, b""), threads=1)


def opener_of(document: Document) -> ContentsOpener:
    return ContentsOpener(document.cover, write=lambda *_: None)


def test_an_opener_says_whether_a_segment_was_left(document: Document) -> None:
    opener = opener_of(document)
    buffers = RunBuffers(opener.layout)
    fetch = partial(_part_of, document.contents)
    opener.begin(document.contents[:START_BYTES])
    assert opener.open_next_parts(buffers, fetch=fetch) is True
    assert opener.open_next_parts(buffers, fetch=fetch) is False


def test_a_sealer_says_whether_a_segment_was_left() -> None:
    sealer = ContentsSealer(files_of(b"x"), created_at=NOW)
    buffers = RunBuffers(sealer.layout)
    put = MemoryContents().put
    assert sealer.seal_next_parts(buffers, put=put) is True
    assert sealer.seal_next_parts(buffers, put=put) is False


def test_no_segment_is_opened_before_the_header(document: Document) -> None:
    opener = opener_of(document)
    fetch = partial(_part_of, document.contents)
    with pytest.raises(ExchangeUsageError):
        opener.open_next_parts(RunBuffers(opener.layout), fetch=fetch)


def test_contents_are_released_once(document: Document) -> None:
    opener = opener_of(document)
    opener.open_next(document.contents)
    assert opener.next_range is None
    with pytest.raises(ExchangeUsageError):
        opener.open_next(document.contents)
    assert opener.finish().cover is document.cover
    with pytest.raises(AbandonedError):
        opener.finish()
    with pytest.raises(AbandonedError):
        opener.open_next(document.contents)


def _part_of(contents: bytes, where: range, _room: memoryview) -> memoryview:
    return memoryview(contents)[where.start : where.stop]


def test_the_sender_s_own_cover_of_another_document_is_refused(practice: Practice) -> None:
    spooled = _seal(practice, recipients=1)
    with pytest.raises(AnotherDocumentError):
        practice.sender.open_own_cover(spooled.sender_cover, new_document_id())


def test_a_document_has_one_cover_for_each_invitation_up_to_the_most(
    practice: Practice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outgoing, "MAX_COVERS", 2)
    assert len(_seal(practice, recipients=2).covers) == 2
    for recipients in (0, 3):
        with pytest.raises(ExchangeUsageError):
            _seal(practice, recipients=recipients)
    with pytest.raises(ExchangeUsageError):
        _seal(practice, recipients=2, invitation=InvitationId(random_hex()))


def test_a_sender_and_a_reader_with_larger_limits_exchange_more_files(practice: Practice) -> None:
    many = [BytesSource(f"{number}", "a/b", b"") for number in range(MAX_FILES + 1)]
    with pytest.raises(TooLargeToSendError):
        _seal(practice, recipients=1, sources=many)
    larger = Limits(max_files=MAX_FILES + 1)
    sender = practice.sender
    spooled = _seal(practice, recipients=1, sources=many, limits=larger)
    for limits in (larger, DEFAULT_LIMITS):
        reader = Reader((sender.identity,), sender.origin, {practice.fingerprint}, limits)
        opens = partial(
            open_cover,
            spooled.sender_cover,
            reader=reader,
            document_id=spooled.document_id,
            organisation=sender.organisation,
            member=sender.member,
        )
        claims = partial(
            unverified_manifest, spooled.sender_cover, identities=(sender.identity,), limits=limits
        )
        if limits is larger:
            cover = opens()
            assert signing_key(cover.sender) == sender.identity.public
            assert claims() == cover.manifest
        else:
            with pytest.raises(BeyondLimitsError):
                opens()
            with pytest.raises(BeyondLimitsError):
                claims()


@pytest.mark.parametrize(
    "names",
    [["a"], ["é"], ["a", "é", "b"], [f"{number}" for number in range(200)]],
    ids=["one", "accent", "three", "many"],
)
@pytest.mark.parametrize("size", [0, 1, 511, 512, 60_000, 65_536, 9_000_000])
def test_how_long_a_document_will_be_is_known_before_it_is_sealed(
    practice: Practice, names: list[str], size: int
) -> None:
    sources = [BytesSource(names[0], "a/b", bytes(size))]
    sources += [BytesSource(name, "a/b", b"") for name in names[1:]]
    foretold = sealed_length((source.name, source.size) for source in sources)
    assert _seal(practice, recipients=1, sources=sources).sealed_length == foretold


def test_who_seals_is_told_of_each_segment(practice: Practice) -> None:
    told: list[tuple[int, int]] = []
    _seal(practice, recipients=1, on_segment=lambda *done: told.append(done))
    assert told == [(1, 1)]


def test_what_a_document_was_created_at_stands_in_its_manifest_and_its_files(
    practice: Practice,
) -> None:
    spool = MemorySpool()
    spooled = _seal(practice, recipients=1, spool=spool)
    cover = practice.sender.open_own_cover(spooled.sender_cover, spooled.document_id)
    assert cover.manifest.created_at == NOW
    assert Document(cover, spool.segment(spooled.document_id, 0)).open_in_order() == [b"x"]


def _seal(
    practice: Practice,
    *,
    recipients: int,
    invitation: InvitationId | None = None,
    sources: Sequence[BytesSource] = (BytesSource("a", "a/b", b"x"),),
    spool: MemorySpool | None = None,
    limits: Limits = DEFAULT_LIMITS,
    on_segment: SegmentDone = unheard,
) -> SpooledDocument:
    reader = Identity.generate().public
    ids = [invitation or InvitationId(random_hex()) for _ in range(recipients)]
    return seal_into_spool(
        sources,
        DESCRIPTION,
        [VerifiedRecipient(id_, reader, None, attested=False) for id_ in ids],
        document_id=new_document_id(),
        sender=practice.sender,
        spool=spool or MemorySpool(),
        now=NOW,
        limits=limits,
        on_segment=on_segment,
    )


def test_a_document_that_fails_to_be_sealed_leaves_nothing_in_the_spool(
    practice: Practice,
) -> None:
    spool = MemorySpool()

    def fail(_done: int, _total: int) -> None:
        raise OSError

    with pytest.raises(OSError):  # noqa: PT011  (nothing else raises a bare one)
        _seal(practice, recipients=1, spool=spool, on_segment=fail)
    assert not spool.segments


def test_of_one_pinned_key_under_two_names_the_name_is_the_manifest_s() -> None:
    public = Identity.generate().public
    older, newer = (
        PinnedSender(public, name, "anne@cabinet.example", public.fingerprint)
        for name in ("Anne Martin", "Anne Dupont")
    )
    for sender in (older, newer):
        assert signing_key(sender) == public
        says = expected_sender(sender)
        assert (says.name, says.fingerprint) == (sender.name, public.fingerprint)
        assert pinned_sender([older, newer], says) is sender
    renamed = replace(expected_sender(newer), name="Anne Durand")
    assert pinned_sender([older, newer], renamed) is older


def test_an_error_of_a_port_says_what_the_caller_has_to_know() -> None:
    """And its own words, for logs: they name nobody."""
    for error, fields in (
        (UnavailableError("no", retry_after=2.5), {"retry_after": 2.5}),
        (RecipientClaimedError("no", invitation_id="ab"), {"invitation_id": "ab"}),
        (CodeWrongError("no", tries_left=3), {"tries_left": 3}),
        (StatementNotTakenError("no", reason="role"), {"reason": "role"}),
        (IncompleteDepositError("no", missing=(1, 2)), {"missing": (1, 2)}),
    ):
        assert (str(error), vars(error)) == ("no", fields)


@pytest.mark.parametrize("size", [100, 101])
def test_a_file_of_the_most_bytes_that_are_hashed_has_a_hash(
    practice: Practice, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    """64 MiB, made small here; one byte more, and it has none."""
    for module in (manifest, contents_sealer, outgoing):
        monkeypatch.setattr(module, "MAX_HASHED_FILE_BYTES", 100)
    source = BytesSource("a", "a/b", bytes(size))
    spool = MemorySpool()
    spooled = _seal(practice, recipients=1, sources=[source], spool=spool)
    cover = practice.sender.open_own_cover(spooled.sender_cover, spooled.document_id)
    assert (cover.manifest.contents.files[0].sha256 is None) == (size > 100)
    assert Document(cover, spool.segment(spooled.document_id, 0)).open_in_order() == [bytes(size)]
