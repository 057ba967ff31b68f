"""Several processes behind one address, each of them killed, and all of them stopped."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import signal
import socket
import sys
from collections.abc import Callable
from pathlib import Path

import aiohttp
import pytest
from simulation import sealed as shapes
from simulation.databases import Place
from simulation.people import Practice
from simulation.process import Process, database_toml, started
from simulation.quick import invite
from simulation.service import free_port

from souspli_exchange.port_errors import UnavailableError
from souspli_mailbox import entry
from souspli_mailbox.errors import WorkersFailedError
from souspli_mailbox.settings import Settings


def children(process: Process) -> list[int]:
    pid = process.running.pid
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


async def until(fact: Callable[[], bool]) -> None:
    """Other processes have no event to wait for."""
    while not fact():  # noqa: ASYNC110  (see above)
        await asyncio.sleep(0.05)


async def answers(process: Process) -> bool:
    """Ask on a connection of its own, so that any of the processes may take it."""
    try:
        async with (
            aiohttp.ClientSession() as session,
            session.get(process.settings.page + "v1/service") as response,
        ):
            return response.status == 200
    except aiohttp.ClientConnectionError:
        return False


async def test_all_of_them_serve_and_the_parent_has_one_thread(place: Place) -> None:
    text = "workers = 2\n" + database_toml(place.settings)
    async with started(place.folder, text=text) as process:
        practice = await process.practice()
        invited = await invite(practice)
        done = await shapes.deposit(practice, shapes.addressed(invited))
        assert len(done.deliveries) == 1
        assert len(children(process)) == 2
        assert len(os.listdir(f"/proc/{process.running.pid}/task")) == 1  # noqa: PTH208 (names)
        await process.clients.aclose()
        process.running.send_signal(signal.SIGTERM)
        assert await process.running.wait() == 0


async def test_a_child_killed_is_replaced_and_nothing_is_lost(tmp_path: Path) -> None:
    async with started(tmp_path / "data", text="workers = 2\n") as process:
        practice = await process.practice()
        before = children(process)
        os.kill(before[0], signal.SIGKILL)
        await until(lambda: len({*children(process)} - {before[0]}) == 2)
        assert before[1] in children(process)
        # What was acknowledged is there, whoever answers; and the address never went away.
        for _ in range(8):
            assert await answers(process)
        assert not entry.is_empty(process.settings)
        assert (await practice.client.deposits()).deposits == ()


async def test_one_that_stands_still_is_killed_and_replaced_and_the_next_says_why(
    tmp_path: Path,
) -> None:
    figures = free_port()
    text = f"workers = 2\nhang_seconds = 3\n[metrics]\nlisten_port = {figures}\n"
    async with started(tmp_path / "data", text=text) as process:
        stands_still, other = children(process)
        os.kill(stands_still, signal.SIGSTOP)
        await until(lambda: len({*children(process)} - {stands_still}) == 2)
        assert other in children(process)
        for _ in range(4):
            assert await answers(process)
        sample = 'souspli_worker_replacements_total{kind="hung"} 1.0'
        found = [sample in await text_of(f"http://127.0.0.1:{figures + n}/metrics") for n in (0, 1)]
        assert sorted(found) == [False, True]
        await process.clients.aclose()
        process.running.send_signal(signal.SIGTERM)
        assert await process.running.wait() == 0
    lines = [json.loads(line) for line in (tmp_path / "log").read_text().splitlines()]
    told = [(one["message"], one["worker"]) for one in lines if one["level"] == "error"]
    number = found.index(True)
    assert told == [("worker-hung", number), ("worker-died", number)]
    (died,) = [one for one in lines if one["message"] == "worker-died"]
    assert died["ended"] == -signal.SIGKILL


async def text_of(address: str) -> str:
    """Ask until it answers: a replaced worker opens its port after a while."""
    while True:
        try:
            async with aiohttp.ClientSession() as session, session.get(address) as response:
                return await response.text()
        except aiohttp.ClientConnectionError:
            await asyncio.sleep(0.05)


BLOCKED = """
import asyncio, os, sys, time
from souspli_mailbox.process import _beat
from souspli_mailbox.workers import Workers
def work(place):
    async def run():
        asyncio.create_task(_beat(place))
        await asyncio.sleep(1000 * place.number + 0.2)
        if not place.replaced:
            time.sleep(1000)
        os.write(2, repr(dict(place.replaced)).encode())
        os.kill(os.getppid(), 15)
        await asyncio.sleep(1000)
    asyncio.run(run())
Workers(2, work, stop_seconds=1.0, silent_seconds=3.0).run(ready=lambda: None)
"""


async def test_an_event_loop_that_is_blocked_is_noticed() -> None:
    running = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        BLOCKED,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    _, out = await running.communicate()
    assert out == b"{<Ending.HUNG: 'hung'>: 1}"


async def test_the_parent_killed_ends_the_children_and_frees_the_address_at_once(
    tmp_path: Path,
) -> None:
    figures = free_port()
    text = f"workers = 2\n[metrics]\nlisten_port = {figures}\n"
    async with started(tmp_path / "data", text=text) as process:
        practice = await process.practice()
        orphans = children(process)
        assert len(orphans) == 2
        sealed = shapes.draw()
        reader, writer = await begin_segment(process, practice, sealed)
        process.running.kill()
        # The addresses are free while one of them still takes the segment under way.
        ports = (process.settings.listen_port, figures, figures + 1)
        await until(lambda: all(is_free(port) for port in ports))
        assert alive(orphans)
        writer.write(sealed.contents)
        assert (await reader.readline()).startswith(b"HTTP/1.1 204")
        writer.close()
        await process.clients.aclose()
        await until(lambda: not alive(orphans))


def alive(pids: list[int]) -> list[int]:
    return [pid for pid in pids if Path(f"/proc/{pid}").exists()]


def is_free(port: int) -> bool:
    try:
        socket.create_server(("127.0.0.1", port)).close()
    except OSError:
        return False
    return True


async def begin_segment(
    process: Process, practice: Practice, sealed: shapes.Sealed
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Have a handler wait for the body of a segment."""
    await practice.client.open_deposit(sealed.document_id, sealed_length=sealed.length, segments=1)
    reader, writer = await asyncio.open_connection("127.0.0.1", process.settings.listen_port)
    head = (
        f"PUT /v1/deposits/{sealed.document_id}/segments/0 HTTP/1.1\r\nHost: x\r\n"
        f"Authorization: Bearer {practice.client._transport._token}\r\n"
        f"X-Checksum-Sha256: {base64.b64encode(sealed.checksums[0]).decode()}\r\n"
        f"Content-Length: {sealed.length}\r\nExpect: 100-continue\r\n\r\n"
    )
    writer.write(head.encode())
    # It asks for the body.
    assert b" 100 " in await reader.readline()
    await reader.readline()
    return reader, writer


async def test_children_that_all_die_at_once_are_given_up(tmp_path: Path) -> None:
    async with started(tmp_path / "data", text="workers = 2\n") as process:
        # Stopped first, so that none can be replaced before the other one dies.
        process.running.send_signal(signal.SIGSTOP)
        for pid in children(process):
            os.kill(pid, signal.SIGKILL)
        process.running.send_signal(signal.SIGCONT)
        assert await process.running.wait() == 1
    log = (tmp_path / "log").read_text()
    assert WorkersFailedError.__name__ in log
    assert log.count("worker-died") == 2


def test_a_child_that_never_gets_ready_ends_the_start(tmp_path: Path) -> None:
    """The documents' folder is a file: each of them fails the same way."""
    (tmp_path / "documents").write_text("")
    settings = Settings(data=tmp_path, listen_port=0, serve_page=False, workers=2)
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            entry.serve(settings)
        except WorkersFailedError:
            code = 42
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 42


async def test_a_stop_lets_requests_of_every_child_finish_and_sends_new_ones_away(
    tmp_path: Path,
) -> None:
    async with started(tmp_path / "data", text="workers = 2\n") as process:
        practice = await process.practice()
        sealed = shapes.draw()
        reader, writer = await begin_segment(process, practice, sealed)
        process.running.send_signal(signal.SIGTERM)
        # The child that waits for the body is the last one; who comes now is told when to
        # come back, by an answer of problem details.
        async with aiohttp.ClientSession() as session:
            while True:
                async with session.get(process.settings.page + "v1/service") as response:
                    if response.status == 503:
                        assert int(response.headers["Retry-After"]) > 0
                        assert response.headers["Connection"] == "close"
                        break
            async with session.get(process.settings.page + "healthz") as response:
                assert response.status == 200
        with pytest.raises(UnavailableError):
            await (await process.client()).service()
        writer.write(sealed.contents)
        assert (await reader.readline()).startswith(b"HTTP/1.1 204")
        writer.close()
        await process.clients.aclose()
        assert await process.running.wait() == 0
    (part,) = [one for one in (tmp_path / "data" / "documents").rglob("*") if one.is_file()]
    assert part.read_bytes() == sealed.contents


async def test_a_job_is_done_by_one_of_them_once(tmp_path: Path) -> None:
    """Four processes look for work; each recipient gets one mail."""
    from simulation.relay import running_relay  # noqa: PLC0415 (aiosmtpd is slow to import)

    async with running_relay(tmp_path, offer="none") as relay:
        text = f'workers = 4\n[mail]\nhost = "127.0.0.1"\nport = {relay.port}\ntls = "none"\n'
        async with started(tmp_path / "data", text=text) as process:
            practice = await process.practice()
            invited = [await invite(practice) for _ in range(6)]
            for one in invited:
                await shapes.deposit(practice, shapes.addressed(one))
            await until(lambda: len(relay.handler.taken) >= len(invited))
            await process.clients.aclose()
            process.running.send_signal(signal.SIGTERM)
            # Whoever holds a job finishes it before the process ends.
            assert await process.running.wait() == 0
    to = [recipient for _, recipients, _, _ in relay.handler.taken for recipient in recipients]
    assert sorted(to) == sorted({*to})
    assert len(to) == len(invited)
    lines = [json.loads(line) for line in (tmp_path / "log").read_text().splitlines()]
    assert not [line for line in lines if line["level"] == "error"]
