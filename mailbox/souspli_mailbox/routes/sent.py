"""What became of one's own deposits: the sender's view (docs/specs/mailbox.md §4)."""

from collections.abc import Mapping
from typing import Final

from aiohttp import web
from sqlalchemy import Connection

from souspli_mailbox.access import found, member_of
from souspli_mailbox.answers import answer
from souspli_mailbox.callers import Account
from souspli_mailbox.cursors import next_cursor, read_page_request
from souspli_mailbox.endpoints import PAGING, Caller, Endpoint
from souspli_mailbox.envelopes import from_stored
from souspli_mailbox.protocol.deposits import (
    DepositsPage,
    DepositView,
    SenderCoverAnswer,
    SenderView,
)
from souspli_mailbox.records import sent
from souspli_mailbox.routes.deposits import own_deposit
from souspli_mailbox.state import DATABASE


async def list_deposits(request: web.Request) -> web.Response:
    page = read_page_request(request)
    deposits = await request.app[DATABASE].read(
        sent.sent_deposits,
        member=member_of(request).fingerprint,
        after=page.after,
        limit=page.limit,
    )
    last = (deposits[-1].stored_at, deposits[-1].document_id) if deposits else None
    return answer(
        DepositsPage(
            deposits=[
                DepositView(
                    document_id=deposit.document_id,
                    stored_at=deposit.stored_at,
                    withdrawal=deposit.withdrawal_hash,
                    deliveries=[sender_view(delivery) for delivery in deposit.deliveries],
                )
                for deposit in deposits
            ],
            next=next_cursor(len(deposits), limit=page.limit, last=last),
        )
    )


def sender_view(delivery: sent.SentDelivery) -> SenderView:
    """Return a delivery as its sender is shown it."""
    return SenderView(
        delivery_id=delivery.delivery_id,
        invitation_id=delivery.invitation_id,
        state=delivery.state.value,
        stored_at=delivery.stored_at,
        notified_at=delivery.notified_at,
        bounced_at=delivery.bounced_at,
        fetched_at=delivery.fetched_at,
        opened_at=delivery.opened_at,
        withdrawn_at=delivery.withdrawn_at,
        expired_at=delivery.expired_at,
        bounce_reason=delivery.bounce_reason,
        receipt=None if delivery.receipt is None else from_stored(delivery.receipt),
    )


async def get_sender_cover(request: web.Request) -> web.Response:
    return answer(SenderCoverAnswer(cover=found(request, bytes)))


def _sender_cover(connection: Connection, account: Account, names: Mapping[str, str]) -> bytes:
    deposit = own_deposit(connection, account, names)
    return sent.read_sender_cover(connection, deposit_id=deposit.deposit_id)


ENDPOINTS: Final = (
    Endpoint(
        method="GET",
        path="/v1/deposits",
        handler=list_deposits,
        summary="One's own deposits and what became of them, newest first",
        caller=Caller.MEMBER,
        gives={200: DepositsPage},
        query=PAGING,
    ),
    Endpoint(
        method="GET",
        path="/v1/deposits/{document_id}/sender-cover",
        handler=get_sender_cover,
        summary="The sender's own cover",
        caller=Caller.MEMBER,
        look_up=_sender_cover,
        gives={200: SenderCoverAnswer},
    ),
)
