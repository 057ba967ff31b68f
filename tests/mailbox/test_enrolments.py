"""Who becomes a member, and who doesn't, over the socket (docs/specs/enrolment.md)."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from simulation import sealed as shapes
from simulation.enrolling import BRIDGE, Joiner, ask, certificate, enrol
from simulation.people import DAY, Practice
from simulation.quick import draw, invite, publish
from simulation.service import ORIGIN, Service

from souspli_exchange import enrolment as steps
from souspli_exchange.port_errors import (
    AccountNumberTakenError,
    ConflictError,
    EnrolmentAnsweredError,
    EnrolmentNotValidError,
    NotFoundError,
    SignatureRefusedError,
    StatementNotTakenError,
    ThrottledError,
)
from souspli_exchange.ports.enrolment import EnrolmentStatus, JoiningEnvelopes
from souspli_keys.address import Address
from souspli_keys.codes import draw_enrolment_handle
from souspli_keys.identity import Identity
from souspli_keys.statements import Enrolment, Line, Role, sign_statement
from souspli_mailbox.records.sweeps import delete_due
from souspli_mailbox.retention import due


@pytest.fixture
async def joiner(service: Service, practice: Practice) -> Joiner:
    """Somebody with a code that is good, who has not answered yet."""
    return await Joiner.open(service, await ask(practice))


async def test_an_enrolled_bridge_signs_in_and_sends(service: Service, practice: Practice) -> None:
    bridge = await enrol(practice, replace(BRIDGE, may_invite=True))
    session = await service.ask("GET", "/v1/session", as_=bridge.client)
    assert session.json["kind"] == "member"
    invited = await invite(bridge)
    await shapes.deposit(bridge, shapes.addressed(invited))
    page = await bridge.client.deposits(after=None, limit=10)
    assert len(page.deposits) == 1
    # Its own documents, not its colleagues'.
    assert (await practice.client.deposits(after=None, limit=10)).deposits == ()


async def test_a_bridge_that_may_not_invite_does_not(practice: Practice) -> None:
    bridge = await enrol(practice)
    with pytest.raises(StatementNotTakenError) as failed:
        await publish(bridge, draw(bridge))
    assert failed.value.reason == "role"


async def test_a_bridge_asks_nobody(practice: Practice) -> None:
    bridge = await enrol(practice)
    now = practice.service.clock.now
    drawn = steps.draw_enrolment(practice.member, BRIDGE, now=now)
    record = replace(
        Enrolment.parse(drawn.record.payload), member=bridge.founding.identity.public.fingerprint
    )
    with pytest.raises(StatementNotTakenError) as failed:
        await bridge.client.publish_enrolment(
            record=sign_statement(record, bridge.founding.identity), handle=drawn.code.handle
        )
    assert failed.value.reason == "role"


async def test_the_same_answer_again_gets_the_certificate_once_there_is_one(
    practice: Practice, joiner: Joiner
) -> None:
    assert await joiner.answer() is None
    assert await joiner.answer() is None
    signed = certificate(practice, joiner)
    await practice.client.certify(joiner.opened.enrolment_id, certificate=signed)
    assert await joiner.answer() == signed


async def test_another_answer_to_the_code_is_refused(service: Service, practice: Practice) -> None:
    drawn = await ask(practice)
    first, second = await Joiner.open(service, drawn), await Joiner.open(service, drawn)
    await first.answer()
    with pytest.raises(EnrolmentAnsweredError):
        await second.answer()
    # The same identity, signed a second time: its bytes are others, and the first stays.
    again = replace(first, joining=second.joining, account=second.account)
    with pytest.raises(EnrolmentAnsweredError):
        await again.answer()
    view = await practice.client.enrolment(first.opened.enrolment_id)
    assert view.joining == first.joining


async def test_of_two_answers_at_once_one_wins(service: Service, practice: Practice) -> None:
    drawn = await ask(practice)
    joiners = [await Joiner.open(service, drawn) for _ in range(3)]
    ends = await asyncio.gather(*(one.answer() for one in joiners), return_exceptions=True)
    assert sorted(type(end).__name__ for end in ends) == [
        "EnrolmentAnsweredError",
        "EnrolmentAnsweredError",
        "NoneType",
    ]


async def test_before_the_certificate_there_is_no_account(service: Service, joiner: Joiner) -> None:
    await joiner.answer()
    with pytest.raises(SignatureRefusedError):
        await joiner.sign_in()
    assert len(service.rows("members")) == 1
    assert len(service.rows("accounts")) == 1


async def test_an_answer_that_was_altered_is_refused(
    service: Service, practice: Practice, joiner: Joiner
) -> None:
    stranger, now = Identity.generate(), service.clock.now
    unlocker = replace(joiner.account.unlockers[0], login_public_key=b"k" * 32)
    mixed = steps.join(joiner.opened, stranger, joiner.account, now=now)
    without_code = steps.join(
        replace_opened(joiner, code_identity=stranger), joiner.identity, joiner.account, now=now
    )
    altered = {
        "by who knows the handle alone": replace(joiner, joining=without_code),
        "with the identity of somebody else": replace(
            joiner, joining=JoiningEnvelopes(joiner.joining.by_code, mixed.by_identity)
        ),
        "with an unlocker of who stands in between": replace(
            joiner, account=replace(joiner.account, unlockers=(unlocker,))
        ),
        "to another enrolment": replace(
            joiner, joining=(await Joiner.open(service, await ask(practice, OTHER))).joining
        ),
    }
    for what, other in altered.items():
        with pytest.raises(StatementNotTakenError):
            await other.answer()
        view = await practice.client.enrolment(joiner.opened.enrolment_id)
        assert view.joining is None, what
    assert await joiner.answer() is None


OTHER = replace(BRIDGE, address=Address("autre@labo.example"))


def replace_opened(joiner: Joiner, *, code_identity: Identity) -> steps.OpenedEnrolment:
    return steps.OpenedEnrolment(code_identity, joiner.opened.enrolment)


CHANGED: tuple[dict[str, Any], ...] = (
    {"role": Role.ADMINISTRATOR},
    {"name": "Dr Paul Petit"},
    {"address": Address("autre@labo.example")},
    {"may_invite": True},
    {"member": Identity.generate().public},
    {"not_before": 1, "not_after": 2},
)


async def test_a_certificate_says_what_was_asked_for_or_makes_nobody_a_member(
    service: Service, practice: Practice, joiner: Joiner
) -> None:
    await joiner.answer()
    for changed in CHANGED:
        with pytest.raises(StatementNotTakenError):
            await practice.client.certify(
                joiner.opened.enrolment_id, certificate=certificate(practice, joiner, **changed)
            )
        assert await joiner.answer() is None, changed
    assert len(service.rows("members")) == 1


async def test_only_the_root_certifies(practice: Practice, joiner: Joiner) -> None:
    await joiner.answer()
    statement = practice.member.statement
    forged = sign_statement(
        replace(statement, line=Line.first(origin=ORIGIN, issued_at=statement.line.issued_at),
                member=joiner.identity.public),
        practice.founding.identity,
    )  # fmt: skip
    with pytest.raises(StatementNotTakenError) as failed:
        await practice.client.certify(joiner.opened.enrolment_id, certificate=forged)
    assert failed.value.reason == "signature"


async def test_one_certificate_and_no_other(practice: Practice, joiner: Joiner) -> None:
    await joiner.answer()
    signed = certificate(practice, joiner)
    enrolment_id = joiner.opened.enrolment_id
    await practice.client.certify(enrolment_id, certificate=signed)
    await practice.client.certify(enrolment_id, certificate=signed)
    with pytest.raises(ConflictError):
        await practice.client.certify(enrolment_id, certificate=certificate(practice, joiner))
    view = await practice.client.enrolment(enrolment_id)
    assert (view.status, view.certificate) == (EnrolmentStatus.CERTIFIED, signed)
    assert await practice.client.enrolments() == ()


async def test_who_has_not_answered_is_not_certified(practice: Practice, joiner: Joiner) -> None:
    with pytest.raises(NotFoundError):
        await practice.client.certify(
            joiner.opened.enrolment_id, certificate=certificate(practice, joiner)
        )


async def test_another_organisation_sees_nothing_of_it(
    service: Service, practice: Practice, joiner: Joiner
) -> None:
    await joiner.answer()
    other = await Practice.found(service, name="Cabinet des Ormes")
    assert await other.client.enrolments() == ()
    with pytest.raises(NotFoundError):
        await other.client.enrolment(joiner.opened.enrolment_id)
    with pytest.raises(NotFoundError):
        await other.client.certify(
            joiner.opened.enrolment_id, certificate=certificate(practice, joiner)
        )
    (own,) = (await other.client.members()).members
    assert own == other.founding.member


async def test_a_colleague_may_ask_and_is_listed(practice: Practice) -> None:
    colleague = await practice.colleague()
    drawn = await ask(colleague)
    (waiting,) = await practice.client.enrolments()
    assert (waiting.enrolment_id, waiting.status) == (drawn.enrolment_id, EnrolmentStatus.OPEN)
    page = await practice.client.members()
    assert {one.payload_hash for one in page.members} == {
        practice.founding.member.payload_hash,
        colleague.founding.member.payload_hash,
    }


async def test_members_come_in_pages(service: Service, practice: Practice) -> None:
    await practice.colleague()
    first = await service.ask("GET", "/v1/members?limit=1", as_=practice.client)
    assert len(first.json["members"]) == 1
    after = first.json["next"]
    second = await service.ask("GET", f"/v1/members?limit=1&after={after}", as_=practice.client)
    assert len(second.json["members"]) == 1
    assert second.json["members"] != first.json["members"]
    third = await service.ask(
        "GET", f"/v1/members?after={second.json['next']}", as_=practice.client
    )
    assert third.json == {"members": [], "next": None}


async def test_a_new_enrolment_takes_the_place_of_the_one_for_the_same_address(
    service: Service, practice: Practice, joiner: Joiner
) -> None:
    await joiner.answer()
    newer = await ask(practice)
    with pytest.raises(EnrolmentNotValidError):
        await joiner.answer()
    (waiting,) = await practice.client.enrolments()
    assert waiting.enrolment_id == newer.enrolment_id


async def test_past_its_end_an_enrolment_is_as_one_that_never_was(
    service: Service, practice: Practice
) -> None:
    drawn = await ask(practice)
    joiner = await Joiner.open(service, drawn)
    service.clock.pass_seconds(7 * DAY)
    answers = [
        await service.ask("POST", "/v1/enrolments/lookup", {"handle": handle})
        for handle in (drawn.code.handle, draw_enrolment_handle(), "KKKKK-KKKKK")
    ]
    assert {(one.status, one.problem) for one in answers} == {(404, "enrolment-not-valid")}
    assert len({str(one.json) for one in answers}) == 1
    with pytest.raises(EnrolmentNotValidError):
        await joiner.answer()
    service.database.write_now(delete_due, due=due(service.clock.now))
    assert service.rows("enrolments") == []


async def test_an_answer_waits_a_week_longer_and_its_certificate_a_month(
    service: Service, practice: Practice, joiner: Joiner
) -> None:
    await joiner.answer()
    service.clock.pass_seconds(13 * DAY)
    service.database.write_now(delete_due, due=due(service.clock.now))
    await practice.sign_in()
    signed = certificate(practice, joiner)
    await practice.client.certify(joiner.opened.enrolment_id, certificate=signed)
    (row,) = service.rows("enrolments")
    assert row["account"] is None
    service.clock.pass_seconds(29 * DAY)
    assert await joiner.answer() == signed
    service.clock.pass_seconds(DAY)
    service.database.write_now(delete_due, due=due(service.clock.now))
    assert service.rows("enrolments") == []
    # The member stays.
    await joiner.sign_in()


async def test_who_tries_handles_one_after_the_other_has_to_wait(service: Service) -> None:
    client = await service.client()
    for _ in range(100):
        with pytest.raises(EnrolmentNotValidError):
            await client.look_up_enrolment(draw_enrolment_handle())
    with pytest.raises(ThrottledError):
        await client.look_up_enrolment(draw_enrolment_handle())


async def test_an_account_number_that_is_taken_is_refused_before_it_is_certified(
    service: Service, practice: Practice, joiner: Joiner
) -> None:
    taken = practice.founding.account.account_number
    joiner.account = replace(joiner.account, account_number=taken)
    joiner.joining = steps.join(
        joiner.opened, joiner.identity, joiner.account, now=service.clock.now
    )
    with pytest.raises(AccountNumberTakenError):
        await joiner.answer()


@pytest.mark.parametrize("days", [0, 8])
async def test_an_enrolment_begins_now(service: Service, practice: Practice, days: int) -> None:
    drawn = steps.draw_enrolment(practice.member, BRIDGE, now=service.clock.now + days * DAY)
    if days == 0:
        service.clock.pass_seconds(8 * DAY)
        await practice.sign_in()
    with pytest.raises(StatementNotTakenError) as failed:
        await practice.client.publish_enrolment(record=drawn.record, handle=drawn.code.handle)
    assert failed.value.reason == "dates"
