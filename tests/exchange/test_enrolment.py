"""Asking and answering, between honest programs and against a service that lies (enrolment.md)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from exchange.people import DAY, NOW, ORIGIN, Practice, make_practice

from souspli_exchange.enrolment import (
    AskedMember,
    NewEnrolment,
    OpenedEnrolment,
    check_joining,
    draw_enrolment,
    join,
    open_enrolment,
    sign_certificate,
    verify_certificate,
)
from souspli_exchange.errors import (
    EnrolmentRefusedError,
    JoiningRefusedError,
    SenderRefusedError,
)
from souspli_exchange.ports.accounts import NewAccount, NewUnlocker
from souspli_exchange.ports.enrolment import EnrolmentRecord, JoiningEnvelopes
from souspli_keys.address import Address
from souspli_keys.enrolmentcode import EnrolmentCode
from souspli_keys.errors import RoleError
from souspli_keys.identity import Identity
from souspli_keys.statements import Enrolment, Member, Role, sign_statement

if TYPE_CHECKING:
    from souspli_keys.dsse import Envelope

BRIDGE = AskedMember(
    name="Pont du laboratoire",
    address=Address("pont@labo.example"),
    role=Role.BRIDGE,
    rpps=None,
    may_invite=False,
)
ACCOUNT = NewAccount(
    account_number="1234567897",
    sealed_vault=b"sealed",
    unlockers=(NewUnlocker("ab" * 16, "device", b"k" * 32, b"w" * 72),),
)


def material(practice: Practice, record: Envelope) -> EnrolmentRecord:
    return EnrolmentRecord(
        record=record, organisation=practice.organisation, member=practice.sender.member
    )


def ask(practice: Practice, asked: AskedMember = BRIDGE) -> NewEnrolment:
    return draw_enrolment(practice.sender, asked, now=NOW)


def opened(practice: Practice, drawn: NewEnrolment, *, now: int = NOW) -> OpenedEnrolment:
    answer = material(practice, drawn.record)
    return open_enrolment(drawn.code, answer, origin=ORIGIN, now=now)


def altered(practice: Practice, drawn: NewEnrolment, **fields: Any) -> Envelope:
    """The record with other fields, signed by the practice's own member."""
    record = replace(Enrolment.parse(drawn.record.payload), **fields)
    return sign_statement(record, practice.sender.identity)


@pytest.fixture(scope="module")
def practice() -> Practice:
    return make_practice()


@pytest.fixture(scope="module")
def drawn(practice: Practice) -> NewEnrolment:
    return ask(practice)


def test_who_was_asked_answers_and_is_certified_as_what_they_were_asked_for(
    practice: Practice, drawn: NewEnrolment
) -> None:
    identity = Identity.generate()
    joining = join(opened(practice, drawn), identity, ACCOUNT, now=NOW + 60)
    verified = check_joining(joining, own=drawn.record)
    certificate = sign_certificate(verified, own=drawn.record, root=practice.root, now=NOW + 90)
    member = verify_certificate(
        certificate,
        own=drawn.record,
        identity=identity.public,
        organisation_statement=practice.organisation,
        organisation=practice.fingerprint,
        origin=ORIGIN,
    ).member
    assert (member.name, member.role, member.may_invite) == (BRIDGE.name, Role.BRIDGE, False)
    assert member.not_after <= NOW + 365 * DAY


def test_a_code_says_who_asks(drawn: NewEnrolment, practice: Practice) -> None:
    """The service shows another practice, whose record names the genuine code's identity."""
    other = make_practice()
    genuine = Enrolment.parse(drawn.record.payload)
    theirs = replace(
        genuine,
        organisation=other.fingerprint,
        member=other.sender.identity.public.fingerprint,
    )
    record = sign_statement(theirs, other.sender.identity)
    with pytest.raises(EnrolmentRefusedError, match="code does not fit"):
        open_enrolment(drawn.code, material(other, record), origin=ORIGIN, now=NOW)
    # And with the genuine record under its own statements nothing is genuine.
    with pytest.raises(EnrolmentRefusedError):
        open_enrolment(drawn.code, material(other, drawn.record), origin=ORIGIN, now=NOW)


def test_another_code_opens_nothing(practice: Practice, drawn: NewEnrolment) -> None:
    with pytest.raises(EnrolmentRefusedError, match="code does not fit"):
        open_enrolment(
            EnrolmentCode.draw(), material(practice, drawn.record), origin=ORIGIN, now=NOW
        )


def test_a_record_that_the_service_altered_is_refused(
    practice: Practice, drawn: NewEnrolment
) -> None:
    payload = drawn.record.payload.replace(b'"bridge"', b'"administrator"')
    record = replace(drawn.record, payload=payload)
    with pytest.raises(EnrolmentRefusedError):
        open_enrolment(drawn.code, material(practice, record), origin=ORIGIN, now=NOW)


@pytest.mark.parametrize("now", [NOW - DAY, NOW + 7 * DAY])
def test_a_code_is_good_for_seven_days(practice: Practice, drawn: NewEnrolment, now: int) -> None:
    with pytest.raises(EnrolmentRefusedError, match="not in force"):
        opened(practice, drawn, now=now)


def test_a_bridge_asks_nobody() -> None:
    with pytest.raises(RoleError):
        ask(make_practice(role=Role.BRIDGE))


def test_whose_membership_is_over_asks_nobody() -> None:
    with pytest.raises(SenderRefusedError):
        ask(make_practice(not_after=NOW - 1))


def test_an_answer_with_another_identity_is_a_red_stop(
    practice: Practice, drawn: NewEnrolment
) -> None:
    """The service puts a key of its own in the place of the joiner's."""
    open_ = opened(practice, drawn)
    genuine = join(open_, Identity.generate(), ACCOUNT, now=NOW)
    theirs = join(
        OpenedEnrolment(Identity.generate(), open_.enrolment), Identity.generate(), ACCOUNT, now=NOW
    )
    for joining in (
        theirs,
        JoiningEnvelopes(genuine.by_code, theirs.by_identity),
        JoiningEnvelopes(theirs.by_code, genuine.by_identity),
        JoiningEnvelopes(genuine.by_identity, genuine.by_code),
    ):
        with pytest.raises(JoiningRefusedError):
            check_joining(joining, own=drawn.record)


def test_an_answer_to_something_else_is_a_red_stop(practice: Practice, drawn: NewEnrolment) -> None:
    other = ask(practice, replace(BRIDGE, role=Role.ADMINISTRATOR))
    replayed = join(opened(practice, other), Identity.generate(), ACCOUNT, now=NOW)
    with pytest.raises(JoiningRefusedError):
        check_joining(replayed, own=drawn.record)
    # Of the same enrolment, whose record said something else: another role, signed again.
    record = altered(practice, drawn, role=Role.ADMINISTRATOR)
    shown = open_enrolment(drawn.code, material(practice, record), origin=ORIGIN, now=NOW)
    with pytest.raises(JoiningRefusedError):
        check_joining(join(shown, Identity.generate(), ACCOUNT, now=NOW), own=drawn.record)


def test_a_second_answer_is_a_red_stop_though_it_is_genuine(
    practice: Practice, drawn: NewEnrolment
) -> None:
    first, second = (
        join(opened(practice, drawn), Identity.generate(), ACCOUNT, now=NOW) for _ in range(2)
    )
    seen = check_joining(first, own=drawn.record).joining_hash
    assert check_joining(first, own=drawn.record, seen=seen).joining_hash == seen
    with pytest.raises(JoiningRefusedError, match="another answer"):
        check_joining(second, own=drawn.record, seen=seen)


def test_a_certificate_that_the_service_chose_is_refused(
    practice: Practice, drawn: NewEnrolment
) -> None:
    identity, other = Identity.generate(), make_practice()
    joining = join(opened(practice, drawn), identity, ACCOUNT, now=NOW)
    verified = check_joining(joining, own=drawn.record)
    right = sign_certificate(verified, own=drawn.record, root=practice.root, now=NOW)
    member = Member.parse(right.payload)
    by_other = sign_certificate(verified, own=drawn.record, root=other.root, now=NOW)
    of_somebody = sign_statement(replace(member, member=other.root.public), practice.root)
    as_other = sign_statement(replace(member, role=Role.ADMINISTRATOR), practice.root)
    for wrong in (by_other, of_somebody, as_other, practice.sender.member):
        with pytest.raises(EnrolmentRefusedError):
            verify_certificate(
                wrong,
                own=drawn.record,
                identity=identity.public,
                organisation_statement=practice.organisation,
                organisation=practice.fingerprint,
                origin=ORIGIN,
            )
