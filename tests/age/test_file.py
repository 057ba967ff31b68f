"""Whole files: what is encrypted to one recipient opens with its identity, or not at all."""

import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from souspli_exchange.age.any_file import open_start_of_any_age_file
from souspli_exchange.age.errors import (
    AgeError,
    HeaderError,
    HeaderIncompleteError,
    HmacError,
    NoMatchError,
    PayloadError,
)
from souspli_exchange.age.file import (
    SEALED_START_BYTES,
    begin_file,
    decrypt,
    encrypt,
    open_start,
    sealed_file_bytes,
)
from souspli_exchange.age.lengths import CHUNK_BYTES, PAYLOAD_NONCE_BYTES
from souspli_exchange.age.sealed_header import SEALED_HEADER_BYTES
from souspli_exchange.age.unwrap import HybridIdentity
from souspli_exchange.errors import ExchangeError

PATIENT = HybridIdentity.generate()
SOMEBODY_ELSE = HybridIdentity.generate()
SEALED = encrypt(b"glucose 5.1 mmol/l", PATIENT.recipient)
MAC_START = SEALED_HEADER_BYTES - 44
BODY_START = MAC_START - len("--- ") - 44


@given(st.binary(max_size=300))
def test_what_is_encrypted_opens(plaintext: bytes) -> None:
    sealed = encrypt(plaintext, PATIENT.recipient)
    assert len(sealed) == sealed_file_bytes(len(plaintext))
    assert decrypt(sealed, PATIENT) == plaintext


@pytest.mark.parametrize("length", [0, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 300_000])
def test_a_payload_of_any_number_of_chunks_opens(length: int) -> None:
    plaintext = os.urandom(length)
    assert decrypt(encrypt(plaintext, PATIENT.recipient), PATIENT) == plaintext


def test_the_same_document_sealed_twice_has_nothing_in_common() -> None:
    first, second = (encrypt(b"same", PATIENT.recipient) for _ in range(2))
    assert first[SEALED_HEADER_BYTES:] != second[SEALED_HEADER_BYTES:]
    assert first[:SEALED_HEADER_BYTES] != second[:SEALED_HEADER_BYTES]


def test_somebody_else_opens_nothing() -> None:
    with pytest.raises(NoMatchError):
        decrypt(SEALED, SOMEBODY_ELSE)


def test_a_start_is_enough_to_open_what_follows() -> None:
    new = begin_file(PATIENT.recipient)
    assert len(new.start) == SEALED_START_BYTES
    out = bytearray(3 + 16)
    new.sealer.seal_segment(b"abc", first_chunk_index=0, last=True, out=out)
    plain = bytearray(3)
    opener = open_start(new.start, PATIENT)
    opener.open_segment(out, first_chunk_index=0, last=True, out=plain)
    assert plain == b"abc"


def test_the_reader_of_any_age_file_reads_a_sealed_one() -> None:
    opener, start = open_start_of_any_age_file(SEALED, [SOMEBODY_ELSE, PATIENT])
    assert start == SEALED_START_BYTES
    plain = bytearray(18)
    opener.open_segment(SEALED[start:], first_chunk_index=0, last=True, out=plain)
    assert plain == b"glucose 5.1 mmol/l"


@given(st.integers(0, len(SEALED) - 1), st.integers(1, 255))
@settings(max_examples=500)
def test_no_changed_byte_goes_unnoticed(position: int, change: int) -> None:
    damaged = bytearray(SEALED)
    damaged[position] ^= change
    with pytest.raises((HeaderError, NoMatchError, HmacError, PayloadError)):
        decrypt(bytes(damaged), PATIENT)


@pytest.mark.parametrize(
    ("position", "failure"),
    [
        (0, HeaderError),
        (60, NoMatchError),  # inside enc, a base64 digit made another
        (BODY_START, NoMatchError),
        (MAC_START, HmacError),
        (SEALED_HEADER_BYTES, PayloadError),  # the nonce
        (SEALED_START_BYTES, PayloadError),
        (len(SEALED) - 1, PayloadError),
    ],
)
def test_each_part_fails_in_its_own_way(position: int, failure: type[AgeError]) -> None:
    damaged = bytearray(SEALED)
    damaged[position] = ord("A") if damaged[position] != ord("A") else ord("B")
    with pytest.raises(failure):
        decrypt(bytes(damaged), PATIENT)


@pytest.mark.parametrize("length", range(0, len(SEALED), 7))
def test_a_file_cut_anywhere_is_refused(length: int) -> None:
    expected = HeaderIncompleteError if length < SEALED_START_BYTES else PayloadError
    with pytest.raises(expected):
        decrypt(SEALED[:length], PATIENT)


@pytest.mark.parametrize("extra", [b"\0", bytes(16), bytes(17), SEALED, bytes(CHUNK_BYTES)])
def test_a_file_that_goes_on_is_refused(extra: bytes) -> None:
    with pytest.raises(PayloadError):
        decrypt(SEALED + extra, PATIENT)


def test_one_files_header_does_not_open_anothers_payload() -> None:
    other = encrypt(b"creatinine 71 umol/l", PATIENT.recipient)
    with pytest.raises(PayloadError):
        decrypt(SEALED[:SEALED_HEADER_BYTES] + other[SEALED_HEADER_BYTES:], PATIENT)


def test_a_nonce_that_is_cut_counts_as_a_header_failure() -> None:
    for length in range(SEALED_HEADER_BYTES, SEALED_HEADER_BYTES + PAYLOAD_NONCE_BYTES):
        with pytest.raises(HeaderIncompleteError):
            open_start(SEALED[:length], PATIENT)


def test_every_failure_belongs_to_the_exchange() -> None:
    assert issubclass(AgeError, ExchangeError)
