"""Slips are handed on to whoever sorts, and nothing depends on that."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from bridge.conftest import JEANNE
from bridge.plain_reader import mail

from souspli_cli.bridge import fresh_slips
from souspli_cli.bridge.sending.line import ServiceLine
from souspli_cli.bridge.spool import MailSpool
from souspli_exchange.port_errors import UnavailableError

if TYPE_CHECKING:
    from bridge.world import Laboratory

    from souspli_cli.bridge.spool import SpooledMail


@pytest.mark.parametrize("room", [500, 0])
async def test_a_mail_is_read_again_for_sorting_only_where_there_was_no_room(
    laboratory: Laboratory, monkeypatch: pytest.MonkeyPatch, room: int
) -> None:
    read, was_read = MailSpool.read, list[str]()

    def noted(spool: MailSpool, queue_id: str) -> SpooledMail:
        was_read.append(queue_id)
        return read(spool, queue_id)

    async def away(_: ServiceLine) -> None:
        raise UnavailableError("nothing is sent, and so nothing is read for that")

    monkeypatch.setattr(fresh_slips, "MOST_MAILS", room)
    monkeypatch.setattr(MailSpool, "read", noted)
    monkeypatch.setattr(ServiceLine, "sign_in", away)
    async with laboratory.bridge():
        queue_id = await laboratory.send(mail(), JEANNE[0])
        await laboratory.until(lambda: any(row.lane for row in laboratory.rows()))
        (row,) = laboratory.rows()
        assert row.queue_id in queue_id
        assert was_read == ([] if room else [row.queue_id])
