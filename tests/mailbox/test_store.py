"""A service whose documents rest in a bucket: clients put and read there (mailbox.md §8)."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from s3_proxy import Proxy, proxy
from s3_server import REGION, S3Server
from simulation import sealed as shapes
from simulation.people import Practice
from simulation.quick import Claimant, Invited, claim, invite
from simulation.service import Service, running

from souspli_exchange.port_errors import (
    ChecksumMismatchError,
    DocumentDiffersError,
    NotFoundError,
    UnavailableError,
)
from souspli_mailbox.client import MailboxClient
from souspli_mailbox.state import BLOBS
from souspli_mailbox.store_settings import StoreSettings
from souspli_storage.s3_location import S3Location

SEGMENT = 8_388_608


def in_base64(checksum: bytes) -> str:
    return base64.b64encode(checksum).decode()


def settings_for(place: S3Location, folder: Path, **changed: Any) -> StoreSettings:
    """Return settings of a place, its keys in files."""
    assert place.credentials is not None
    files = {
        "access_key_file": place.credentials.access_key,
        "secret_key_file": place.credentials.secret_key,
    }
    folder.mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text + "\n")
    given = {
        "kind": "s3",
        "endpoint": place.endpoint,
        "region": place.region,
        "bucket": place.bucket,
        "prefix": place.prefix,
        "allowed_regions": (REGION,),
        **{name: folder / name for name in files},
    }
    return StoreSettings(**{**given, **changed})


@pytest.fixture
def place(s3_server: S3Server) -> S3Location:
    return s3_server.place()


@pytest.fixture
def line(s3_server: S3Server) -> Iterator[Proxy]:
    """What clients go through to the store, and the service does not."""
    with proxy(s3_server.server.endpoint) as started:
        yield started


@pytest.fixture
async def service(place: S3Location, line: Proxy, tmp_path: Path) -> AsyncIterator[Service]:
    store = settings_for(place, tmp_path / "keys", client_endpoint=line.endpoint)
    async with running(tmp_path / "data", store=store) as started:
        yield started


@pytest.fixture
async def practice(service: Service) -> Practice:
    return await Practice.found(service)


async def test_segments_and_contents_go_past_the_service(
    service: Service, practice: Practice, invited: Invited, line: Proxy
) -> None:
    sealed = shapes.draw(SEGMENT + 65_536)
    done = await shapes.deposit(practice, shapes.addressed(invited), sealed=sealed)
    assert sum(map(len, line.received)) > sealed.length
    patient = await claim(service, invited)
    delivery_id = done.deliveries[0].delivery_id
    before = sum(map(len, line.received))
    assert await patient.client.collect(delivery_id) == sealed.length
    for start, stop in ((0, 100), (SEGMENT, sealed.length)):
        read = await patient.client.read_contents(delivery_id, start=start, stop=stop)
        assert read == sealed.contents[start:stop]
    assert sum(map(len, line.received)) > before
    # The service gives them too, to who asks it.
    path = f"/v1/deliveries/{delivery_id}/contents"
    answer = await service.ask("GET", path, as_=patient.client)
    assert answer.body == sealed.contents


async def test_no_session_s_token_goes_to_the_store(
    practice: Practice, service: Service, invited: Invited, line: Proxy
) -> None:
    done = await shapes.deposit(practice, shapes.addressed(invited))
    patient = await claim(service, invited)
    await patient.client.collect(done.deliveries[0].delivery_id)
    await patient.client.read_contents(done.deliveries[0].delivery_id, start=0, stop=10)
    heads = b"".join(line.received).lower()
    assert b"put /" in heads
    assert b"get /" in heads
    assert b"authorization" not in heads
    assert b"cookie" not in heads


async def test_a_line_to_the_store_that_breaks_is_temporary_and_the_same_bytes_are_put_again(
    practice: Practice, line: Proxy
) -> None:
    sealed = shapes.draw(SEGMENT + 65_536)
    client = practice.client
    await client.open_deposit(sealed.document_id, sealed_length=sealed.length, segments=2)
    line.cut_after, line.cuts = 3_000_000, 2  # aiohttp itself tries a second time
    with pytest.raises(UnavailableError) as failed:
        await client.put_segment(
            sealed.document_id, 0, sealed.segments[0], sha256=sealed.checksums[0]
        )
    assert failed.value.temporary
    progress = await client.open_deposit(
        sealed.document_id, sealed_length=sealed.length, segments=2
    )
    assert progress.received == frozenset()
    await client.put_segment(sealed.document_id, 0, sealed.segments[0], sha256=sealed.checksums[0])
    progress = await client.open_deposit(
        sealed.document_id, sealed_length=sealed.length, segments=2
    )
    assert progress.received == {0}


async def test_every_write_may_be_repeated_and_no_segment_replaced(
    practice: Practice, invited: Invited
) -> None:
    sealed, other = shapes.draw(), shapes.draw()
    cover = shapes.addressed(invited)
    own = shapes.cover_for(practice.founding.identity.public)
    for _ in range(2):
        await shapes.upload(practice, sealed)
        with pytest.raises(DocumentDiffersError):
            await practice.client.put_segment(
                sealed.document_id, 0, other.segments[0], sha256=other.checksums[0]
            )
        await practice.client.complete_deposit(
            sealed.document_id, checksums=sealed.checksums, covers=[cover], sender_cover=own
        )


@pytest.mark.parametrize("length", [65_536, SEGMENT + 65_536], ids=["one", "two"])
async def test_an_answer_of_the_store_that_is_lost_costs_nothing(
    practice: Practice, line: Proxy, length: int
) -> None:
    sealed = shapes.draw(length)
    count = len(sealed.segments)
    await practice.client.open_deposit(
        sealed.document_id, sealed_length=sealed.length, segments=count
    )
    line.lost_answers = 1
    for number, segment in enumerate(sealed.segments):
        await practice.client.put_segment(
            sealed.document_id, number, segment, sha256=sealed.checksums[number]
        )
    assert line.lost_answers == 0
    progress = await practice.client.open_deposit(
        sealed.document_id, sealed_length=sealed.length, segments=count
    )
    assert progress.received == set(range(count))


async def test_bytes_that_changed_on_their_way_are_not_kept(practice: Practice) -> None:
    sealed = shapes.draw()
    await practice.client.open_deposit(sealed.document_id, sealed_length=sealed.length, segments=1)
    changed = bytes([sealed.segments[0][0] ^ 1]) + sealed.segments[0][1:]
    with pytest.raises(ChecksumMismatchError):
        await practice.client.put_segment(
            sealed.document_id, 0, changed, sha256=sealed.checksums[0]
        )
    progress = await practice.client.open_deposit(
        sealed.document_id, sealed_length=sealed.length, segments=1
    )
    assert progress.received == frozenset()


async def test_addresses_are_for_segments_that_there_are_and_for_the_depositor(
    practice: Practice, service: Service, patient: Claimant
) -> None:
    sealed = shapes.draw()
    await practice.client.open_deposit(sealed.document_id, sealed_length=sealed.length, segments=1)
    path = f"/v1/deposits/{sealed.document_id}/uploads"
    one = {"number": 0, "checksum": in_base64(sealed.checksums[0])}

    async def problem(segments: list[dict[str, Any]], *, as_: MailboxClient | None) -> str:
        return (await service.ask("POST", path, {"segments": segments}, as_=as_)).problem

    member = practice.client
    assert await problem([one, one], as_=member) == "bad-request"
    assert await problem([], as_=member) == "bad-request"
    assert await problem([one] * 17, as_=member) == "bad-request"
    assert await problem([{**one, "number": 1}], as_=member) == "bad-request"
    assert await problem([one], as_=patient.client) == "not-allowed"
    assert await problem([one], as_=None) == "not-signed-in"
    colleague = await practice.colleague()
    assert await problem([one], as_=colleague.client) == "not-found"
    answer = (await service.ask("POST", path, {"segments": [one]}, as_=member)).json
    (upload,) = answer["uploads"]
    assert upload["expires_at"] == service.clock.now + 1_200
    checksum = {"x-amz-checksum-sha256": one["checksum"]}
    assert upload["headers"] == {**checksum, "If-None-Match": "*"}
    long = shapes.draw(SEGMENT + 65_536)
    await member.open_deposit(long.document_id, sealed_length=long.length, segments=2)
    one = {"number": 1, "checksum": in_base64(long.checksums[1])}
    path = f"/v1/deposits/{long.document_id}/uploads"
    answer = (await service.ask("POST", path, {"segments": [one]}, as_=member)).json
    (upload,) = answer["uploads"]
    assert upload["headers"] == {"x-amz-checksum-sha256": one["checksum"]}


async def test_an_address_that_has_expired_is_asked_for_again(
    service: Service, practice: Practice, invited: Invited, line: Proxy
) -> None:
    sealed = shapes.draw()
    done = await shapes.deposit(practice, shapes.addressed(invited), sealed=sealed)
    patient = await claim(service, invited)
    delivery_id = done.deliveries[0].delivery_id
    await patient.client.collect(delivery_id)
    known = patient.client._store._deliveries
    # As the store sees one whose time is over: the signature is not right any more.
    known[delivery_id] = known[delivery_id].update_query({"X-Amz-Expires": "601"})
    read = await patient.client.read_contents(delivery_id, start=0, stop=100)
    assert read == sealed.contents[:100]


async def test_who_cannot_reach_the_store_reads_through_the_service(
    service: Service, practice: Practice, invited: Invited, line: Proxy
) -> None:
    sealed = shapes.draw()
    done = await shapes.deposit(practice, shapes.addressed(invited), sealed=sealed)
    patient = await claim(service, invited)
    delivery_id = done.deliveries[0].delivery_id
    await patient.client.collect(delivery_id)
    line.close()
    with pytest.raises(UnavailableError):
        await patient.client.read_contents(delivery_id, start=0, stop=100)
    read = await patient.client.read_contents(delivery_id, start=0, stop=100)
    assert read == sealed.contents[:100]


async def test_a_store_that_clients_do_not_use_is_reached_through_the_service(
    place: S3Location, line: Proxy, tmp_path: Path
) -> None:
    store = settings_for(place, tmp_path / "keys", direct=False, client_endpoint=line.endpoint)
    async with running(tmp_path / "data", store=store) as service:
        practice = await Practice.found(service)
        invited = await invite(practice)
        sealed = shapes.draw(SEGMENT + 65_536)
        done = await shapes.deposit(practice, shapes.addressed(invited), sealed=sealed)
        patient = await claim(service, invited)
        delivery_id = done.deliveries[0].delivery_id
        await patient.client.collect(delivery_id)
        read = await patient.client.read_contents(delivery_id, start=0, stop=sealed.length)
        assert read == sealed.contents
        assert "store" not in (await service.ask("GET", "/v1/service")).json
        path = f"/v1/deposits/{sealed.document_id}/uploads"
        one = {"number": 0, "checksum": in_base64(sealed.checksums[0])}
        answer = await service.ask("POST", path, {"segments": [one]}, as_=practice.client)
        assert answer.problem == "not-found"
    assert line.received == []


async def test_a_swept_document_leaves_nothing_in_the_bucket(
    service: Service, practice: Practice, s3_server: S3Server, place: S3Location
) -> None:
    sealed = shapes.draw(SEGMENT + 65_536)
    await shapes.upload(practice, sealed)
    (deposit,) = service.rows("deposits")
    assert list(service.app[BLOBS].incomplete()) == [deposit["object_key"]]
    service.app[BLOBS].delete(deposit["object_key"])
    assert s3_server.listing(place) == []


@pytest.mark.parametrize(
    ("length", "ends"), [(65_536, {""}), (SEGMENT + 65_536, {"", ".parts"})], ids=["one", "two"]
)
async def test_nothing_but_random_names_and_ciphertext_is_in_the_bucket(
    s3_server: S3Server, place: S3Location, service: Service, length: int, ends: set[str]
) -> None:
    practice = await Practice.found(service)
    invited = await invite(practice)
    done = await shapes.deposit(practice, shapes.addressed(invited), sealed=shapes.draw(length))
    (deposit,) = service.rows("deposits")
    names = {name.removeprefix("Versions ") for name in s3_server.listing(place)}
    key = deposit["object_key"]
    assert names == {f"{place.prefix}documents/{key}{end}" for end in ends}
    assert done.document_id not in "".join(names)


async def test_a_deposit_that_nobody_opened_has_no_addresses(practice: Practice) -> None:
    sealed = shapes.draw()
    practice.client._store.note_deposit(sealed.document_id, takes_segments=True)
    with pytest.raises(NotFoundError):
        await practice.client.put_segment(
            sealed.document_id, 0, sealed.segments[0], sha256=sealed.checksums[0]
        )
