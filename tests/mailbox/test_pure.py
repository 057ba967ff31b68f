"""Rules that need no socket: throttling, decoys, masks, ranges, canonical requests."""

from __future__ import annotations

import base64
import secrets
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from souspli_keys.codes import parse_account_number
from souspli_mailbox.answers import decode
from souspli_mailbox.errors import Refusal
from souspli_mailbox.protocol.claims import PersonRequest
from souspli_mailbox.protocol.deliveries import ReplaceCoverRequest
from souspli_mailbox.protocol.problems import KINDS_BY_URI, ProblemKind
from souspli_mailbox.protocol.values import Nothing
from souspli_mailbox.ranges import read_range
from souspli_mailbox.sessions import (
    TOKEN_CHARACTERS,
    bearer_token,
    decoy_account_number,
    end_of_session,
    hash_token,
    mask_address,
    new_token,
)
from souspli_mailbox.throttle import (
    Bucket,
    account_key,
    after_failure,
    free_failures,
    network_key,
    seconds_to_wait,
)

NOW = 1_800_000_000
SECRET = bytes(32)


# --- throttling ---------------------------------------------------------------------


def fail(bucket: Bucket | None, times: int, now: int = NOW) -> Bucket:
    for _ in range(times):
        bucket = after_failure(bucket, now=now)
    assert bucket is not None
    return bucket


def test_four_failures_cost_nothing() -> None:
    assert seconds_to_wait(None, now=NOW) == 0
    assert seconds_to_wait(fail(None, 4), now=NOW) == 0


def test_the_fifth_failure_costs_a_minute_and_each_next_one_twice_as_much() -> None:
    waits = [seconds_to_wait(fail(None, n), now=NOW) // 60 for n in range(5, 14)]
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60, 60]


def test_a_million_failures_still_cost_an_hour() -> None:
    bucket = Bucket(failures=10**6, window_started_at=NOW, blocked_until=NOW)
    assert seconds_to_wait(after_failure(bucket, now=NOW), now=NOW) == 3_600


def test_failures_are_forgotten_an_hour_after_the_first_if_nothing_was_blocked() -> None:
    assert fail(fail(None, 4), 1, now=NOW + 3_600).failures == 1
    assert fail(fail(None, 4), 1, now=NOW + 3_599).failures == 5


def test_failures_are_remembered_for_an_hour_after_a_block() -> None:
    bucket = fail(None, 11)
    assert bucket.blocked_until == NOW + 3_600
    assert fail(bucket, 1, now=NOW + 7_199).failures == 12
    assert fail(bucket, 1, now=NOW + 7_200).failures == 1


def test_a_network_has_more_patience_than_an_account() -> None:
    """A hospital's typing errors do not add up to a locked door."""
    account = account_key(SECRET, account_number="1234567897", kind="password")
    network = network_key(SECRET, address="192.0.2.1")
    assert (free_failures(account), free_failures(network)) == (5, 100)
    bucket: Bucket | None = None
    for _ in range(99):
        bucket = after_failure(bucket, now=NOW, free=free_failures(network))
    assert seconds_to_wait(bucket, now=NOW) == 0
    assert seconds_to_wait(after_failure(bucket, now=NOW, free=100), now=NOW) == 60


def test_every_account_kind_and_network_has_its_own_bucket() -> None:
    names = {
        account_key(SECRET, account_number="1234567897", kind="password"),
        account_key(SECRET, account_number="1234567897", kind="device"),
        account_key(SECRET, account_number="0000000000", kind="password"),
        account_key(bytes(31) + b"1", account_number="1234567897", kind="password"),
        network_key(SECRET, address="192.0.2.1"),
        network_key(SECRET, address="192.0.2.2"),
    }
    assert len(names) == 6
    assert not any("1234567897" in name or "192.0.2" in name for name in names)


def test_a_household_s_ipv6_addresses_share_a_bucket() -> None:
    first, second, neighbour = (
        network_key(SECRET, address=address)
        for address in ("2001:db8:0:1::1", "2001:db8:0:1:ffff::2", "2001:db8:0:2::1")
    )
    assert first == second != neighbour
    assert network_key(SECRET, address="::ffff:192.0.2.1") == network_key(
        SECRET, address="192.0.2.1"
    )


# --- sessions ------------------------------------------------------------------------


@given(st.text(min_size=1, max_size=60))
def test_a_decoy_is_an_account_number_and_always_the_same(address: str) -> None:
    decoy = decoy_account_number(SECRET, address=address)
    assert parse_account_number(decoy) == decoy
    assert decoy == decoy_account_number(SECRET, address=address)
    assert decoy != decoy_account_number(b"1" * 32, address=address)


def test_tokens_are_drawn_and_stored_as_hashes() -> None:
    token = new_token()
    assert len(token) == TOKEN_CHARACTERS
    assert token != new_token()
    assert token not in hash_token(token)
    hash_token("\ud800")  # whatever a header held


@pytest.mark.parametrize(
    ("header", "token"),
    [
        ("Bearer abc", "abc"),
        ("bearer  abc ", "abc"),
        ("Basic abc", None),
        ("Bearer", None),
        ("", None),
        (None, None),
    ],
)
def test_a_bearer_header_holds_a_token(header: str | None, token: str | None) -> None:
    assert bearer_token(header) == token


def test_a_session_ends_when_it_has_lasted_or_idled_too_long() -> None:
    assert end_of_session(last_seen_at=5, expires_at=100, idle_seconds=None) == 100
    assert end_of_session(last_seen_at=5, expires_at=100, idle_seconds=10) == 15
    assert end_of_session(last_seen_at=95, expires_at=100, idle_seconds=10) == 100


@pytest.mark.parametrize(
    ("address", "masked"),
    [
        ("jeanne@orange.fr", "j…@o…fr"),
        ("a@b.example.org", "a…@b…org"),
        ("élodie@xn--caf-dma.fr", "é…@x…fr"),
        ("a@localhost", "a…@…localhost"),
    ],
)
def test_a_masked_address_shows_two_letters_and_the_end(address: str, masked: str) -> None:
    assert mask_address(address) == masked


# --- requests --------------------------------------------------------------------------


def person(text: str) -> bytes:
    return b'{"person_check":"' + text.encode() + b'"}'


def test_a_value_has_one_spelling() -> None:
    value = secrets.token_bytes(32)
    text = base64.b64encode(value).decode()
    assert decode(person(text), PersonRequest).person_check == value
    spare_bits = text[:-2] + chr(ord(text[-2]) + 1) + "="
    for other in (text[:-1], text + "=", spare_bits, text[:-4] + "\\n" + text[-4:], text[:40]):
        with pytest.raises(Refusal) as refused:
            decode(person(other), PersonRequest)
        assert refused.value.kind is ProblemKind.BAD_REQUEST


def test_a_field_is_never_left_out_nor_null_instead() -> None:
    for body in (b"{}", b'{"person_check":null}'):
        with pytest.raises(Refusal):
            decode(body, PersonRequest)
    assert decode(b" { } ", Nothing) == Nothing()
    cover = b'{"replaces":"' + b"0" * 64 + b'","cover":"AA==","invitation_id":null}'
    with pytest.raises(Refusal):
        decode(cover, ReplaceCoverRequest)


@given(st.binary(max_size=200))
def test_no_body_does_more_than_be_refused(body: bytes) -> None:
    with suppress(Refusal):
        decode(body, PersonRequest)


def test_problems_have_names_of_their_own() -> None:
    assert len(KINDS_BY_URI) == len(ProblemKind)


# --- ranges ----------------------------------------------------------------------------


@given(st.integers(0, 300), st.integers(0, 300), st.integers(1, 200))
def test_a_range_is_what_the_same_slice_gives(first: int, last: int, length: int) -> None:
    header = f"bytes={first}-{last}"
    if last < first:
        assert read_range(header, length=length) is None
    elif first >= length:
        with pytest.raises(Refusal):
            read_range(header, length=length)
    else:
        found = read_range(header, length=length)
        assert found is not None
        assert list(found) == list(range(length))[first : last + 1]


@given(st.text(max_size=30))
def test_no_range_header_does_more_than_be_ignored_or_refused(header: str) -> None:
    with suppress(Refusal):
        found = read_range(header, length=100)
        assert found is None or 0 <= found.start < found.stop <= 100
