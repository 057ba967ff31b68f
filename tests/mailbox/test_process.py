"""The service as a process of its own: a full disk, a stop in the middle, what it logs."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import signal
from pathlib import Path

import pytest
from simulation import sealed as shapes
from simulation.databases import Place
from simulation.process import Process, database_toml, started
from simulation.quick import invite
from simulation.service import free_port

from souspli_exchange.port_errors import StorageFullError, UnavailableError
from souspli_exchange.ports.sender import AddressedCover
from souspli_mailbox import entry
from souspli_mailbox.settings import Settings


def at(place: Place, **changed: int) -> contextlib.AbstractAsyncContextManager[Process]:
    """Start the service where its place is."""
    return started(place.folder, text=database_toml(place.settings), **changed)


async def test_a_full_disk_keeps_nothing_and_says_so(place: Place) -> None:
    """A limit on the size of files stands for the disk: writes fail as they do there."""
    async with at(place, most_bytes=3_000_000) as process:
        practice = await process.practice()
        large = shapes.draw(4_194_304)
        await practice.client.open_deposit(
            large.document_id, sealed_length=large.length, segments=1
        )
        for _ in range(2):
            with pytest.raises(StorageFullError):
                await practice.client.put_segment(
                    large.document_id, 0, large.segments[0], sha256=large.checksums[0]
                )
        documents = process.settings.data / "documents"
        assert [found for found in documents.rglob("*") if found.is_file()] == []
        progress = await practice.client.open_deposit(
            large.document_id, sealed_length=large.length, segments=1
        )
        assert progress.received == frozenset()
        # What fits is still taken.
        invited = await invite(practice)
        done = await shapes.deposit(practice, shapes.addressed(invited))
        assert len(done.deliveries) == 1


@pytest.mark.parametrize("place", ["sqlite"], indirect=True)
async def test_a_database_without_room_keeps_nothing_and_says_so(place: Place) -> None:
    async with at(place, most_bytes=1_500_000) as process:
        practice = await process.practice()
        invited = [await invite(practice) for _ in range(4)]
        sealed = shapes.draw()
        await shapes.upload(practice, sealed)
        covers = [
            AddressedCover(
                invitation_id=one.invitation_id,
                recipient_fingerprint=one.claim_identity.public.fingerprint,
                cover=shapes.cover_for(one.claim_identity.public, 524_288),
            )
            for one in invited
        ]
        with pytest.raises(StorageFullError):
            await practice.client.complete_deposit(
                sealed.document_id,
                checksums=sealed.checksums,
                covers=covers,
                sender_cover=shapes.cover_for(practice.founding.identity.public),
            )
        assert (await practice.client.deposits()).deposits == ()


async def test_a_stop_lets_the_request_under_way_finish(place: Place) -> None:
    async with at(place) as process:
        practice = await process.practice()
        sealed = shapes.draw()
        await practice.client.open_deposit(
            sealed.document_id, sealed_length=sealed.length, segments=1
        )
        reader, writer = await asyncio.open_connection("127.0.0.1", process.settings.listen_port)
        head = (
            f"PUT /v1/deposits/{sealed.document_id}/segments/0 HTTP/1.1\r\nHost: x\r\n"
            f"Authorization: Bearer {practice.client._transport._token}\r\n"
            f"X-Checksum-Sha256: {base64.b64encode(sealed.checksums[0]).decode()}\r\n"
            f"Content-Length: {sealed.length}\r\n\r\n"
        )
        writer.write(head.encode() + sealed.contents[:30_000])
        await writer.drain()
        # Only once its handler runs is it under way.
        await practice.client.deposits()
        process.running.send_signal(signal.SIGTERM)
        # Nobody is let in any more,
        while True:
            try:
                await (await process.client()).service()
            except UnavailableError:
                break
        # and who is in may finish.
        writer.write(sealed.contents[30_000:])
        await writer.drain()
        assert (await reader.readline()).startswith(b"HTTP/1.1 204")
        writer.close()
        await process.clients.aclose()
        assert await process.running.wait() == 0
    async with at(place) as process:
        settings = process.settings
        assert not entry.is_empty(settings)
        (part,) = [found for found in (settings.data / "documents").rglob("*") if found.is_file()]
        assert part.read_bytes() == sealed.contents


async def test_the_log_is_lines_of_json_that_name_nobody(place: Place) -> None:
    async with at(place) as process:
        practice = await process.practice()
        _, writer = await asyncio.open_connection("127.0.0.1", process.settings.listen_port)
        writer.write(b"GET /planted-value HTTP/9.9\r\nplanted-value\r\n\r\n")
        await writer.drain()
        writer.close()
        token = practice.client._transport._token
        process.running.send_signal(signal.SIGTERM)
        await process.clients.aclose()
        await process.running.wait()
    log = (place.folder.parent / "log").read_text()
    lines = [json.loads(line) for line in log.splitlines()]
    assert any(line["message"] == "request" for line in lines)
    for value in (
        "127.0.0.1",
        "planted-value",
        "lilas",
        practice.founding.account.account_number,
        str(token),
        str(place.folder.parent),
        place.settings.url or "mailbox.sqlite",
    ):
        assert value not in log, value


def test_the_data_folder_is_its_owner_s_alone(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path / "data", serve_page=False)
    assert entry.is_empty(settings)
    for path in (settings.data, settings.data / "mailbox.sqlite"):
        assert path.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("place", ["sqlite"], indirect=True)
async def test_one_process_of_several_listens_for_bounces(place: Place) -> None:
    port = free_port()
    text = f"workers = 2\n{database_toml(place.settings)}\n[bounces]\nlisten_port = {port}\n"
    async with started(place.folder, text=text):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        assert (await reader.readline()).startswith(b"220")
        writer.close()
