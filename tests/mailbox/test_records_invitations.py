"""Rows of invitations: published, replaced, expired, attested."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import pytest
from simulation.rows import (
    NOW,
    PERSON,
    Practice,
    Rows,
    hex64,
)

from souspli_exchange.ports.states import InvitationStatus
from souspli_mailbox.records import invitations
from souspli_mailbox.records.errors import (
    AddressInUseError,
    InvitationDiffersError,
    InvitationSupersededError,
    InvitationUsedError,
    LetterNumberTakenError,
    NotFoundError,
)

if TYPE_CHECKING:
    pass

from simulation.claiming import AFTER, person_checks, publish, status


@pytest.fixture
def practice(rows: Rows) -> Practice:
    return rows.admit()


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
