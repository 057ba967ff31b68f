"""Purges over a socket: what the practice is told, and what a late visitor is."""

from __future__ import annotations

import asyncio

import pytest
from simulation.people import Practice
from simulation.quick import Claimant, draw, invite, publish
from simulation.service import ORIGIN, Service

from souspli_exchange.port_errors import (
    InvitationExpiredError,
    LetterNotValidError,
    NotFoundError,
)
from souspli_keys.audit import parse_audit_key
from souspli_keys.statements import verify_purge
from souspli_mailbox.state import WORKER

DAY = 86_400


async def purged(service: Service, invitation_id: str) -> None:
    """Have the service's own job find what is due, and wait until it has ended."""
    while not any(
        row["invitation_id"] == invitation_id and row["ended_at"] for row in service.rows("purges")
    ):
        service.app[WORKER].wake()
        await asyncio.sleep(0.02)


async def test_a_letter_that_nobody_answered_is_purged_by_the_service_itself_which_signs_it(
    service: Service, practice: Practice
) -> None:
    invited = await invite(practice)
    with pytest.raises(NotFoundError):
        await practice.client.purge(invited.invitation_id)
    service.clock.now = invited.not_after + 1
    await purged(service, invited.invitation_id)
    await practice.sign_in()
    view = await practice.client.purge(invited.invitation_id)
    assert view.ended_at == service.clock.now
    assert view.statement is not None
    purge = verify_purge(
        view.statement,
        audit_key=await practice.client.audit_key(),
        organisation=practice.member.statement.organisation,
        invitation_id=invited.invitation_id,
        origin=ORIGIN,
    )
    assert purge.documents == ()
    # Another practice is told nothing.
    other = await Practice.found(service)
    with pytest.raises(NotFoundError):
        await other.client.purge(invited.invitation_id)


async def test_the_audit_key_is_the_same_for_everybody_who_asks(service: Service) -> None:
    said = [(await service.ask("GET", "/v1/service")).json["audit_key"] for _ in range(2)]
    assert said[0] == said[1]
    assert parse_audit_key(said[0])
    (root,) = (r["value"] for r in service.rows("service_secrets") if r["purpose"] == "audit")
    assert len(root) == 32


async def test_a_late_visitor_is_told_what_somebody_is_whose_letter_never_existed(
    service: Service, practice: Practice
) -> None:
    invited = await invite(practice)
    service.clock.now = invited.not_after + 1
    await purged(service, invited.invitation_id)
    await practice.sign_in()
    never = draw(practice)
    answers = []
    for letter in (invited, never):
        claimant = await Claimant.arrive(service, letter)
        with pytest.raises(LetterNotValidError):
            await claimant.client.look_up_letter(letter.letter_number)
        with pytest.raises(LetterNotValidError):
            await claimant.client.claim_record(letter.invitation_id)
        with pytest.raises(LetterNotValidError):
            await claimant.prove()
        answers.append(await service.ask("GET", f"/v1/claims/{letter.invitation_id}"))
    assert answers[0].body == answers[1].body
    assert answers[0].status == answers[1].status == 404


async def test_a_letter_that_is_purged_is_replaced_by_a_line_of_its_own(
    service: Service, practice: Practice
) -> None:
    invited = await invite(practice, address="jeanne@example.org")
    service.clock.now = invited.not_after + 1
    await purged(service, invited.invitation_id)
    await practice.sign_in()
    with pytest.raises(InvitationExpiredError):
        await publish(practice, draw(practice, supersedes=invited, address="jeanne@example.org"))
    assert await publish(practice, draw(practice, address="jeanne@example.org")) == "pending"
