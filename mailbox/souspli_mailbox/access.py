"""Who is asking: from a cookie or token to a session, a member, a claim.

Enforced from each endpoint's row, before its handler runs. A handler that needs to
know more than "a patient" or "a member" (is this delivery theirs?) looks itself.
"""

from dataclasses import dataclass
from typing import Final

from aiohttp import web
from sqlalchemy import Connection

from souspli_mailbox.endpoints import Caller
from souspli_mailbox.errors import Refusal
from souspli_mailbox.protocol.problems import ProblemKind
from souspli_mailbox.records import claims, organisations, sessions
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

# How exact "an idle hour" has to be, against a commit on every request.
TOUCH_SECONDS: Final = 60


@dataclass(frozen=True, slots=True)
class Account:
    """The signed-in account of this request."""

    account_number: str
    kind: AccountKind
    unlocker_id: str
    token_hash: TokenHash
    expires_at: int
    member: Member | None
    """None for a patient."""


@dataclass(frozen=True, slots=True)
class Claim:
    """The claim session of this request; gate one is passed."""

    invitation_id: str
    client: str
    token_hash: TokenHash


_ACCOUNT: Final = web.RequestKey("account", Account)
_CLAIM: Final = web.RequestKey("claim", Claim)


async def admit(request: web.Request, caller: Caller) -> None:
    """Let the request on if its session is one that `caller` names; Refusal otherwise."""
    match caller:
        case Caller.ANYBODY:
            return
        case Caller.CLAIM:
            request[_CLAIM] = await _find_claim(request)
        case Caller.ACCOUNT | Caller.MEMBER | Caller.PATIENT:
            account = await _find_account(request)
            if caller is not Caller.ACCOUNT and account.kind is not _KINDS[caller]:
                raise Refusal(ProblemKind.NOT_ALLOWED)
            request[_ACCOUNT] = account


_KINDS: Final = {Caller.MEMBER: AccountKind.MEMBER, Caller.PATIENT: AccountKind.PATIENT}


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


async def _find_account(request: web.Request) -> Account:
    token_hash = _token_hash(request, CookieName.ACCOUNT)
    moment = now(request)
    database = request.app[DATABASE]
    try:
        session, member = await database.read(_read_session, token_hash=token_hash, now=moment)
    except NotFoundError:
        raise Refusal(ProblemKind.NOT_SIGNED_IN) from None
    idle_seconds = request.app[SETTINGS].limits.browser_idle_seconds
    ends_at = end_of_session(
        last_seen_at=session.last_seen_at,
        expires_at=session.expires_at,
        idle_seconds=idle_seconds if session.client == "browser" else None,
    )
    if ends_at <= moment:
        raise Refusal(ProblemKind.NOT_SIGNED_IN)
    if moment - session.last_seen_at >= TOUCH_SECONDS:
        await database.write(sessions.touch_session, token_hash=token_hash, now=moment)
    return Account(
        account_number=session.account_number,
        kind=session.kind,
        unlocker_id=session.unlocker_id,
        token_hash=token_hash,
        expires_at=session.expires_at,
        member=member,
    )


def _read_session(
    connection: Connection, *, token_hash: TokenHash, now: int
) -> tuple[sessions.Session, Member | None]:
    session = sessions.find_session(connection, token_hash=token_hash, now=now)
    if session.kind is AccountKind.PATIENT:
        return session, None
    return session, organisations.member_of_account(
        connection, account_number=session.account_number
    )


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
