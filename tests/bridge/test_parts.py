"""A bridge of which a part has ended ends, and says so: it never goes on accepting alone."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from bridge.plain_reader import mail

from souspli_cli.bridge.accepting.recording import Recorder
from souspli_cli.bridge.errors import PartEndedError
from souspli_cli.bridge.ledger_rows import State
from souspli_cli.bridge.running import Bridge
from souspli_cli.bridge.sending.worker import Worker

if TYPE_CHECKING:
    from bridge.world import Laboratory

JEANNE = "jeanne@exemple.fr"


class _BugError(BaseException):
    """Passes the worker's own net."""


async def _fails(*_: object, **__: object) -> None:
    raise _BugError


@pytest.mark.parametrize(("owner", "name"), [(Worker, "_send_lane"), (Recorder, "_record")])
async def test_what_was_accepted_is_sent_by_the_next_start(
    laboratory: Laboratory,
    monkeypatch: pytest.MonkeyPatch,
    owner: type,
    name: str,
) -> None:
    running = Bridge(
        laboratory.account,
        laboratory.folder,
        laboratory.settings,
        reader=laboratory.reader,
        clock=laboratory.clock,
    )
    ready: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    task = asyncio.create_task(running.run(ready=ready.set_result))
    laboratory.port = await ready
    with monkeypatch.context() as broken:
        broken.setattr(owner, name, _fails)
        answer = await laboratory.send(mail(), JEANNE)
        assert answer.startswith("2.0.0 Ok")
        async with asyncio.timeout(30):
            with pytest.raises(PartEndedError):
                await task
    async with laboratory.bridge():
        rows = await laboratory.settled(1)
        assert [row.state for row in rows] == [State.DELIVERED]
