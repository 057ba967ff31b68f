"""The HTTP client trusts nothing that a service, or somebody between, answers."""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import hashlib
import ipaddress
import json
import ssl
import tracemalloc
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.abc import AbstractStreamWriter
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from simulation.people import Practice
from simulation.service import ORIGIN, Service, free_port

from souspli_exchange import port_errors
from souspli_exchange.ids import DeliveryId, DocumentId, InvitationId
from souspli_exchange.port_errors import (
    BrokenAnswerError,
    NotFoundError,
    PortError,
    StorageFullError,
    ThrottledError,
    UnavailableError,
)
from souspli_exchange.ports.both_sides import Mailbox
from souspli_exchange.ports.claim import ClaimDesk
from souspli_exchange.ports.directory import Directory
from souspli_keys.address import Origin
from souspli_mailbox.client import MailboxClient
from souspli_mailbox.client.body import PIECE_BYTES, Body
from souspli_mailbox.client.errors import error_of
from souspli_mailbox.errors import SettingsError
from souspli_mailbox.protocol.problems import ProblemKind

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
DELIVERY = DeliveryId("0" * 32)


class Collecting(AbstractStreamWriter):
    """Notes how long each piece is that is written."""

    def __init__(self) -> None:
        self.written: list[int] = []

    async def write(self, chunk: bytes | bytearray | memoryview) -> None:
        self.written.append(len(chunk))

    async def write_eof(self, chunk: bytes = b"") -> None:
        raise NotImplementedError

    async def drain(self) -> None:
        raise NotImplementedError

    def enable_compression(self, *_arguments: object, **_named: object) -> None:
        raise NotImplementedError

    def enable_chunking(self) -> None:
        raise NotImplementedError

    async def write_headers(self, status_line: str, headers: object) -> None:
        raise NotImplementedError


@contextlib.asynccontextmanager
async def answering(
    handler: Handler, *, tls: ssl.SSLContext | None = None
) -> AsyncIterator[MailboxClient]:
    """Yield a client of a server that answers every request with `handler`."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handler)
    runner, port = web.AppRunner(app, access_log=None), free_port()
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port, ssl_context=tls).start()
    scheme = "http" if tls is None else "https"
    try:
        async with MailboxClient(f"{scheme}://127.0.0.1:{port}/", origin=ORIGIN) as client:
            yield client
    finally:
        await runner.cleanup()


def saying(body: object, status: int = 200, **headers: str) -> Handler:
    async def handler(_: web.Request) -> web.Response:
        sent = body if isinstance(body, bytes) else json.dumps(body).encode()
        return web.Response(body=sent, status=status, headers=headers)

    return handler


async def test_the_client_is_a_directory_a_mailbox_and_a_claim_desk(practice: Practice) -> None:
    directory: Directory = practice.client
    mailbox: Mailbox = practice.client
    desk: ClaimDesk = practice.client
    assert directory is mailbox is desk


@pytest.mark.parametrize(
    "page", ["http://souspli.example/", "http://192.0.2.1/", "ftp://127.0.0.1/", "", "127.0.0.1"]
)
def test_plain_http_is_for_this_machine_only(page: str) -> None:
    with pytest.raises(SettingsError):
        MailboxClient(page, origin=ORIGIN)


async def test_a_service_with_another_origin_is_not_ours(service: Service) -> None:
    async with MailboxClient(service.page, origin=Origin("other.example")) as client:
        with pytest.raises(BrokenAnswerError):
            await client.service()
    async with MailboxClient(service.page, origin=ORIGIN) as client:
        assert (await client.service()).limits.segment_plain_bytes == 8_388_608


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_no_redirect_is_followed(status: int) -> None:
    asked: list[str] = []

    async def redirect(request: web.Request) -> web.Response:
        asked.append(request.path)
        return web.Response(status=status, headers={"Location": "/elsewhere"})

    async with answering(redirect) as client:
        with pytest.raises(BrokenAnswerError):
            await client.deposits()
    assert asked == ["/v1/deposits"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>welcome to our proxy</html>",
        b"{}",
        b"[]",
        b"\xff",
        b"[" * 10_000,
        {"deposits": [], "next": 5},
        {"deposits": [], "next": None, "unknown": 1},
    ],
)
async def test_what_is_not_of_the_protocol_is_a_broken_answer(body: object) -> None:
    async with answering(saying(body)) as client:
        with pytest.raises(BrokenAnswerError):
            await client.deposits()


async def test_an_answer_about_something_else_is_a_broken_answer() -> None:
    other = {
        "document_id": "1" * 32,
        "state": "stored",
        "received": [],
        "upload": {"method": "PUT", "url": "https://evil.example/{n}"},
    }
    async with answering(saying(other)) as client:
        with pytest.raises(BrokenAnswerError):
            await client.open_deposit(DocumentId("0" * 32), sealed_length=1, segments=1)


async def test_segments_go_to_the_service_whatever_address_it_names() -> None:
    asked: list[str] = []
    upload = {"method": "PUT", "url": "http://127.0.0.1:1/stolen/{n}"}

    async def handler(request: web.Request) -> web.Response:
        asked.append(request.path)
        if request.method == "PUT":
            return web.Response(status=204)
        return web.json_response(
            {"document_id": "0" * 32, "state": "uploading", "received": [], "upload": upload}
        )

    async with answering(handler) as client:
        await client.open_deposit(DocumentId("0" * 32), sealed_length=1, segments=1)
        await client.put_segment(DocumentId("0" * 32), 0, b"sealed", sha256=bytes(32))
    assert asked[1] == f"/v1/deposits/{'0' * 32}/segments/0"


@contextlib.asynccontextmanager
async def hashing(digests: list[str]) -> AsyncIterator[MailboxClient]:
    """Yield a client of a server that keeps of every body what it hashes to."""

    async def handler(request: web.Request) -> web.Response:
        digest = hashlib.sha256()
        async for chunk in request.content.iter_any():
            digest.update(chunk)
        digests.append(f"{digest.hexdigest()} {request.content_length}")
        return web.Response(status=204)

    async with answering(handler) as client:
        yield client


@pytest.mark.parametrize("length", [0, 1, PIECE_BYTES - 1, PIECE_BYTES, PIECE_BYTES + 1, 999_999])
async def test_a_segment_arrives_byte_for_byte(length: int) -> None:
    digests: list[str] = []
    sealed = bytes(index % 251 for index in range(length))
    async with hashing(digests) as client:
        await client.put_segment(DocumentId("0" * 32), 0, sealed, sha256=bytes(32))
    assert digests == [f"{hashlib.sha256(sealed).hexdigest()} {length}"]


async def test_a_segment_is_in_memory_once_while_it_goes_out() -> None:
    sealed = bytes(16_777_216)
    async with hashing([]) as client:
        tracemalloc.start()
        try:
            await client.put_segment(DocumentId("0" * 32), 0, sealed, sha256=bytes(32))
            _, most = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert most < len(sealed) // 4


async def test_a_body_is_written_whole_each_time() -> None:
    """aiohttp writes it again where a connection that it kept had been closed meanwhile."""
    body = Body(b"x" * (2 * PIECE_BYTES + 1))
    for _ in range(2):
        writer = Collecting()
        await body.write(writer)
        assert writer.written == [PIECE_BYTES, PIECE_BYTES, 1]


async def test_an_endless_answer_is_cut_off() -> None:
    async def endless(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        with contextlib.suppress(ConnectionError):
            while True:
                await response.write(b" " * 1_048_576)
        return response

    async with answering(endless) as client:
        with pytest.raises(BrokenAnswerError):
            await client.vault()
        with pytest.raises(BrokenAnswerError):
            await client.read_contents(DELIVERY, start=0, stop=100)


async def test_contents_are_never_more_than_was_asked_for() -> None:
    async with answering(saying(b"x" * 101, 206)) as client:
        with pytest.raises(BrokenAnswerError):
            await client.read_contents(DELIVERY, start=0, stop=100)
    async with answering(saying(b"x" * 100, 200)) as client:
        with pytest.raises(BrokenAnswerError):  # a service that ignores the range
            await client.read_contents(DELIVERY, start=0, stop=100)
    async with answering(saying(b"x" * 50, 206)) as client:
        assert await client.read_contents(DELIVERY, start=0, stop=100) == b"x" * 50
        assert await client.read_contents(DELIVERY, start=7, stop=7) == b""


@pytest.mark.parametrize("moment", ["before", "amid"])
async def test_a_line_that_breaks_is_temporary(moment: str) -> None:
    async def breaking(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        if moment == "amid":
            response.content_length = 1_000
            await response.prepare(request)
            await response.write(b"{")
        assert request.transport is not None
        request.transport.abort()
        return response

    async with answering(breaking) as client:
        with pytest.raises(UnavailableError) as failed:
            await client.deposits()
    assert failed.value.temporary


async def test_nobody_there_is_temporary() -> None:
    async with MailboxClient(f"http://127.0.0.1:{free_port()}/", origin=ORIGIN) as client:
        with pytest.raises(UnavailableError):
            await client.deposits()
    with pytest.raises(UnavailableError):
        await client.deposits()  # closed


async def test_a_cookie_is_not_kept() -> None:
    seen: list[str | None] = []

    async def handler(request: web.Request) -> web.Response:
        seen.append(request.headers.get("Cookie"))
        response = web.json_response({"deposits": [], "next": None})
        response.set_cookie("tracking", "1")
        return response

    async with answering(handler) as client:
        await client.deposits()
        await client.deposits()
    assert seen == [None, None]


def leaves(kind: type[PortError]) -> Iterator[type[PortError]]:
    yield kind
    for child in kind.__subclasses__():
        yield from leaves(child)


def test_every_problem_of_the_ports_comes_back_as_their_error() -> None:
    named = {kind.problem for kind in leaves(port_errors.PortError) if "problem" in vars(kind)}
    named -= {None}
    problems = {kind.value.name: kind for kind in ProblemKind}
    assert named <= problems.keys()
    for name in named:
        kind = problems[name]
        body = {
            "type": kind.uri,
            "title": "",
            "status": kind.value.status,
            "detail": "<b>somebody's words</b>",
            "tries_left": 3,
            "invitation_id": "1" * 32,
            "reason": "dates",
            "missing": [4],
        }
        error = error_of(kind.value.status, json.dumps(body).encode(), retry_after=7.0)
        assert error.problem == name
        # Words come from here, never from the answer.
        assert str(error) == kind.value.detail
        if isinstance(error, ThrottledError):
            assert error.retry_after == 7.0
        if isinstance(error, port_errors.CodeWrongError | port_errors.PersonWrongError):
            assert error.tries_left == 3
        if isinstance(error, port_errors.IncompleteDepositError):
            assert error.missing == (4,)
        if isinstance(error, port_errors.StatementNotTakenError):
            assert error.reason == "dates"


@pytest.mark.parametrize(
    ("status", "body", "error", "temporary"),
    [
        (500, b"", UnavailableError, True),
        (502, b"<html>bad gateway</html>", UnavailableError, True),
        (503, b"{}", UnavailableError, True),
        (429, b"", UnavailableError, True),
        (404, b"<html>not here</html>", BrokenAnswerError, False),
        (418, b'{"type":"urn:souspli:problem:teapot"}', BrokenAnswerError, False),
    ],
)
def test_an_error_of_something_between_is_told_by_its_status(
    status: int, body: bytes, error: type[PortError], temporary: bool
) -> None:
    found = error_of(status, body, retry_after=None)
    assert type(found) is error
    assert found.temporary is temporary


async def test_retry_after_comes_in_seconds_or_not_at_all() -> None:
    problem = {
        "type": ProblemKind.TOO_MANY_TRIES.uri,
        "title": "",
        "status": 429,
        "detail": "",
    }
    for header, seconds in (("120", 120.0), ("-5", None), ("Wed, 21 Oct", None), ("9" * 9, None)):
        async with answering(saying(problem, 429, **{"Retry-After": header})) as client:
            with pytest.raises(ThrottledError) as throttled:
                await client.deposits()
        assert throttled.value.retry_after == seconds


async def test_a_full_store_is_told_apart() -> None:
    problem = {"type": ProblemKind.STORAGE_FULL.uri, "title": "", "status": 507, "detail": ""}
    async with answering(saying(problem, 507)) as client:
        with pytest.raises(StorageFullError):
            await client.deposits()


def certificate(folder: Path) -> tuple[ssl.SSLContext, Path]:
    """Make a certificate for 127.0.0.1 that nobody has signed but itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]),
            critical=False,
        )
        .sign(key, hashes.SHA256())
    )
    pem, private = folder / "certificate.pem", folder / "key.pem"
    pem.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem, private)
    return context, pem


async def test_a_certificate_that_nobody_vouches_for_is_refused_and_never_tried_again(
    tmp_path: Path,
) -> None:
    server, pem = certificate(tmp_path)
    async with answering(saying({"deposits": [], "next": None}), tls=server) as client:
        with pytest.raises(BrokenAnswerError) as refused:
            await client.deposits()
        assert not refused.value.temporary
        page = str(client._transport._base)
        # The same server, with its certificate among those that are believed.
        trust = ssl.create_default_context(cafile=str(pem))
        async with MailboxClient(page, origin=ORIGIN, verify_with=trust) as trusting:
            assert (await trusting.deposits()).deposits == ()


async def test_a_token_is_shown_by_no_repr(practice: Practice) -> None:
    token = practice.client._transport._token
    assert token is not None
    assert token not in repr(practice.client) + repr(practice.client._transport)


async def test_a_call_may_be_cancelled(service: Service) -> None:
    client = await service.client()
    task = asyncio.create_task(client.claim_record(InvitationId("0" * 32)))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    with pytest.raises(NotFoundError):
        await client.claim_record(InvitationId("0" * 32))
