"""Signing in and out, the session, the vault (docs/specs/mailbox.md §4, keys.md §6).

Unknown accounts take the same path as known ones: a decoy number, and all that
`unlocking.py` does.
"""

from typing import Final

from aiohttp import web
from sqlalchemy import Connection

from souspli_keys.address import Address, Origin, normalise_address
from souspli_keys.codes import parse_account_number
from souspli_keys.login import NONCE_SECONDS, LoginChallenge, LoginPurpose
from souspli_mailbox import unlocking
from souspli_mailbox.access import account_of, network_address
from souspli_mailbox.answers import answer, no_content, read_request
from souspli_mailbox.endpoints import Caller, Endpoint
from souspli_mailbox.errors import Refusal
from souspli_mailbox.protocol.closings import ClosingRequest
from souspli_mailbox.protocol.problems import ProblemKind
from souspli_mailbox.protocol.sign_in import (
    SessionAnswer,
    SignInAnswer,
    SignInRequest,
    SignInStartAnswer,
    SignInStartRequest,
    VaultAnswer,
    VaultUnlocker,
)
from souspli_mailbox.records import accounts, nonces, sessions
from souspli_mailbox.records.accounts import Account, Unlocker
from souspli_mailbox.sessions import (
    CookieName,
    TokenHash,
    decoy_account_number,
    hash_token,
    new_nonce,
    new_token,
)
from souspli_mailbox.state import DATABASE, NONCE_QUOTA, SECRETS, SETTINGS, now
from souspli_mailbox.throttle import nonces_key
from souspli_mailbox.tickets import drop_cookie, set_cookie, shown_token
from souspli_storage.database import Refused


async def start_sign_in(request: web.Request) -> web.Response:
    body = await read_request(request, SignInStartRequest)
    if "@" in body.account:
        account_number = await _number_of(request, normalise_address(body.account))
    else:
        account_number = parse_account_number(body.account)
    nonce, moment = new_nonce(), now(request)
    drawn_by = nonces_key(request.app[SECRETS].throttles, address=network_address(request))
    with request.app[NONCE_QUOTA].guard(drawn_by, now=moment):
        await request.app[DATABASE].write(
            nonces.keep_nonce,
            nonce=nonce,
            purpose=nonces.NoncePurpose.SIGN_IN,
            subject=account_number,
            drawn_by=drawn_by,
            now=moment,
        )
    return answer(
        SignInStartAnswer(
            account_number=account_number, nonce=nonce, expires_at=moment + NONCE_SECONDS
        )
    )


async def _number_of(request: web.Request, address: Address) -> str:
    """Return the account's number, or the address's decoy: also where several share it."""
    decoy = decoy_account_number(request.app[SECRETS].decoys, address=address)
    numbers = await request.app[DATABASE].read(accounts.account_numbers, address=address)
    return numbers[0] if len(numbers) == 1 else decoy


async def sign_in(request: web.Request) -> web.Response:
    body = await read_request(request, SignInRequest)
    proof, moment, token = proof_of(request, body), now(request), new_token()
    expires_at = moment + request.app[SETTINGS].limits.session_seconds
    database = request.app[DATABASE]
    await database.write(unlocking.use_nonce, proof=proof, now=moment)
    challenge = LoginChallenge(
        purpose=LoginPurpose.SIGN_IN,
        origin=Origin(request.app[SETTINGS].origin),
        subject=body.account_number,
        login_public_key=body.login_public_key,
        nonce=body.nonce,
    )
    signed_in, unlocker = await database.write(
        _open_session,
        proof=proof,
        holds=await unlocking.holds(proof, challenge),
        client=body.client,
        token_hash=hash_token(token),
        now=moment,
        expires_at=expires_at,
    )
    response = answer(
        SignInAnswer(
            account_number=signed_in.account_number,
            kind=signed_in.kind.value,
            unlocker_id=unlocker.unlocker_id,
            token=shown_token(token, body.client),
            expires_at=expires_at,
        )
    )
    return set_cookie(response, CookieName.ACCOUNT, token, body.client)


def proof_of(request: web.Request, body: SignInRequest | ClosingRequest) -> unlocking.Proof:
    """Return what a request shows, and the buckets of whoever sends it."""
    account_bucket, network_bucket = unlocking.buckets_of(
        request.app[SECRETS].throttles,
        account_number=body.account_number,
        kind=body.kind,
        network=network_address(request),
    )
    return unlocking.Proof(
        account_number=body.account_number,
        kind=body.kind,
        login_public_key=body.login_public_key,
        nonce=body.nonce,
        signature=body.signature,
        account_bucket=account_bucket,
        network_bucket=network_bucket,
    )


def _open_session(
    connection: Connection,
    *,
    proof: unlocking.Proof,
    holds: bool,
    client: str,
    token_hash: TokenHash,
    now: int,
    expires_at: int,
) -> tuple[Account, Unlocker] | Refused:
    unlocker = unlocking.find_holder(connection, proof=proof, holds=holds, now=now)
    if unlocker is None:
        return Refused(Refusal(ProblemKind.SIGNATURE_REFUSED))
    sessions.open_session(
        connection,
        token_hash=token_hash,
        account_number=unlocker.account_number,
        unlocker_id=unlocker.unlocker_id,
        client=client,
        now=now,
        expires_at=expires_at,
    )
    account = accounts.read_account(connection, account_number=unlocker.account_number)
    return account, unlocker


async def sign_out(request: web.Request) -> web.Response:
    await request.app[DATABASE].write(
        sessions.close_session, token_hash=account_of(request).token_hash
    )
    return drop_cookie(no_content(), CookieName.ACCOUNT)


async def get_session(request: web.Request) -> web.Response:
    account = account_of(request)
    return answer(
        SessionAnswer(
            account_number=account.account_number,
            kind=account.kind.value,
            expires_at=account.expires_at,
        )
    )


async def get_vault(request: web.Request) -> web.Response:
    account = account_of(request)
    vault, unlocker = await request.app[DATABASE].read(
        _read_vault, account_number=account.account_number, unlocker_id=account.unlocker_id
    )
    return answer(
        VaultAnswer(
            account_number=vault.account_number,
            generation=vault.generation,
            sealed=vault.sealed,
            unlocker=VaultUnlocker(
                unlocker_id=unlocker.unlocker_id,
                kind="password" if unlocker.kind == "password" else "device",
                wrapped_vault_key=unlocker.wrapped_vault_key,
            ),
            saved_at=vault.saved_at,
        )
    )


def _read_vault(
    connection: Connection, *, account_number: str, unlocker_id: str
) -> tuple[accounts.Vault, Unlocker]:
    return (
        accounts.read_vault(connection, account_number=account_number),
        accounts.read_unlocker(connection, unlocker_id=unlocker_id),
    )


ENDPOINTS: Final = (
    Endpoint(
        method="POST",
        path="/v1/sign-in/start",
        handler=start_sign_in,
        summary="Get a nonce to sign; the same answer whether the account exists or not",
        caller=Caller.ANYBODY,
        takes=SignInStartRequest,
        gives={200: SignInStartAnswer},
    ),
    Endpoint(
        method="POST",
        path="/v1/sign-in",
        handler=sign_in,
        summary="Open a session with a signature by an unlocker's login key",
        caller=Caller.ANYBODY,
        takes=SignInRequest,
        gives={200: SignInAnswer},
        problems=frozenset({ProblemKind.SIGNATURE_REFUSED}),
    ),
    Endpoint(
        method="POST",
        path="/v1/sign-out",
        handler=sign_out,
        summary="End the session",
        caller=Caller.ACCOUNT,
        gives={204: None},
    ),
    Endpoint(
        method="GET",
        path="/v1/session",
        handler=get_session,
        summary="Whose session this is, and until when",
        caller=Caller.ACCOUNT,
        gives={200: SessionAnswer},
    ),
    Endpoint(
        method="GET",
        path="/v1/vault",
        handler=get_vault,
        summary="The sealed vault, and the vault key as this session's unlocker wraps it",
        caller=Caller.ACCOUNT,
        gives={200: VaultAnswer},
    ),
)
