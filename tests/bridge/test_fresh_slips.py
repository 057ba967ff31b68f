"""Slips that are handed on are taken, and none stays behind."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, cast

from bridge.conftest import JEANNE, PAUL
from bridge.plain_reader import mail

from souspli_cli.bridge import fresh_slips
from souspli_cli.bridge.fresh_slips import FreshSlips
from souspli_cli.bridge.ledger_rows import AcceptedMail

if TYPE_CHECKING:
    import pytest
    from bridge.world import Laboratory

    from souspli_cli.bridge.slip import MailSlips


def accepted(name: str) -> AcceptedMail:
    """Give a mail; what its slips are is nobody's business here."""
    return AcceptedMail(name, b"", "sil", 1, 1, (), slips=cast("MailSlips", name))


def test_the_oldest_make_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fresh_slips, "MOST_MAILS", 2)
    slips = FreshSlips()
    slips.add([accepted("a"), accepted("b")])
    slips.add([accepted("c")])
    assert [slips.take(one) for one in ("a", "b", "c", "c")] == [None, "b", "c", None]


async def test_a_busy_bridge_keeps_none_of_what_was_sorted(
    laboratory: Laboratory, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[FreshSlips] = []
    begin = FreshSlips.__init__

    def noted(one: FreshSlips) -> None:
        begin(one)
        made.append(one)

    monkeypatch.setattr(FreshSlips, "__init__", noted)

    async def some(connection: int) -> None:
        async with laboratory.client() as client:
            for number in range(12):
                to = (JEANNE, PAUL)[number % 2][0]
                await client.sendmail(
                    "labo@labo.example", [to], mail(title=f"{connection}.{number}")
                )

    async with laboratory.bridge():
        await asyncio.gather(*map(some, range(5)))
        await laboratory.recorded(60)
        await laboratory.until(lambda: all(row.lane for row in laboratory.rows()))
    (slips,) = made
    assert not slips._slips
