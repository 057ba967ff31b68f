"""Sealed contents, whole or by range, as fast as the reader takes them (RFC 9110 §14)."""

import asyncio
from typing import Final

import structlog
from aiohttp import web

from souspli_mailbox.endpoints import Caller, Endpoint, Octets
from souspli_mailbox.logs import describe
from souspli_mailbox.protocol.problems import ProblemKind
from souspli_mailbox.ranges import read_range
from souspli_mailbox.records.deliveries import Delivery
from souspli_mailbox.routes.deliveries import read_delivery_to
from souspli_mailbox.state import BLOBS, REQUEST_ID
from souspli_storage.errors import StoreDamagedError

log: structlog.typing.FilteringBoundLogger = structlog.get_logger("souspli.mailbox")

# Read at a time: few calls into the store, little memory for each slow reader.
READ_BYTES: Final = 1_048_576


async def get_contents(request: web.Request) -> web.StreamResponse:
    delivery = await read_delivery_to(request)
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
    request: web.Request, response: web.StreamResponse, delivery: Delivery, sent: range
) -> web.StreamResponse:
    """Write these bytes; a reader that stops reading stops the reading here."""
    # Read before the status is sent: an object that is gone is still an error answer.
    chunk = await _read(request, delivery, sent)
    await response.prepare(request)
    try:
        await response.write(chunk)
        while sent := sent[len(chunk) :]:
            chunk = await _read(request, delivery, sent)
            await response.write(chunk)
        await response.write_eof()
    except (ConnectionError, asyncio.CancelledError):
        raise  # the reader went away
    except Exception as failed:  # noqa: BLE001  (the status is sent: only the line can be cut)
        log.error("contents cut off", request_id=request[REQUEST_ID], cause=describe(failed))
        if request.transport is not None:
            request.transport.abort()
    return response


async def _read(request: web.Request, delivery: Delivery, sent: range) -> bytes:
    length = min(READ_BYTES, len(sent))
    chunk = await asyncio.to_thread(
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
        gives={200: Octets.CONTENTS, 206: Octets.CONTENTS},
        problems=frozenset({ProblemKind.RANGE_NOT_SATISFIABLE}),
    ),
)
