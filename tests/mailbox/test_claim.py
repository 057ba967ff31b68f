"""The gates of a claim, in their order, and one winner at the end (docs/specs/claim.md §4)."""

from __future__ import annotations

import asyncio
import os
import secrets

import pytest
from simulation.people import Practice
from simulation.quick import Claimant, Invited, claim, draw, invite, noise_account, publish
from simulation.service import Service

from souspli_exchange.port_errors import (
    AccountNumberTakenError,
    CodeExpiredError,
    CodeWrongError,
    GateNotPassedError,
    InvitationExpiredError,
    InvitationSupersededError,
    InvitationUsedError,
    LetterNotValidError,
    NotSignedInError,
    PersonWrongError,
    PortError,
    SignatureRefusedError,
    StatementNotTakenError,
    ThrottledError,
)
from souspli_keys.identity import Identity
from souspli_keys.unlockers import LoginKey

DAY = 86_400
# On each database; SOUSPLI_RACES=50, now and then.
ROUNDS = int(os.environ.get("SOUSPLI_RACES", "16"))


@pytest.fixture
async def claimant(service: Service, invited: Invited) -> Claimant:
    return await Claimant.arrive(service, invited)


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06d}"


async def test_a_letter_number_gives_invitation_and_organisation(
    claimant: Claimant, practice: Practice
) -> None:
    found = await claimant.client.look_up_letter(claimant.invited.letter_number)
    assert found.invitation_id == claimant.invited.invitation_id
    assert found.organisation == practice.founding.root.public.fingerprint


@pytest.mark.parametrize("number", ["1234567897", "0000000000", "1234567890"])
async def test_an_unknown_letter_number_is_not_valid_whatever_is_wrong_with_it(
    claimant: Claimant, number: str
) -> None:
    with pytest.raises(LetterNotValidError):
        await claimant.client.look_up_letter(number)


async def test_no_gate_opens_before_the_one_in_front_of_it(claimant: Claimant) -> None:
    invitation_id = claimant.invited.invitation_id
    with pytest.raises(NotSignedInError):
        await claimant.client.send_email_code(invitation_id)
    with pytest.raises(NotSignedInError):
        await claimant.client.check_person(
            invitation_id, person_check=claimant.invited.person_check
        )
    await claimant.prove()
    with pytest.raises(CodeExpiredError):
        await claimant.client.check_email_code(invitation_id, code="123456")
    with pytest.raises(GateNotPassedError):
        await claimant.client.check_person(
            invitation_id, person_check=claimant.invited.person_check
        )
    with pytest.raises(GateNotPassedError):
        await claimant.bind()
    code = await claimant.ask_code()
    await claimant.client.check_email_code(invitation_id, code=code)
    with pytest.raises(GateNotPassedError):
        await claimant.bind()
    await claimant.client.check_person(invitation_id, person_check=claimant.invited.person_check)
    assert (await claimant.bind()).account_number == claimant.number


async def test_gate_one_shows_the_address_masked_and_nothing_else_of_it(
    practice: Practice, service: Service
) -> None:
    invited = await invite(practice, address="jeanne@orange.fr")
    assert await (await Claimant.arrive(service, invited)).prove() == "j…@o…fr"


async def test_another_key_s_signature_opens_nothing(claimant: Claimant, service: Service) -> None:
    claimant.invited.login_key = LoginKey(secrets.token_bytes(32))
    with pytest.raises(SignatureRefusedError):
        await claimant.prove()
    assert service.rows("claim_sessions") == []


async def test_a_nonce_is_good_for_one_signature(claimant: Claimant) -> None:
    nonce = (await claimant.client.claim_nonce(claimant.invited.invitation_id)).nonce
    signature = claimant.invited.login_key.sign(claimant.challenge(nonce))
    invitation_id = claimant.invited.invitation_id
    await claimant.client.prove(invitation_id, nonce=nonce, signature=signature)
    with pytest.raises(SignatureRefusedError):
        await claimant.client.prove(invitation_id, nonce=nonce, signature=signature)


async def test_a_nonce_is_used_up_by_a_wrong_signature_too(claimant: Claimant) -> None:
    nonce = (await claimant.client.claim_nonce(claimant.invited.invitation_id)).nonce
    invitation_id = claimant.invited.invitation_id
    with pytest.raises(SignatureRefusedError):
        await claimant.client.prove(invitation_id, nonce=nonce, signature=bytes(64))
    signature = claimant.invited.login_key.sign(claimant.challenge(nonce))
    with pytest.raises(SignatureRefusedError):
        await claimant.client.prove(invitation_id, nonce=nonce, signature=signature)


async def test_a_nonce_lives_two_minutes(claimant: Claimant, service: Service) -> None:
    nonce = (await claimant.client.claim_nonce(claimant.invited.invitation_id)).nonce
    signature = claimant.invited.login_key.sign(claimant.challenge(nonce))
    service.clock.pass_seconds(120)
    with pytest.raises(SignatureRefusedError):
        await claimant.client.prove(
            claimant.invited.invitation_id, nonce=nonce, signature=signature
        )


async def test_guessing_signatures_makes_wait_and_the_wait_grows(
    claimant: Claimant, service: Service
) -> None:
    right, claimant.invited.login_key = claimant.invited.login_key, LoginKey(bytes(32))
    for _ in range(5):
        with pytest.raises(SignatureRefusedError):
            await claimant.prove()
    claimant.invited.login_key = right
    with pytest.raises(ThrottledError) as throttled:
        await claimant.prove()
    assert throttled.value.retry_after == 60
    service.clock.pass_seconds(60)
    claimant.invited.login_key = LoginKey(bytes(32))
    with pytest.raises(SignatureRefusedError):
        await claimant.prove()
    with pytest.raises(ThrottledError) as throttled:
        await claimant.prove()
    assert throttled.value.retry_after == 120
    service.clock.pass_seconds(120)
    claimant.invited.login_key = right
    await claimant.prove()


@pytest.mark.parametrize("became", ["claimed", "superseded", "expired"])
async def test_before_the_signature_no_answer_tells_what_became_of_the_invitation(
    practice: Practice, service: Service, invited: Invited, became: str
) -> None:
    untouched = await invite(practice)
    if became == "claimed":
        await claim(service, invited)
    elif became == "superseded":
        await invite(practice, supersedes=invited, address=invited.address)
    else:
        service.clock.now = invited.not_after + 1

    async def before_the_signature(letter: Invited) -> list[object]:
        path = f"/v1/claims/{letter.invitation_id}"
        looked_up = await service.ask(
            "POST", "/v1/claims/lookup", {"letter_number": letter.letter_number}
        )
        material = await service.ask("GET", path)
        nonce = await service.ask("POST", f"{path}/nonce", {})
        wrong_proof = await service.ask(
            "POST",
            f"{path}/prove",
            {"nonce": nonce.json["nonce"], "signature": "A" * 86 + "==", "client": "program"},
        )
        return [
            (looked_up.status, sorted(looked_up.json)),
            (material.status, sorted(material.json)),
            (nonce.status, sorted(nonce.json)),
            (wrong_proof.status, wrong_proof.body),
        ]

    assert await before_the_signature(invited) == await before_the_signature(untouched)


@pytest.mark.parametrize(
    ("became", "error"),
    [
        ("claimed", InvitationUsedError),
        ("superseded", InvitationSupersededError),
        ("expired", InvitationExpiredError),
    ],
)
async def test_after_the_signature_the_answer_says_why_the_letter_is_of_no_use(
    practice: Practice,
    service: Service,
    invited: Invited,
    became: str,
    error: type[PortError],
) -> None:
    if became == "claimed":
        await claim(service, invited)
    elif became == "superseded":
        await invite(practice, supersedes=invited, address=invited.address)
    else:
        service.clock.now = invited.not_after + 1
    with pytest.raises(error):
        await (await Claimant.arrive(service, invited)).prove()


async def test_a_wrong_code_says_how_many_tries_are_left_and_then_asks_to_wait(
    claimant: Claimant,
) -> None:
    await claimant.prove()
    code = await claimant.ask_code()
    invitation_id = claimant.invited.invitation_id
    for tries_left in (4, 3, 2, 1, 0):
        with pytest.raises(CodeWrongError) as refused:
            await claimant.client.check_email_code(invitation_id, code=wrong(code))
        assert refused.value.tries_left == tries_left
    with pytest.raises(ThrottledError):
        await claimant.client.check_email_code(invitation_id, code=code)
    await claimant.client.check_email_code(invitation_id, code=await claimant.ask_code())


async def test_a_code_lives_ten_minutes(claimant: Claimant, service: Service) -> None:
    await claimant.prove()
    code = await claimant.ask_code()
    service.clock.pass_seconds(600)
    with pytest.raises(CodeExpiredError):
        await claimant.client.check_email_code(claimant.invited.invitation_id, code=code)


async def test_a_code_is_bound_to_the_session_that_asked_for_it(
    claimant: Claimant, service: Service
) -> None:
    await claimant.prove()
    code = await claimant.ask_code()
    other = await Claimant.arrive(service, claimant.invited)
    await other.prove()
    await other.ask_code()
    with pytest.raises(CodeWrongError):
        await other.client.check_email_code(claimant.invited.invitation_id, code=code)


async def test_five_codes_are_mailed_in_a_day(claimant: Claimant, service: Service) -> None:
    await claimant.prove()
    for mails_left in (4, 3, 2, 1, 0):
        mailed = await claimant.client.send_email_code(claimant.invited.invitation_id)
        assert mailed.mails_left == mails_left
    with pytest.raises(ThrottledError) as throttled:
        await claimant.client.send_email_code(claimant.invited.invitation_id)
    assert throttled.value.retry_after == DAY
    service.clock.pass_seconds(DAY)
    await claimant.prove()
    await claimant.client.send_email_code(claimant.invited.invitation_id)


async def test_five_wrong_persons_a_day_and_then_not_even_the_right_one(
    claimant: Claimant,
) -> None:
    await claimant.prove()
    invitation_id = claimant.invited.invitation_id
    await claimant.client.check_email_code(invitation_id, code=await claimant.ask_code())
    for tries_left in (4, 3, 2, 1, 0):
        with pytest.raises(PersonWrongError) as refused:
            await claimant.client.check_person(invitation_id, person_check=bytes(32))
        assert refused.value.tries_left == tries_left
    with pytest.raises(ThrottledError):
        await claimant.client.check_person(
            invitation_id, person_check=claimant.invited.person_check
        )


async def test_a_session_without_the_mailed_code_uses_no_try_up(
    claimant: Claimant, service: Service
) -> None:
    await claimant.prove()
    for _ in range(6):
        with pytest.raises(GateNotPassedError):
            await claimant.client.check_person(
                claimant.invited.invitation_id, person_check=bytes(32)
            )
    assert service.rows("invitations")[0]["person_tries"] == 0


async def test_a_claim_session_ends_after_an_hour(claimant: Claimant, service: Service) -> None:
    await claimant.pass_gates()
    service.clock.pass_seconds(3_600)
    with pytest.raises(NotSignedInError):
        await claimant.bind()


async def test_a_claim_session_opens_no_other_invitation(
    claimant: Claimant, practice: Practice
) -> None:
    await claimant.pass_gates()
    other = await invite(practice)
    with pytest.raises(NotSignedInError):
        await claimant.client.send_email_code(other.invitation_id)


async def test_a_claim_session_is_no_account_s_session(claimant: Claimant) -> None:
    await claimant.pass_gates()
    with pytest.raises(NotSignedInError):
        await claimant.client.deliveries()


async def test_binding_makes_the_account_and_signs_it_in(
    claimant: Claimant, service: Service, practice: Practice
) -> None:
    await claimant.pass_gates()
    await claimant.bind()
    assert (await claimant.client.vault()).account_number == claimant.number
    assert (await claimant.client.deliveries()).deliveries == ()
    assert service.rows("person_checks") == []
    view = await practice.client.invitation(claimant.invited.invitation_id)
    assert view.status == "claimed"
    assert view.binding is not None
    await claimant.sign_in(await service.client())


async def test_the_same_binding_again_gets_the_same_answer(
    claimant: Claimant, service: Service
) -> None:
    await claimant.pass_gates()
    token = claimant.client._transport._token
    binding = claimant.binding()
    first = await claimant.bind(binding)
    account = claimant.account
    assert account is not None
    claimant.client._transport.use_token(token)
    again = await claimant.client.bind(
        claimant.invited.invitation_id, account=account, binding=binding
    )
    assert again.account_number == first.account_number
    assert len(service.rows("accounts")) == 2
    assert (await claimant.client.vault()).account_number == claimant.number


async def test_another_binding_after_the_first_is_refused(claimant: Claimant) -> None:
    await claimant.pass_gates()
    token = claimant.client._transport._token
    await claimant.bind()
    claimant.client._transport.use_token(token)
    with pytest.raises(InvitationUsedError):
        await claimant.bind(claimant.binding())


@pytest.mark.parametrize(
    "changed",
    [
        {"record_hash": "00" * 32},
        {"bound_at": 1},
        {"identity": Identity.generate().public},
    ],
    ids=["record", "moment", "identity"],
)
async def test_a_binding_that_does_not_hold_is_refused_and_nothing_is_kept(
    claimant: Claimant, service: Service, changed: dict[str, object]
) -> None:
    await claimant.pass_gates()
    with pytest.raises(StatementNotTakenError) as refused:
        await claimant.bind(claimant.binding(**changed))
    assert refused.value.reason in {"chain", "dates", "signature"}
    assert len(service.rows("accounts")) == 1
    assert service.rows("bindings") == []


async def test_an_account_number_that_is_taken_asks_for_another(
    claimant: Claimant, practice: Practice
) -> None:
    await claimant.pass_gates()
    account = noise_account()
    object.__setattr__(account, "account_number", practice.founding.account.account_number)
    binding = claimant.binding()
    with pytest.raises(AccountNumberTakenError):
        await claimant.client.bind(claimant.invited.invitation_id, account=account, binding=binding)
    await claimant.bind(binding)


async def test_of_two_claims_at_once_one_wins_and_the_other_is_told(
    practice: Practice, service: Service
) -> None:
    winners: set[int] = set()
    for _ in range(ROUNDS):
        invited = draw(practice)
        await publish(practice, invited)
        rivals = [await Claimant.arrive(service, invited) for _ in range(2)]
        for rival in rivals:
            await rival.pass_gates()
        barrier = asyncio.Barrier(len(rivals))

        async def bind(rival: Claimant, barrier: asyncio.Barrier = barrier) -> str:
            binding = rival.binding()
            await barrier.wait()
            return (await rival.bind(binding)).account_number

        results = await asyncio.gather(*map(bind, rivals), return_exceptions=True)
        (winner,) = [n for n, result in enumerate(results) if isinstance(result, str)]
        assert isinstance(results[1 - winner], InvitationUsedError)
        winners.add(winner)
        view = await practice.client.invitation(invited.invitation_id)
        assert view.binding is not None
        (bound,) = [
            row for row in service.rows("bindings") if row["invitation_id"] == invited.invitation_id
        ]
        assert bound["account_number"] == results[winner]
        assert bound["binding_hash"] == view.binding.by_claim.payload_hash
    assert winners
