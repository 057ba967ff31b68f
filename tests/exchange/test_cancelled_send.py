"""A send that is cancelled keeps nothing, and leaves nothing at work."""

import asyncio
import threading

import pytest
from exchange.memory_spool import MemorySpool
from exchange.world import World

from souspli_exchange.segments import SEGMENT_BYTES
from souspli_exchange.sources import BytesSource
from souspli_exchange.spool import SpooledDocument


async def test_a_send_cancelled_while_it_seals_keeps_nothing(world: World) -> None:
    invitation = await world.invite()
    reading, go_on = threading.Event(), threading.Event()

    class Slow(BytesSource):
        def read_into(self, offset: int, out: memoryview) -> None:
            reading.set()
            go_on.wait()
            super().read_into(offset, out)

    slow = Slow("a.txt", "text/plain", b"x")
    sending = asyncio.create_task(world.send(invitation, sources=[slow]))
    await asyncio.to_thread(reading.wait)
    sending.cancel()
    await asyncio.sleep(0)
    assert not sending.done()
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await sending
    assert not world.spool.documents()
    assert not world.spool.segments
    assert not world.service.deposits


async def test_a_send_cancelled_while_it_commits_keeps_nothing(world: World) -> None:
    committing, go_on = threading.Event(), threading.Event()

    class Slow(MemorySpool):
        def commit(self, document: SpooledDocument) -> None:
            committing.set()
            go_on.wait()
            super().commit(document)

    world.spool = Slow()
    sending = asyncio.create_task(world.send(await world.invite()))
    await asyncio.to_thread(committing.wait)
    sending.cancel()
    await asyncio.sleep(0)
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await sending
    assert not world.spool.documents()
    assert not world.spool.segments
    assert not world.service.deposits


async def test_a_large_send_cancelled_while_it_seals_ends_soon(world: World) -> None:
    invitation = await world.invite()
    reading = threading.Event()
    read: set[int] = set()

    class Told(BytesSource):
        def read_into(self, offset: int, out: memoryview) -> None:
            read.add(offset)
            reading.set()
            super().read_into(offset, out)

    told = Told("a.bin", "a/b", bytes(40 * SEGMENT_BYTES))
    before = set(threading.enumerate())
    sending = asyncio.create_task(world.send(invitation, sources=[told]))
    await asyncio.to_thread(reading.wait)
    sending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sending
    assert max(read) < 39 * SEGMENT_BYTES
    left = set(threading.enumerate()) - before
    assert not [thread for thread in left if thread.name.startswith("souspli-")]
    assert not world.spool.segments
    assert not world.service.deposits
