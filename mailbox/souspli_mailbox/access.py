"""Who is asking: from a cookie or token to a session, a member, a claim.

Enforced from each endpoint's row, before its handler runs. A handler that needs to
know more than "a patient" or "a member" (is this delivery theirs?) has its row look it up.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, TypeVar

from aiohttp import web
from sqlalchemy import Connection

from souspli_mailbox.callers import Account, Claim
from souspli_mailbox.endpoints import Caller, Endpoint
from souspli_mailbox.errors import Refusal
from souspli_mailbox.protocol.problems import ProblemKind
from souspli_mailbox.records import claims, sessions
from souspli_mailbox.records.accounts import AccountKind
from souspli_mailbox.records.errors import NotFoundError
from souspli_mailbox.records.organisations import Member
from souspli_mailbox.sessions import (
    CookieName,
    TokenHash,
    bearer_token,
    end_of_session,
    hash_token,
)
from souspli_mailbox.state import DATABASE, SETTINGS, now

T = TypeVar("T")

# How exact "an idle hour" has to be, against a commit on every request.
TOUCH_SECONDS: Final = 60


_ACCOUNT: Final = web.RequestKey("account", Account)
_CLAIM: Final = web.RequestKey("claim", Claim)
_FOUND: Final = web.RequestKey("found", object)


async def admit(request: web.Request, endpoint: Endpoint) -> None:
    """Let the request on if its session is one that the row's caller names; Refusal otherwise.

    And find what the row looks up, in the same transaction: each one is a thread's turn
    and a beginning of its own.
    """
    match endpoint.caller:
        case Caller.ANYBODY:
            return
        case Caller.CLAIM:
            request[_CLAIM] = await _find_claim(request)
        case Caller.ACCOUNT | Caller.MEMBER | Caller.PATIENT:
            await _find_account(request, endpoint)


_KINDS: Final = {Caller.MEMBER: AccountKind.MEMBER, Caller.PATIENT: AccountKind.PATIENT}


def found(request: web.Request, kind: type[T]) -> T:
    """Return what the endpoint's row looked up, which is of this kind."""
    value = request[_FOUND]
    if not isinstance(value, kind):
        raise TypeError(f"the endpoint's row looks up no {kind.__name__}")
    return value


def caller_names(request: web.Request) -> dict[str, str]:
    """Return which account and organisation are asking, as far as that is known."""
    account = request.get(_ACCOUNT)
    if account is None:
        return {}
    member = account.member
    organisation = {} if member is None else {"organisation": member.organisation}
    return {"account": account.account_number, **organisation}


def account_of(request: web.Request) -> Account:
    """Return the account whose session the endpoint's row asked for."""
    return request[_ACCOUNT]


def member_of(request: web.Request) -> Member:
    """Return the member whose session the endpoint's row asked for."""
    member = request[_ACCOUNT].member
    if member is None:
        raise Refusal(ProblemKind.NOT_ALLOWED)
    return member


def claim_of(request: web.Request) -> Claim:
    """Return the claim whose session the endpoint's row asked for."""
    return request[_CLAIM]


def network_address(request: web.Request) -> str:
    """Return the address that failures are counted for."""
    if request.app[SETTINGS].behind_proxy:
        # Some proxies append to the client's header, some add one of their own behind it.
        forwarded = ",".join(request.headers.getall("X-Forwarded-For", ()))
        # The last entry is the proxy's own; those before it are the client's claims.
        if last := forwarded.rpartition(",")[2].strip():
            return last
    return request.remote or "unknown"


def _token_hash(request: web.Request, cookie: CookieName) -> TokenHash:
    token = bearer_token(request.headers.get("Authorization")) or request.cookies.get(cookie.value)
    if not token:
        raise Refusal(ProblemKind.NOT_SIGNED_IN)
    return hash_token(token)


async def _find_account(request: web.Request, endpoint: Endpoint) -> None:
    moment = now(request)
    database = request.app[DATABASE]
    admitted = await database.read(
        _admitted,
        endpoint,
        names=request.match_info,
        token_hash=_token_hash(request, CookieName.ACCOUNT),
        idle_seconds=request.app[SETTINGS].limits.browser_idle_seconds,
        now=moment,
    )
    account = request[_ACCOUNT] = admitted.account
    if moment - admitted.last_seen_at >= TOUCH_SECONDS:
        await database.write(sessions.touch_session, token_hash=account.token_hash, now=moment)
    if isinstance(admitted.found, NotFoundError):
        raise admitted.found
    request[_FOUND] = admitted.found


@dataclass(frozen=True, slots=True)
class _Admitted:
    account: Account
    last_seen_at: int
    found: object
    """What the endpoint's row looked up; NotFoundError if that found nothing."""


def _admitted(
    connection: Connection,
    endpoint: Endpoint,
    *,
    names: Mapping[str, str],
    token_hash: TokenHash,
    idle_seconds: int,
    now: int,
) -> _Admitted:
    """Find the session, its account, and what the endpoint looks up; Refusal without a session."""
    try:
        session = sessions.find_session(connection, token_hash=token_hash, now=now)
    except NotFoundError:
        raise Refusal(ProblemKind.NOT_SIGNED_IN) from None
    ends_at = end_of_session(
        last_seen_at=session.last_seen_at,
        expires_at=session.expires_at,
        idle_seconds=idle_seconds if session.client == "browser" else None,
    )
    if ends_at <= now:
        raise Refusal(ProblemKind.NOT_SIGNED_IN)
    if endpoint.caller is not Caller.ACCOUNT and session.kind is not _KINDS[endpoint.caller]:
        raise Refusal(ProblemKind.NOT_ALLOWED)
    account = Account(
        account_number=session.account_number,
        kind=session.kind,
        unlocker_id=session.unlocker_id,
        token_hash=token_hash,
        expires_at=session.expires_at,
        member=session.member,
    )
    try:
        looked_up = endpoint.look_up and endpoint.look_up(connection, account, names)
    except NotFoundError as nothing:
        # Not raised here: the session was used all the same.
        looked_up = nothing
    return _Admitted(account, session.last_seen_at, looked_up)


async def _find_claim(request: web.Request) -> Claim:
    token_hash = _token_hash(request, CookieName.CLAIM)
    try:
        session = await request.app[DATABASE].read(
            claims.find_claim_session,
            token_hash=token_hash,
            invitation_id=request.match_info["invitation_id"],
            now=now(request),
        )
    except NotFoundError:
        raise Refusal(ProblemKind.NOT_SIGNED_IN) from None
    return Claim(session.invitation_id, session.client, token_hash)
