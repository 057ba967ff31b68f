"""The operator's terms, and accepting them (docs/specs/consent.md §7)."""

import asyncio
import json
from typing import Final

from aiohttp import web

from souspli_keys.address import Origin
from souspli_keys.errors import DatesError
from souspli_keys.public import PublicIdentity, parse_public
from souspli_keys.statements import verify_acceptance
from souspli_mailbox.access import account_of
from souspli_mailbox.answers import answer, read_request
from souspli_mailbox.endpoints import Caller, Endpoint
from souspli_mailbox.envelopes import from_stored, open_shape, to_stored
from souspli_mailbox.protocol import terms as wire
from souspli_mailbox.protocol.problems import ProblemKind
from souspli_mailbox.protocol.values import Envelope, Nothing
from souspli_mailbox.records import terms as records
from souspli_mailbox.records.accounts import read_account
from souspli_mailbox.records.errors import TermsChangedError
from souspli_mailbox.routes.consents import CLOCK_DIFFERENCE_SECONDS
from souspli_mailbox.state import DATABASE, SETTINGS, TERMS, now
from souspli_mailbox.terms import Terms, TermsText


async def get_terms(request: web.Request) -> web.Response:
    moment, terms = now(request), request.app[TERMS]
    announced = terms.announced(moment)
    return answer(
        wire.TermsAnswer(
            in_force=_shown(terms.in_force(moment)),
            announced=None if announced is None else _shown(announced),
        )
    )


def _shown(terms: Terms) -> wire.TermsVersion:
    return wire.TermsVersion(
        version=terms.version,
        in_force_from=terms.in_force_from,
        fr=_shown_text(terms.texts["fr"]),
        en=_shown_text(terms.texts["en"]),
    )


def _shown_text(text: TermsText) -> wire.TermsText:
    return wire.TermsText(text=text.text, sha256=text.sha256)


async def get_acceptance(request: web.Request) -> web.Response:
    kept = await request.app[DATABASE].read(
        records.read_acceptance, account_number=account_of(request).account_number
    )
    return answer(wire.AcceptanceAnswer(acceptance=None if kept is None else from_stored(kept)))


async def accept(request: web.Request) -> web.Response:
    body = await read_request(request, wire.AcceptanceRequest)
    account_number = account_of(request).account_number
    account = await request.app[DATABASE].read(read_account, account_number=account_number)
    acceptance = await check_acceptance(
        request, body.acceptance, identity=parse_public(json.loads(account.identity))
    )
    await request.app[DATABASE].write(
        records.keep_acceptance,
        account_number=account_number,
        acceptance=acceptance,
        now=now(request),
    )
    return answer(Nothing())


async def check_acceptance(
    request: web.Request, sent: Envelope, *, identity: PublicIdentity
) -> records.NewAcceptance:
    """Return an acceptance that this identity signed, of a text that is in force or announced.

    Raises StatementError, and TermsChangedError for any other text.
    """
    moment, terms = now(request), request.app[TERMS]
    envelope = open_shape(sent)
    acceptance = await asyncio.to_thread(
        verify_acceptance,
        envelope,
        identity=identity,
        origin=Origin(request.app[SETTINGS].origin),
    )
    if acceptance.line.issued_at > moment + CLOCK_DIFFERENCE_SECONDS:
        raise DatesError("an acceptance from the future")
    # What is announced may be accepted before its day.
    offered = (terms.in_force(moment), terms.announced(moment))
    if not any(
        one is not None
        and one.version == acceptance.terms_version
        and one.has(acceptance.terms_hash)
        for one in offered
    ):
        raise TermsChangedError
    return records.NewAcceptance(
        statement_hash=envelope.payload_hash,
        sequence=acceptance.line.sequence,
        previous=acceptance.line.previous,
        terms_version=acceptance.terms_version,
        terms_hash=acceptance.terms_hash,
        envelope=to_stored(sent),
    )


ENDPOINTS: Final = (
    Endpoint(
        method="GET",
        path="/v1/terms",
        handler=get_terms,
        summary="The operator's terms: in force, and announced",
        caller=Caller.ANYBODY,
        gives={200: wire.TermsAnswer},
    ),
    Endpoint(
        method="GET",
        path="/v1/acceptance",
        handler=get_acceptance,
        summary="What the account accepted last",
        caller=Caller.PATIENT,
        gives={200: wire.AcceptanceAnswer},
    ),
    Endpoint(
        method="PUT",
        path="/v1/acceptance",
        handler=accept,
        summary="Accept the terms in force, or those announced",
        caller=Caller.PATIENT,
        takes=wire.AcceptanceRequest,
        gives={200: Nothing},
        problems=frozenset(
            {
                ProblemKind.STATEMENT_REFUSED,
                ProblemKind.ALREADY_DIFFERENT,
                ProblemKind.TERMS_CHANGED,
            }
        ),
    ),
)
