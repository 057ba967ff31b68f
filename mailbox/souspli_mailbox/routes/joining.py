"""Answering an enrolment with its code (docs/specs/enrolment.md §7, §8).

Nobody is signed in here: the two signatures of the joining are all there is, and what
they hold for stands in them, the account beside included.
"""

import asyncio
import hashlib
from typing import Final

import msgspec
from aiohttp import web
from sqlalchemy import Connection

from souspli_keys.codes import parse_account_number, parse_enrolment_handle
from souspli_keys.errors import ChainError, CodeError, KeysError
from souspli_keys.statements import Enrolment, account_hash, verify_joining
from souspli_mailbox.access import network_address
from souspli_mailbox.accounts import new_account
from souspli_mailbox.answers import answer, read_request
from souspli_mailbox.endpoints import Caller, Endpoint
from souspli_mailbox.envelopes import from_stored, open_shape, to_stored
from souspli_mailbox.errors import Refusal
from souspli_mailbox.failures import count_failure, require_no_wait
from souspli_mailbox.protocol.enrolments import (
    EnrolmentMaterial,
    HandleRequest,
    JoiningAnswer,
    JoiningRequest,
)
from souspli_mailbox.protocol.problems import ProblemKind
from souspli_mailbox.records import enrolments as records
from souspli_mailbox.records import organisations
from souspli_mailbox.records.errors import NotFoundError
from souspli_mailbox.state import DATABASE, SECRETS, now
from souspli_mailbox.throttle import network_key
from souspli_storage.database import Refused


async def look_up_handle(request: web.Request) -> web.Response:
    body = await read_request(request, HandleRequest)
    record, organisation, member = await request.app[DATABASE].write(
        _look_up, handle=body.handle, throttle_key=_network_key(request), now=now(request)
    )
    return answer(
        EnrolmentMaterial(
            record=from_stored(record),
            organisation=from_stored(organisation),
            member=from_stored(member),
            log_proof=None,
        )
    )


def _look_up(
    connection: Connection, *, handle: str, throttle_key: str, now: int
) -> tuple[bytes, bytes, bytes] | Refused:
    require_no_wait(connection, keys=(throttle_key,), now=now)
    try:
        enrolment = records.enrolment_of_handle(
            connection, handle=parse_enrolment_handle(handle), now=now
        )
    except (NotFoundError, CodeError):
        # Counted: somebody may be trying handles one after the other.
        return _not_valid(connection, throttle_key=throttle_key, now=now)
    return (
        enrolment.envelope,
        organisations.read_organisation(connection, fingerprint=enrolment.organisation).envelope,
        organisations.read_member(connection, fingerprint=enrolment.member).envelope,
    )


async def join(request: web.Request) -> web.Response:
    """Keep the one answer, and give the certificate once there is one."""
    body = await read_request(request, JoiningRequest)
    moment, throttle_key = now(request), _network_key(request)
    database = request.app[DATABASE]
    enrolment = await database.write(
        _find,
        enrolment_id=request.match_info["enrolment_id"],
        throttle_key=throttle_key,
        now=moment,
    )
    # All bytes count: the account's, and both signatures.
    request_hash = hashlib.sha256(msgspec.json.encode(body)).hexdigest()
    if enrolment.request_hash == request_hash:
        # Asked again, and again, by who waits: verified the first time.
        return _answer(enrolment.certificate)
    try:
        await asyncio.to_thread(_verify, body, enrolment)
    except KeysError:
        await database.write(count_failure, keys=(throttle_key,), now=moment)
        raise
    certificate = await database.write(
        _answer_enrolment,
        enrolment_id=enrolment.enrolment_id,
        joining=records.NewJoining(
            request_hash=request_hash,
            by_code=to_stored(body.joining.by_code),
            by_identity=to_stored(body.joining.by_identity),
            account_number=parse_account_number(body.account.account_number),
            account=msgspec.json.encode(body.account),
        ),
        throttle_key=throttle_key,
        now=moment,
    )
    return _answer(certificate)


def _find(
    connection: Connection, *, enrolment_id: str, throttle_key: str, now: int
) -> records.Enrolment | Refused:
    require_no_wait(connection, keys=(throttle_key,), now=now)
    try:
        return records.read_enrolment(connection, enrolment_id=enrolment_id, now=now)
    except NotFoundError:
        return _not_valid(connection, throttle_key=throttle_key, now=now)


def _verify(body: JoiningRequest, enrolment: records.Enrolment) -> None:
    """Raise KeysError unless both identities signed this answer to this very enrolment."""
    # Verified when it was published; read here for the code's identity.
    record = Enrolment.parse(open_shape(from_stored(enrolment.envelope)).payload)
    verified = verify_joining(
        open_shape(body.joining.by_code),
        open_shape(body.joining.by_identity),
        record=record,
        record_hash=enrolment.record_hash,
    )
    account = new_account(body.account, identity=verified.joining.identity)
    if account_hash(account) != verified.joining.account_hash:
        raise ChainError("a joining for another account")


def _answer_enrolment(
    connection: Connection,
    *,
    enrolment_id: str,
    joining: records.NewJoining,
    throttle_key: str,
    now: int,
) -> bytes | Refused | None:
    try:
        return records.answer_enrolment(
            connection, enrolment_id=enrolment_id, joining=joining, now=now
        )
    except NotFoundError:
        # It ended, or was replaced, a moment ago.
        return _not_valid(connection, throttle_key=throttle_key, now=now)


def _not_valid(connection: Connection, *, throttle_key: str, now: int) -> Refused:
    count_failure(connection, keys=(throttle_key,), now=now)
    return Refused(Refusal(ProblemKind.ENROLMENT_NOT_VALID))


def _answer(certificate: bytes | None) -> web.Response:
    return answer(
        JoiningAnswer(certificate=None if certificate is None else from_stored(certificate))
    )


def _network_key(request: web.Request) -> str:
    return network_key(request.app[SECRETS].throttles, address=network_address(request))


ENDPOINTS: Final = (
    Endpoint(
        method="POST",
        path="/v1/enrolments/lookup",
        handler=look_up_handle,
        summary="The enrolment record that a code's handle leads to",
        caller=Caller.ANYBODY,
        takes=HandleRequest,
        gives={200: EnrolmentMaterial},
        problems=frozenset({ProblemKind.ENROLMENT_NOT_VALID}),
    ),
    Endpoint(
        method="POST",
        path="/v1/enrolments/{enrolment_id}/joining",
        handler=join,
        summary="Answer an enrolment with its code, and ask for the certificate",
        caller=Caller.ANYBODY,
        takes=JoiningRequest,
        gives={200: JoiningAnswer},
        problems=frozenset(
            {
                ProblemKind.ENROLMENT_NOT_VALID,
                ProblemKind.ENROLMENT_ANSWERED,
                ProblemKind.STATEMENT_REFUSED,
                ProblemKind.ACCOUNT_NUMBER_TAKEN,
            }
        ),
    ),
)
