"""Organisations, invitations and attestations over a socket (docs/specs/mailbox.md §4)."""

from __future__ import annotations

import dataclasses
import secrets

import pytest
from simulation.people import Practice, draw_founding
from simulation.quick import claim, draw, invite, publish
from simulation.service import ORIGIN, Service

from souspli_exchange.binding import OwnCopy, sign_attestation, verify_recipient
from souspli_exchange.port_errors import (
    AccountNumberTakenError,
    AddressInUseError,
    BadRequestError,
    InvitationSupersededError,
    InvitationUsedError,
    LetterNumberTakenError,
    NotFoundError,
    StatementNotTakenError,
    ThrottledError,
)
from souspli_keys import codes
from souspli_keys.address import Address, Origin
from souspli_keys.identity import Identity
from souspli_keys.statements import Line, Member, Role, sign_statement
from souspli_mailbox.client import AdmissionCodeRefusedError, AlreadyDifferentError
from souspli_mailbox.throttle import NETWORK_FREE_FAILURES
from souspli_mailbox.tombstones import Tombstones

DAY = 86_400


# --- organisations --------------------------------------------------------------


async def test_the_same_organisation_again_gets_the_same_answer(service: Service) -> None:
    founding = draw_founding(now=service.clock.now)
    client, code = await service.client(), service.admission_code()
    for _ in range(2):
        await client.create_organisation(
            admission_code=code,
            organisation=founding.organisation,
            member=founding.member,
            account=founding.account,
        )
    assert len(service.rows("organisations")) == len(service.rows("accounts")) == 1


async def test_an_admission_code_admits_one_organisation(
    service: Service, practice: Practice
) -> None:
    client, code = await service.client(), service.admission_code()
    first, second = (draw_founding(now=service.clock.now) for _ in range(2))
    for founding, refused in ((first, False), (second, True)):
        call = client.create_organisation(
            admission_code=code,
            organisation=founding.organisation,
            member=founding.member,
            account=founding.account,
        )
        if refused:
            with pytest.raises(AdmissionCodeRefusedError):
                await call
        else:
            await call
    assert len(service.rows("organisations")) == 2


@pytest.mark.parametrize(
    "code", [codes.format_admission_code(codes.draw_admission_code()), "not a code at all"]
)
async def test_a_code_that_was_never_given_out_is_refused_and_guessing_makes_wait(
    service: Service, code: str
) -> None:
    founding, client = draw_founding(now=service.clock.now), await service.client()
    errors = []
    for _ in range(NETWORK_FREE_FAILURES + 1):
        with pytest.raises((AdmissionCodeRefusedError, ThrottledError)) as refused:
            await client.create_organisation(
                admission_code=code,
                organisation=founding.organisation,
                member=founding.member,
                account=founding.account,
            )
        errors.append(refused.type)
    assert errors == [AdmissionCodeRefusedError] * NETWORK_FREE_FAILURES + [ThrottledError]


async def test_an_admission_code_lives_a_week(service: Service) -> None:
    code = service.admission_code()
    service.clock.pass_seconds(7 * DAY)
    founding, client = draw_founding(now=service.clock.now), await service.client()
    with pytest.raises(AdmissionCodeRefusedError):
        await client.create_organisation(
            admission_code=code,
            organisation=founding.organisation,
            member=founding.member,
            account=founding.account,
        )


@pytest.mark.parametrize("wrong", ["chain", "signature", "dates", "origin"])
async def test_an_organisation_whose_statements_do_not_hold_is_refused_and_the_code_stays_good(
    service: Service, wrong: str
) -> None:
    now, client, code = service.clock.now, await service.client(), service.admission_code()
    founding, other = draw_founding(now=now), draw_founding(now=now)
    member = founding.member
    if wrong == "chain":
        member = other.member
    elif wrong == "signature":
        member = dataclasses.replace(member, ml_dsa_65=other.member.ml_dsa_65)
    elif wrong == "dates":
        member = draw_over(founding.root, now)
    else:
        founding = draw_founding(
            now=now, line=Line.first(origin=Origin("other.example"), issued_at=now)
        )
        member = founding.member
    with pytest.raises(StatementNotTakenError) as refused:
        await client.create_organisation(
            admission_code=code,
            organisation=founding.organisation,
            member=member,
            account=founding.account,
        )
    assert refused.value.reason == {"origin": "chain"}.get(wrong, refused.value.reason)
    assert service.rows("organisations") == []
    assert service.rows("admission_codes")[0]["used_at"] is None


def draw_over(root: Identity, now: int) -> object:
    """Return a membership that ended a minute ago, by this root."""
    member = Member(
        line=Line.first(origin=ORIGIN, issued_at=now - DAY),
        organisation=root.public.fingerprint,
        member=Identity.generate().public,
        name="Dr Ancien",
        address=Address("ancien@lilas.example"),
        role=Role.PRACTITIONER,
        rpps=None,
        may_invite=True,
        not_before=now - 10 * DAY,
        not_after=now - 60,
    )
    return sign_statement(member, root)


async def test_an_account_number_that_is_taken_is_refused_and_the_code_stays_good(
    service: Service, practice: Practice
) -> None:
    founding, code = draw_founding(now=service.clock.now), service.admission_code()
    client = await service.client()
    taken = dataclasses.replace(
        founding.account, account_number=practice.founding.account.account_number
    )
    with pytest.raises(AccountNumberTakenError):
        await client.create_organisation(
            admission_code=code,
            organisation=founding.organisation,
            member=founding.member,
            account=taken,
        )
    await client.create_organisation(
        admission_code=code,
        organisation=founding.organisation,
        member=founding.member,
        account=founding.account,
    )


async def test_an_organisation_that_exists_is_not_made_again_with_another_code(
    service: Service, practice: Practice
) -> None:
    account = dataclasses.replace(
        practice.founding.account, account_number=codes.draw_account_number()
    )
    with pytest.raises(AlreadyDifferentError):
        await practice.client.create_organisation(
            admission_code=service.admission_code(),
            organisation=practice.founding.organisation,
            member=practice.founding.member,
            account=account,
        )


# --- invitations --------------------------------------------------------------------


async def test_the_same_invitation_again_gets_the_same_answer(
    practice: Practice, service: Service
) -> None:
    drawn = practice.draw_invitation()
    assert await practice.publish(drawn) == await practice.publish(drawn) == "pending"
    assert len(service.rows("invitations")) == 1


async def test_the_same_id_with_other_bytes_is_refused(practice: Practice) -> None:
    first = await invite(practice)
    second = draw(practice, invitation_id=first.invitation_id, line=line_of(practice, first))
    with pytest.raises(AlreadyDifferentError):
        await publish(practice, second)


def line_of(practice: Practice, invited: object) -> Line:
    return Line.first(
        origin=ORIGIN,
        issued_at=practice.service.clock.now,
        subject=invited.invitation_id,  # type: ignore[attr-defined]  # an invitation
    )


async def test_a_letter_number_that_is_taken_asks_for_another(practice: Practice) -> None:
    first, second = await invite(practice), draw(practice)
    second.letter_number = first.letter_number
    with pytest.raises(LetterNumberTakenError):
        await publish(practice, second)


async def test_one_pending_invitation_for_one_address_of_one_organisation(
    practice: Practice, service: Service
) -> None:
    first = await invite(practice)
    with pytest.raises(AddressInUseError):
        await invite(practice, address=first.address)
    other = await Practice.found(service, name="Cabinet des Roses")
    await invite(other, address=first.address)
    await invite(practice, address=first.address, supersedes=first)


async def test_what_was_superseded_or_claimed_is_not_superseded(
    practice: Practice, service: Service
) -> None:
    first = await invite(practice)
    second = await invite(practice, supersedes=first, address=first.address)
    with pytest.raises(InvitationSupersededError):
        await publish(practice, draw(practice, supersedes=first, address=first.address))
    await claim(service, second)
    with pytest.raises(InvitationUsedError):
        await publish(practice, draw(practice, supersedes=second, address=first.address))


async def test_a_new_letter_gives_every_letter_before_it_a_tombstone(
    practice: Practice, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever was killed between a replacement and its tombstone left one without."""
    first = await invite(practice)
    second = await invite(practice, supersedes=first, address=first.address)
    written: list[str] = []
    monkeypatch.setattr(
        Tombstones, "write", lambda _self, _kind, subjects, **_rest: written.extend(subjects)
    )
    await invite(practice, supersedes=second, address=first.address)
    assert written == [second.invitation_id, first.invitation_id]


async def test_another_organisation_s_invitation_is_not_superseded(
    practice: Practice, service: Service
) -> None:
    theirs = await invite(practice)
    other = await Practice.found(service, name="Cabinet des Roses")
    with pytest.raises(NotFoundError):
        await publish(other, draw(other, supersedes=theirs, address=theirs.address))


async def test_an_expired_invitation_may_be_superseded(
    practice: Practice, service: Service
) -> None:
    first = await invite(practice, days=2)
    service.clock.pass_seconds(3 * DAY)
    await practice.sign_in()
    assert (await practice.client.invitation(first.invitation_id)).status == "expired"
    await invite(practice, supersedes=first, address=first.address)


@pytest.mark.parametrize(
    "wrong", ["signer", "organisation", "over", "future", "begins-later", "address", "letter"]
)
async def test_an_invitation_that_does_not_hold_is_refused_and_nothing_is_kept(
    practice: Practice, service: Service, wrong: str
) -> None:
    now = service.clock.now
    drawn = draw(practice)
    if wrong == "signer":
        drawn = draw(practice, signer=practice.founding.root)
    elif wrong == "organisation":
        drawn = draw(practice, organisation=Identity.generate().public.fingerprint)
    elif wrong == "over":
        drawn = draw(practice, not_before=now - 10, not_after=now - 1)
    elif wrong == "begins-later":
        drawn = draw(practice, not_before=now + DAY, not_after=now + 2 * DAY)
    elif wrong == "future":
        drawn = draw(practice)
        ahead = dataclasses.replace(line_of(practice, drawn), issued_at=now + DAY)
        drawn = draw(practice, invitation_id=drawn.invitation_id, line=ahead)
    elif wrong == "address":
        drawn = draw(practice, address="Not.Canonical@Example.ORG")
    else:
        drawn.letter_number = "1234567890"
    with pytest.raises((StatementNotTakenError, BadRequestError)):
        await publish(practice, drawn)
    assert service.rows("invitations") == []


async def test_a_member_who_may_not_invite_is_told_so_by_a_fixed_word(service: Service) -> None:
    founding = draw_founding(now=service.clock.now, may_invite=False)
    client = await service.client()
    await client.create_organisation(
        admission_code=service.admission_code(),
        organisation=founding.organisation,
        member=founding.member,
        account=founding.account,
    )
    practice = Practice(service, founding, client)
    await practice.sign_in()
    with pytest.raises(StatementNotTakenError) as refused:
        await publish(practice, draw(practice))
    assert refused.value.reason == "role"


async def test_a_member_signs_for_nobody_but_themselves(practice: Practice) -> None:
    """What a colleague signed is not taken from this session."""
    colleague = await practice.colleague()
    with pytest.raises(StatementNotTakenError) as refused:
        await publish(practice, draw(colleague))
    assert refused.value.reason in {"chain", "signature"}
    await publish(colleague, draw(colleague))


async def test_a_look_up_finds_the_newest_invitation_of_one_s_own_organisation(
    practice: Practice, service: Service
) -> None:
    first = await invite(practice)
    second = await invite(practice, supersedes=first, address=first.address)
    entry = await practice.client.look_up(first.address)
    assert (entry.invitation.invitation_id, entry.invitation.status) == (
        second.invitation_id,
        "pending",
    )
    assert entry.record == second.record
    with pytest.raises(NotFoundError):
        await practice.client.look_up("nobody@example.org")


# --- attestations ---------------------------------------------------------------------


async def test_an_attestation_reaches_the_colleagues(practice: Practice, service: Service) -> None:
    invited = await invite(practice)
    await claim(service, invited)
    view = await practice.client.invitation(invited.invitation_id)
    recipient = verify_recipient(view, OwnCopy(invited.record), now=service.clock.now)
    assert recipient.binding is not None
    attestation = sign_attestation(
        recipient.binding,
        member=practice.member.statement,
        signer=practice.founding.identity,
        address=Address(invited.address),
        now=service.clock.now,
    )
    colleague = await practice.colleague()
    with pytest.raises(StatementNotTakenError):
        await colleague.client.attest(attestation)
    for _ in range(2):
        await practice.client.attest(attestation)
    assert len(service.rows("attestations")) == 1
    view = await colleague.client.invitation(invited.invitation_id)
    assert view.attestation == attestation


async def test_an_attestation_of_another_binding_or_signer_is_refused(
    practice: Practice, service: Service
) -> None:
    invited = await invite(practice)
    await claim(service, invited)
    view = await practice.client.invitation(invited.invitation_id)
    recipient = verify_recipient(view, OwnCopy(invited.record), now=service.clock.now)
    assert recipient.binding is not None
    other = dataclasses.replace(recipient.binding, binding_hash=secrets.token_hex(32))
    for binding, signer in (
        (other, practice.founding.identity),
        (recipient.binding, Identity.generate()),
    ):
        attestation = sign_attestation(
            binding,
            member=practice.member.statement,
            signer=signer,
            address=Address(invited.address),
            now=service.clock.now,
        )
        with pytest.raises(StatementNotTakenError):
            await practice.client.attest(attestation)
    assert service.rows("attestations") == []


# --- a telephone ------------------------------------------------------------------


async def test_a_telephone_is_kept_with_the_invitation_and_belongs_to_it(
    service: Service, practice: Practice
) -> None:
    invited = draw(practice)

    async def publish_with(phone: str | None) -> str:
        return await practice.client.publish_invitation(
            record=invited.record,
            letter_number=invited.letter_number,
            person_checks=[invited.person_check],
            address=invited.address,
            phone=phone,
        )

    for refused in ("0612345678", "+33 6 12 34 56 78", "+0612345678", "+33612345678\n", ""):
        with pytest.raises(BadRequestError):
            await publish_with(refused)
    assert service.rows("invitations") == []
    for _ in range(2):
        assert await publish_with("+33612345678") == "pending"
    with pytest.raises(AlreadyDifferentError):
        await publish_with("+33612345679")
    (kept,) = service.rows("invitations")
    assert kept["phone"] == "+33612345678"
