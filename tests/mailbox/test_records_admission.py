"""Rows of organisations, accounts, nonces, sessions, throttles and the service's secrets."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import pytest
from simulation.rows import DAY, NOW, Rows, hex32, hex64, new_account

from souspli_mailbox.records import accounts, nonces, organisations, sessions, throttles
from souspli_mailbox.records.errors import (
    AccountNumberTakenError,
    AdmissionCodeRefusedError,
    NonceRefusedError,
    NotFoundError,
    OrganisationExistsError,
    RecordsError,
    UnlockerTakenError,
)
from souspli_mailbox.records.nonces import NoncePurpose
from souspli_mailbox.records.service_secrets import SecretPurpose, service_secret
from souspli_mailbox.records.throttles import Throttle

if TYPE_CHECKING:
    from typing import Any


@pytest.fixture
def admission(rows: Rows) -> dict[str, Any]:
    """Arguments of `admit`, with a code that is good."""
    code_hash, account = hex64(), new_account("device", "password")
    organisation = organisations.Organisation(
        fingerprint=hex64(), statement_hash=hex64(), envelope=b"organisation"
    )
    rows.database.write_now(
        organisations.keep_admission_code, code_hash=code_hash, now=NOW, expires_at=NOW + DAY
    )
    return {
        "code_hash": code_hash,
        "request_hash": hex64(),
        "organisation": organisation,
        "member": organisations.Member(
            fingerprint=account.fingerprint,
            organisation=organisation.fingerprint,
            account_number=account.account_number,
            statement_hash=hex64(),
            envelope=b"member",
        ),
        "account": account,
        "address": "practice@example.org",
        "now": NOW,
    }


def other(admission: dict[str, Any], rows: Rows) -> dict[str, Any]:
    """The same with everything unique drawn anew, and a good code of its own."""
    account = dataclasses.replace(new_account(), fingerprint=hex64())
    organisation = dataclasses.replace(admission["organisation"], fingerprint=hex64())
    code_hash = hex64()
    rows.database.write_now(
        organisations.keep_admission_code, code_hash=code_hash, now=NOW, expires_at=NOW + DAY
    )
    return admission | {
        "code_hash": code_hash,
        "request_hash": hex64(),
        "account": account,
        "organisation": organisation,
        "member": dataclasses.replace(
            admission["member"],
            fingerprint=account.fingerprint,
            organisation=organisation.fingerprint,
            account_number=account.account_number,
        ),
    }


def test_a_code_admits_an_organisation_with_its_member_and_account(
    rows: Rows, admission: dict[str, Any]
) -> None:
    number = rows.database.write_now(organisations.admit, **admission)
    account, member = admission["account"], admission["member"]
    assert number == account.account_number
    read = rows.database.read_now
    assert read(organisations.read_member, fingerprint=member.fingerprint) == member
    assert (
        read(organisations.read_organisation, fingerprint=member.organisation)
        == admission["organisation"]
    )
    assert read(organisations.count_organisations) == 1
    kept = read(accounts.read_account, account_number=number)
    assert (kept.kind, kept.address) == ("member", "practice@example.org")
    assert read(accounts.read_vault, account_number=number).sealed == account.sealed_vault
    device, password = account.unlockers
    assert read(accounts.main_unlocker_id, account_number=number) == password.unlocker_id
    found = read(
        accounts.find_unlocker,
        account_number=number,
        kind="device",
        login_public_key=device.login_public_key,
    )
    assert found.wrapped_vault_key == device.wrapped_vault_key


def test_the_same_request_again_gets_the_same_answer_even_after_expiry(
    rows: Rows, admission: dict[str, Any]
) -> None:
    first = rows.database.write_now(organisations.admit, **admission)
    late = admission | {"now": NOW + 2 * DAY}
    assert rows.database.write_now(organisations.admit, **late) == first
    assert rows.database.read_now(organisations.count_organisations) == 1


def test_a_code_admits_once_in_time_and_only_if_it_exists(
    rows: Rows, admission: dict[str, Any]
) -> None:
    for wrong in ({"code_hash": hex64()}, {"now": NOW + DAY}):
        with pytest.raises(AdmissionCodeRefusedError):
            rows.database.write_now(organisations.admit, **(admission | wrong))
    rows.database.write_now(organisations.admit, **admission)
    with pytest.raises(AdmissionCodeRefusedError):
        rows.database.write_now(organisations.admit, **(admission | {"request_hash": hex64()}))


@pytest.mark.parametrize(
    ("clash", "error"),
    [
        ("organisation", OrganisationExistsError),
        ("member", OrganisationExistsError),
        ("account", AccountNumberTakenError),
        ("unlocker", UnlockerTakenError),
    ],
)
def test_a_refused_admission_leaves_nothing_and_its_code_good(
    rows: Rows, admission: dict[str, Any], clash: str, error: type[RecordsError]
) -> None:
    rows.database.write_now(organisations.admit, **admission)
    good = other(admission, rows)
    bad = dict(good)
    match clash:
        case "account":
            bad["account"] = dataclasses.replace(
                good["account"], account_number=admission["account"].account_number
            )
        case "unlocker":
            bad["account"] = dataclasses.replace(
                good["account"], unlockers=admission["account"].unlockers
            )
        case _:
            bad[clash] = admission[clash]
    with pytest.raises(error):
        rows.database.write_now(organisations.admit, **bad)
    assert rows.database.read_now(organisations.count_organisations) == 1
    rows.database.write_now(organisations.admit, **good)


def test_an_unlocker_is_found_by_account_kind_and_key_together(
    rows: Rows, admission: dict[str, Any]
) -> None:
    number = rows.database.write_now(organisations.admit, **admission)
    device, password = admission["account"].unlockers
    for account_number, kind, key in (
        (number, "password", device.login_public_key),
        (number, "device", password.login_public_key),
        ("0000000000", "device", device.login_public_key),
        (number, "device", b"\0" * 32),
    ):
        with pytest.raises(NotFoundError):
            rows.database.read_now(
                accounts.find_unlocker,
                account_number=account_number,
                kind=kind,
                login_public_key=key,
            )


def test_accounts_that_share_an_address_are_all_found(rows: Rows) -> None:
    numbers = sorted(rows.admit("couple@example.org").account.account_number for _ in range(2))
    found = rows.database.read_now(accounts.account_numbers, address="couple@example.org")
    assert list(found) == numbers
    assert rows.database.read_now(accounts.account_numbers, address="nobody@example.org") == ()


def test_a_nonce_is_used_once_for_its_purpose_and_subject_and_in_time(rows: Rows) -> None:
    nonce = b"n" * 32
    right: dict[str, Any] = {
        "nonce": nonce,
        "purpose": NoncePurpose.CLAIM,
        "subject": "a",
        "now": NOW + 119,
    }
    rows.database.write_now(
        nonces.keep_nonce,
        nonce=nonce,
        purpose=NoncePurpose.CLAIM,
        subject="a",
        drawn_by="nonces-a",
        now=NOW,
    )
    wrongs: tuple[dict[str, Any], ...] = (
        {"nonce": b"m" * 32},
        {"purpose": NoncePurpose.SIGN_IN},
        {"subject": "b"},
        {"now": NOW + 120},
    )
    for wrong in wrongs:
        with pytest.raises(NonceRefusedError):
            rows.database.write_now(nonces.use_nonce, **(right | wrong))
    rows.database.write_now(nonces.use_nonce, **right)
    with pytest.raises(NonceRefusedError):
        rows.database.write_now(nonces.use_nonce, **right)


def test_a_session_lives_until_it_expires_or_is_closed(rows: Rows) -> None:
    practice = rows.admit()
    account = practice.account
    token_hash = hex64()
    rows.database.write_now(
        sessions.open_session,
        token_hash=token_hash,
        account_number=account.account_number,
        unlocker_id=account.unlockers[0].unlocker_id,
        client="program",
        now=NOW,
        expires_at=NOW + 100,
    )
    rows.database.write_now(sessions.touch_session, token_hash=token_hash, now=NOW + 50)
    session = rows.database.read_now(sessions.find_session, token_hash=token_hash, now=NOW + 99)
    assert (session.kind, session.last_seen_at) == ("member", NOW + 50)
    assert session.member == practice.member
    for wrong in (
        {"token_hash": hex64(), "now": NOW},
        {"token_hash": token_hash, "now": NOW + 100},
    ):
        with pytest.raises(NotFoundError):
            rows.database.read_now(sessions.find_session, **wrong)
    for _ in range(2):
        rows.database.write_now(sessions.close_session, token_hash=token_hash)
    with pytest.raises(NotFoundError):
        rows.database.read_now(sessions.find_session, token_hash=token_hash, now=NOW)


def test_failures_are_kept_and_forgotten(rows: Rows) -> None:
    key = hex32()
    assert rows.database.read_now(throttles.find_throttle, throttle_key=key) is None
    for failures in (1, 2):
        throttle = Throttle(failures=failures, window_started_at=NOW, blocked_until=NOW + 60)
        rows.database.write_now(
            throttles.keep_throttle, throttle_key=key, throttle=throttle, expires_at=NOW + 3600
        )
        assert rows.database.read_now(throttles.find_throttle, throttle_key=key) == throttle
    rows.database.write_now(throttles.forget_throttle, throttle_key=key)
    assert rows.database.read_now(throttles.find_throttle, throttle_key=key) is None


def test_each_secret_of_the_service_is_drawn_once(rows: Rows) -> None:
    values = [
        rows.database.write_now(service_secret, purpose=purpose)
        for purpose in (*SecretPurpose, *SecretPurpose)
    ]
    half = len(SecretPurpose)
    assert values[:half] == values[half:]
    assert len(set(values)) == half
    assert {len(value) for value in values} == {32}
