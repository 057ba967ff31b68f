"""Recipients and identities: their spelling, and what is refused as a key."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from souspli_exchange.age.bech32 import decode_bech32, encode_bech32
from souspli_exchange.age.errors import AgeUsageError, KeyStringError
from souspli_exchange.age.filekey import FileKey
from souspli_exchange.age.recipient import HybridRecipient
from souspli_exchange.age.stream import PayloadOpener, PayloadSealer
from souspli_exchange.age.unwrap import HybridIdentity
from souspli_exchange.age.x25519 import X25519Identity
from souspli_keys import bech32

# Seed 00 01 … 1f. The recipient is what `age-keygen -y` of age 1.3.2 makes of it.
KNOWN_SECRET = "AGE-SECRET-KEY-PQ-1QQQSYQCYQ5RQWZQFPG9SCRGWPUGPZYSNZS23V9CCRYDPK8QARC0S5DYVQQ"
KNOWN_RECIPIENT_SHA256 = "e1704ce7caadaa4e436845c280d1527742f46a8af62d934c41b60c624e7cb185"

PATIENT = HybridIdentity.generate()
SECRET = PATIENT.to_secret_string()
PUBLIC = str(PATIENT.recipient)


def test_an_identity_has_the_recipient_that_age_gives_it() -> None:
    identity = HybridIdentity.parse(KNOWN_SECRET)
    assert identity.secret_seed() == bytes(range(32))
    assert identity.to_secret_string() == KNOWN_SECRET
    recipient = str(identity.recipient)
    assert hashlib.sha256(recipient.encode()).hexdigest() == KNOWN_RECIPIENT_SHA256


def test_keys_are_read_back_from_their_strings_in_either_case() -> None:
    for text in (SECRET, SECRET.lower()):
        assert HybridIdentity.parse(text).secret_seed() == PATIENT.secret_seed()
    for text in (PUBLIC, PUBLIC.upper()):
        assert HybridRecipient.parse(text) == PATIENT.recipient


@given(st.binary(max_size=100))
def test_bech32_reads_back_what_it_writes(value: bytes) -> None:
    assert decode_bech32(encode_bech32("souspli", value), prefix="souspli") == value


@given(st.text(max_size=100))
def test_arbitrary_text_raises_nothing_but_a_key_error(text: str) -> None:
    for start in ("", "age1pq1", "AGE-SECRET-KEY-PQ-1"):
        for parse in (HybridRecipient.parse, HybridIdentity.parse, X25519Identity.parse):
            with pytest.raises(KeyStringError):
                parse(start + text)


@given(st.integers(0, len(SECRET) - 1), st.sampled_from("QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L1B-"))
def test_one_wrong_character_is_noticed(position: int, character: str) -> None:
    if SECRET[position] == character:
        return
    with pytest.raises(KeyStringError):
        HybridIdentity.parse(SECRET[:position] + character + SECRET[position + 1 :])


@pytest.mark.parametrize(
    "text",
    [
        SECRET[:-1],
        SECRET + "Q",
        " " + SECRET,
        SECRET + "\n",
        SECRET[:30] + SECRET[30:].lower(),
        SECRET.replace("K", "\u212a"),  # the Kelvin sign: uppercase, and lowered it is a k
        PUBLIC,
        "AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX",
        encode_bech32("age-secret-key-pq-", bytes(31)),
        encode_bech32("age-secret-key-pq-", bytes(33)),
    ],
)
def test_what_is_not_a_post_quantum_identity_is_refused(text: str) -> None:
    with pytest.raises(KeyStringError):
        HybridIdentity.parse(text)


@pytest.mark.parametrize("symbols", ["qp", "qz", "qr", "qqq", "q"])
def test_a_second_spelling_of_the_same_bytes_is_refused(symbols: str) -> None:
    """One byte is two symbols; the second has two bits to spare, which are zero."""
    values = [bech32._VALUES[character] for character in symbols]
    checksum = "".join(bech32._ALPHABET[v] for v in bech32._checksum("souspli", values))
    with pytest.raises(KeyStringError):
        decode_bech32(f"souspli1{symbols}{checksum}", prefix="souspli")


def test_a_recipient_whose_shared_secret_everybody_knows_is_refused() -> None:
    for point in (bytes(32), b"\x01" + bytes(31)):
        with pytest.raises(KeyStringError):
            HybridRecipient(PATIENT.recipient.public_bytes[:-32] + point)


def test_a_recipient_with_coefficients_out_of_range_is_refused() -> None:
    with pytest.raises(KeyStringError):
        HybridRecipient(b"\xff" * 1184 + PATIENT.recipient.public_bytes[-32:])


@pytest.mark.parametrize("length", [0, 32, 1215, 1217])
def test_a_recipient_of_another_length_is_refused(length: int) -> None:
    with pytest.raises(KeyStringError):
        HybridRecipient(bytes(length))


def test_a_file_key_of_another_length_is_refused() -> None:
    with pytest.raises(AgeUsageError):
        FileKey(bytes(32))


def test_what_holds_a_secret_prints_as_an_ellipsis() -> None:
    file_key = FileKey(b"sixteen bytes of")
    x25519 = X25519Identity(bytes(32))
    holders = (PATIENT, x25519, file_key, PayloadSealer(file_key), PayloadOpener(file_key, b"n"))
    for holder in holders:
        for text in (repr(holder), str(holder), f"{holder}"):
            assert text == f"{type(holder).__name__}(…)"


def test_a_recipient_prints_short() -> None:
    assert repr(PATIENT.recipient) == f"HybridRecipient({PUBLIC[:20]}…)"
