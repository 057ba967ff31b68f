"""Making an organisation, its first member and the member's account (docs/specs/mailbox.md §4)."""

import asyncio
import hashlib
from typing import Final

import msgspec
from aiohttp import web
from sqlalchemy import Connection

from souspli_keys.address import Origin
from souspli_keys.codes import parse_admission_code
from souspli_keys.errors import CodeError, DatesError
from souspli_keys.statements import Member, VerifiedMember, verify_chain
from souspli_keys.statements import verify_self_signed_organisation as verify_root
from souspli_mailbox.access import network_address
from souspli_mailbox.accounts import new_account
from souspli_mailbox.answers import answer, read_request
from souspli_mailbox.endpoints import Caller, Endpoint
from souspli_mailbox.envelopes import open_shape, to_stored
from souspli_mailbox.errors import Refusal
from souspli_mailbox.failures import count_failure, require_no_wait
from souspli_mailbox.protocol.organisations import OrganisationAnswer, OrganisationRequest
from souspli_mailbox.protocol.problems import ProblemKind
from souspli_mailbox.records import organisations as records
from souspli_mailbox.records.accounts import NewAccount
from souspli_mailbox.records.errors import AdmissionCodeRefusedError
from souspli_mailbox.state import DATABASE, SECRETS, SETTINGS, now
from souspli_mailbox.throttle import network_key
from souspli_storage.database import Refused


async def create_organisation(request: web.Request) -> web.Response:
    body = await read_request(request, OrganisationRequest)
    moment = now(request)
    origin = Origin(request.app[SETTINGS].origin)
    verified = await asyncio.to_thread(_verify, body, origin=origin, now=moment)
    account_number = await request.app[DATABASE].write(
        _admit,
        code_hash=_code_hash(body.admission_code),
        # The code is one of the bytes that count: all of the request is.
        request_hash=hashlib.sha256(msgspec.json.encode(body)).hexdigest(),
        organisation=records.Organisation(
            fingerprint=verified.organisation.fingerprint,
            statement_hash=open_shape(body.organisation).payload_hash,
            envelope=to_stored(body.organisation),
        ),
        member=records.Member(
            fingerprint=verified.member.fingerprint,
            organisation=verified.organisation.fingerprint,
            account_number=body.account.account_number,
            statement_hash=open_shape(body.member).payload_hash,
            envelope=to_stored(body.member),
        ),
        account=new_account(body.account, identity=verified.member.member),
        address=verified.member.address,
        throttle_keys=(
            network_key(request.app[SECRETS].throttles, address=network_address(request)),
        ),
        now=moment,
    )
    return answer(OrganisationAnswer(account_number=account_number), status=201)


def _verify(body: OrganisationRequest, *, origin: Origin, now: int) -> VerifiedMember:
    organisation = verify_root(open_shape(body.organisation), origin=origin)
    member_statement = open_shape(body.member)
    # Its own moment, not now: clocks differ by seconds, and validity begins at once.
    issued_at = Member.parse(member_statement.payload).line.issued_at
    verified = verify_chain(
        open_shape(body.organisation),
        member_statement,
        organisation=organisation.fingerprint,
        origin=origin,
        at=issued_at,
    )
    if verified.member.not_after <= now:
        raise DatesError("a membership that is over")
    return verified


def _code_hash(text: str) -> str:
    """Hash the canonical symbols; what is no code hashes to what no code has."""
    try:
        symbols = parse_admission_code(text)
    except CodeError:
        return ""
    return hashlib.sha256(symbols.encode("ascii")).hexdigest()


def _admit(
    connection: Connection,
    *,
    code_hash: str,
    request_hash: str,
    organisation: records.Organisation,
    member: records.Member,
    account: NewAccount,
    address: str,
    throttle_keys: tuple[str, ...],
    now: int,
) -> str | Refused:
    require_no_wait(connection, keys=throttle_keys, now=now)
    try:
        return records.admit(
            connection,
            code_hash=code_hash,
            request_hash=request_hash,
            organisation=organisation,
            member=member,
            account=account,
            address=address,
            now=now,
        )
    except AdmissionCodeRefusedError:
        # Raised before anything was written, so that only the count is committed.
        count_failure(connection, keys=throttle_keys, now=now)
        return Refused(Refusal(ProblemKind.ADMISSION_CODE_REFUSED))


ENDPOINTS: Final = (
    Endpoint(
        method="POST",
        path="/v1/organisations",
        handler=create_organisation,
        summary="Make an organisation with its first member, admitted by the operator's code",
        caller=Caller.ANYBODY,
        takes=OrganisationRequest,
        gives={201: OrganisationAnswer},
        problems=frozenset(
            {
                ProblemKind.ADMISSION_CODE_REFUSED,
                ProblemKind.ACCOUNT_NUMBER_TAKEN,
                ProblemKind.ALREADY_DIFFERENT,
                ProblemKind.STATEMENT_REFUSED,
            }
        ),
    ),
)
