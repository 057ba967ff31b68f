"""Invitations and attestations, as members make and follow them (docs/specs/claim.md §1, §5)."""

import asyncio
from dataclasses import dataclass
from typing import Final

from aiohttp import web
from msgspec import UNSET, UnsetType
from sqlalchemy import Connection

from souspli_exchange.ports.states import InvitationStatus
from souspli_keys.address import Origin, parse_address
from souspli_keys.codes import parse_letter_number
from souspli_keys.errors import ChainError, DatesError
from souspli_keys.phone import parse_phone
from souspli_keys.public import Fingerprint
from souspli_keys.statements import (
    Attestation,
    Invitation,
    VerifiedInvitation,
    verify_attestation,
    verify_binding,
    verify_invitation,
)
from souspli_mailbox.access import member_of
from souspli_mailbox.answers import answer, read_request
from souspli_mailbox.endpoints import Caller, Endpoint
from souspli_mailbox.envelopes import from_stored, open_shape, to_stored
from souspli_mailbox.errors import Refusal
from souspli_mailbox.protocol.invitations import (
    AttestationRequest,
    InvitationAnswer,
    InvitationRequest,
    InvitationView,
    LookupAnswer,
    LookupRequest,
)
from souspli_mailbox.protocol.problems import ProblemKind
from souspli_mailbox.protocol.values import Binding, Envelope, Nothing
from souspli_mailbox.records import closings, consents, organisations
from souspli_mailbox.records import invitations as records
from souspli_mailbox.records.errors import NotFoundError
from souspli_mailbox.routes.consents import check_consent, shown_consent, word_of
from souspli_mailbox.state import DATABASE, SETTINGS, TOMBSTONES, now
from souspli_mailbox.tombstones import Kind, Reason

# A member's clock may be ahead of ours by as much as a clock nobody sets is.
CLOCK_DIFFERENCE_SECONDS: Final = 300


async def publish_invitation(request: web.Request) -> web.Response:
    body = await read_request(request, InvitationRequest)
    member, moment = member_of(request), now(request)
    organisation = await request.app[DATABASE].read(
        organisations.read_organisation, fingerprint=member.organisation
    )
    verified, consent = await asyncio.to_thread(
        _verify_both,
        body,
        organisation=organisation,
        member=member,
        origin=Origin(request.app[SETTINGS].origin),
        now=moment,
    )
    record = verified.record
    status = await request.app[DATABASE].write(
        _publish,
        invitation=records.NewInvitation(
            invitation_id=record.invitation_id,
            organisation=record.organisation,
            member=record.member,
            letter_number=parse_letter_number(body.letter_number),
            address=parse_address(body.address),
            phone=None if body.phone is UNSET else parse_phone(body.phone),
            person_checks=tuple(body.person_checks),
            record_hash=verified.record_hash,
            claim_fingerprint=record.claim_identity.fingerprint,
            claim_login_key=record.claim_login_key,
            not_before=record.not_before,
            not_after=record.not_after,
            supersedes=record.supersedes,
            envelope=to_stored(body.record),
        ),
        consent=consent,
        now=moment,
    )
    if record.supersedes is not None:
        # Before anybody is told that a lost letter is worthless: no backup makes it
        # valid again. A crash before this line: no answer, hence a repeat, and this; or
        # the member invites anew, and those before have no tombstone yet.
        replaced = await request.app[DATABASE].read(
            records.replaced_by, invitation_id=record.invitation_id
        )
        await asyncio.to_thread(
            request.app[TOMBSTONES].write,
            Kind.LETTER,
            replaced,
            reason=Reason.SUPERSEDED,
            now=moment,
        )
    return answer(
        InvitationAnswer(invitation_id=record.invitation_id, status=status.value), status=201
    )


def _publish(
    connection: Connection,
    *,
    invitation: records.NewInvitation,
    consent: consents.NewWord | None,
    now: int,
) -> InvitationStatus:
    """Keep the invitation and what the patient said, together or not at all."""
    status = records.publish_invitation(connection, invitation=invitation, now=now)
    if consent is not None:
        consents.keep_consent(
            connection,
            invitation_id=invitation.invitation_id,
            organisation=invitation.organisation,
            member=invitation.member,
            consent=consent,
            now=now,
        )
    consents.inherit(connection, invitation_id=invitation.invitation_id)
    return status


def _verify_both(
    body: InvitationRequest,
    *,
    organisation: organisations.Organisation,
    member: organisations.Member,
    origin: Origin,
    now: int,
) -> tuple[VerifiedInvitation, consents.NewWord | None]:
    """Return the record and, if there is one, the consent that it came with."""
    verified = _verify(body, organisation=organisation, member=member, origin=origin, now=now)
    if isinstance(body.consent, UnsetType):
        return verified, None
    envelope = open_shape(body.consent)
    consent = check_consent(
        envelope,
        organisation=organisation,
        member=member,
        origin=origin,
        # Of the record itself: its line is the one that the consent goes on with.
        subject=verified.record.line.subject,
        now=now,
    )
    return verified, word_of(body.consent, envelope, line=consent.line, way=consent.way)


def _verify(
    body: InvitationRequest,
    *,
    organisation: organisations.Organisation,
    member: organisations.Member,
    origin: Origin,
    now: int,
) -> VerifiedInvitation:
    """Return the record if its chain holds, its member is the caller, and it lies in time."""
    verified = verify_invitation(
        open_shape(body.record),
        organisation_statement=open_shape(from_stored(organisation.envelope)),
        member_statement=open_shape(from_stored(member.envelope)),
        organisation=Fingerprint(member.organisation),
        origin=origin,
    )
    if verified.record.member != member.fingerprint:
        raise ChainError("an invitation by somebody else")
    if verified.record.not_after <= now or verified.inviter.member.not_after <= now:
        raise DatesError("an invitation, or a membership, that is over")
    # `not_before` as well: the thirty days of an invitation begin now, not in ten years,
    # until when the service would keep the patient's address and the person checks.
    begins = max(verified.record.line.issued_at, verified.record.not_before)
    if begins > now + CLOCK_DIFFERENCE_SECONDS:
        raise DatesError("an invitation from the future")
    return verified


async def get_invitation(request: web.Request) -> web.Response:
    view = await request.app[DATABASE].read(
        _read_view,
        organisation=member_of(request).organisation,
        invitation_id=request.match_info["invitation_id"],
        now=now(request),
    )
    return answer(
        InvitationView(
            invitation_id=view.invitation.invitation_id,
            status=view.invitation.status.value,
            binding=view.binding,
            attestation=_shown(view.attestation),
            consent=shown_consent(view.consent),
            choice=_shown(view.choice),
            closed_at=None if view.closed is None else view.closed.closed_at,
            closing=None if view.closed is None else _shown(view.closed.envelope),
            log_proof=None,
        )
    )


async def look_up(request: web.Request) -> web.Response:
    body = await read_request(request, LookupRequest)
    view = await request.app[DATABASE].read(
        _look_up,
        organisation=member_of(request).organisation,
        address=parse_address(body.address),
        now=now(request),
    )
    return answer(
        LookupAnswer(
            invitation_id=view.invitation.invitation_id,
            status=view.invitation.status.value,
            binding=view.binding,
            attestation=_shown(view.attestation),
            consent=shown_consent(view.consent),
            choice=_shown(view.choice),
            log_proof=None,
            record=from_stored(view.invitation.envelope),
        )
    )


def _shown(envelope: bytes | None) -> Envelope | None:
    return None if envelope is None else from_stored(envelope)


@dataclass(frozen=True, slots=True)
class _View:
    """An invitation with everything that was signed about it."""

    invitation: records.Invitation
    binding: Binding | None
    attestation: bytes | None
    consent: consents.NotedConsent | None
    choice: bytes | None
    closed: closings.Closed | None


def _read_view(connection: Connection, *, organisation: str, invitation_id: str, now: int) -> _View:
    invitation = records.read_invitation(connection, invitation_id=invitation_id, now=now)
    if invitation.organisation != organisation:
        # Not `not-allowed`: that another practice invited somebody is its own affair.
        raise NotFoundError
    return _with_binding(connection, invitation)


def _look_up(connection: Connection, *, organisation: str, address: str, now: int) -> _View:
    invitation = records.newest_invitation(
        connection, organisation=organisation, address=address, now=now
    )
    return _with_binding(connection, invitation)


def _with_binding(connection: Connection, invitation: records.Invitation) -> _View:
    invitation_id = invitation.invitation_id
    kept = records.read_binding(connection, invitation_id=invitation_id)
    binding = (
        None
        if kept is None
        else Binding(by_claim=from_stored(kept.by_claim), by_identity=from_stored(kept.by_identity))
    )
    return _View(
        invitation=invitation,
        binding=binding,
        attestation=records.read_attestation(connection, invitation_id=invitation_id),
        consent=consents.read_consent(
            connection, organisation=invitation.organisation, invitation_id=invitation_id
        ),
        choice=consents.read_choice(
            connection,
            account_number=invitation.account_number,
            organisation=invitation.organisation,
        ),
        closed=closings.read_closing(connection, account_number=invitation.account_number),
    )


async def attest(request: web.Request) -> web.Response:
    body = await read_request(request, AttestationRequest)
    member = member_of(request)
    envelope = open_shape(body.attestation)
    claimed = Attestation.parse(envelope.payload)
    view = await request.app[DATABASE].read(
        _read_view,
        organisation=member.organisation,
        invitation_id=claimed.invitation_id,
        now=now(request),
    )
    if view.binding is None or view.closed is not None:
        raise Refusal(ProblemKind.STATEMENT_REFUSED, reason="chain")
    organisation = await request.app[DATABASE].read(
        organisations.read_organisation, fingerprint=member.organisation
    )
    await asyncio.to_thread(
        _verify_attestation,
        body,
        invitation=view.invitation,
        binding=view.binding,
        organisation=organisation,
        member=member,
        origin=Origin(request.app[SETTINGS].origin),
    )
    await request.app[DATABASE].write(
        records.keep_attestation,
        statement_hash=envelope.payload_hash,
        invitation_id=claimed.invitation_id,
        member=member.fingerprint,
        envelope=to_stored(body.attestation),
        now=now(request),
    )
    return answer(Nothing(), status=201)


def _verify_attestation(
    body: AttestationRequest,
    *,
    invitation: records.Invitation,
    binding: Binding,
    organisation: organisations.Organisation,
    member: organisations.Member,
    origin: Origin,
) -> Attestation:
    record = Invitation.parse(open_shape(from_stored(invitation.envelope)).payload)
    attestation = verify_attestation(
        open_shape(body.attestation),
        organisation_statement=open_shape(from_stored(organisation.envelope)),
        member_statement=open_shape(from_stored(member.envelope)),
        organisation=Fingerprint(member.organisation),
        origin=origin,
        binding=verify_binding(
            open_shape(binding.by_claim),
            open_shape(binding.by_identity),
            record=record,
            record_hash=invitation.record_hash,
        ),
    )
    if attestation.member != member.fingerprint:
        raise ChainError("an attestation by somebody else")
    return attestation


_STATEMENTS: Final = frozenset({ProblemKind.STATEMENT_REFUSED, ProblemKind.ALREADY_DIFFERENT})

ENDPOINTS: Final = (
    Endpoint(
        method="POST",
        path="/v1/invitations",
        handler=publish_invitation,
        summary="Publish an invitation, or the re-issue of one",
        caller=Caller.MEMBER,
        takes=InvitationRequest,
        gives={201: InvitationAnswer},
        problems=_STATEMENTS
        | {
            ProblemKind.LETTER_NUMBER_TAKEN,
            ProblemKind.ADDRESS_IN_USE,
            ProblemKind.INVITATION_USED,
            ProblemKind.INVITATION_SUPERSEDED,
            ProblemKind.INVITATION_EXPIRED,
        },
    ),
    Endpoint(
        method="GET",
        path="/v1/invitations/{invitation_id}",
        handler=get_invitation,
        summary="What became of an invitation of one's own organisation",
        caller=Caller.MEMBER,
        gives={200: InvitationView},
    ),
    Endpoint(
        method="POST",
        path="/v1/directory/lookup",
        handler=look_up,
        summary="The newest invitation that one's own organisation made for an address",
        caller=Caller.MEMBER,
        takes=LookupRequest,
        gives={200: LookupAnswer},
    ),
    Endpoint(
        method="POST",
        path="/v1/attestations",
        handler=attest,
        summary="Publish an attestation for one's colleagues",
        caller=Caller.MEMBER,
        takes=AttestationRequest,
        gives={201: Nothing},
        problems=_STATEMENTS,
    ),
)
