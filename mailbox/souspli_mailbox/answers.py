"""From structs to bytes and back: reading requests, writing answers, writing problems."""

import asyncio
from typing import Final, TypeVar

import msgspec
from aiohttp import web
from msgspec import UNSET

from souspli_mailbox.errors import Refusal
from souspli_mailbox.protocol.problems import CONTENT_TYPE, ProblemDetails, ProblemKind
from souspli_mailbox.state import SETTINGS

T = TypeVar("T")

MAX_REQUEST_BYTES: Final = 1_048_576
"""docs/specs/mailbox.md §3, unless an endpoint says otherwise."""

# Below this, decoding takes less than a millisecond and a thread costs more.
DECODE_IN_THREAD_BYTES: Final = 262_144

DEFAULT_RETRY_SECONDS: Final = 5
"""For `unavailable`: a checkpoint or a restart is over by then."""


def answer(message: msgspec.Struct, *, status: int = 200) -> web.Response:
    """Write a struct as JSON."""
    return web.Response(
        body=msgspec.json.encode(message), status=status, content_type="application/json"
    )


def no_content() -> web.Response:
    """Answer 204."""
    return web.Response(status=204)


def problem_answer(refusal: Refusal) -> web.Response:
    """Write a refusal as problem details (RFC 9457)."""
    words = refusal.kind.value
    details = ProblemDetails(
        type=refusal.kind.uri,
        title=words.title,
        status=words.status,
        detail=words.detail,
        tries_left=UNSET if refusal.tries_left is None else refusal.tries_left,
        invitation_id=UNSET if refusal.invitation_id is None else refusal.invitation_id,
        reason=UNSET if refusal.reason is None else refusal.reason,
        missing=UNSET if refusal.missing is None else list(refusal.missing),
    )
    response = web.Response(
        body=msgspec.json.encode(details), status=words.status, content_type=CONTENT_TYPE
    )
    retry_after = refusal.retry_after
    if retry_after is None and refusal.kind is ProblemKind.UNAVAILABLE:
        retry_after = DEFAULT_RETRY_SECONDS
    if retry_after is not None:
        response.headers["Retry-After"] = str(max(1, retry_after))
    return response


async def read_request(
    request: web.Request, kind: type[T], *, max_bytes: int = MAX_REQUEST_BYTES
) -> T:
    """Return the request's JSON body as `kind`.

    Raises Refusal: `too-large`; `bad-request` for another content type, malformed
    JSON, an unknown field, a wrong type or length, or base64 that is not canonical.
    """
    # A form of another site can't send this type without the browser asking first.
    if request.content_type != "application/json":
        raise Refusal(ProblemKind.BAD_REQUEST)
    body = await read_bytes(request, max_bytes=max_bytes)
    if len(body) > DECODE_IN_THREAD_BYTES:
        return await asyncio.to_thread(decode, body, kind)
    return decode(body, kind)


async def read_bytes(request: web.Request, *, max_bytes: int) -> bytes:
    """Return the whole body, never holding more than `max_bytes` of it.

    Raises Refusal `too-large`, from the announced length if there is one, and
    `unavailable` when the body comes more slowly than the settings allow.
    """
    if "Content-Encoding" in request.headers:
        raise Refusal(ProblemKind.BAD_REQUEST)  # nothing is unpacked: no bomb goes off
    if (request.content_length or 0) > max_bytes:
        raise Refusal(ProblemKind.TOO_LARGE)
    limits = request.app[SETTINGS].limits
    body = bytearray()
    try:
        async with asyncio.timeout(limits.body_seconds) as limit:
            ends = limit.when() or 0.0
            async for chunk in request.content.iter_any():
                if len(body) + len(chunk) > max_bytes:
                    raise Refusal(ProblemKind.TOO_LARGE)
                body += chunk
                # Whoever sends has time; whoever drips a byte now and then has none.
                limit.reschedule(ends + len(body) / limits.body_bytes_per_second)
    except TimeoutError:
        raise Refusal(ProblemKind.UNAVAILABLE) from None
    return bytes(body)


def decode(body: bytes, kind: type[T]) -> T:
    """Return `body` as `kind`; raise Refusal `bad-request` for whatever is not exactly it."""
    try:
        value = msgspec.json.decode(body, type=kind)
        # What was understood, written again, must be what was sent. The decoder
        # lets unused bits of base64 pass, and an optional field be absent.
        if msgspec.to_builtins(value) != msgspec.json.decode(body):
            raise Refusal(ProblemKind.BAD_REQUEST)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Refusal(ProblemKind.BAD_REQUEST) from None
    return value
