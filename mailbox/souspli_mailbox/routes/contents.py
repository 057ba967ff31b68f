"""Sealed contents, whole or by range, as fast as the reader takes them (RFC 9110 §14)."""

import asyncio
import socket
from typing import Final

import structlog
from aiohttp import web

from souspli_mailbox.access import found
from souspli_mailbox.endpoints import Caller, Endpoint, Octets
from souspli_mailbox.logs import describe
from souspli_mailbox.protocol.problems import ProblemKind
from souspli_mailbox.ranges import read_range
from souspli_mailbox.records.deliveries import Delivery
from souspli_mailbox.records.deposits import Deposit
from souspli_mailbox.routes.deliveries import collected_delivery
from souspli_mailbox.routes.deposits import own_contents
from souspli_mailbox.state import BLOBS, REQUEST_ID, SETTINGS, STORE_CALLS
from souspli_storage.errors import StoreDamagedError

log: structlog.typing.FilteringBoundLogger = structlog.get_logger("souspli.mailbox")

# Read at a time: few calls into the store, little memory for each slow reader.
READ_BYTES: Final = 1_048_576

# What a reader has to take within `stall_seconds`; also what the system holds for it.
PIECE_BYTES: Final = 65_536

# Linux and macOS have it; elsewhere a slow reader costs the system's own buffers.
_NOTSENT_LOWAT: Final[int | None] = getattr(socket, "TCP_NOTSENT_LOWAT", None)


async def get_contents(request: web.Request) -> web.StreamResponse:
    return await _give(request, found(request, Delivery))


async def get_own_contents(request: web.Request) -> web.StreamResponse:
    return await _give(request, found(request, Deposit))


async def _give(request: web.Request, delivery: Delivery | Deposit) -> web.StreamResponse:
    # Contents never change, so the document's id names these very bytes.
    etag = f'"{delivery.document_id}"'
    length = delivery.sealed_length
    wanted: range | None = None
    if request.headers.get("If-Range") in {None, etag}:
        wanted = read_range(request.headers.get("Range"), length=length)
    response = web.StreamResponse(status=200 if wanted is None else 206)
    response.content_type = "application/octet-stream"
    response.headers["Accept-Ranges"] = "bytes"
    response.headers["ETag"] = etag
    # A browser that is pointed here saves a file; it never shows one.
    response.headers["Content-Disposition"] = "attachment"
    sent = range(length) if wanted is None else wanted
    if wanted is not None:
        response.headers["Content-Range"] = f"bytes {sent.start}-{sent.stop - 1}/{length}"
    response.content_length = len(sent)
    if request.method == "HEAD":
        await response.prepare(request)
        return response
    return await _stream(request, response, delivery, sent)


async def _stream(
    request: web.Request,
    response: web.StreamResponse,
    delivery: Delivery | Deposit,
    sent: range,
) -> web.StreamResponse:
    """Write these bytes; a reader that stops reading stops the reading here."""
    # Read before the status is sent: an object that is gone is still an error answer.
    chunk = await _read(request, delivery, sent)
    _keep_little_unsent(request)
    await response.prepare(request)
    try:
        await _write(request, response, chunk)
        while sent := sent[len(chunk) :]:
            chunk = await _read(request, delivery, sent)
            await _write(request, response, chunk)
        await response.write_eof()
    except TimeoutError:
        log.info("reader stalled", request_id=request[REQUEST_ID])
        _cut(request)
    except (ConnectionError, asyncio.CancelledError):
        raise  # the reader went away
    except Exception as failed:  # noqa: BLE001  (the status is sent: only the line can be cut)
        log.error("contents cut off", request_id=request[REQUEST_ID], cause=describe(failed))
        _cut(request)
    return response


async def _write(request: web.Request, response: web.StreamResponse, chunk: bytes) -> None:
    """Write the chunk piece by piece, as the reader takes them; TimeoutError if it doesn't."""
    pieces = memoryview(chunk)
    for begin in range(0, len(chunk), PIECE_BYTES):
        async with asyncio.timeout(request.app[SETTINGS].limits.stall_seconds):
            await response.write(pieces[begin : begin + PIECE_BYTES])


def _keep_little_unsent(request: web.Request) -> None:
    """Have the system take no megabytes that the reader does not take.

    Its buffers grow to several, and would be filled for each slow reader; and a reader
    that takes a little at a time would look as if it took nothing for minutes.
    """
    bound = None if request.transport is None else request.transport.get_extra_info("socket")
    if bound is not None and _NOTSENT_LOWAT is not None:
        bound.setsockopt(socket.IPPROTO_TCP, _NOTSENT_LOWAT, PIECE_BYTES)


def _cut(request: web.Request) -> None:
    if request.transport is not None:
        request.transport.abort()


async def _read(request: web.Request, delivery: Delivery | Deposit, sent: range) -> bytes:
    length = min(READ_BYTES, len(sent))
    chunk = await request.app[STORE_CALLS](
        request.app[BLOBS].read, delivery.object_key, sent.start, length
    )
    if not chunk:
        # Never ask again: a store that has lost the rest gives nothing for ever.
        raise StoreDamagedError("the store has less than was deposited")
    return chunk


ENDPOINTS: Final = (
    Endpoint(
        method="GET",
        path="/v1/deliveries/{delivery_id}/contents",
        handler=get_contents,
        summary="The sealed contents, whole or one range of bytes",
        caller=Caller.PATIENT,
        look_up=collected_delivery,
        gives={200: Octets.CONTENTS, 206: Octets.CONTENTS},
        problems=frozenset({ProblemKind.RANGE_NOT_SATISFIABLE, ProblemKind.WITHDRAWN}),
    ),
    Endpoint(
        method="GET",
        path="/v1/deposits/{document_id}/contents",
        handler=get_own_contents,
        summary="The sealed contents of one's own deposit, whole or one range of bytes",
        caller=Caller.MEMBER,
        look_up=own_contents,
        gives={200: Octets.CONTENTS, 206: Octets.CONTENTS},
        problems=frozenset({ProblemKind.RANGE_NOT_SATISFIABLE}),
    ),
)
