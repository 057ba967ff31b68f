"""Killed at every step: every mail answered 250 is delivered, and none twice."""

from __future__ import annotations

import asyncio
import contextlib
import json
import resource
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import aiosmtplib
import pytest
from bridge.bridge_process import PLACES
from bridge.plain_reader import mail
from bridge.world import queue_id
from forked import programs

from souspli_cli.bridge.ledger_rows import State
from souspli_cli.bridge.sending.line import ServiceLine

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
    environment: dict[str, str] | None = None,
) -> Iterator[subprocess.Popen[str]]:
    """Run a bridge in a process of its own; `limit`: bytes of a file, as a full disk is."""
    arguments = [sys.executable, "-m", "bridge.bridge_process"]
    arguments += [str(laboratory.profile), str(processes)]
    if limit is not None:
        arguments = ["prlimit", f"--fsize={limit}", "--", *arguments]
    with programs.Popen(
        arguments + ([place] if place else []),
        cwd=TESTS,
        env=laboratory.service.environment | (environment or {}),
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


async def test_a_disk_that_fills_up_at_the_ledger_or_the_covers_loses_nothing(
    laboratory: Laboratory,
) -> None:
    service = laboratory.service
    with process(laboratory) as running:
        await laboratory.send(mail(title="0"), JEANNE)
        await laboratory.settled(1)

        # Room for a mail, none in the ledger: taken, known, and recorded once there is.
        log = laboratory.folder.ledger.with_name("ledger.sqlite-wal")
        _limit(running, max(log.stat().st_size, 20_000))
        once = mail(title="1")  # its boundary is another one each time
        answers = [await laboratory.send(once, JEANNE) for _ in range(2)]
        assert answers[0] == answers[1]
        await asyncio.sleep(0.5)  # it was tried
        assert len(await asyncio.to_thread(laboratory.rows)) == 1
        _limit(running, None)
        await laboratory.settled(2)

        # No room for anything, with a document that waits for its covers.
        service.freeze()
        try:
            await laboratory.send(mail(title="2"), JEANNE)
            await laboratory.recorded(3)
            _limit(running, 500)
            with pytest.raises(aiosmtplib.SMTPDataError) as failure:
                await laboratory.send(mail(title="3"), JEANNE)
            assert failure.value.code == 452
        finally:
            service.thaw()
        await asyncio.sleep(1.5)
        assert running.poll() is None
        states = [row.state for row in await asyncio.to_thread(laboratory.rows)]
        assert states == [State.DELIVERED, State.DELIVERED, State.WAITING]
        _limit(running, None)
        await laboratory.send(mail(title="3"), JEANNE)
        rows = await laboratory.settled(4)
    assert [row.state for row in rows] == [State.DELIVERED] * 4
    sent = [laboratory.sent(row.document_id) for row in rows]
    assert [one.title for one in sent if one] == ["0", "1", "2", "3"]


def _limit(running: subprocess.Popen[str], limit: int | None) -> None:
    """Have the process write no file beyond so many bytes, as on a full disk."""
    soft = resource.RLIM_INFINITY if limit is None else limit
    resource.prlimit(running.pid, resource.RLIMIT_FSIZE, (soft, resource.RLIM_INFINITY))


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
