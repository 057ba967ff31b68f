"""Rows of invitations and claims: supersede, gates, and the one transaction that binds."""

from __future__ import annotations

import dataclasses
import threading
from typing import TYPE_CHECKING

import pytest
from simulation.rows import (
    CODE_KEY,
    DAY,
    NOW,
    PERSON,
    Practice,
    Rows,
    hex64,
    new_account,
    new_binding,
)
from sqlalchemy import Connection, func, select

from souspli_exchange.ports import InvitationStatus
from souspli_mailbox.records import accounts, bindings, claims, invitations
from souspli_mailbox.records.deliveries import read_delivery
from souspli_mailbox.records.errors import (
    AccountNumberTakenError,
    AddressInUseError,
    CodeExpiredError,
    CodeWrongError,
    GateNotPassedError,
    InvitationDiffersError,
    InvitationExpiredError,
    InvitationStateError,
    InvitationSupersededError,
    InvitationUsedError,
    LetterNumberTakenError,
    NotFoundError,
    PersonWrongError,
    RecordsError,
    TooManyTriesError,
)
from souspli_mailbox.records.jobs import JobName
from souspli_mailbox.schema import tables

if TYPE_CHECKING:
    from souspli_mailbox.records.invitations import NewInvitation

AFTER = NOW + 30 * DAY + 1  # the second after `not_after`


@pytest.fixture
def practice(rows: Rows) -> Practice:
    return rows.admit()


def publish(rows: Rows, invitation: NewInvitation, *, now: int = NOW) -> InvitationStatus:
    return rows.database.write_now(invitations.publish_invitation, invitation=invitation, now=now)


def status(rows: Rows, invitation: NewInvitation, *, now: int = NOW) -> InvitationStatus:
    return rows.database.read_now(
        invitations.read_invitation, invitation_id=invitation.invitation_id, now=now
    ).status


def person_checks(rows: Rows, invitation: NewInvitation) -> int:
    def count(connection: Connection) -> int:
        checks = tables.person_checks
        return connection.execute(
            select(func.count()).where(checks.c.invitation_id == invitation.invitation_id)
        ).scalar_one()

    return rows.database.read_now(count)


# --- publishing ---------------------------------------------------------------


def test_an_invitation_is_found_by_id_letter_and_address(rows: Rows, practice: Practice) -> None:
    invitation = rows.invite(practice)
    read = rows.database.read_now
    found = read(invitations.read_invitation, invitation_id=invitation.invitation_id, now=NOW)
    assert found.status is InvitationStatus.PENDING
    assert found == read(
        invitations.invitation_of_letter, letter_number=invitation.letter_number, now=NOW
    )
    assert found == read(
        invitations.newest_invitation,
        organisation=invitation.organisation,
        address=invitation.address,
        now=NOW,
    )
    with pytest.raises(NotFoundError):
        read(
            invitations.newest_invitation,
            organisation=rows.admit().organisation.fingerprint,
            address=invitation.address,
            now=NOW,
        )


def test_the_same_bytes_again_get_the_status_of_the_day_and_others_are_refused(
    rows: Rows, practice: Practice
) -> None:
    invitation = rows.invite(practice)
    assert publish(rows, invitation) is InvitationStatus.PENDING
    for change in (
        {"record_hash": hex64()},
        {"letter_number": "0000000000"},
        {"address": "other@example.org"},
        {"person_checks": (PERSON,)},
    ):
        with pytest.raises(InvitationDiffersError):
            publish(rows, dataclasses.replace(invitation, **change))
    assert publish(rows, invitation, now=AFTER) is InvitationStatus.EXPIRED
    rows.invite(practice, supersedes=invitation.invitation_id)
    assert publish(rows, invitation) is InvitationStatus.SUPERSEDED


def test_a_letter_number_is_given_once(rows: Rows, practice: Practice) -> None:
    number = rows.invite(practice).letter_number
    fresh = rows.new_invitation(practice, "other@example.org")
    with pytest.raises(LetterNumberTakenError):
        publish(rows, dataclasses.replace(fresh, letter_number=number))


def test_one_pending_invitation_of_an_organisation_for_an_address(
    rows: Rows, practice: Practice
) -> None:
    rows.invite(practice)
    with pytest.raises(AddressInUseError):
        rows.invite(practice)
    rows.invite(rows.admit())
    rows.invite(practice, now=AFTER)


def test_a_failed_re_issue_leaves_the_old_invitation_as_it_was(
    rows: Rows, practice: Practice
) -> None:
    """The address of the new one belongs to a third, pending invitation."""
    old, third = rows.invite(practice), rows.invite(practice, "third@example.org")
    with pytest.raises(AddressInUseError):
        rows.invite(practice, third.address, supersedes=old.invitation_id)
    assert status(rows, old) is InvitationStatus.PENDING
    assert person_checks(rows, old) == 2


def test_a_re_issue_supersedes_in_one_transaction_and_forgets_address_and_person(
    rows: Rows, practice: Practice
) -> None:
    old = rows.invite(practice)
    new = rows.invite(practice, supersedes=old.invitation_id)
    kept = rows.database.read_now(
        invitations.read_invitation, invitation_id=old.invitation_id, now=NOW
    )
    assert (kept.status, kept.superseded_by) == (InvitationStatus.SUPERSEDED, new.invitation_id)
    assert kept.address is None
    assert person_checks(rows, old) == 0
    assert status(rows, new) is InvitationStatus.PENDING
    assert (
        rows.database.read_now(
            invitations.newest_invitation,
            organisation=new.organisation,
            address=new.address,
            now=NOW,
        ).invitation_id
        == new.invitation_id
    )


def test_only_a_pending_or_expired_invitation_of_ones_own_is_superseded(
    rows: Rows, practice: Practice
) -> None:
    used = rows.invite(practice)
    rows.claim(used)
    with pytest.raises(InvitationUsedError):
        rows.invite(practice, supersedes=used.invitation_id)
    old = rows.invite(practice, "b@example.org")
    with pytest.raises(NotFoundError):
        rows.invite(rows.admit(), supersedes=old.invitation_id)
    with pytest.raises(NotFoundError):
        rows.invite(practice, supersedes="0" * 32)
    rows.invite(practice, "b@example.org", supersedes=old.invitation_id)
    with pytest.raises(InvitationSupersededError):
        rows.invite(practice, "c@example.org", supersedes=old.invitation_id)
    expired = rows.invite(practice, "d@example.org")
    rows.invite(practice, "d@example.org", supersedes=expired.invitation_id, now=AFTER)
    assert status(rows, expired) is InvitationStatus.SUPERSEDED


def test_an_invitation_expires_when_the_clock_passes_not_after(
    rows: Rows, practice: Practice
) -> None:
    invitation = rows.invite(practice)
    assert status(rows, invitation, now=invitation.not_after) is InvitationStatus.PENDING
    assert status(rows, invitation, now=invitation.not_after + 1) is InvitationStatus.EXPIRED


def test_the_newest_attestation_is_read_and_the_same_again_is_fine(
    rows: Rows, practice: Practice
) -> None:
    invitation = rows.invite(practice)
    which = {"invitation_id": invitation.invitation_id}
    assert rows.database.read_now(invitations.read_attestation, **which) is None
    for moment, envelope in ((NOW, b"first"), (NOW + 1, b"second"), (NOW + 2, b"first")):
        rows.database.write_now(
            invitations.keep_attestation,
            **which,
            statement_hash=envelope.hex(),
            member=practice.member.fingerprint,
            envelope=envelope,
            now=moment,
        )
    assert rows.database.read_now(invitations.read_attestation, **which) == b"second"


# --- gates ------------------------------------------------------------------------


def request_code(
    rows: Rows, token_hash: str, invitation: NewInvitation, *, now: int = NOW
) -> claims.CodeSent:
    return rows.database.write_now(
        claims.request_email_code,
        token_hash=token_hash,
        invitation_id=invitation.invitation_id,
        now=now,
    )


def try_code(
    rows: Rows, token_hash: str, invitation: NewInvitation, code: str, *, now: int = NOW
) -> None:
    rows.database.write_now(
        claims.check_email_code,
        token_hash=token_hash,
        invitation_id=invitation.invitation_id,
        code=code,
        key=CODE_KEY,
        now=now,
    )


def try_person(
    rows: Rows, token_hash: str, invitation: NewInvitation, check: bytes, *, now: int = NOW
) -> None:
    rows.database.write_now(
        claims.check_person,
        token_hash=token_hash,
        invitation_id=invitation.invitation_id,
        person_check=check,
        now=now,
    )


def gates(rows: Rows, token_hash: str, invitation: NewInvitation) -> int:
    return rows.database.read_now(
        claims.find_claim_session,
        token_hash=token_hash,
        invitation_id=invitation.invitation_id,
        now=NOW,
    ).gates_passed


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 10**6:06d}"


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


# --- binding ----------------------------------------------------------------------


def bind(
    rows: Rows,
    token_hash: str,
    invitation: NewInvitation,
    account: accounts.NewAccount,
    binding: invitations.Binding,
    *,
    now: int = NOW,
) -> bindings.Bound:
    return rows.database.write_now(
        bindings.bind,
        token_hash=token_hash,
        invitation_id=invitation.invitation_id,
        account=account,
        binding=binding,
        now=now,
    )


def test_binding_makes_the_account_moves_what_waits_and_forgets_the_person(
    rows: Rows, practice: Practice
) -> None:
    invitation = rows.invite(practice)
    (made,) = rows.deliver(practice, (invitation.invitation_id, invitation.claim_fingerprint))
    account, binding = new_account(), new_binding()
    bound = bind(rows, rows.pass_gates(invitation), invitation, account, binding)
    assert bound.account_number == account.account_number
    assert bound.unlocker_id == account.unlockers[0].unlocker_id
    read = rows.database.read_now
    kept = read(invitations.read_invitation, invitation_id=invitation.invitation_id, now=NOW)
    assert (kept.status, kept.account_number) == ("claimed", account.account_number)
    assert read(invitations.read_binding, invitation_id=invitation.invitation_id) == binding
    patient = read(accounts.read_account, account_number=account.account_number)
    assert (patient.kind, patient.address) == ("patient", invitation.address)
    delivery = read(read_delivery, delivery_id=made.delivery_id)
    assert delivery.account_number == account.account_number
    assert person_checks(rows, invitation) == 0
    assert [job.ids for job in rows.jobs() if job.name is JobName.ACTIVATED] == [
        {"account_number": account.account_number}
    ]


def test_the_same_binding_again_gets_the_same_answer_and_another_is_refused(
    rows: Rows, practice: Practice
) -> None:
    invitation = rows.invite(practice)
    first, second = rows.pass_gates(invitation), rows.pass_gates(invitation)
    account, binding = new_account(), new_binding()
    bound = bind(rows, first, invitation, account, binding)
    assert bind(rows, first, invitation, account, binding) == bound
    assert bind(rows, second, invitation, new_account(), binding) == bound
    with pytest.raises(InvitationUsedError):
        bind(rows, second, invitation, new_account(), new_binding())
    assert len([job for job in rows.jobs() if job.name is JobName.ACTIVATED]) == 1


@pytest.mark.parametrize("passed", [claims.GATE_SIGNATURE, claims.GATE_EMAIL])
def test_no_binding_without_all_gates(rows: Rows, practice: Practice, passed: int) -> None:
    invitation = rows.invite(practice)
    token_hash = rows.prove(invitation)
    if passed == claims.GATE_EMAIL:
        request_code(rows, token_hash, invitation)
        try_code(rows, token_hash, invitation, rows.right_code(token_hash, invitation))
    with pytest.raises(GateNotPassedError):
        bind(rows, token_hash, invitation, new_account(), new_binding())
    assert status(rows, invitation) is InvitationStatus.PENDING


def test_a_taken_account_number_leaves_the_invitation_pending(
    rows: Rows, practice: Practice
) -> None:
    invitation = rows.invite(practice)
    token_hash = rows.pass_gates(invitation)
    taken = dataclasses.replace(new_account(), account_number=practice.account.account_number)
    with pytest.raises(AccountNumberTakenError):
        bind(rows, token_hash, invitation, taken, new_binding())
    assert status(rows, invitation) is InvitationStatus.PENDING
    bind(rows, token_hash, invitation, new_account(), new_binding())


def test_a_claim_that_began_in_time_ends_within_the_hour_and_not_later(
    rows: Rows, practice: Practice
) -> None:
    invitation = rows.invite(practice)
    begun = invitation.not_after - 10
    token_hash = rows.pass_gates(invitation, now=begun)
    rows.invite(rows.admit(), now=invitation.not_after + 1)
    late = invitation.not_after + claims.GRACE_SECONDS
    with pytest.raises(NotFoundError):  # the session has ended
        bind(rows, token_hash, invitation, new_account(), new_binding(), now=late)
    bind(rows, token_hash, invitation, new_account(), new_binding(), now=begun + 3_599)


def test_a_superseded_invitation_binds_nobody(rows: Rows, practice: Practice) -> None:
    invitation = rows.invite(practice)
    token_hash = rows.pass_gates(invitation)
    rows.invite(practice, supersedes=invitation.invitation_id)
    with pytest.raises(InvitationSupersededError):
        bind(rows, token_hash, invitation, new_account(), new_binding())


def test_of_many_that_bind_at_once_one_wins_and_the_others_are_told(
    rows: Rows, practice: Practice
) -> None:
    for round_ in range(10):
        invitation = rows.invite(practice, f"patient{round_}@example.org")
        tokens = [rows.pass_gates(invitation) for _ in range(4)]
        barrier = threading.Barrier(len(tokens))
        won: list[str] = []
        told: list[type[RecordsError]] = []

        def run(
            token_hash: str,
            *,
            invitation: NewInvitation = invitation,
            barrier: threading.Barrier = barrier,
            won: list[str] = won,
            told: list[type[RecordsError]] = told,
        ) -> None:
            barrier.wait()
            try:
                bound = bind(rows, token_hash, invitation, new_account(), new_binding())
                won.append(bound.account_number)
            except RecordsError as refused:
                told.append(type(refused))

        threads = [threading.Thread(target=run, args=(token,)) for token in tokens]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert told == [InvitationUsedError] * 3
        kept = rows.database.read_now(
            invitations.read_invitation, invitation_id=invitation.invitation_id, now=NOW
        )
        assert won == [kept.account_number]
