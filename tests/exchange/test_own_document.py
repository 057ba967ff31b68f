"""The sender's own document, opened again with their own cover."""

from dataclasses import replace
from pathlib import Path

import pytest
from exchange.simulated_member import MemberConnection
from exchange.world import REPORT, World

from souspli_exchange.errors import AnotherDocumentError, ContentsRefusedError
from souspli_exchange.ids import DocumentId
from souspli_exchange.own_document import open_own_document


def left_in(folder: Path) -> list[Path]:
    return list(folder.iterdir())


async def test_what_was_sent_comes_back_byte_for_byte(world: World, tmp_path: Path) -> None:
    sent = await world.send(await world.invite())
    opened = await open_own_document(world.sending(), sent.document_id, tmp_path / "out")
    assert {path.name: path.read_bytes() for path in opened.paths} == {REPORT.name: REPORT.content}


@pytest.mark.parametrize("place", [0, -1])
async def test_altered_contents_leave_no_folder(world: World, tmp_path: Path, place: int) -> None:
    sent = await world.send(await world.invite())
    segments = world.service.deposits[sent.document_id].segments
    altered = bytearray(segments[0])
    altered[place] ^= 1
    segments[0] = bytes(altered)
    with pytest.raises(ContentsRefusedError):
        await open_own_document(world.sending(), sent.document_id, tmp_path / "out")
    assert left_in(tmp_path) == []


async def test_another_document_s_contents_or_cover_are_refused(
    world: World, tmp_path: Path
) -> None:
    invitation = await world.invite()
    one, other = await world.send(invitation), await world.send(invitation)

    class Swapping(MemberConnection):
        async def sender_cover(self, document_id: DocumentId) -> bytes:
            assert document_id == one.document_id
            return await super().sender_cover(other.document_id)

    sending = replace(world.sending(), mailbox=Swapping(world.service))
    with pytest.raises(AnotherDocumentError):
        await open_own_document(sending, one.document_id, tmp_path / "out")
    deposits = world.service.deposits
    deposits[one.document_id].segments = deposits[other.document_id].segments
    with pytest.raises(ContentsRefusedError):
        await open_own_document(world.sending(), one.document_id, tmp_path / "out")
    assert left_in(tmp_path) == []
