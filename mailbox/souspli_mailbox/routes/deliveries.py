"""A recipient's mailbox: list, covers, collecting, receipts (docs/specs/mailbox.md §2, §4)."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from aiohttp import web
from msgspec import UNSET
from sqlalchemy import Connection

from souspli_exchange.errors import ReceiptRefusedError
from souspli_exchange.ids import DocumentId
from souspli_exchange.receipt import Receipt, verify_receipt
from souspli_keys import canonical
from souspli_keys.errors import FormatError
from souspli_keys.public import parse_public
from souspli_mailbox.access import account_of, found
from souspli_mailbox.answers import answer, read_request
from souspli_mailbox.callers import Account
from souspli_mailbox.covers import check_cover, cover_hash
from souspli_mailbox.cursors import next_cursor, read_page_request
from souspli_mailbox.endpoints import PAGING, Caller, Endpoint
from souspli_mailbox.envelopes import from_stored, open_shape, to_stored
from souspli_mailbox.errors import Refusal
from souspli_mailbox.protocol.deliveries import (
    CollectAnswer,
    CoverAnswer,
    DeliveriesPage,
    DeliveryView,
    ReceiptAnswer,
    ReceiptRequest,
    ReplaceCoverAnswer,
    ReplaceCoverRequest,
)
from souspli_mailbox.protocol.problems import ProblemKind
from souspli_mailbox.protocol.values import Nothing
from souspli_mailbox.records import accounts
from souspli_mailbox.records import deliveries as records
from souspli_mailbox.records.errors import NotFoundError, WithdrawnError
from souspli_mailbox.state import DATABASE, DIRECT, SETTINGS, STORE_CALLS, WORKER, now
from souspli_storage.direct import READ_SECONDS


async def list_deliveries(request: web.Request) -> web.Response:
    page = read_page_request(request)
    deliveries = await request.app[DATABASE].read(
        records.list_deliveries,
        account_number=account_of(request).account_number,
        after=page.after,
        limit=page.limit,
    )
    last = (deliveries[-1].stored_at, deliveries[-1].delivery_id) if deliveries else None
    return answer(
        DeliveriesPage(
            deliveries=[
                DeliveryView(
                    delivery_id=delivery.delivery_id,
                    document_id=delivery.document_id,
                    state=delivery.state.value,
                    sealed_length=delivery.sealed_length,
                    stored_at=delivery.stored_at,
                    fetched_at=delivery.fetched_at,
                    opened_at=delivery.opened_at,
                    cover_hash=delivery.cover_hash,
                )
                for delivery in deliveries
            ],
            next=next_cursor(len(deliveries), limit=page.limit, last=last),
        )
    )


def own_delivery(
    connection: Connection, account: Account, names: Mapping[str, str]
) -> records.Delivery:
    """Return the delivery in the path if it is to the caller; NotFoundError otherwise."""
    delivery = _delivery(connection, account, names)
    if not _is_recipient(account, delivery):
        raise NotFoundError
    return delivery


def collected_delivery(
    connection: Connection, account: Account, names: Mapping[str, str]
) -> records.Delivery:
    """Return the delivery if it is to the caller, who has collected it.

    NotFoundError otherwise: whoever is given contents without would make "not collected"
    an untrue thing to tell the sender.
    """
    delivery = own_delivery(connection, account, names)
    if delivery.is_taken_back:
        raise WithdrawnError
    if delivery.fetched_at is None and delivery.opened_at is None:
        raise NotFoundError
    return delivery


def _delivery(
    connection: Connection, account: Account, names: Mapping[str, str]
) -> records.Delivery:
    """Return the delivery if the caller is at either of its ends."""
    delivery = records.read_delivery(connection, delivery_id=names["delivery_id"])
    if not (_is_recipient(account, delivery) or _is_depositor(account, delivery)):
        raise NotFoundError
    return delivery


def _is_recipient(account: Account, delivery: records.Delivery) -> bool:
    return delivery.account_number == account.account_number


def _is_depositor(account: Account, delivery: records.Delivery) -> bool:
    return account.member is not None and account.member.fingerprint == delivery.member


def _cover(
    connection: Connection, account: Account, names: Mapping[str, str]
) -> records.DeliveredCover:
    delivery = _delivery(connection, account, names)
    if delivery.is_taken_back:
        raise WithdrawnError
    return records.read_cover(connection, delivery_id=delivery.delivery_id)


async def get_cover(request: web.Request) -> web.Response:
    cover = found(request, records.DeliveredCover)
    return answer(
        CoverAnswer(
            cover=cover.cover,
            cover_hash=cover.cover_hash,
            organisation=from_stored(cover.organisation_envelope),
            member=from_stored(cover.member_envelope),
        )
    )


async def put_cover(request: web.Request) -> web.Response:
    """Replace a cover: the recipient re-seals, or the depositor after a re-issue."""
    body = await read_request(request, ReplaceCoverRequest)
    account, delivery = account_of(request), found(request, records.Delivery)
    check_cover(body.cover)
    new_hash = cover_hash(body.cover)
    database = request.app[DATABASE]
    if _is_recipient(account, delivery) and body.invitation_id is UNSET:
        await database.write(
            records.replace_cover,
            delivery_id=delivery.delivery_id,
            replaces=body.replaces,
            cover=body.cover,
            cover_hash=new_hash,
        )
    elif _is_depositor(account, delivery) and body.invitation_id is not UNSET:
        await database.write(
            records.move_delivery,
            delivery_id=delivery.delivery_id,
            invitation_id=body.invitation_id,
            replaces=body.replaces,
            cover=body.cover,
            cover_hash=new_hash,
            now=now(request),
        )
        request.app[WORKER].wake()
    else:
        raise Refusal(ProblemKind.NOT_ALLOWED)
    return answer(ReplaceCoverAnswer(cover_hash=new_hash))


async def collect(request: web.Request) -> web.Response:
    await read_request(request, Nothing)
    delivery = found(request, records.Delivery)
    await request.app[DATABASE].write(
        records.collect, delivery_id=delivery.delivery_id, now=now(request)
    )
    direct = request.app[DIRECT]
    if direct is not None:
        url = await request.app[STORE_CALLS](
            direct.presign_read, delivery.object_key, seconds=READ_SECONDS
        )
        return answer(
            CollectAnswer(
                url=url,
                sealed_length=delivery.sealed_length,
                expires_at=now(request) + READ_SECONDS,
            )
        )
    return answer(
        CollectAnswer(
            url=f"/v1/deliveries/{delivery.delivery_id}/contents",
            sealed_length=delivery.sealed_length,
        )
    )


@dataclass(frozen=True, slots=True)
class _Reading:
    delivery: records.Delivery
    identity: bytes
    """Of whom it is to, public."""


def _reading(connection: Connection, account: Account, names: Mapping[str, str]) -> _Reading:
    delivery = own_delivery(connection, account, names)
    reader = accounts.read_account(connection, account_number=account.account_number)
    return _Reading(delivery, reader.identity)


async def put_receipt(request: web.Request) -> web.Response:
    body = await read_request(request, ReceiptRequest)
    reading = found(request, _Reading)
    delivery = reading.delivery
    await asyncio.to_thread(
        _verify,
        body,
        identity=reading.identity,
        document_id=DocumentId(delivery.document_id),
        origin=request.app[SETTINGS].origin,
    )
    await request.app[DATABASE].write(
        records.keep_receipt,
        delivery_id=delivery.delivery_id,
        receipt=to_stored(body.receipt),
        now=now(request),
    )
    return answer(ReceiptAnswer(state="opened"))


def _verify(
    body: ReceiptRequest, *, identity: bytes, document_id: DocumentId, origin: str
) -> Receipt:
    """Return the receipt if the account's identity signed it for this document.

    The manifest's hash in it is the sender's to compare: the service must not know
    the manifest, whose salt keeps it from guessing.
    """
    envelope = open_shape(body.receipt)
    try:
        manifest_hash = str(canonical.decode(envelope.payload).get("manifest_hash"))
        return verify_receipt(
            envelope,
            reader=parse_public(json.loads(identity)),
            document_id=document_id,
            manifest_hash=manifest_hash,
            origin=origin,
        )
    except FormatError:
        raise Refusal(ProblemKind.STATEMENT_REFUSED, reason="schema") from None
    except ReceiptRefusedError:
        raise Refusal(ProblemKind.STATEMENT_REFUSED, reason="signature") from None


ENDPOINTS: Final = (
    Endpoint(
        method="GET",
        path="/v1/deliveries",
        handler=list_deliveries,
        summary="One's own deliveries, newest first",
        caller=Caller.PATIENT,
        gives={200: DeliveriesPage},
        query=PAGING,
    ),
    Endpoint(
        method="GET",
        path="/v1/deliveries/{delivery_id}/cover",
        handler=get_cover,
        summary="The cover, with what its sender's chain is verified from",
        caller=Caller.ACCOUNT,
        look_up=_cover,
        gives={200: CoverAnswer},
        problems=frozenset({ProblemKind.WITHDRAWN}),
    ),
    Endpoint(
        method="PUT",
        path="/v1/deliveries/{delivery_id}/cover",
        handler=put_cover,
        summary="Replace the cover, compare-and-swap on its hash",
        caller=Caller.ACCOUNT,
        look_up=_delivery,
        takes=ReplaceCoverRequest,
        gives={200: ReplaceCoverAnswer},
        problems=frozenset(
            {ProblemKind.COVER_CHANGED, ProblemKind.COVER_REFUSED, ProblemKind.WITHDRAWN}
        ),
    ),
    Endpoint(
        method="POST",
        path="/v1/deliveries/{delivery_id}/collect",
        handler=collect,
        summary="Mark the delivery fetched, and learn where the contents are",
        caller=Caller.PATIENT,
        look_up=own_delivery,
        takes=Nothing,
        gives={200: CollectAnswer},
        problems=frozenset({ProblemKind.WITHDRAWN}),
    ),
    Endpoint(
        method="PUT",
        path="/v1/deliveries/{delivery_id}/receipt",
        handler=put_receipt,
        summary="Sign for having opened the document",
        caller=Caller.PATIENT,
        look_up=_reading,
        takes=ReceiptRequest,
        gives={200: ReceiptAnswer},
        problems=frozenset({ProblemKind.STATEMENT_REFUSED, ProblemKind.WITHDRAWN}),
    ),
)
