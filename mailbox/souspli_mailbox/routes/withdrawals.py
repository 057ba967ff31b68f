"""Taking a document back, and what its recipient is told (docs/specs/withdrawal.md)."""

import asyncio
from collections.abc import Mapping
from typing import Final

from aiohttp import web
from sqlalchemy import Connection

from souspli_exchange.errors import WithdrawalRefusedError
from souspli_exchange.ids import DocumentId
from souspli_exchange.ports.states import DepositState
from souspli_exchange.withdrawal import VerifiedWithdrawal, verify_withdrawal
from souspli_keys.address import Origin
from souspli_keys.errors import DatesError
from souspli_keys.public import Fingerprint
from souspli_mailbox.access import found, member_of
from souspli_mailbox.answers import answer, read_request
from souspli_mailbox.callers import Account
from souspli_mailbox.endpoints import Caller, Endpoint
from souspli_mailbox.envelopes import from_stored, open_shape, to_stored
from souspli_mailbox.errors import Refusal
from souspli_mailbox.protocol.problems import ProblemKind
from souspli_mailbox.protocol.withdrawals import (
    DeliveryWithdrawalAnswer,
    WithdrawalAnswer,
    WithdrawalRequest,
)
from souspli_mailbox.records import deposits, organisations
from souspli_mailbox.records import withdrawals as records
from souspli_mailbox.records.errors import NotFoundError
from souspli_mailbox.records.sent import sent_deliveries
from souspli_mailbox.routes.deliveries import own_delivery
from souspli_mailbox.routes.deposits import own_deposit
from souspli_mailbox.routes.invitations import CLOCK_DIFFERENCE_SECONDS
from souspli_mailbox.routes.sent import sender_view
from souspli_mailbox.state import CLOCK, DATABASE, SETTINGS, STORE_CALLS, TOMBSTONES, now
from souspli_mailbox.withdrawing import Withdrawer


async def post_withdrawal(request: web.Request) -> web.Response:
    body = await read_request(request, WithdrawalRequest)
    deposit, member = found(request, deposits.Deposit), member_of(request)
    database = request.app[DATABASE]
    organisation = await database.read(
        organisations.read_organisation, fingerprint=member.organisation
    )
    await asyncio.to_thread(
        _verify,
        body,
        organisation=organisation,
        member=member,
        document_id=DocumentId(deposit.document_id),
        origin=Origin(request.app[SETTINGS].origin),
        now=now(request),
    )
    unfinished = await database.write(
        records.decide_withdrawal,
        deposit_id=deposit.deposit_id,
        withdrawal=records.NewWithdrawal(
            withdrawal_hash=open_shape(body.withdrawal).payload_hash,
            member=member.fingerprint,
            envelope=to_stored(body.withdrawal),
        ),
        now=now(request),
    )
    if unfinished:
        # A crash before this has ended: a job does it, and so does a repeat.
        await Withdrawer(
            database=database,
            tombstones=request.app[TOMBSTONES],
            store=request.app[STORE_CALLS],
            clock=request.app[CLOCK],
        ).carry_out(deposit.deposit_id)
    deliveries = await database.read(sent_deliveries, deposit_id=deposit.deposit_id)
    return answer(
        WithdrawalAnswer(
            document_id=deposit.document_id,
            deliveries=[sender_view(delivery) for delivery in deliveries],
        ),
        status=201,
    )


def _stored_deposit(
    connection: Connection, account: Account, names: Mapping[str, str]
) -> deposits.Deposit:
    """Return the caller's own deposit if it is stored: what is not, nobody was sent."""
    deposit = own_deposit(connection, account, names)
    if deposit.state is not DepositState.STORED:
        raise NotFoundError
    return deposit


def _verify(
    body: WithdrawalRequest,
    *,
    organisation: organisations.Organisation,
    member: organisations.Member,
    document_id: DocumentId,
    origin: Origin,
    now: int,
) -> VerifiedWithdrawal:
    """Return the withdrawal if its chain holds, and it is the caller's of this document."""
    try:
        verified = verify_withdrawal(
            open_shape(body.withdrawal),
            organisation=open_shape(from_stored(organisation.envelope)),
            member=open_shape(from_stored(member.envelope)),
            trusted={Fingerprint(member.organisation)},
            origin=origin,
            document_id=document_id,
        )
    except WithdrawalRefusedError:
        raise Refusal(ProblemKind.STATEMENT_REFUSED, reason="signature") from None
    if verified.withdrawal.withdrawn_at > now + CLOCK_DIFFERENCE_SECONDS:
        raise DatesError("a withdrawal from the future")
    return verified


async def get_withdrawal(request: web.Request) -> web.Response:
    kept = found(request, records.KeptWithdrawal)
    return answer(
        DeliveryWithdrawalAnswer(
            withdrawal=from_stored(kept.envelope),
            organisation=from_stored(kept.organisation_envelope),
            member=from_stored(kept.member_envelope),
        )
    )


def _of_delivery(
    connection: Connection, account: Account, names: Mapping[str, str]
) -> records.KeptWithdrawal:
    delivery = own_delivery(connection, account, names)
    return records.read_withdrawal(connection, delivery_id=delivery.delivery_id)


ENDPOINTS: Final = (
    Endpoint(
        method="POST",
        path="/v1/deposits/{document_id}/withdrawal",
        handler=post_withdrawal,
        summary="Take a document back; learn how far it had come",
        caller=Caller.MEMBER,
        look_up=_stored_deposit,
        takes=WithdrawalRequest,
        gives={201: WithdrawalAnswer},
        problems=frozenset({ProblemKind.STATEMENT_REFUSED, ProblemKind.WITHDRAWN}),
    ),
    Endpoint(
        method="GET",
        path="/v1/deliveries/{delivery_id}/withdrawal",
        handler=get_withdrawal,
        summary="The sender's signed withdrawal of a document",
        caller=Caller.PATIENT,
        look_up=_of_delivery,
        gives={200: DeliveryWithdrawalAnswer},
    ),
)
