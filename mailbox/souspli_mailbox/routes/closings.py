"""A patient closes their account (docs/specs/closing.md §2)."""

import asyncio
import json
from typing import Final

from aiohttp import web
from sqlalchemy import Connection

from souspli_keys.address import Origin
from souspli_keys.dsse import Envelope
from souspli_keys.errors import DatesError
from souspli_keys.login import LoginChallenge, LoginPurpose
from souspli_keys.public import PublicIdentity, parse_public
from souspli_keys.statements import verify_closing
from souspli_mailbox import unlocking
from souspli_mailbox.answers import answer, read_request
from souspli_mailbox.certificates import DAY_SECONDS
from souspli_mailbox.closing import Closer
from souspli_mailbox.endpoints import Caller, Endpoint
from souspli_mailbox.envelopes import open_shape, to_stored
from souspli_mailbox.errors import Refusal
from souspli_mailbox.protocol.closings import ClosingAnswer, ClosingRequest
from souspli_mailbox.protocol.problems import ProblemKind
from souspli_mailbox.records import closings
from souspli_mailbox.records.accounts import AccountKind, read_account
from souspli_mailbox.routes.consents import CLOCK_DIFFERENCE_SECONDS
from souspli_mailbox.routes.sign_in import proof_of
from souspli_mailbox.sessions import CookieName
from souspli_mailbox.state import CLOCK, DATABASE, SETTINGS, STORE_CALLS, TOMBSTONES, now
from souspli_mailbox.tickets import drop_cookie
from souspli_storage.database import Refused


async def close(request: web.Request) -> web.Response:
    body = await read_request(request, ClosingRequest)
    envelope, database = open_shape(body.closing), request.app[DATABASE]
    repeated = await database.read(
        _is_repeated, account_number=body.account_number, closing_hash=envelope.payload_hash
    )
    if not repeated:
        await _decide(request, body, envelope)
    # A crash before this has ended: a job does it, and so does a repeat.
    await Closer(
        database=database,
        tombstones=request.app[TOMBSTONES],
        store=request.app[STORE_CALLS],
        clock=request.app[CLOCK],
    ).carry_out(body.account_number)
    closed = await database.read(closings.read_closing, account_number=body.account_number)
    if closed is None:
        raise RuntimeError("a closing that was decided is not there")
    kept = request.app[SETTINGS].backups_kept_days * DAY_SECONDS
    response = answer(
        ClosingAnswer(closed_at=closed.closed_at, backups_until=closed.closed_at + kept)
    )
    return drop_cookie(response, CookieName.ACCOUNT)


def _is_repeated(connection: Connection, *, account_number: str, closing_hash: str) -> bool:
    """Say whether this very closing was taken: whoever knows its hash made it."""
    closed = closings.read_closing(connection, account_number=account_number)
    return closed is not None and closed.closing_hash == closing_hash


async def _decide(request: web.Request, body: ClosingRequest, envelope: Envelope) -> None:
    """Close the account if whoever asks may; Refusal `signature-refused`, StatementError."""
    proof, moment, database = proof_of(request, body), now(request), request.app[DATABASE]
    origin = Origin(request.app[SETTINGS].origin)
    await database.write(unlocking.use_nonce, proof=proof, now=moment)
    challenge = LoginChallenge(
        purpose=LoginPurpose.CLOSE,
        origin=origin,
        # Over this very request: the same words for another closing are worth nothing.
        subject=envelope.payload_hash,
        login_public_key=body.login_public_key,
        nonce=body.nonce,
    )
    identity = await database.write(
        _identity_of_holder,
        proof=proof,
        holds=await unlocking.holds(proof, challenge),
        now=moment,
    )
    closing = await asyncio.to_thread(verify_closing, envelope, identity=identity, origin=origin)
    if closing.line.issued_at > moment + CLOCK_DIFFERENCE_SECONDS:
        raise DatesError("a closing from the future")
    await database.write(
        closings.decide,
        account_number=body.account_number,
        closing=closings.NewClosing(
            closing_hash=envelope.payload_hash, envelope=to_stored(body.closing)
        ),
        now=moment,
    )


def _identity_of_holder(
    connection: Connection, *, proof: unlocking.Proof, holds: bool, now: int
) -> PublicIdentity | Refused:
    unlocker = unlocking.find_holder(connection, proof=proof, holds=holds, now=now)
    if unlocker is None:
        return Refused(Refusal(ProblemKind.SIGNATURE_REFUSED))
    account = read_account(connection, account_number=unlocker.account_number)
    if account.kind is not AccountKind.PATIENT:
        return Refused(Refusal(ProblemKind.SIGNATURE_REFUSED))
    return parse_public(json.loads(account.identity))


ENDPOINTS: Final = (
    Endpoint(
        method="POST",
        path="/v1/closing",
        handler=close,
        summary="Close a patient's account, with a signature over this very request",
        caller=Caller.ANYBODY,
        takes=ClosingRequest,
        gives={200: ClosingAnswer},
        problems=frozenset({ProblemKind.SIGNATURE_REFUSED, ProblemKind.STATEMENT_REFUSED}),
    ),
)
