"""Electronic or paper: kept in their lines, seen by the practice, and no deposit against it."""

from __future__ import annotations

import pytest
from simulation import sealed as shapes
from simulation.people import Practice
from simulation.quick import Claimant, Invited, claim, draw, invite
from simulation.service import ORIGIN, Service

from souspli_exchange.ids import InvitationId
from souspli_exchange.port_errors import (
    BackToPaperError,
    ConflictError,
    NotFoundError,
    StatementNotTakenError,
)
from souspli_exchange.ports.directory import OnPaperPage
from souspli_keys.dsse import Envelope
from souspli_keys.identity import Identity
from souspli_keys.statements import Choice, Consent, How, Invitation, Line, Way, sign_statement


def consent(
    practice: Practice,
    invited: Invited,
    way: Way,
    *,
    after: Envelope | None = None,
    at: int | None = None,
    signer: Identity | None = None,
) -> Envelope:
    """Sign what the patient told the practice."""
    now = practice.service.clock.now if at is None else at
    subject = Invitation.parse(invited.record.payload).line.subject
    line = (
        Line.first(origin=ORIGIN, issued_at=now, subject=subject)
        if after is None
        else Consent.parse(after.payload).line.after(after.payload_hash, issued_at=now)
    )
    statement = Consent(
        line=line,
        organisation=practice.member.statement.organisation,
        member=practice.founding.identity.public.fingerprint,
        way=way,
        how=How.ORAL,
        given_at=now,
        text_version="2026-12",
        text_hash="ab" * 32,
    )
    return sign_statement(statement, signer or practice.founding.identity)


def choice(
    practice: Practice, patient: Claimant, way: Way, *, after: Envelope | None = None, at: int
) -> Envelope:
    """Sign what the patient chose."""
    line = (
        Line.first(origin=ORIGIN, issued_at=at)
        if after is None
        else Choice.parse(after.payload).line.after(after.payload_hash, issued_at=at)
    )
    organisation = practice.member.statement.organisation
    return sign_statement(Choice(line=line, organisation=organisation, way=way), patient.identity)


async def note(practice: Practice, invited: Invited, statement: Envelope) -> None:
    await practice.client.note_consent(InvitationId(invited.invitation_id), statement)


async def test_the_consent_is_kept_with_the_invitation_or_not_at_all(
    practice: Practice, service: Service
) -> None:
    invited = draw(practice)
    stranger = consent(practice, invited, Way.ELECTRONIC, signer=Identity.generate())

    async def publish(statement: Envelope) -> None:
        await practice.client.publish_invitation(
            record=invited.record,
            letter_number=invited.letter_number,
            person_checks=[invited.person_check],
            address=invited.address,
            consent=statement,
        )

    with pytest.raises(StatementNotTakenError):
        await publish(stranger)
    assert service.rows("invitations") == []
    agreed = consent(practice, invited, Way.ELECTRONIC)
    await publish(agreed)
    await publish(agreed)  # a repeat
    view = await practice.client.invitation(invited.invitation_id)
    assert view.consent is not None
    assert view.consent.consent.payload == agreed.payload
    assert len(service.rows("consents")) == 1


async def test_nothing_is_deposited_for_who_is_on_paper(
    practice: Practice, service: Service
) -> None:
    invited = await invite(practice)
    paper = consent(practice, invited, Way.PAPER)
    await note(practice, invited, paper)
    with pytest.raises(BackToPaperError):
        await shapes.deposit(practice, shapes.addressed(invited))
    assert service.rows("deliveries") == []
    service.clock.now += 1
    await note(practice, invited, consent(practice, invited, Way.ELECTRONIC, after=paper))
    await shapes.deposit(practice, shapes.addressed(invited))
    assert len(service.rows("deliveries")) == 1


async def test_a_patient_goes_back_to_paper_and_the_practice_sees_it(
    practice: Practice, service: Service
) -> None:
    invited = await invite(practice)
    await note(practice, invited, consent(practice, invited, Way.ELECTRONIC))
    patient = await claim(service, invited)
    (shown,) = await patient.client.choices()
    assert shown.consent is not None
    assert shown.choice is None
    organisation = practice.member.statement.organisation
    paper = choice(practice, patient, Way.PAPER, at=service.clock.now + 1)
    await patient.client.choose(organisation, paper)
    await patient.client.choose(organisation, paper)  # a repeat
    view = await practice.client.invitation(invited.invitation_id)
    assert view.choice is not None
    assert view.choice.payload == paper.payload
    with pytest.raises(BackToPaperError):
        await shapes.deposit(practice, shapes.addressed(invited, patient.identity.public))
    again = choice(practice, patient, Way.ELECTRONIC, after=paper, at=service.clock.now + 2)
    await patient.client.choose(organisation, again)
    await shapes.deposit(practice, shapes.addressed(invited, patient.identity.public))


async def test_the_later_word_counts_whoever_says_it(practice: Practice, service: Service) -> None:
    invited = await invite(practice)
    patient = await claim(service, invited)
    now = service.clock.now
    organisation = practice.member.statement.organisation
    await patient.client.choose(organisation, choice(practice, patient, Way.PAPER, at=now + 5))
    earlier = consent(practice, invited, Way.ELECTRONIC, at=now)
    await note(practice, invited, earlier)
    with pytest.raises(BackToPaperError):
        await shapes.deposit(practice, shapes.addressed(invited, patient.identity.public))
    later = consent(practice, invited, Way.ELECTRONIC, after=earlier, at=now + 6)
    await note(practice, invited, later)
    await shapes.deposit(practice, shapes.addressed(invited, patient.identity.public))


async def test_a_statement_follows_the_newest_of_its_line(
    practice: Practice, service: Service
) -> None:
    invited = await invite(practice)
    first = consent(practice, invited, Way.PAPER)
    await note(practice, invited, first)
    with pytest.raises(ConflictError):
        await note(practice, invited, consent(practice, invited, Way.ELECTRONIC))
    await note(practice, invited, first)  # the same again is fine
    patient = await claim(service, invited)
    organisation, now = practice.member.statement.organisation, service.clock.now
    await patient.client.choose(organisation, choice(practice, patient, Way.PAPER, at=now))
    with pytest.raises(ConflictError):
        await patient.client.choose(organisation, choice(practice, patient, Way.PAPER, at=now))


async def test_a_re_issue_goes_on_with_what_was_said(practice: Practice) -> None:
    first = await invite(practice)
    await note(practice, first, consent(practice, first, Way.PAPER))
    second = await invite(practice, supersedes=first, address=first.address)
    with pytest.raises(BackToPaperError):
        await shapes.deposit(practice, shapes.addressed(second))


async def test_what_is_noted_on_a_replaced_letter_holds_for_the_new_one(
    practice: Practice,
) -> None:
    first = await invite(practice)
    second = await invite(practice, supersedes=first, address=first.address)
    await note(practice, first, consent(practice, first, Way.PAPER))
    with pytest.raises(BackToPaperError):
        await shapes.deposit(practice, shapes.addressed(second))


async def test_nobody_speaks_for_another_practice_s_patient(
    practice: Practice, service: Service
) -> None:
    other = await Practice.found(service)
    invited = await invite(other)
    with pytest.raises(NotFoundError):
        await note(practice, invited, consent(practice, invited, Way.PAPER))
    mine = await invite(practice)
    with pytest.raises(StatementNotTakenError):
        await note(practice, mine, consent(practice, invited, Way.PAPER))
    patient = await claim(service, invited)
    with pytest.raises(NotFoundError):
        await patient.client.choose(
            practice.member.statement.organisation,
            choice(practice, patient, Way.PAPER, at=service.clock.now),
        )


async def test_nothing_is_signed_ahead_of_its_time(practice: Practice, service: Service) -> None:
    invited = await invite(practice)
    late = service.clock.now + 301
    with pytest.raises(StatementNotTakenError) as refused:
        await note(practice, invited, consent(practice, invited, Way.PAPER, at=late))
    assert refused.value.reason == "dates"


async def test_a_client_goes_on_from_what_a_restored_service_has_lost(
    practice: Practice, service: Service
) -> None:
    invited = await invite(practice)
    first = consent(practice, invited, Way.ELECTRONIC)
    await note(practice, invited, first)
    lost = consent(practice, invited, Way.PAPER, after=first)
    await note(practice, invited, consent(practice, invited, Way.PAPER, after=lost))
    with pytest.raises(BackToPaperError):
        await shapes.deposit(practice, shapes.addressed(invited))
    with pytest.raises(ConflictError):
        await note(practice, invited, lost)


async def test_a_practice_is_told_which_of_its_own_patients_are_on_paper(
    practice: Practice, service: Service
) -> None:
    assert await practice.client.on_paper() == OnPaperPage((), None)
    noted, chosen, electronic = [await invite(practice) for _ in range(3)]
    patient = await claim(service, chosen)
    await note(practice, noted, consent(practice, noted, Way.PAPER))
    await note(practice, electronic, consent(practice, electronic, Way.ELECTRONIC))
    organisation = practice.member.statement.organisation
    since = service.clock.now + 1
    paper = choice(practice, patient, Way.PAPER, at=since)
    await patient.client.choose(organisation, paper)
    first = await practice.client.on_paper(limit=1)
    assert [one for one, _ in first.on_paper] == [noted.invitation_id]
    rest = await practice.client.on_paper(after=first.next_cursor)
    assert rest == OnPaperPage(((InvitationId(chosen.invitation_id), since),), None)
    other = await Practice.found(service)
    assert await other.client.on_paper() == OnPaperPage((), None)
    again = choice(practice, patient, Way.ELECTRONIC, after=paper, at=since + 1)
    await patient.client.choose(organisation, again)
    assert [one for one, _ in (await practice.client.on_paper()).on_paper] == [noted.invitation_id]
