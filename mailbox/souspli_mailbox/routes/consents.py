"""Electronic or paper: what a practice notes and a patient chooses (docs/specs/consent.md)."""

import asyncio
import json
from typing import Final

from aiohttp import web
from sqlalchemy import Connection

from souspli_keys.address import Origin
from souspli_keys.dsse import Envelope
from souspli_keys.errors import ChainError, DatesError
from souspli_keys.public import Fingerprint, PublicIdentity, parse_public
from souspli_keys.statements import Consent, Line, Way, verify_choice, verify_consent
from souspli_mailbox.access import account_of, member_of
from souspli_mailbox.answers import answer, read_request
from souspli_mailbox.cursors import next_cursor, read_page_request
from souspli_mailbox.endpoints import PAGING, Caller, Endpoint
from souspli_mailbox.envelopes import from_stored, open_shape, to_stored
from souspli_mailbox.protocol import values as wire
from souspli_mailbox.protocol.consents import (
    ChoiceRequest,
    ChoicesAnswer,
    ConsentRequest,
    OnPaper,
    OnPaperPage,
    PatientsOrganisation,
)
from souspli_mailbox.protocol.invitations import NotedConsent
from souspli_mailbox.protocol.problems import ProblemKind
from souspli_mailbox.protocol.values import Nothing
from souspli_mailbox.records import consents as records
from souspli_mailbox.records import invitations, organisations
from souspli_mailbox.records.accounts import read_account
from souspli_mailbox.records.errors import NotFoundError
from souspli_mailbox.state import DATABASE, SETTINGS, now

# A signer's clock may be ahead of ours by as much as a clock nobody sets is.
CLOCK_DIFFERENCE_SECONDS: Final = 300


async def note_consent(request: web.Request) -> web.Response:
    body = await read_request(request, ConsentRequest)
    member, moment = member_of(request), now(request)
    organisation, subject = await request.app[DATABASE].read(
        _read_for_note,
        organisation=member.organisation,
        invitation_id=body.invitation_id,
        now=moment,
    )
    envelope = open_shape(body.consent)
    consent = await asyncio.to_thread(
        check_consent,
        envelope,
        organisation=organisation,
        member=member,
        origin=Origin(request.app[SETTINGS].origin),
        subject=subject,
        now=moment,
    )
    await request.app[DATABASE].write(
        records.keep_consent,
        invitation_id=body.invitation_id,
        organisation=member.organisation,
        member=member.fingerprint,
        consent=word_of(body.consent, envelope, line=consent.line, way=consent.way),
        now=moment,
    )
    return answer(Nothing(), status=201)


def _read_for_note(
    connection: Connection, *, organisation: str, invitation_id: str, now: int
) -> tuple[organisations.Organisation, str]:
    invitation = invitations.read_invitation(connection, invitation_id=invitation_id, now=now)
    # Not `not-allowed`: that another practice invited somebody is its own affair. And
    # nothing is noted about somebody who was forgotten.
    if invitation.organisation != organisation or not invitation.envelope:
        raise NotFoundError
    return (
        organisations.read_organisation(connection, fingerprint=organisation),
        records.line_of(connection, invitation_id=invitation_id),
    )


def check_consent(
    envelope: Envelope,
    *,
    organisation: organisations.Organisation,
    member: organisations.Member,
    origin: Origin,
    subject: str,
    now: int,
) -> Consent:
    """Return what the caller noted about this line; StatementError for anything else."""
    consent = verify_consent(
        envelope,
        organisation_statement=open_shape(from_stored(organisation.envelope)),
        member_statement=open_shape(from_stored(member.envelope)),
        organisation=Fingerprint(member.organisation),
        origin=origin,
        subject=subject,
    )
    if consent.member != member.fingerprint:
        raise ChainError("a consent by somebody else")
    _check_moment(consent.line, now=now)
    return consent


def word_of(sent: wire.Envelope, envelope: Envelope, *, line: Line, way: Way) -> records.NewWord:
    """Return a verified statement as it is kept."""
    return records.NewWord(
        statement_hash=envelope.payload_hash,
        sequence=line.sequence,
        previous=line.previous,
        way=way,
        issued_at=line.issued_at,
        envelope=to_stored(sent),
    )


async def list_choices(request: web.Request) -> web.Response:
    found = await request.app[DATABASE].read(
        records.organisations_of, account_number=account_of(request).account_number
    )
    return answer(
        ChoicesAnswer(
            organisations=[
                PatientsOrganisation(
                    organisation=from_stored(one.organisation),
                    consent=shown_consent(one.consent),
                    choice=None if one.choice is None else from_stored(one.choice),
                )
                for one in found
            ]
        )
    )


async def list_on_paper(request: web.Request) -> web.Response:
    page = read_page_request(request)
    found = await request.app[DATABASE].read(
        records.on_paper,
        organisation=member_of(request).organisation,
        after=page.after,
        limit=page.limit,
    )
    return answer(
        OnPaperPage(
            on_paper=[
                OnPaper(invitation_id=invitation_id, paper_since=since)
                for since, invitation_id in found
            ],
            next=next_cursor(len(found), limit=page.limit, last=found[-1] if found else None),
        )
    )


def shown_consent(noted: records.NotedConsent | None) -> NotedConsent | None:
    """Return a kept consent as it travels."""
    if noted is None:
        return None
    return NotedConsent(consent=from_stored(noted.consent), member=from_stored(noted.member))


async def choose(request: web.Request) -> web.Response:
    body = await read_request(request, ChoiceRequest)
    account_number, moment = account_of(request).account_number, now(request)
    organisation = request.match_info["organisation"]
    identity = await request.app[DATABASE].read(
        _read_for_choice, account_number=account_number, organisation=organisation
    )
    envelope = open_shape(body.choice)
    choice = await asyncio.to_thread(
        verify_choice,
        envelope,
        identity=identity,
        organisation=Fingerprint(organisation),
        origin=Origin(request.app[SETTINGS].origin),
    )
    _check_moment(choice.line, now=moment)
    await request.app[DATABASE].write(
        records.keep_choice,
        account_number=account_number,
        organisation=organisation,
        choice=word_of(body.choice, envelope, line=choice.line, way=choice.way),
        now=moment,
    )
    return answer(Nothing())


def _read_for_choice(
    connection: Connection, *, account_number: str, organisation: str
) -> PublicIdentity:
    if not records.led_here(connection, account_number=account_number, organisation=organisation):
        raise NotFoundError
    account = read_account(connection, account_number=account_number)
    return parse_public(json.loads(account.identity))


def _check_moment(line: Line, *, now: int) -> None:
    """Raise DatesError for what is signed ahead of time: it would count for ever."""
    if line.issued_at > now + CLOCK_DIFFERENCE_SECONDS:
        raise DatesError("a statement from the future")


_STATEMENTS: Final = frozenset({ProblemKind.STATEMENT_REFUSED, ProblemKind.ALREADY_DIFFERENT})

ENDPOINTS: Final = (
    Endpoint(
        method="POST",
        path="/v1/consents",
        handler=note_consent,
        summary="Note what a patient told the practice: electronic or paper",
        caller=Caller.MEMBER,
        takes=ConsentRequest,
        gives={201: Nothing},
        problems=_STATEMENTS,
    ),
    Endpoint(
        method="GET",
        path="/v1/consents",
        handler=list_on_paper,
        summary="The organisation's patients who went back to paper, the longest ago first",
        caller=Caller.MEMBER,
        gives={200: OnPaperPage},
        query=PAGING,
    ),
    Endpoint(
        method="GET",
        path="/v1/choices",
        handler=list_choices,
        summary="What was said for each organisation of one's account",
        caller=Caller.PATIENT,
        gives={200: ChoicesAnswer},
    ),
    Endpoint(
        method="PUT",
        path="/v1/choices/{organisation}",
        handler=choose,
        summary="Choose electronic or paper for an organisation",
        caller=Caller.PATIENT,
        takes=ChoiceRequest,
        gives={200: Nothing},
        problems=_STATEMENTS,
    ),
)
