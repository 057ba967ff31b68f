"""Asking people to become members, and certifying who answered (docs/specs/enrolment.md §6, §8).

The other side, whoever was asked, is in `joining`.
"""

import asyncio
import re
from typing import Final

import msgspec
from aiohttp import web

from souspli_keys.address import Origin
from souspli_keys.codes import parse_enrolment_handle
from souspli_keys.errors import ChainError, DatesError
from souspli_keys.public import Fingerprint
from souspli_keys.statements import (
    Enrolment,
    Joining,
    Member,
    VerifiedEnrolment,
    check_certificate,
    verify_chain,
    verify_enrolment,
)
from souspli_mailbox.access import member_of
from souspli_mailbox.accounts import new_account
from souspli_mailbox.answers import answer, read_request
from souspli_mailbox.cursors import read_limit
from souspli_mailbox.endpoints import PAGING, Caller, Endpoint
from souspli_mailbox.envelopes import from_stored, open_shape, to_stored
from souspli_mailbox.errors import Refusal
from souspli_mailbox.protocol import enrolments as wire
from souspli_mailbox.protocol.organisations import NewAccount
from souspli_mailbox.protocol.problems import ProblemKind
from souspli_mailbox.records import enrolments as records
from souspli_mailbox.records import organisations
from souspli_mailbox.records.errors import NotFoundError
from souspli_mailbox.state import DATABASE, SETTINGS, now

# A member's clock may be ahead of ours by as much as a clock nobody sets is.
CLOCK_DIFFERENCE_SECONDS: Final = 300

# A statement is some 12 KB: forty are half of what an answer may be.
MOST_MEMBERS: Final = 40

_FINGERPRINT: Final = re.compile(r"[0-9a-f]{64}", re.ASCII)


async def publish_enrolment(request: web.Request) -> web.Response:
    body = await read_request(request, wire.EnrolmentRequest)
    member, moment = member_of(request), now(request)
    organisation = await _organisation(request, member.organisation)
    verified = await asyncio.to_thread(
        _verify, request, body, organisation=organisation, member=member, now=moment
    )
    record = verified.record
    status = await request.app[DATABASE].write(
        records.publish_enrolment,
        enrolment=records.NewEnrolment(
            enrolment_id=record.enrolment_id,
            handle=parse_enrolment_handle(body.handle),
            organisation=record.organisation,
            member=record.member,
            address=record.address,
            record_hash=verified.record_hash,
            not_after=record.not_after,
            envelope=to_stored(body.record),
        ),
        now=moment,
    )
    return answer(
        wire.EnrolmentAnswer(enrolment_id=record.enrolment_id, status=status.value), status=201
    )


def _verify(
    request: web.Request,
    body: wire.EnrolmentRequest,
    *,
    organisation: organisations.Organisation,
    member: organisations.Member,
    now: int,
) -> VerifiedEnrolment:
    """Return the record if its chain holds, its member is the caller, and it lies in time."""
    verified = verify_enrolment(
        open_shape(body.record),
        organisation_statement=open_shape(from_stored(organisation.envelope)),
        member_statement=open_shape(from_stored(member.envelope)),
        organisation=Fingerprint(member.organisation),
        origin=_origin(request),
    )
    if verified.record.member != member.fingerprint:
        raise ChainError("an enrolment by somebody else")
    if verified.record.not_after <= now or verified.asker.member.not_after <= now:
        raise DatesError("an enrolment, or a membership, that is over")
    begins = max(verified.record.line.issued_at, verified.record.not_before)
    if begins > now + CLOCK_DIFFERENCE_SECONDS:
        raise DatesError("an enrolment from the future")
    return verified


async def list_enrolments(request: web.Request) -> web.Response:
    waiting = await request.app[DATABASE].read(
        records.waiting_enrolments,
        organisation=member_of(request).organisation,
        now=now(request),
    )
    return answer(
        wire.EnrolmentsAnswer(
            enrolments=[
                wire.WaitingEnrolment(
                    enrolment_id=enrolment_id,
                    status="open" if status is records.EnrolmentStatus.OPEN else "answered",
                    ends_at=ends_at,
                )
                for enrolment_id, status, ends_at in waiting
            ]
        )
    )


async def get_enrolment(request: web.Request) -> web.Response:
    enrolment = await _own_enrolment(request)
    joining, certificate = None, enrolment.certificate
    if enrolment.by_code is not None and enrolment.by_identity is not None:
        joining = wire.Joining(
            by_code=from_stored(enrolment.by_code), by_identity=from_stored(enrolment.by_identity)
        )
    return answer(
        wire.EnrolmentView(
            enrolment_id=enrolment.enrolment_id,
            status=enrolment.status.value,
            ends_at=enrolment.ends_at,
            joining=joining,
            certificate=None if certificate is None else from_stored(certificate),
        )
    )


async def certify(request: web.Request) -> web.Response:
    """Make the member and the account, in one transaction."""
    body = await read_request(request, wire.CertificateRequest)
    enrolment = await _own_enrolment(request)
    if enrolment.by_identity is None:
        raise NotFoundError  # nobody is there to be certified
    organisation = await _organisation(request, enrolment.organisation)
    joining = Joining.parse(open_shape(from_stored(enrolment.by_identity)).payload)
    member = await asyncio.to_thread(
        _verify_certificate,
        request,
        body,
        enrolment=enrolment,
        organisation=organisation,
        joining=joining,
    )
    account = None
    if enrolment.account is not None:
        kept = msgspec.json.decode(enrolment.account, type=NewAccount)
        account = new_account(kept, identity=joining.identity)
    await request.app[DATABASE].write(
        records.certify,
        enrolment_id=enrolment.enrolment_id,
        member=organisations.Member(
            fingerprint=member.fingerprint,
            organisation=member.organisation,
            # None: it is certified already, and this is a repeat or will be refused.
            account_number="" if account is None else account.account_number,
            statement_hash=open_shape(body.certificate).payload_hash,
            envelope=to_stored(body.certificate),
        ),
        account=account,
        address=member.address,
        now=now(request),
    )
    return answer(
        wire.EnrolmentAnswer(enrolment_id=enrolment.enrolment_id, status="certified"), status=201
    )


def _verify_certificate(
    request: web.Request,
    body: wire.CertificateRequest,
    *,
    enrolment: records.Enrolment,
    organisation: organisations.Organisation,
    joining: Joining,
) -> Member:
    certificate = open_shape(body.certificate)
    chain = verify_chain(
        open_shape(from_stored(organisation.envelope)),
        certificate,
        organisation=Fingerprint(enrolment.organisation),
        origin=_origin(request),
        # Its own moment, not now: clocks differ by seconds, and validity begins at once.
        at=Member.parse(certificate.payload).line.issued_at,
    )
    if chain.member.not_after <= now(request):
        raise DatesError("a membership that is over")
    # Verified when it was published; read here for what was asked for.
    record = Enrolment.parse(open_shape(from_stored(enrolment.envelope)).payload)
    return check_certificate(chain.member, record=record, identity=joining.identity)


async def list_members(request: web.Request) -> web.Response:
    after = request.query.get("after")
    if after is not None and not _FINGERPRINT.fullmatch(after):
        raise Refusal(ProblemKind.BAD_REQUEST)
    limit = min(MOST_MEMBERS, read_limit(request) or MOST_MEMBERS)
    page = await request.app[DATABASE].read(
        records.members_of,
        organisation=member_of(request).organisation,
        after=after,
        limit=limit,
    )
    return answer(
        wire.MembersPage(
            members=[from_stored(envelope) for _, envelope in page],
            next=page[-1][0] if len(page) == limit else None,
        )
    )


async def _own_enrolment(request: web.Request) -> records.Enrolment:
    enrolment = await request.app[DATABASE].read(
        records.read_enrolment,
        enrolment_id=request.match_info["enrolment_id"],
        now=now(request),
    )
    if enrolment.organisation != member_of(request).organisation:
        raise NotFoundError
    return enrolment


async def _organisation(request: web.Request, fingerprint: str) -> organisations.Organisation:
    return await request.app[DATABASE].read(
        organisations.read_organisation, fingerprint=fingerprint
    )


def _origin(request: web.Request) -> Origin:
    return Origin(request.app[SETTINGS].origin)


_STATEMENTS: Final = frozenset({ProblemKind.STATEMENT_REFUSED, ProblemKind.ALREADY_DIFFERENT})

ENDPOINTS: Final = (
    Endpoint(
        method="GET",
        path="/v1/members",
        handler=list_members,
        summary="The members of one's own organisation",
        caller=Caller.MEMBER,
        query=PAGING,
        gives={200: wire.MembersPage},
    ),
    Endpoint(
        method="POST",
        path="/v1/enrolments",
        handler=publish_enrolment,
        summary="Ask somebody to become a member",
        caller=Caller.MEMBER,
        takes=wire.EnrolmentRequest,
        gives={201: wire.EnrolmentAnswer},
        problems=_STATEMENTS | {ProblemKind.QUOTA_REACHED},
    ),
    Endpoint(
        method="GET",
        path="/v1/enrolments",
        handler=list_enrolments,
        summary="Who was asked and is not certified yet",
        caller=Caller.MEMBER,
        gives={200: wire.EnrolmentsAnswer},
    ),
    Endpoint(
        method="GET",
        path="/v1/enrolments/{enrolment_id}",
        handler=get_enrolment,
        summary="What became of an enrolment of one's own organisation",
        caller=Caller.MEMBER,
        gives={200: wire.EnrolmentView},
    ),
    Endpoint(
        method="POST",
        path="/v1/enrolments/{enrolment_id}/certificate",
        handler=certify,
        summary="Certify who answered: makes the member and the account",
        caller=Caller.MEMBER,
        takes=wire.CertificateRequest,
        gives={201: wire.EnrolmentAnswer},
        problems=_STATEMENTS | {ProblemKind.ACCOUNT_NUMBER_TAKEN},
    ),
)
