"""A mail goes in, a document comes out, once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bridge.plain_reader import mail
from bridge.world import queue_id

from souspli_cli.bridge.ledger_rows import State

if TYPE_CHECKING:
    from bridge.world import Laboratory


async def test_a_mail_to_a_patient_s_address_is_delivered(laboratory: Laboratory) -> None:
    async with laboratory.bridge():
        answer = await laboratory.send(mail(title="TSH"), "jeanne@exemple.fr")
        (row,) = await laboratory.settled(1)
        assert row.state is State.DELIVERED
        assert row.queue_id == queue_id(answer)
        sent = laboratory.sent(row.document_id)
        assert sent is not None
        assert (sent.title, sent.stored) == ("TSH", True)
        assert [to.address for to in sent.recipients] == ["jeanne@exemple.fr"]
        assert await laboratory.emptied()
