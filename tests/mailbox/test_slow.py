"""Slow clients and a slow store: each is cut off in time, and takes nothing from the others."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import socket
import threading
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
from simulation import sealed as shapes
from simulation.people import Practice
from simulation.quick import claim, invite
from simulation.service import Service, running

from souspli_mailbox.settings import LimitSettings
from souspli_storage.memory import Fault, MemoryBlobs

MIB = 1_048_576


@dataclass
class Store:
    """A store in memory whose reads are counted, and which can be made to hang."""

    blobs: MemoryBlobs = field(default_factory=MemoryBlobs)
    reads: int = 0
    going: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.going.set()
        self.blobs.fault = self.look

    def look(self, operation: str) -> Fault | None:
        self.going.wait()
        self.reads += operation == "read"
        return None


@dataclass
class Waiting:
    """A document that a signed-in patient may collect."""

    service: Service
    store: Store
    sealed: shapes.Sealed
    path: str
    token: str

    def request(self) -> bytes:
        head = f"GET {self.path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {self.token}\r\n\r\n"
        return head.encode()

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Connect with little room for what comes in, and read only when asked to."""
        plain = socket.socket()
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
        plain.setblocking(False)
        where = ("127.0.0.1", self.service.settings.listen_port)
        await asyncio.get_running_loop().sock_connect(plain, where)
        return await asyncio.open_connection(sock=plain, limit=4_096)


@contextlib.asynccontextmanager
async def waiting(folder: Path, limits: LimitSettings, *, mib: int) -> AsyncIterator[Waiting]:
    store = Store()
    async with running(folder, blobs=store.blobs, limits=limits) as service:
        practice = await Practice.found(service)
        invited = await invite(practice)
        sealed = shapes.draw(mib * MIB)
        done = await shapes.deposit(practice, shapes.addressed(invited), sealed=sealed)
        claimant = await claim(service, invited)
        client = await service.client()
        await claimant.sign_in(client)
        await client.collect(done.deliveries[0].delivery_id)
        path = f"/v1/deliveries/{done.deliveries[0].delivery_id}/contents"
        store.reads = 0
        yield Waiting(service, store, sealed, path, str(client._transport._token))
        store.going.set()


async def until_still(store: Store) -> None:
    """Wait until the service reads nothing more."""
    before = -1
    while before != store.reads:
        before = store.reads
        await asyncio.sleep(0.2)


async def test_a_reader_that_stops_stops_the_reading_and_gets_all_of_it_later(
    tmp_path: Path,
) -> None:
    """Back-pressure: of 32 MiB, two or three are on their way, whatever the reader does."""
    async with waiting(tmp_path, LimitSettings(), mib=32) as made:
        reader, writer = await made.connect()
        writer.write(made.request())
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200")
        await until_still(made.store)
        assert 1 <= made.store.reads <= 3
        # Others don't wait for it.
        assert (await made.service.ask("GET", "/v1/service")).status == 200
        digest, left = hashlib.sha256(), made.sealed.length
        while left:
            taken = await reader.read(262_144)
            assert taken
            digest.update(taken)
            left -= len(taken)
        assert digest.digest() == hashlib.sha256(made.sealed.contents).digest()
        writer.close()


async def test_a_reader_that_takes_nothing_is_cut_off(tmp_path: Path) -> None:
    async with waiting(tmp_path, LimitSettings(stall_seconds=0.3), mib=32) as made:
        reader, writer = await made.connect()
        writer.write(made.request())
        await reader.readuntil(b"\r\n\r\n")
        await until_still(made.store)
        # It reads again, too late: what was on its way, and then no more.
        await asyncio.sleep(0.3)
        got = 0
        with contextlib.suppress(ConnectionError):
            while taken := await reader.read(262_144):
                got += len(taken)
        assert got < made.sealed.length
        writer.close()


async def test_a_reader_that_is_slow_and_goes_on_reading_is_not_cut_off(tmp_path: Path) -> None:
    async with waiting(tmp_path, LimitSettings(stall_seconds=1.0), mib=2) as made:
        reader, writer = await made.connect()
        writer.write(made.request())
        await reader.readuntil(b"\r\n\r\n")
        left = made.sealed.length
        while left:
            # Slower than a second for all of it: the limit is for each piece.
            await asyncio.sleep(0.05)
            left -= len(await reader.readexactly(min(65_536, left)))
        writer.close()


async def test_a_body_that_drips_is_refused(tmp_path: Path) -> None:
    limits = LimitSettings(body_seconds=0.3, body_bytes_per_second=1_000_000)
    async with running(tmp_path, limits=limits) as service:
        reader, writer = await asyncio.open_connection("127.0.0.1", service.settings.listen_port)
        writer.write(
            b"POST /v1/sign-in/start HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            b'Content-Length: 30\r\n\r\n{"account"'
        )
        assert (await reader.readline()).startswith(b"HTTP/1.1 503")
        writer.close()


async def test_a_header_that_drips_ends_with_the_connection(tmp_path: Path) -> None:
    async with running(tmp_path, limits=LimitSettings(idle_seconds=0.3)) as service:
        reader, writer = await asyncio.open_connection("127.0.0.1", service.settings.listen_port)
        with contextlib.suppress(ConnectionError):
            writer.write(b"GET /v1/service HTTP/1.1\r\n")
            while not reader.at_eof():
                writer.write(b"X: y\r\n")
                await writer.drain()
                await asyncio.sleep(0.05)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(0.01):
                        assert await reader.read(1) == b""
        writer.close()


async def test_a_header_too_large_is_refused(tmp_path: Path) -> None:
    async with running(tmp_path) as service:
        for header in (b"X: " + b"y" * 20_000 + b"\r\n", b"X: y\r\n" * 200):
            reader, writer = await asyncio.open_connection(
                "127.0.0.1", service.settings.listen_port
            )
            writer.write(b"GET /v1/service HTTP/1.1\r\nHost: x\r\n" + header + b"\r\n")
            assert b" 400 " in await reader.readline()
            writer.close()


async def test_a_connection_too_many_is_told_to_come_back(tmp_path: Path) -> None:
    async with running(tmp_path, limits=LimitSettings(connections=2)) as service:
        held = [
            await asyncio.open_connection("127.0.0.1", service.settings.listen_port)
            for _ in range(2)
        ]
        for reader, writer in held:
            writer.write(b"GET /v1/service HTTP/1.1\r\nHost: x\r\n\r\n")
            assert (await reader.readline()).startswith(b"HTTP/1.1 200")
        refused = await service.ask("GET", "/v1/service")
        assert refused.status == 503
        assert int(refused.headers["Retry-After"]) > 0
        held[0][1].close()
        await held[0][1].wait_closed()
        # Once the service has noticed.
        while (await service.ask("GET", "/v1/service")).status != 200:
            pass
        held[1][1].close()


async def test_a_request_too_many_is_told_to_come_back_and_probes_are_answered(
    tmp_path: Path,
) -> None:
    limits = LimitSettings(requests=1)
    async with waiting(tmp_path, limits, mib=8) as made:
        reader, writer = await made.connect()
        writer.write(made.request())
        await reader.readuntil(b"\r\n\r\n")
        refused = await made.service.ask("GET", "/v1/service")
        assert refused.problem == "unavailable"
        assert (await made.service.ask("GET", "/healthz")).status == 200
        assert (await made.service.ask("GET", "/readyz")).status == 200
        writer.close()


async def test_a_store_that_hangs_is_given_up_and_starves_nobody(tmp_path: Path) -> None:
    """More requests than there are threads for the store: rows and pages answer all the same."""
    limits = LimitSettings(store_calls=2, store_seconds=0.5)
    async with waiting(tmp_path, limits, mib=1) as made:
        made.store.going.clear()
        headers = {"Authorization": f"Bearer {made.token}"}
        async with aiohttp.ClientSession(made.service.page) as session:

            async def collect() -> int:
                async with session.get(made.path, headers=headers) as response:
                    assert int(response.headers["Retry-After"]) > 0
                    return response.status

            asked = [asyncio.create_task(collect()) for _ in range(8)]
            answer = await made.service.ask("GET", "/v1/deliveries", headers=headers)
            assert answer.status == 200
            assert await asyncio.gather(*asked) == [503] * 8
            ready = await made.service.ask("GET", "/readyz")
            assert (ready.status, ready.json["store"], ready.json["database"]) == (
                503,
                "away",
                "ok",
            )
