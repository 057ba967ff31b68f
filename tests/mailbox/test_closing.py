"""Who may close an account, and what is left of it over the socket (docs/specs/closing.md)."""

from __future__ import annotations

import asyncio
import secrets
from typing import Any

import pytest
from simulation import sealed as shapes
from simulation.closing import closing_request
from simulation.people import Practice
from simulation.quick import Claimant, claim, invite
from simulation.service import ORIGIN, Answer, Service

from souspli_exchange.port_errors import (
    BackToPaperError,
    NotFoundError,
    NotSignedInError,
    SignatureRefusedError,
    StatementNotTakenError,
)
from souspli_exchange.ports.states import DeliveryState
from souspli_keys.identity import Identity
from souspli_keys.login import LoginPurpose
from souspli_keys.statements import Attestation, Line, sign_statement, verify_closing
from souspli_keys.unlockers import LoginKey


@pytest.fixture
async def patient(service: Service, practice: Practice) -> Claimant:
    return await claim(service, await invite(practice))


async def nonce(service: Service, number: str) -> str:
    started = await service.ask("POST", "/v1/sign-in/start", {"account": number})
    drawn: str = started.json["nonce"]
    return drawn


async def request(service: Service, patient: Claimant, **changed: Any) -> dict[str, Any]:
    words: dict[str, Any] = {
        "number": patient.number,
        "identity": patient.identity,
        "login_key": patient.login_key,
        "origin": ORIGIN,
        "now": service.clock.now,
        **changed,
    }
    return closing_request(await nonce(service, words["number"]), **words)


async def post(service: Service, body: dict[str, Any]) -> Answer:
    return await service.ask("POST", "/v1/closing", body)


async def test_a_closed_account_lets_nobody_in_and_is_sent_nothing(
    service: Service, practice: Practice, patient: Claimant
) -> None:
    await shapes.deposit(practice, shapes.addressed(patient.invited, to=patient.identity.public))
    closed = await post(service, await request(service, patient))
    assert closed.status == 200, closed.json
    assert closed.json["closed_at"] == service.clock.now
    with pytest.raises(NotSignedInError):
        await patient.client.deliveries()
    with pytest.raises(SignatureRefusedError):
        await patient.sign_in(await service.client())
    with pytest.raises(BackToPaperError):
        await shapes.deposit(
            practice, shapes.addressed(patient.invited, to=patient.identity.public)
        )
    page = await practice.client.deposits(after=None, limit=10)
    (delivery,) = page.deposits[0].deliveries
    assert (delivery.state, delivery.expired_at) == (DeliveryState.EXPIRED, service.clock.now)
    # Nobody is found by the address any more; the letter says why.
    with pytest.raises(NotFoundError):
        await practice.client.look_up(patient.invited.address)  # type: ignore[arg-type]  # text
    view = await practice.client.invitation(patient.invited.invitation_id)
    assert view.closed is not None
    assert view.closed.closing is not None
    assert verify_closing(view.closed.closing, identity=patient.identity.public, origin=ORIGIN)


async def test_a_late_visitor_learns_nothing_from_the_old_letter(
    service: Service, patient: Claimant
) -> None:
    """The answer of a letter that never existed: nobody learns that somebody had an account."""
    await post(service, await request(service, patient))
    asked = ("GET", f"/v1/claims/{patient.invited.invitation_id}")
    unknown = ("GET", f"/v1/claims/{'ab' * 16}")
    letter = await service.ask(*asked)
    assert (letter.status, letter.problem) == (404, "letter-not-valid")
    assert letter.json == (await service.ask(*unknown)).json
    number = {"letter_number": patient.invited.letter_number}
    looked_up = await service.ask("POST", "/v1/claims/lookup", number)
    assert looked_up.problem == "letter-not-valid"


async def test_the_same_closing_again_is_answered_as_the_first_time(
    service: Service, patient: Claimant
) -> None:
    """An answer that was lost: no nonce is fresh any more, and no key known."""
    body = await request(service, patient)
    first = await post(service, body)
    service.clock.now += 500
    again = await post(service, body)
    assert (first.status, again.status) == (200, 200)
    assert again.json == first.json
    another = await post(service, await request(service, patient))
    assert another.problem == "signature-refused"


async def test_two_at_once_close_it_once(service: Service, patient: Claimant) -> None:
    bodies = [await request(service, patient) for _ in range(2)]
    answers = await asyncio.gather(*(post(service, body) for body in bodies))
    assert sorted(answer.status for answer in answers) == [200, 401]
    assert len(service.rows("closings")) == 1


@pytest.mark.parametrize("who", ["key", "purpose", "origin", "account", "member"])
async def test_only_who_has_the_password_closes_this_account(
    service: Service, practice: Practice, patient: Claimant, who: str
) -> None:
    device = practice.founding.device
    changed: dict[str, dict[str, Any]] = {
        "key": {"login_key": LoginKey(secrets.token_bytes(32))},
        # A signature that was made to sign in.
        "purpose": {"purpose": LoginPurpose.SIGN_IN},
        "origin": {"origin": "elsewhere.example"},
        "account": {"number": "0000000000"},
        "member": {
            "number": practice.founding.account.account_number,
            "login_key": device.login_key,
            "identity": practice.founding.identity,
        },
    }
    body = await request(service, patient, **changed[who])
    if who == "member":
        body["kind"] = "device"
    refused = await post(service, body)
    assert (refused.status, refused.problem) == (401, "signature-refused")
    assert service.rows("closings") == []
    await patient.client.deliveries()  # still signed in


@pytest.mark.parametrize("who", ["identity", "moment"])
async def test_only_the_account_itself_says_that_it_closes(
    service: Service, patient: Claimant, who: str
) -> None:
    """A password alone is not enough: the vault has to be open."""
    changed: dict[str, dict[str, Any]] = {
        "identity": {"identity": Identity.generate()},
        "moment": {"now": service.clock.now + 301},
    }
    refused = await post(service, await request(service, patient, **changed[who]))
    assert refused.problem == "statement-refused"
    assert service.rows("closings") == []


async def test_a_signature_is_over_one_closing(service: Service, patient: Claimant) -> None:
    body = await request(service, patient)
    other = await request(service, patient)
    refused = await post(service, body | {"closing": other["closing"]})
    assert refused.problem == "signature-refused"


async def test_a_nonce_closes_once(service: Service, patient: Claimant) -> None:
    body = await request(service, patient, identity=Identity.generate())
    assert (await post(service, body)).problem == "statement-refused"
    assert (await post(service, body)).problem == "signature-refused"


async def test_passwords_are_guessed_here_no_faster_than_elsewhere(
    service: Service, patient: Claimant
) -> None:
    wrong = LoginKey(secrets.token_bytes(32))
    problems = [
        (await post(service, await request(service, patient, login_key=wrong))).problem
        for _ in range(6)
    ]
    assert problems == ["signature-refused"] * 5 + ["too-many-tries"]


async def test_colleagues_are_told_of_no_closed_account(
    service: Service, practice: Practice, patient: Claimant
) -> None:
    """An attestation that was on its way finds nothing to be about."""
    await post(service, await request(service, patient))
    view = await practice.client.invitation(patient.invited.invitation_id)
    assert view.binding is not None
    attestation = Attestation(
        line=Line.first(
            origin=ORIGIN,
            issued_at=service.clock.now,
            subject=patient.invited.invitation_id,
        ),
        organisation=practice.member.statement.organisation,
        member=practice.founding.identity.public.fingerprint,
        invitation_id=patient.invited.invitation_id,
        binding_hash=view.binding.by_identity.payload_hash,
        identity=patient.identity.public.fingerprint,
        address=patient.invited.address,  # type: ignore[arg-type]  # text
    )
    with pytest.raises(StatementNotTakenError):
        await practice.client.attest(sign_statement(attestation, practice.founding.identity))
