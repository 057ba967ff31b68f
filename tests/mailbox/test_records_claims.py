"""Rows of the one transaction that binds a patient to an account."""

from __future__ import annotations

import dataclasses
import threading
from typing import TYPE_CHECKING

import pytest
from simulation.rows import (
    NOW,
    Practice,
    Rows,
    new_account,
    new_binding,
)

from souspli_exchange.ports.states import InvitationStatus
from souspli_mailbox.records import accounts, claims, invitations
from souspli_mailbox.records.deliveries import read_delivery
from souspli_mailbox.records.errors import (
    AccountNumberTakenError,
    GateNotPassedError,
    InvitationSupersededError,
    InvitationUsedError,
    NotFoundError,
    RecordsError,
)
from souspli_mailbox.records.jobs import JobName

if TYPE_CHECKING:
    from souspli_mailbox.records.invitations import NewInvitation

from simulation.claiming import bind, person_checks, request_code, status, try_code


@pytest.fixture
def practice(rows: Rows) -> Practice:
    return rows.admit()


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
