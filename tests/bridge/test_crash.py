"""Killed at every step: every mail answered 250 is delivered, and none twice."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import aiosmtplib
import pytest
from bridge import plain_reader
from bridge.bridge_process import PLACES
from bridge.plain_reader import mail
from bridge.world import queue_id

from souspli_cli.bridge import recording, worker
from souspli_cli.bridge.ledger import State
from souspli_cli.bridge.line import ServiceLine
from souspli_cli.bridge.running import Bridge

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bridge.world import Laboratory

TESTS = Path(__file__).parents[1]
JEANNE = "jeanne@exemple.fr"

# Where the client has its 250 by then.
ANSWERED = [*PLACES][4:]


@contextlib.contextmanager
def process(
    laboratory: Laboratory,
    place: str | None = None,
    *,
    limit: int | None = None,
    processes: int = 0,
) -> Iterator[subprocess.Popen[str]]:
    """Run a bridge in a process of its own; `limit`: bytes of a file, as a full disk is."""
    arguments = [sys.executable, "-m", "bridge.bridge_process"]
    arguments += [str(laboratory.profile), str(processes)]
    if limit is not None:
        arguments = ["prlimit", f"--fsize={limit}", "--", *arguments]
    with subprocess.Popen(
        arguments + ([place] if place else []),
        cwd=TESTS,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as running:
        assert running.stdout is not None
        laboratory.port = json.loads(running.stdout.readline())["port"]
        try:
            yield running
        finally:
            running.terminate()
            running.wait(60)


async def stored(laboratory: Laboratory) -> set[str]:
    """The ids of what the service has of this sender."""
    found: set[str] = set()
    async with ServiceLine(laboratory.account) as line:
        await line.sign_in()
        after = None
        while True:
            page = await line._open.deposits(after=after)
            found |= {deposit.document_id for deposit in page.deposits}
            after = page.next_cursor
            if after is None:
                return found


@pytest.mark.parametrize("place", PLACES)
async def test_a_mail_is_delivered_once_whenever_the_bridge_is_killed(
    laboratory: Laboratory, place: str
) -> None:
    content, before = mail(b"x" * 10_000), await stored(laboratory)
    answer = None
    with process(laboratory, place) as running:
        with contextlib.suppress(aiosmtplib.SMTPException, ConnectionError):
            answer = await laboratory.send(content, JEANNE)
        assert await asyncio.to_thread(running.wait, 60) == -signal.SIGKILL
    assert (answer is not None) == (place in ANSWERED)
    async with laboratory.bridge():
        if answer is not None:
            (row,) = await laboratory.settled(1)
            assert row.queue_id == queue_id(answer)
        again = await laboratory.send(content, JEANNE)
        assert answer in {None, again}
        (row,) = await laboratory.settled(1)
        assert row.state is State.DELIVERED
    assert await stored(laboratory) - before == {row.document_id}
    sent = laboratory.sent(row.document_id)
    assert sent is not None
    assert sent.stored
    assert await laboratory.emptied()


async def test_a_full_disk_is_said_to_be_one_and_leaves_nothing(laboratory: Laboratory) -> None:
    with process(laboratory, limit=200_000):
        with pytest.raises(aiosmtplib.SMTPDataError) as failure:
            await laboratory.send(mail(b"x" * 400_000), JEANNE)
        assert failure.value.code == 452
        assert not list(laboratory.folder.spool.iterdir())
        assert await laboratory.send(mail(), JEANNE)


async def test_a_bridge_that_can_not_send_any_more_ends_and_says_why(
    laboratory: Laboratory, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def run(_: object) -> None:
        raise LookupError("a bug")

    for kind in (worker.Worker, recording.Recorder):
        with monkeypatch.context() as patch:
            patch.setattr(kind, "run", run)
            with pytest.raises(LookupError):
                await Bridge(
                    laboratory.account,
                    laboratory.folder,
                    laboratory.settings,
                    reader=plain_reader.read,
                    clock=time.time,
                ).run(ready=lambda _: None)


async def test_a_ledger_that_is_lost_is_made_anew_from_the_spool(laboratory: Laboratory) -> None:
    content = mail(birth_name="Inconnue")
    async with laboratory.bridge():
        answer = await laboratory.send(content, JEANNE)
        await laboratory.settled(1)
    for path in laboratory.folder.path.glob("ledger.sqlite*"):
        path.unlink()
    async with laboratory.bridge():
        assert await laboratory.send(content, JEANNE) == answer
        (row,) = await laboratory.settled(1)
        assert (row.queue_id, row.state) == (queue_id(answer), State.TO_CHECK)
