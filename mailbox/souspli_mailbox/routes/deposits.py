"""Deposits as their sender makes them (docs/specs/mailbox.md §1, §4).

Durable, then recorded, then announced: segments are on the disk before they are
acknowledged, the object is complete before a row says `stored`, and the row is
committed before anybody is told.
"""

import asyncio
import hashlib
import secrets
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec
from aiohttp import web
from msgspec import UNSET
from sqlalchemy import Connection

from souspli_exchange.errors import ContentsRefusedError
from souspli_exchange.ports.states import DepositState
from souspli_exchange.segments import SegmentLayout
from souspli_mailbox.access import found, member_of
from souspli_mailbox.answers import answer, read_request
from souspli_mailbox.callers import Account
from souspli_mailbox.covers import check_cover, cover_hash
from souspli_mailbox.endpoints import Caller, Endpoint
from souspli_mailbox.errors import Refusal
from souspli_mailbox.protocol.deposits import (
    CompleteAnswer,
    CompleteRequest,
    DepositAnswer,
    DepositRequest,
    NewDelivery,
    Upload,
)
from souspli_mailbox.protocol.problems import ProblemKind
from souspli_mailbox.records import deposits as records
from souspli_mailbox.records.errors import NotFoundError
from souspli_mailbox.records.usage import Quota
from souspli_mailbox.state import BLOBS, DATABASE, DIRECT, SETTINGS, STORE_CALLS, WORKER, now
from souspli_storage.blobs import BlobStore, Part

MAX_COMPLETE_BYTES: Final = 33_554_432
"""32 MiB (docs/specs/mailbox.md §4): 100 covers of a usual length."""

OBJECT_KEY_BYTES: Final = 16
DELIVERY_ID_BYTES: Final = 16


async def open_deposit(request: web.Request) -> web.Response:
    body = await read_request(request, DepositRequest)
    if body.sealed_length > request.app[SETTINGS].limits.contents_bytes:
        raise Refusal(ProblemKind.TOO_LARGE)
    if layout_of(body.sealed_length).count != body.segments:
        raise Refusal(ProblemKind.BAD_REQUEST)
    member = member_of(request)
    deposit = await request.app[DATABASE].write(
        records.open_deposit,
        deposit=records.NewDeposit(
            organisation=member.organisation,
            document_id=body.document_id,
            member=member.fingerprint,
            # Never derived from the document: a key in the store says nothing.
            object_key=secrets.token_hex(OBJECT_KEY_BYTES),
            sealed_length=body.sealed_length,
            segments=body.segments,
        ),
        quota=quota_of(request),
        now=now(request),
    )
    received = await request.app[STORE_CALLS](_begin, request.app[BLOBS], deposit)
    stored = deposit.state is DepositState.STORED
    return answer(
        DepositAnswer(
            document_id=body.document_id,
            state=deposit.state.value,
            received=list(range(body.segments)) if stored else received,
            upload=Upload(method="PUT", url=f"/v1/deposits/{body.document_id}/segments/{{n}}"),
            uploads=UNSET
            if request.app[DIRECT] is None
            else f"/v1/deposits/{body.document_id}/uploads",
        ),
        status=200 if stored or received else 201,
    )


def layout_of(sealed_length: int) -> SegmentLayout:
    """Return where the segments lie; Refusal `bad-request` for a length that none has."""
    try:
        return SegmentLayout.of_sealed(sealed_length)
    except ContentsRefusedError:
        raise Refusal(ProblemKind.BAD_REQUEST) from None


def _begin(blobs: BlobStore, deposit: records.Deposit) -> list[int]:
    return [part.number for part in blobs.begin(deposit.object_key, of=deposit.segments)]


async def complete_deposit(request: web.Request) -> web.Response:
    body = await read_request(request, CompleteRequest, max_bytes=MAX_COMPLETE_BYTES)
    deposit = found(request, records.Deposit)
    database = request.app[DATABASE]
    request_hash, covers = await asyncio.to_thread(_check, body, segments=deposit.segments)
    # Asked before the object is completed: a cover that has to be sealed again
    # is the common refusal, and the cheap one.
    done = await database.read(
        records.require_completable,
        organisation=deposit.organisation,
        document_id=deposit.document_id,
        request_hash=request_hash,
        covers=covers,
        now=now(request),
    )
    if done is None:
        await request.app[STORE_CALLS](_complete, request.app[BLOBS], deposit, body.checksums)
        # A crash here leaves an object that no stored deposit names: it is swept,
        # or this request comes again and finds it complete.
        done = await database.write(
            records.complete_deposit,
            organisation=deposit.organisation,
            document_id=deposit.document_id,
            request_hash=request_hash,
            covers=covers,
            sender_cover=body.sender_cover,
            sender_cover_hash=cover_hash(body.sender_cover),
            quota=quota_of(request),
            now=now(request),
        )
        request.app[WORKER].wake()
    return answer(
        CompleteAnswer(
            document_id=deposit.document_id,
            deliveries=[
                NewDelivery(
                    delivery_id=made.delivery_id,
                    invitation_id=made.invitation_id,
                    letter_ends_at=made.letter_ends_at,
                )
                for made in done
            ],
        ),
        status=201,
    )


def quota_of(request: web.Request) -> Quota:
    """Return what the settings allow one organisation."""
    limits = request.app[SETTINGS].limits
    return Quota(
        sealed_bytes=limits.organisation_bytes,
        documents_a_day=limits.organisation_documents_a_day,
    )


def own_deposit(
    connection: Connection, account: Account, names: Mapping[str, str]
) -> records.Deposit:
    """Return the caller's own deposit of the document in the path; NotFoundError otherwise."""
    if account.member is None:
        raise NotFoundError
    deposit = records.read_deposit(
        connection,
        organisation=account.member.organisation,
        document_id=names["document_id"],
    )
    if deposit.member != account.member.fingerprint:
        raise NotFoundError
    return deposit


def own_contents(
    connection: Connection, account: Account, names: Mapping[str, str]
) -> records.Deposit:
    """Return the caller's own deposit whose contents can be read; NotFoundError otherwise.

    Once its own cover is gone nobody could open them: they are as good as deleted.
    """
    deposit = own_deposit(connection, account, names)
    records.read_sender_cover(connection, deposit_id=deposit.deposit_id)
    return deposit


def _check(body: CompleteRequest, *, segments: int) -> tuple[str, tuple[records.NewCover, ...]]:
    """Return the hash that a repeat has to have, and the covers, each of the right shape."""
    invitations = {cover.invitation_id for cover in body.covers}
    if len(body.checksums) != segments or len(invitations) < len(body.covers):
        raise Refusal(ProblemKind.BAD_REQUEST)
    check_cover(body.sender_cover)
    covers = tuple(
        records.NewCover(
            delivery_id=secrets.token_hex(DELIVERY_ID_BYTES),
            invitation_id=cover.invitation_id,
            recipient_fingerprint=cover.recipient_fingerprint,
            cover_hash=cover_hash(cover.cover),
            cover=check_cover(cover.cover),
        )
        for cover in body.covers
    )
    return hashlib.sha256(msgspec.json.encode(body)).hexdigest(), covers


def _complete(blobs: BlobStore, deposit: records.Deposit, checksums: Sequence[bytes]) -> None:
    layout = SegmentLayout.of_sealed(deposit.sealed_length)
    parts = [
        Part(number=number, size=len(layout.sealed_range(number)), sha256=checksum)
        for number, checksum in enumerate(checksums)
    ]
    blobs.complete(deposit.object_key, parts)


ENDPOINTS: Final = (
    Endpoint(
        method="POST",
        path="/v1/deposits",
        handler=open_deposit,
        summary="Open a deposit, or ask how far it has come",
        caller=Caller.MEMBER,
        takes=DepositRequest,
        gives={201: DepositAnswer, 200: DepositAnswer},
        problems=frozenset({ProblemKind.DOCUMENT_DIFFERS, ProblemKind.QUOTA_REACHED}),
    ),
    Endpoint(
        method="POST",
        path="/v1/deposits/{document_id}/complete",
        handler=complete_deposit,
        summary="Store the document, one delivery for each cover",
        caller=Caller.MEMBER,
        look_up=own_deposit,
        takes=CompleteRequest,
        gives={201: CompleteAnswer},
        problems=frozenset(
            {
                ProblemKind.DOCUMENT_DIFFERS,
                ProblemKind.QUOTA_REACHED,
                ProblemKind.CLAIMED,
                ProblemKind.BACK_TO_PAPER,
                ProblemKind.INVITATION_EXPIRED,
                ProblemKind.INVITATION_SUPERSEDED,
                ProblemKind.COVER_REFUSED,
                ProblemKind.INCOMPLETE,
            }
        ),
    ),
)
