"""What a client does with a hostile service, and with a hostile store (mailbox.md §8)."""

from __future__ import annotations

import base64
import contextlib
import hashlib
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web
from simulation.service import ORIGIN, free_port

from souspli_exchange.ids import DeliveryId, DocumentId
from souspli_exchange.port_errors import (
    BrokenAnswerError,
    ChecksumMismatchError,
    PortError,
    UnavailableError,
)
from souspli_keys.operator import OperatorKey
from souspli_mailbox.client import MailboxClient
from souspli_mailbox.client.store import AddressExpiredError
from souspli_mailbox.client.transport import Transport

DOCUMENT = DocumentId("0" * 32)
DELIVERY = DeliveryId("0" * 32)
SEALED = b"sealed"
SHA256 = hashlib.sha256(SEALED).digest()


def in_base64(checksum: bytes) -> str:
    return base64.b64encode(checksum).decode()


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
    **changed: Any,
) -> AsyncIterator[MailboxClient]:
    """Yield a client of a service that names addresses, and that is the store as well.

    `changed`: of the address at which it is to put.
    """
    port = free_port()
    here = f"http://127.0.0.1:{port}/store/"

    async def handler(request: web.Request) -> web.StreamResponse:
        match request.path:
            case "/v1/service":
                limits = {"contents_bytes": 1, "cover_bytes": 1, "segment_plain_bytes": 1}
                about = {"origin": ORIGIN, "version": "1", "page": "", "limits": limits}
                key = OperatorKey(b"a" * 32).public.to_json()
                return web.json_response({**about, "audit_key": key, "store": store or here})
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
                return web.json_response({"uploads": [upload or at_store(here, **changed)]})
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
        {"x-amz-checksum-sha256": in_base64(SHA256), "If-None-Match": '"etag"'},
        {"If-None-Match": "*"},
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
        (412, b"", BrokenAnswerError),
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


async def test_what_the_store_has_and_the_service_does_not_know_of_is_tried_later() -> None:
    asked: list[str] = []

    async def store(request: web.Request) -> web.Response:
        asked.append(request.headers["If-None-Match"])
        return web.Response(status=412)

    headers = {"x-amz-checksum-sha256": in_base64(SHA256), "If-None-Match": "*"}
    async with answering(headers=headers, at_the_store=store) as client:
        with pytest.raises(UnavailableError):
            await client.put_segment(DOCUMENT, 0, SEALED, sha256=SHA256)
    assert asked == ["*"]


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
