"""One sealed segment of a deposit: held in memory, checked, kept (docs/specs/mailbox.md §1)."""

import asyncio
import base64
import re
from typing import Final

from aiohttp import web

from souspli_exchange.segments import SegmentLayout
from souspli_mailbox.access import found
from souspli_mailbox.answers import no_content, read_bytes
from souspli_mailbox.endpoints import Caller, Endpoint, Octets
from souspli_mailbox.errors import Refusal
from souspli_mailbox.protocol.problems import ProblemKind
from souspli_mailbox.records.deposits import Deposit
from souspli_mailbox.routes.deposits import own_deposit
from souspli_mailbox.state import BLOBS, SEGMENT_SLOTS, STORE_CALLS

# Canonical base64 of 32 bytes: the last digit's two unused bits are zero.
_CHECKSUM: Final = re.compile(r"[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=", re.ASCII)

# A segment of 8 MiB at 256 kbit/s, what a bad ADSL line sends, takes 260 seconds.
SEND_SECONDS: Final = 300

# Long enough for others' segments to arrive, short enough not to look broken.
WAIT_FOR_SLOT_SECONDS: Final = 30


async def put_segment(request: web.Request) -> web.Response:
    checksum = _checksum(request.headers.get("X-Checksum-Sha256"))
    deposit = found(request, Deposit)
    layout = SegmentLayout.of_sealed(deposit.sealed_length)
    number = int(request.match_info["segment"])
    if number >= layout.count:
        raise Refusal(ProblemKind.NOT_FOUND)
    slots = request.app[SEGMENT_SLOTS]
    try:
        await asyncio.wait_for(slots.acquire(), WAIT_FOR_SLOT_SECONDS)
    except TimeoutError:
        raise Refusal(ProblemKind.UNAVAILABLE) from None
    try:
        size = len(layout.sealed_range(number))
        async with asyncio.timeout(SEND_SECONDS):
            sealed = await read_bytes(request, max_bytes=size)
        if len(sealed) < size:
            raise Refusal(ProblemKind.BAD_REQUEST)
        # Other bytes under a number that is known are refused: two plaintexts under one
        # key and chunk number would give both away, so whoever sends the second made a
        # mistake that must not be hidden.
        await request.app[STORE_CALLS](
            request.app[BLOBS].put_part,
            deposit.object_key,
            number,
            sealed,
            checksum,
            of=deposit.segments,
        )
    except TimeoutError:
        raise Refusal(ProblemKind.UNAVAILABLE) from None
    finally:
        slots.release()
    return no_content()


def _checksum(header: str | None) -> bytes:
    if header is None or not _CHECKSUM.fullmatch(header):
        raise Refusal(ProblemKind.BAD_REQUEST)
    return base64.b64decode(header)


ENDPOINTS: Final = (
    Endpoint(
        method="PUT",
        path="/v1/deposits/{document_id}/segments/{segment}",
        handler=put_segment,
        summary="Keep one sealed segment",
        caller=Caller.MEMBER,
        look_up=own_deposit,
        takes=Octets.SEGMENT,
        gives={204: None},
        problems=frozenset({ProblemKind.CHECKSUM_MISMATCH, ProblemKind.DOCUMENT_DIFFERS}),
    ),
)
