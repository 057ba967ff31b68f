"""A claim: looked up, proved, and bound (docs/specs/claim.md §4).

The gates between (code by mail, person) are in `claim_gates`. Until the signature of
gate one holds, no answer tells what became of the invitation.
"""

import asyncio
import secrets
from typing import Final

from aiohttp import web
from msgspec import UnsetType
from sqlalchemy import Connection

from souspli_keys.address import Origin
from souspli_keys.codes import parse_letter_number
from souspli_keys.errors import CodeError, LoginRefusedError
from souspli_keys.login import NONCE_SECONDS, LoginChallenge, LoginPurpose, verify_login
from souspli_keys.statements import Invitation, VerifiedBinding, verify_binding
from souspli_mailbox.access import claim_of, network_address
from souspli_mailbox.accounts import new_account
from souspli_mailbox.answers import answer, read_request
from souspli_mailbox.endpoints import Caller, Endpoint
from souspli_mailbox.envelopes import from_stored, open_shape, to_stored
from souspli_mailbox.errors import Refusal
from souspli_mailbox.failures import count_failure, require_no_wait
from souspli_mailbox.protocol.claims import (
    BindAnswer,
    BindRequest,
    ClaimMaterial,
    ClaimNonceAnswer,
    LetterAnswer,
    LetterRequest,
    ProveAnswer,
    ProveRequest,
)
from souspli_mailbox.protocol.problems import ProblemKind
from souspli_mailbox.protocol.values import Nothing
from souspli_mailbox.records import (
    bindings,
    claims,
    invitations,
    nonces,
    organisations,
    sessions,
    terms,
)
from souspli_mailbox.records.accounts import NewAccount
from souspli_mailbox.records.errors import NotFoundError
from souspli_mailbox.routes.terms import check_acceptance
from souspli_mailbox.sessions import (
    CookieName,
    TokenHash,
    hash_token,
    mask_address,
    new_nonce,
    new_token,
)
from souspli_mailbox.state import DATABASE, NONCE_QUOTA, SECRETS, SETTINGS, WORKER, now
from souspli_mailbox.throttle import account_key, network_key, nonces_key
from souspli_mailbox.tickets import drop_cookie, set_cookie, shown_token
from souspli_storage.database import Refused, each_statement_decides

# Names a claim session to the job that mails its code; never a key to it.
CLAIM_SESSION_ID_BYTES: Final = 16


async def look_up_letter(request: web.Request) -> web.Response:
    body = await read_request(request, LetterRequest)
    invitation = await request.app[DATABASE].write(
        _look_up,
        letter_number=body.letter_number,
        throttle_keys=(_network_key(request),),
        now=now(request),
    )
    return answer(
        LetterAnswer(invitation_id=invitation.invitation_id, organisation=invitation.organisation)
    )


def _look_up(
    connection: Connection, *, letter_number: str, throttle_keys: tuple[str, ...], now: int
) -> invitations.Invitation | Refused:
    require_no_wait(connection, keys=throttle_keys, now=now)
    try:
        return invitations.invitation_of_letter(
            connection, letter_number=parse_letter_number(letter_number), now=now
        )
    except (NotFoundError, CodeError):
        # Counted: somebody may be trying numbers one after the other.
        count_failure(connection, keys=throttle_keys, now=now)
        return Refused(Refusal(ProblemKind.LETTER_NOT_VALID))


async def get_claim_material(request: web.Request) -> web.Response:
    record, organisation, member = await request.app[DATABASE].read(
        _read_material, invitation_id=request.match_info["invitation_id"], now=now(request)
    )
    return answer(
        ClaimMaterial(
            record=from_stored(record),
            organisation=from_stored(organisation),
            member=from_stored(member),
            log_proof=None,
        )
    )


def _read_material(
    connection: Connection, *, invitation_id: str, now: int
) -> tuple[bytes, bytes, bytes]:
    invitation = _read(connection, invitation_id=invitation_id, now=now)
    return (
        invitation.envelope,
        organisations.read_organisation(connection, fingerprint=invitation.organisation).envelope,
        organisations.read_member(connection, fingerprint=invitation.member).envelope,
    )


def _read(connection: Connection, *, invitation_id: str, now: int) -> invitations.Invitation:
    try:
        invitation = invitations.read_invitation(connection, invitation_id=invitation_id, now=now)
    except NotFoundError:
        raise Refusal(ProblemKind.LETTER_NOT_VALID) from None
    if invitation.is_forgotten:
        # As for one that never existed: nobody learns that somebody was invited once.
        raise Refusal(ProblemKind.LETTER_NOT_VALID)
    return invitation


async def make_nonce(request: web.Request) -> web.Response:
    await read_request(request, Nothing)
    nonce, moment = new_nonce(), now(request)
    drawn_by = nonces_key(request.app[SECRETS].throttles, address=network_address(request))
    with request.app[NONCE_QUOTA].guard(drawn_by, now=moment):
        await request.app[DATABASE].write(
            _keep_nonce,
            invitation_id=request.match_info["invitation_id"],
            nonce=nonce,
            drawn_by=drawn_by,
            now=moment,
        )
    return answer(ClaimNonceAnswer(nonce=nonce, expires_at=moment + NONCE_SECONDS))


# An invitation is never deleted: that it was there a statement ago is enough.
@each_statement_decides
def _keep_nonce(
    connection: Connection, *, invitation_id: str, nonce: bytes, drawn_by: str, now: int
) -> None:
    _read(connection, invitation_id=invitation_id, now=now)
    nonces.keep_nonce(
        connection,
        nonce=nonce,
        purpose=nonces.NoncePurpose.CLAIM,
        subject=invitation_id,
        drawn_by=drawn_by,
        now=now,
    )


async def prove(request: web.Request) -> web.Response:
    """Gate one."""
    body = await read_request(request, ProveRequest)
    invitation_id = request.match_info["invitation_id"]
    moment = now(request)
    throttle_keys = (
        account_key(request.app[SECRETS].throttles, account_number=invitation_id, kind="claim"),
        _network_key(request),
    )
    token = new_token()
    database = request.app[DATABASE]
    # In a unit of its own: whatever comes of the signature, the nonce is used.
    claim_login_key = await database.write(
        _use_nonce,
        invitation_id=invitation_id,
        nonce=body.nonce,
        throttle_keys=throttle_keys,
        now=moment,
    )
    challenge = LoginChallenge(
        purpose=LoginPurpose.CLAIM,
        origin=Origin(request.app[SETTINGS].origin),
        subject=invitation_id,
        login_public_key=claim_login_key,
        nonce=body.nonce,
    )
    try:
        await asyncio.to_thread(verify_login, body.signature, challenge)
    except LoginRefusedError:
        await database.write(count_failure, keys=throttle_keys, now=moment)
        raise
    invitation = await database.write(
        claims.open_claim_session,
        token_hash=hash_token(token),
        claim_session_id=secrets.token_hex(CLAIM_SESSION_ID_BYTES),
        invitation_id=invitation_id,
        client=body.client,
        now=moment,
        expires_at=moment + request.app[SETTINGS].limits.claim_session_seconds,
    )
    response = answer(
        ProveAnswer(
            masked_address=mask_address(invitation.address or ""),
            token=shown_token(token, body.client),
        )
    )
    return set_cookie(response, CookieName.CLAIM, token, body.client)


def _use_nonce(
    connection: Connection,
    *,
    invitation_id: str,
    nonce: bytes,
    throttle_keys: tuple[str, ...],
    now: int,
) -> bytes:
    require_no_wait(connection, keys=throttle_keys, now=now)
    invitation = _read(connection, invitation_id=invitation_id, now=now)
    nonces.use_nonce(
        connection,
        nonce=nonce,
        purpose=nonces.NoncePurpose.CLAIM,
        subject=invitation_id,
        now=now,
    )
    return invitation.claim_login_key


async def bind(request: web.Request) -> web.Response:
    """Make the account and claim the invitation, in one transaction; one winner."""
    body = await read_request(request, BindRequest)
    claim, moment = claim_of(request), now(request)
    database = request.app[DATABASE]
    invitation = await database.read(_read, invitation_id=claim.invitation_id, now=moment)
    verified = await asyncio.to_thread(_verify, body, invitation)
    acceptance = (
        None
        if isinstance(body.acceptance, UnsetType)
        else await check_acceptance(request, body.acceptance, identity=verified.binding.identity)
    )
    token = new_token()
    expires_at = moment + request.app[SETTINGS].limits.session_seconds
    account_number = await database.write(
        _bind,
        claim_token_hash=claim.token_hash,
        invitation_id=claim.invitation_id,
        account=new_account(body.account, identity=verified.binding.identity),
        binding=invitations.Binding(
            binding_hash=verified.binding_hash,
            by_claim=to_stored(body.binding.by_claim),
            by_identity=to_stored(body.binding.by_identity),
        ),
        acceptance=acceptance,
        token_hash=hash_token(token),
        client=body.client,
        now=moment,
        expires_at=expires_at,
    )
    request.app[WORKER].wake()
    response = answer(
        BindAnswer(
            account_number=account_number,
            token=shown_token(token, body.client),
            expires_at=expires_at,
        )
    )
    if body.client == "browser":
        drop_cookie(response, CookieName.CLAIM)
    return set_cookie(response, CookieName.ACCOUNT, token, body.client)


def _verify(body: BindRequest, invitation: invitations.Invitation) -> VerifiedBinding:
    # Verified when it was published; read here for its keys.
    record = Invitation.parse(open_shape(from_stored(invitation.envelope)).payload)
    return verify_binding(
        open_shape(body.binding.by_claim),
        open_shape(body.binding.by_identity),
        record=record,
        record_hash=invitation.record_hash,
    )


def _bind(
    connection: Connection,
    *,
    claim_token_hash: TokenHash,
    invitation_id: str,
    account: NewAccount,
    binding: invitations.Binding,
    acceptance: terms.NewAcceptance | None,
    token_hash: TokenHash,
    client: str,
    now: int,
    expires_at: int,
) -> str:
    bound = bindings.bind(
        connection,
        token_hash=claim_token_hash,
        invitation_id=invitation_id,
        account=account,
        binding=binding,
        now=now,
    )
    if acceptance is not None:
        terms.keep_acceptance(
            connection, account_number=bound.account_number, acceptance=acceptance, now=now
        )
    sessions.open_session(
        connection,
        token_hash=token_hash,
        account_number=bound.account_number,
        unlocker_id=bound.unlocker_id,
        client=client,
        now=now,
        expires_at=expires_at,
    )
    return bound.account_number


def _network_key(request: web.Request) -> str:
    return network_key(request.app[SECRETS].throttles, address=network_address(request))


STATES: Final = frozenset(
    {
        ProblemKind.INVITATION_USED,
        ProblemKind.INVITATION_SUPERSEDED,
        ProblemKind.INVITATION_EXPIRED,
    }
)

ENDPOINTS: Final = (
    Endpoint(
        method="POST",
        path="/v1/claims/lookup",
        handler=look_up_letter,
        summary="Exchange a letter number for invitation id and organisation",
        caller=Caller.ANYBODY,
        takes=LetterRequest,
        gives={200: LetterAnswer},
        problems=frozenset({ProblemKind.LETTER_NOT_VALID}),
    ),
    Endpoint(
        method="GET",
        path="/v1/claims/{invitation_id}",
        handler=get_claim_material,
        summary="The invitation record and the statements that it chains through",
        caller=Caller.ANYBODY,
        gives={200: ClaimMaterial},
        problems=frozenset({ProblemKind.LETTER_NOT_VALID}),
    ),
    Endpoint(
        method="POST",
        path="/v1/claims/{invitation_id}/nonce",
        handler=make_nonce,
        summary="Get a nonce to sign with the claim login key",
        caller=Caller.ANYBODY,
        takes=Nothing,
        gives={200: ClaimNonceAnswer},
        problems=frozenset({ProblemKind.LETTER_NOT_VALID}),
    ),
    Endpoint(
        method="POST",
        path="/v1/claims/{invitation_id}/prove",
        handler=prove,
        summary="Gate one: the letter's code is known",
        caller=Caller.ANYBODY,
        takes=ProveRequest,
        gives={200: ProveAnswer},
        problems=STATES | {ProblemKind.SIGNATURE_REFUSED, ProblemKind.LETTER_NOT_VALID},
    ),
    Endpoint(
        method="POST",
        path="/v1/claims/{invitation_id}/bind",
        handler=bind,
        summary="Make the account and claim the invitation",
        caller=Caller.CLAIM,
        takes=BindRequest,
        gives={200: BindAnswer},
        problems=STATES
        | {
            ProblemKind.GATE_NOT_PASSED,
            ProblemKind.STATEMENT_REFUSED,
            ProblemKind.ACCOUNT_NUMBER_TAKEN,
            ProblemKind.ALREADY_DIFFERENT,
            ProblemKind.TERMS_CHANGED,
            ProblemKind.LETTER_NOT_VALID,
        },
    ),
)
