"""Mails are read in processes: one that dies takes no mail along, and none outlives the bridge."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import aiosmtplib
import msgspec
import pytest
from bridge import plain_reader
from bridge.plain_reader import mail
from bridge.test_crash import process
from bridge.world import SETTINGS

from souspli_cli.bridge.accepting.keeping import Keeping
from souspli_cli.bridge.accepting.mail_readers import MailReaders
from souspli_cli.bridge.accepting.submission import Moment, Submission
from souspli_cli.bridge.digests import Digests
from souspli_cli.bridge.errors import ReaderEndedError
from souspli_cli.bridge.ledger_rows import State
from souspli_cli.bridge.smtp import answers
from souspli_cli.bridge.spool import MailSpool

if TYPE_CHECKING:
    from bridge.world import Laboratory

JEANNE = "jeanne@exemple.fr"


async def test_a_reader_that_dies_is_a_temporary_failure_of_its_mail_alone(
    laboratory: Laboratory,
) -> None:
    limits = msgspec.structs.replace(SETTINGS.limits, processes=2)
    laboratory.settings = msgspec.structs.replace(SETTINGS, limits=limits)
    async with laboratory.bridge():
        await laboratory.send(mail(title="1"), JEANNE)
        with pytest.raises(aiosmtplib.SMTPDataError) as failure:
            await laboratory.send(mail(die="yes"), JEANNE)
        assert f"{failure.value.code} {failure.value.message}" == answers.LATER
        await laboratory.send(mail(title="2"), JEANNE)
        rows = await laboratory.settled(2)
        assert [row.state for row in rows] == [State.DELIVERED] * 2
        assert await laboratory.emptied()


async def test_no_process_outlives_a_bridge_that_was_killed(laboratory: Laboratory) -> None:
    with process(laboratory, processes=2) as running:
        await laboratory.send(mail(), JEANNE)
        children = await asyncio.to_thread(_children, running.pid)
        assert len(children) >= 2
        running.kill()
        assert await asyncio.to_thread(running.wait, 60) == -signal.SIGKILL
    for child in children:
        for _ in range(600):
            if not _is_there(child):
                break
            await asyncio.sleep(0.05)
        assert not _is_there(child)


def _children(pid: int) -> list[int]:
    """Give the processes whose parent this is, by the kernel's own list."""
    found: list[int] = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            if int(path.read_text().rpartition(")")[2].split()[1]) == pid:
                found.append(int(path.parent.name))
    return found


def _is_there(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_reader_that_never_ends_is_ended(laboratory: Laboratory) -> None:
    with MailReaders(_keeping(laboratory), processes=1, longest_seconds=2.0) as readers:
        with pytest.raises(ReaderEndedError):
            readers.keep(_submission(mail(sleep="3600")), "A" * 16, bytes(32), Moment(1, 1))
        readers._longest_seconds = 60.0
        taken = readers.keep(_submission(mail()), "B" * 16, bytes(32), Moment(1, 1))
        assert taken.queue_id == "B" * 16


def test_a_reader_that_was_killed_while_it_waited_takes_no_mail_along(
    laboratory: Laboratory,
) -> None:
    with MailReaders(_keeping(laboratory), processes=1) as readers:
        readers.keep(_submission(mail(title="1")), "A" * 16, bytes(32), Moment(1, 1))
        reader = readers._idle.get()
        reader._process.kill()
        assert reader._line.poll(60)  # the line's end
        readers._idle.put(reader)
        taken = readers.keep(_submission(mail(title="2")), "B" * 16, bytes(32), Moment(1, 1))
        assert taken.queue_id == "B" * 16


def test_a_reader_that_was_stopped_keeps_no_mail_waiting(laboratory: Laboratory) -> None:
    with MailReaders(_keeping(laboratory), processes=1, longest_seconds=60.0) as readers:
        readers.keep(_submission(mail(title="1")), "A" * 16, bytes(32), Moment(1, 1))
        # More than the system holds for it: its limit is what ends the handing over.
        large = _submission(mail(bytes(5_000_000)))
        readers._longest_seconds = 1.0
        stopped = readers._instead_of(readers._idle.get())
        readers._idle.put(stopped)
        os.kill(stopped._process.pid or 0, signal.SIGSTOP)
        readers._longest_seconds = 60.0
        assert readers.keep(large, "B" * 16, bytes(32), Moment(1, 2)).queue_id == "B" * 16
        assert stopped._process.exitcode == -signal.SIGKILL


def test_a_mail_whose_reader_dies_takes_no_other_along(laboratory: Laboratory) -> None:
    with (
        MailReaders(_keeping(laboratory), processes=2) as readers,
        ThreadPoolExecutor(2) as threads,
    ):
        slow = threads.submit(
            readers.keep, _submission(mail(sleep="2")), "A" * 16, bytes(32), Moment(1, 1)
        )
        with pytest.raises(ReaderEndedError):
            readers.keep(_submission(mail(die="yes")), "B" * 16, bytes(32), Moment(1, 2))
        assert not slow.done()
        assert slow.result(60).queue_id == "A" * 16


def _keeping(laboratory: Laboratory) -> Keeping:
    secret = laboratory.account.device.unlocker.secret_bytes()
    spool = MailSpool(laboratory.folder.spool, secret)
    return Keeping(spool, Digests.of(secret), plain_reader.read)


def _submission(content: bytes) -> Submission:
    return Submission("sil", "", (JEANNE,), content)
