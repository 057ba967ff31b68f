"""The steps of a document one by one, where the stories take them all at once."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import pytest
from exchange.engine_world import Document, MemoryContents, files_of, seal_document
from exchange.people import DAY, DESCRIPTION, NOW, Practice
from exchange.simulator import MemorySpool

from souspli_exchange import outgoing
from souspli_exchange.binding import OwnCopy, VerifiedRecipient
from souspli_exchange.contents_opener import ContentsOpener
from souspli_exchange.contents_sealer import ContentsSealer
from souspli_exchange.errors import AbandonedError, AnotherDocumentError, ExchangeUsageError
from souspli_exchange.ids import InvitationId, new_document_id, random_hex
from souspli_exchange.outgoing import seal_into_spool
from souspli_exchange.runs import RunBuffers
from souspli_exchange.segments import START_BYTES
from souspli_exchange.spool import SpooledDocument
from souspli_keys.codes import parse_letter_number
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


def _seal(
    practice: Practice, *, recipients: int, invitation: InvitationId | None = None
) -> SpooledDocument:
    reader = Identity.generate().public
    return seal_into_spool(
        files_of(b"x"),
        DESCRIPTION,
        [
            VerifiedRecipient(
                invitation or InvitationId(random_hex()), reader, None, attested=False
            )
            for _ in range(recipients)
        ],
        document_id=new_document_id(),
        sender=practice.sender,
        spool=MemorySpool(),
        now=NOW,
    )


def test_an_invitation_that_takes_another_s_place_continues_its_line(practice: Practice) -> None:
    first = OwnCopy(practice.invite().record)
    new = practice.invite(now=NOW + DAY, supersedes=first)
    second = OwnCopy(new.record).invitation
    assert second.supersedes == first.invitation.invitation_id
    after = first.invitation.line.after(first.record.payload_hash, issued_at=NOW + DAY)
    assert replace(second.line, salt=after.salt) == after
    assert parse_letter_number(new.letter_number) == new.letter_number
