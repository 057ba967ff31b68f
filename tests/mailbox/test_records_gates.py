"""Rows of the two gates before a claim: codes, tries at the person, and their bounds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from simulation.rows import (
    DAY,
    NOW,
    PERSON,
    Practice,
    Rows,
    hex64,
)

from souspli_mailbox.records import claims
from souspli_mailbox.records.errors import (
    CodeExpiredError,
    CodeWrongError,
    GateNotPassedError,
    InvitationExpiredError,
    InvitationStateError,
    InvitationSupersededError,
    InvitationUsedError,
    NotFoundError,
    PersonWrongError,
    TooManyTriesError,
)

if TYPE_CHECKING:
    pass

from simulation.claiming import gates, request_code, try_code, try_person, wrong


@pytest.fixture
def practice(rows: Rows) -> Practice:
    return rows.admit()


def test_a_claim_session_is_of_one_invitation_and_ends(rows: Rows, practice: Practice) -> None:
    invitation, other = rows.invite(practice), rows.invite(practice, "b@example.org")
    token_hash = rows.prove(invitation)
    for which in (
        {"token_hash": token_hash, "invitation_id": other.invitation_id, "now": NOW},
        {"token_hash": hex64(), "invitation_id": invitation.invitation_id, "now": NOW},
        {"token_hash": token_hash, "invitation_id": invitation.invitation_id, "now": NOW + 3600},
    ):
        with pytest.raises(NotFoundError):
            rows.database.read_now(claims.find_claim_session, **which)


def test_five_wrong_codes_use_a_code_up_although_each_was_refused(
    rows: Rows, practice: Practice
) -> None:
    invitation = rows.invite(practice)
    token_hash = rows.prove(invitation)
    request_code(rows, token_hash, invitation)
    code = rows.right_code(token_hash, invitation)
    for left in (4, 3, 2, 1, 0):
        with pytest.raises(CodeWrongError) as refused:
            try_code(rows, token_hash, invitation, wrong(code))
        assert refused.value.tries_left == left
    with pytest.raises(TooManyTriesError):
        try_code(rows, token_hash, invitation, code)
    request_code(rows, token_hash, invitation)
    with pytest.raises(CodeWrongError):
        try_code(rows, token_hash, invitation, code)  # the old code is gone
    try_code(rows, token_hash, invitation, rows.right_code(token_hash, invitation))
    assert gates(rows, token_hash, invitation) == claims.GATE_EMAIL


def test_a_code_is_good_for_ten_minutes(rows: Rows, practice: Practice) -> None:
    invitation = rows.invite(practice)
    token_hash = rows.prove(invitation)
    with pytest.raises(CodeExpiredError):
        try_code(rows, token_hash, invitation, "000000")
    assert request_code(rows, token_hash, invitation).expires_at == NOW + 600
    code = rows.right_code(token_hash, invitation)
    with pytest.raises(CodeExpiredError):
        try_code(rows, token_hash, invitation, code, now=NOW + 600)
    try_code(rows, token_hash, invitation, code, now=NOW + 599)


def test_five_codes_a_day_are_mailed_for_an_invitation_whoever_asks(
    rows: Rows, practice: Practice
) -> None:
    invitation = rows.invite(practice)
    sessions = [rows.prove(invitation, now=NOW) for _ in range(2)]
    lefts = [
        request_code(rows, sessions[n % 2], invitation, now=NOW + n).mails_left for n in range(5)
    ]
    assert lefts == [4, 3, 2, 1, 0]
    with pytest.raises(TooManyTriesError) as refused:
        request_code(rows, sessions[0], invitation, now=NOW + 10)
    assert refused.value.retry_at == NOW + DAY
    tomorrow = rows.prove(invitation, now=NOW + DAY)
    assert request_code(rows, tomorrow, invitation, now=NOW + DAY).mails_left == 4


def test_a_code_of_one_session_is_no_code_of_another(rows: Rows, practice: Practice) -> None:
    invitation = rows.invite(practice)
    mine, other = rows.prove(invitation), rows.prove(invitation)
    request_code(rows, mine, invitation)
    request_code(rows, other, invitation)
    code = rows.right_code(mine, invitation)
    assert code != rows.right_code(other, invitation)
    with pytest.raises(CodeWrongError):
        try_code(rows, other, invitation, code)


def test_a_job_mails_the_code_that_was_asked_for_last(rows: Rows, practice: Practice) -> None:
    invitation = rows.invite(practice)
    token_hash = rows.prove(invitation)
    for _ in range(2):
        request_code(rows, token_hash, invitation)
    found = [
        rows.database.read_now(
            claims.code_address,
            claim_session_id=job.ids["claim_session_id"],
            counter=int(job.ids["counter"]),
            now=NOW + late,
        )
        for job in rows.jobs()
        for late in (599, 600)
    ]
    assert found == [None, None, invitation.address, None]


def test_no_try_at_the_person_is_consumed_before_the_e_mail_gate(
    rows: Rows, practice: Practice
) -> None:
    invitation = rows.invite(practice)
    token_hash = rows.prove(invitation)
    for _ in range(10):
        with pytest.raises(GateNotPassedError):
            try_person(rows, token_hash, invitation, b"?" * 32)
    assert rows.pass_gates(invitation)


def test_five_tries_a_day_at_the_person_for_all_sessions_together(
    rows: Rows, practice: Practice
) -> None:
    invitation = rows.invite(practice)
    sessions: list[str] = []
    for _ in range(2):
        token_hash = rows.prove(invitation)
        request_code(rows, token_hash, invitation)
        try_code(rows, token_hash, invitation, rows.right_code(token_hash, invitation))
        sessions.append(token_hash)
    for left in (4, 3, 2, 1, 0):
        with pytest.raises(PersonWrongError) as refused:
            try_person(rows, sessions[left % 2], invitation, b"?" * 32)
        assert refused.value.tries_left == left
    with pytest.raises(TooManyTriesError) as exhausted:
        try_person(rows, sessions[0], invitation, PERSON)
    assert exhausted.value.retry_at == NOW + DAY
    assert rows.pass_gates(invitation, now=NOW + DAY)


def test_every_accepted_surname_passes(rows: Rows, practice: Practice) -> None:
    invitation = rows.invite(practice)
    for check in invitation.person_checks:
        token_hash = rows.prove(invitation)
        request_code(rows, token_hash, invitation)
        try_code(rows, token_hash, invitation, rows.right_code(token_hash, invitation))
        try_person(rows, token_hash, invitation, check)
        assert gates(rows, token_hash, invitation) == claims.GATE_PERSON


@pytest.mark.parametrize("end", ["claimed", "superseded", "expired"])
def test_an_invitation_that_is_not_pending_admits_nothing(
    rows: Rows, practice: Practice, end: str
) -> None:
    invitation = rows.invite(practice)
    late = NOW + 30 * DAY if end == "expired" else NOW
    token_hash = rows.prove(invitation, now=late)
    now = late + 1
    expected: type[InvitationStateError]
    match end:
        case "claimed":
            rows.claim(invitation)
            expected = InvitationUsedError
        case "superseded":
            rows.invite(practice, supersedes=invitation.invitation_id)
            expected = InvitationSupersededError
        case _:
            expected = InvitationExpiredError
    with pytest.raises(expected):
        rows.prove(invitation, now=now)
    with pytest.raises(expected):
        request_code(rows, token_hash, invitation, now=now)
    if end != "expired":
        with pytest.raises(expected):
            try_code(rows, token_hash, invitation, "000000", now=now)
        with pytest.raises(expected):
            try_person(rows, token_hash, invitation, PERSON, now=now)
