"""A service whose documents rest in a bucket: clients put and read there (mailbox.md §8)."""

from __future__ import annotations

import base64
import contextlib
import hashlib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from s3_proxy import Proxy, proxy
from s3_server import REGION, S3Server
from simulation import sealed as shapes
from simulation.people import Practice
from simulation.quick import Claimant, Invited, claim, invite
from simulation.service import ORIGIN, Service, free_port, running

from souspli_exchange.ids import DeliveryId, DocumentId
from souspli_exchange.port_errors import (
    BrokenAnswerError,
    ChecksumMismatchError,
    DocumentDiffersError,
    NotFoundError,
    PortError,
    UnavailableError,
)
from souspli_mailbox.client import MailboxClient
from souspli_mailbox.client.store import AddressExpiredError
from souspli_mailbox.client.transport import Transport
from souspli_mailbox.state import BLOBS
from souspli_mailbox.store_settings import StoreSettings
from souspli_storage.s3_location import S3Location

SEGMENT = 8_388_608
DOCUMENT = DocumentId("0" * 32)
DELIVERY = DeliveryId("0" * 32)
SEALED = b"sealed"
SHA256 = hashlib.sha256(SEALED).digest()


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


@pytest.fixture
async def invited(practice: Practice) -> Invited:
    return await invite(practice)


@pytest.fixture
async def patient(service: Service, invited: Invited) -> Claimant:
    return await claim(service, invited)


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


async def test_nothing_but_random_names_and_ciphertext_is_in_the_bucket(
    practice: Practice, invited: Invited, s3_server: S3Server, place: S3Location, service: Service
) -> None:
    done = await shapes.deposit(practice, shapes.addressed(invited))
    (deposit,) = service.rows("deposits")
    names = {name.removeprefix("Versions ") for name in s3_server.listing(place)}
    key = deposit["object_key"]
    assert names == {f"{place.prefix}documents/{key}{end}" for end in ("", ".parts")}
    assert done.document_id not in "".join(names)


# --- a hostile service, and a hostile store ---------------------------------------


def at_store(store: str, **changed: Any) -> dict[str, Any]:
    """Return an upload's address as a service answers it."""
    return {
        "number": 0,
        "method": "PUT",
        "url": f"{store}documents/{'0' * 32}?signed",
        "headers": {"x-amz-checksum-sha256": in_base64(SHA256)},
        "expires_at": 0,
        **changed,
    }


@contextlib.asynccontextmanager
async def answering(
    upload: dict[str, Any] | None = None,
    *,
    store: str = "",
    at_the_store: Any = None,
    collected: str = "",
) -> AsyncIterator[MailboxClient]:
    """Yield a client of a service that names addresses, and that is the store as well."""
    port = free_port()
    here = f"http://127.0.0.1:{port}/store/"

    async def handler(request: web.Request) -> web.StreamResponse:
        match request.path:
            case "/v1/service":
                limits = {"contents_bytes": 1, "cover_bytes": 1, "segment_plain_bytes": 1}
                about = {"origin": ORIGIN, "version": "1", "page": "", "limits": limits}
                return web.json_response({**about, "store": store or here})
            case "/v1/deposits":
                path = "/v1/deposits/x/segments/{n}"
                return web.json_response(
                    {
                        "document_id": DOCUMENT,
                        "state": "uploading",
                        "received": [],
                        "upload": {"method": "PUT", "url": path},
                        "uploads": "/v1/elsewhere",
                    }
                )
            case path if path.endswith("/uploads"):
                return web.json_response({"uploads": [upload or at_store(here)]})
            case path if path.endswith("/collect"):
                url = collected or f"{here}documents/x?signed"
                return web.json_response({"url": url, "sealed_length": 100, "expires_at": 0})
            case _:
                assert request.path.startswith("/store/")
                await request.read()
                answer: web.StreamResponse = await at_the_store(request)
                return answer

    app = web.Application(client_max_size=2**30)
    app.router.add_route("*", "/{path:.*}", handler)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    try:
        async with MailboxClient(f"http://127.0.0.1:{port}/", origin=ORIGIN) as client:
            await client.open_deposit(DOCUMENT, sealed_length=len(SEALED), segments=1)
            yield client
    finally:
        await runner.cleanup()


@pytest.mark.parametrize(
    "url",
    [
        "http://192.0.2.1/store/documents/x",
        "https://evil.example/store/documents/x",
        "http://127.0.0.1:1/store/documents/x",
        "file:///etc/passwd",
        "",
        "https://",
        "/store/documents/x",
    ],
)
async def test_an_address_elsewhere_is_not_gone_to(url: str) -> None:
    async with answering(at_store("", url=url), collected=url or "x") as client:
        with pytest.raises(BrokenAnswerError):
            await client.put_segment(DOCUMENT, 0, SEALED, sha256=SHA256)
        with pytest.raises(BrokenAnswerError):
            await client.collect(DELIVERY)


@pytest.mark.parametrize("store", ["http://192.0.2.1/b/", "https://user@store.example/b/"])
async def test_a_store_that_is_named_has_to_be_one_that_sealed_bytes_may_go_to(store: str) -> None:
    async with answering(at_store(store), store=store) as client:
        with pytest.raises(BrokenAnswerError):
            await client.put_segment(DOCUMENT, 0, SEALED, sha256=SHA256)


async def test_plain_http_to_this_machine_is_for_a_service_on_this_machine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with answering() as client:
        monkeypatch.setattr(Transport, "is_on_this_machine", lambda _: False)
        with pytest.raises(BrokenAnswerError):
            await client.put_segment(DOCUMENT, 0, SEALED, sha256=SHA256)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"x-amz-checksum-sha256": in_base64(bytes(32))},
        {"x-amz-checksum-sha256": in_base64(SHA256), "Authorization": "Basic eA=="},
        {"x-amz-checksum-sha256": in_base64(SHA256), "Host": "metadata.example"},
    ],
)
async def test_no_header_is_sent_but_our_own_checksum(headers: dict[str, str]) -> None:
    async with answering(
        at_store("", url="https://store.example/b/x", headers=headers),
        store="https://store.example/b/",
    ) as client:
        with pytest.raises(BrokenAnswerError):
            await client.put_segment(DOCUMENT, 0, SEALED, sha256=SHA256)


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (302, b"", BrokenAnswerError),
        (204, b"", BrokenAnswerError),
        (400, b"<Error><Code>BadDigest</Code></Error>", ChecksumMismatchError),
        (400, b"<Error><Code>RequestTimeout</Code></Error>", UnavailableError),
        (400, b"<Error><Code>InvalidRequest</Code></Error>", BrokenAnswerError),
        (403, b"", UnavailableError),
        (404, b"", UnavailableError),
        (503, b"", UnavailableError),
        (501, b"", UnavailableError),
    ],
)
async def test_every_answer_of_the_store_is_an_error_of_the_port(
    status: int, body: bytes, kind: type[PortError]
) -> None:
    async def store(_: web.Request) -> web.Response:
        headers = {"Location": "/elsewhere"} if status == 302 else {}
        return web.Response(status=status, body=body or None, headers=headers)

    async with answering(at_the_store=store) as client:
        with pytest.raises(kind) as failed:
            await client.put_segment(DOCUMENT, 0, SEALED, sha256=SHA256)
        assert type(failed.value) is kind


async def test_a_store_that_refuses_every_address_is_not_asked_for_ever() -> None:
    asked: list[str] = []

    async def store(request: web.Request) -> web.Response:
        asked.append(request.path)
        return web.Response(status=403)

    async with answering(at_the_store=store) as client:
        await client.collect(DELIVERY)
        with pytest.raises(UnavailableError) as failed:
            await client.read_contents(DELIVERY, start=0, stop=10)
        assert not isinstance(failed.value, AddressExpiredError)
        assert not client._store.has(DELIVERY)
    assert len(asked) == 2


@pytest.mark.parametrize(
    ("status", "body", "content_range"),
    [
        (200, b"x" * 10, None),
        (206, b"x" * 10, None),
        (206, b"x" * 10, "bytes 10-19/100"),
        (206, b"x" * 11, "bytes 0-10/100"),
        (302, b"", None),
    ],
)
async def test_what_is_not_the_range_that_was_asked_for_is_a_broken_answer(
    status: int, body: bytes, content_range: str | None
) -> None:
    async def store(_: web.Request) -> web.Response:
        headers = {} if content_range is None else {"Content-Range": content_range}
        return web.Response(status=status, body=body, headers=headers)

    async with answering(at_the_store=store) as client:
        await client.collect(DELIVERY)
        with pytest.raises(BrokenAnswerError):
            await client.read_contents(DELIVERY, start=0, stop=10)


async def test_a_segment_with_another_number_is_not_put() -> None:
    async with answering(at_store("https://store.example/b/", number=1)) as client:
        with pytest.raises(BrokenAnswerError):
            await client.put_segment(DOCUMENT, 0, SEALED, sha256=SHA256)


async def test_a_deposit_that_nobody_opened_has_no_addresses(practice: Practice) -> None:
    practice.client._store.note_deposit(DOCUMENT, takes_segments=True)
    with pytest.raises(NotFoundError):
        await practice.client.put_segment(DOCUMENT, 0, SEALED, sha256=SHA256)
