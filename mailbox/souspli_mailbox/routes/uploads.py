"""Addresses at which segments are put straight into the store (docs/specs/mailbox.md §8)."""

from typing import Final

from aiohttp import web

from souspli_exchange.segments import SegmentLayout
from souspli_mailbox.access import found
from souspli_mailbox.answers import answer, read_request
from souspli_mailbox.endpoints import Caller, Endpoint
from souspli_mailbox.errors import Refusal
from souspli_mailbox.protocol.deposits import StoreUpload, UploadsAnswer, UploadsRequest
from souspli_mailbox.protocol.problems import ProblemKind
from souspli_mailbox.records.deposits import Deposit
from souspli_mailbox.routes.deposits import own_deposit
from souspli_mailbox.state import DIRECT, STORE_CALLS, now
from souspli_storage.blobs import Part
from souspli_storage.direct import UPLOAD_SECONDS


async def open_uploads(request: web.Request) -> web.Response:
    body = await read_request(request, UploadsRequest)
    direct = request.app[DIRECT]
    deposit = found(request, Deposit)
    if direct is None:
        raise Refusal(ProblemKind.NOT_FOUND)
    layout = SegmentLayout.of_sealed(deposit.sealed_length)
    numbers = {segment.number for segment in body.segments}
    if len(numbers) < len(body.segments) or max(numbers) >= layout.count:
        raise Refusal(ProblemKind.BAD_REQUEST)
    parts = [
        Part(segment.number, len(layout.sealed_range(segment.number)), segment.checksum)
        for segment in body.segments
    ]
    expires_at = now(request) + UPLOAD_SECONDS
    # Other bytes under a known number are refused: see `segments`. None for what is in
    # the object already: a sender who has not heard of it repeats.
    addresses = await request.app[STORE_CALLS](
        direct.presign_parts,
        deposit.object_key,
        parts,
        seconds=UPLOAD_SECONDS,
        of=deposit.segments,
    )
    return answer(
        UploadsAnswer(
            uploads=[
                StoreUpload(
                    number=address.part.number,
                    method="PUT",
                    url=address.url,
                    headers=dict(address.headers),
                    expires_at=expires_at,
                )
                for address in addresses
            ]
        )
    )


ENDPOINTS: Final = (
    Endpoint(
        method="POST",
        path="/v1/deposits/{document_id}/uploads",
        handler=open_uploads,
        summary="Get addresses at which the store takes segments itself",
        caller=Caller.MEMBER,
        look_up=own_deposit,
        takes=UploadsRequest,
        gives={200: UploadsAnswer},
        problems=frozenset({ProblemKind.DOCUMENT_DIFFERS}),
    ),
)
