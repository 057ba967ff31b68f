"""Gates two and three of a claim: the code by mail, then the person (docs/specs/claim.md §4).

Both count their tries in the transaction that compares; their answers have one
shape each, whatever was wrong.
"""

from typing import Final

from aiohttp import web
from sqlalchemy import Connection

from souspli_mailbox.access import claim_of
from souspli_mailbox.answers import answer, read_request
from souspli_mailbox.endpoints import Caller, Endpoint
from souspli_mailbox.protocol.claims import (
    EmailCodeAnswer,
    EmailCodeCheckRequest,
    PersonRequest,
)
from souspli_mailbox.protocol.problems import ProblemKind
from souspli_mailbox.protocol.values import Nothing
from souspli_mailbox.records import claims, invitations
from souspli_mailbox.routes.claims import STATES
from souspli_mailbox.sessions import TokenHash, mask_address
from souspli_mailbox.state import DATABASE, SECRETS, WORKER, now


async def send_email_code(request: web.Request) -> web.Response:
    await read_request(request, Nothing)
    claim = claim_of(request)
    sent, address = await request.app[DATABASE].write(
        _request_code,
        token_hash=claim.token_hash,
        invitation_id=claim.invitation_id,
        now=now(request),
    )
    request.app[WORKER].wake()
    return answer(
        EmailCodeAnswer(
            masked_address=mask_address(address),
            expires_at=sent.expires_at,
            mails_left=sent.mails_left,
        ),
        status=202,
    )


def _request_code(
    connection: Connection, *, token_hash: TokenHash, invitation_id: str, now: int
) -> tuple[claims.CodeSent, str]:
    sent = claims.request_email_code(
        connection, token_hash=token_hash, invitation_id=invitation_id, now=now
    )
    invitation = invitations.read_invitation(connection, invitation_id=invitation_id, now=now)
    return sent, invitation.address or ""


async def check_email_code(request: web.Request) -> web.Response:
    """Gate two."""
    body = await read_request(request, EmailCodeCheckRequest)
    claim = claim_of(request)
    await request.app[DATABASE].write(
        claims.check_email_code,
        token_hash=claim.token_hash,
        invitation_id=claim.invitation_id,
        code=body.code,
        key=request.app[SECRETS].one_time_codes,
        now=now(request),
    )
    return answer(Nothing())


async def check_person(request: web.Request) -> web.Response:
    """Gate three."""
    body = await read_request(request, PersonRequest)
    claim = claim_of(request)
    await request.app[DATABASE].write(
        claims.check_person,
        token_hash=claim.token_hash,
        invitation_id=claim.invitation_id,
        person_check=body.person_check,
        now=now(request),
    )
    return answer(Nothing())


ENDPOINTS: Final = (
    Endpoint(
        method="POST",
        path="/v1/claims/{invitation_id}/email-code",
        handler=send_email_code,
        summary="Have a one-time code mailed to the e-mail of record",
        caller=Caller.CLAIM,
        takes=Nothing,
        gives={202: EmailCodeAnswer},
        problems=STATES,
    ),
    Endpoint(
        method="POST",
        path="/v1/claims/{invitation_id}/email-code/check",
        handler=check_email_code,
        summary="Gate two: the code from the mail",
        caller=Caller.CLAIM,
        takes=EmailCodeCheckRequest,
        gives={200: Nothing},
        problems=STATES | {ProblemKind.CODE_WRONG, ProblemKind.CODE_EXPIRED},
    ),
    Endpoint(
        method="POST",
        path="/v1/claims/{invitation_id}/person",
        handler=check_person,
        summary="Gate three: surname and birth date, as one keyed value",
        caller=Caller.CLAIM,
        takes=PersonRequest,
        gives={200: Nothing},
        problems=STATES | {ProblemKind.PERSON_WRONG, ProblemKind.GATE_NOT_PASSED},
    ),
)
