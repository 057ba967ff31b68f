"""Bech32: what is written is read, in one case, and a misspelling is noticed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from souspli_keys import bech32
from souspli_keys.bech32 import decode_bech32, encode_bech32
from souspli_keys.errors import KeyStringError

KELVIN = "\u212a"


@given(st.binary(max_size=60))
def test_what_is_written_is_read_back_in_either_case(value: bytes) -> None:
    text = encode_bech32("age1pq", value)
    assert decode_bech32(text, prefix="age1pq") == value
    assert decode_bech32(text.upper(), prefix="age1pq") == value


@given(st.binary(max_size=40), st.data())
def test_one_changed_character_is_noticed(value: bytes, data: st.DataObject) -> None:
    text = encode_bech32("souspli", value)
    place = data.draw(st.integers(len("souspli1"), len(text) - 1))
    other = data.draw(st.sampled_from("qpzry9x8gf2tvdw0s3jn54khce6mua7l1bio-é "))
    if text[place] != other:
        with pytest.raises(KeyStringError):
            decode_bech32(text[:place] + other + text[place + 1 :], prefix="souspli")


@given(st.text(max_size=30))
def test_any_text_is_refused_with_the_one_error(text: str) -> None:
    with pytest.raises(KeyStringError):
        decode_bech32(text, prefix="souspli")


def test_a_key_in_two_cases_is_refused() -> None:
    text = encode_bech32("souspli", bytes(8))
    with pytest.raises(KeyStringError):
        decode_bech32(text[:-1] + text[-1].upper(), prefix="souspli")


def test_a_letter_that_becomes_ascii_when_lowered_is_refused() -> None:
    text = next(t for n in range(99) if "k" in (t := encode_bech32("souspli", bytes([n] * 8))))
    with pytest.raises(KeyStringError):
        decode_bech32(text.upper().replace("K", KELVIN, 1), prefix="souspli")
    with pytest.raises(KeyStringError):
        decode_bech32(text.replace("k", KELVIN, 1), prefix="souspli")


def _spell(symbols: list[int]) -> str:
    """Spell symbols that are no whole bytes, with the checksum that belongs to them."""
    checksum = bech32._checksum("souspli", symbols)
    return "souspli1" + "".join("qpzry9x8gf2tvdw0s3jn54khce6mua7l"[s] for s in symbols + checksum)


@pytest.mark.parametrize("count", [1, 3, 6])
def test_a_symbol_too_many_is_refused_even_if_it_says_nothing(count: int) -> None:
    with pytest.raises(KeyStringError):
        decode_bech32(_spell([0] * count), prefix="souspli")


@pytest.mark.parametrize(("count", "length"), [(2, 1), (4, 2), (5, 3), (7, 4), (8, 5)])
def test_bits_that_are_left_over_are_zero(count: int, length: int) -> None:
    assert decode_bech32(_spell([0] * count), prefix="souspli") == bytes(length)
    if count != 8:
        with pytest.raises(KeyStringError):
            decode_bech32(_spell([0] * (count - 1) + [1]), prefix="souspli")


def test_a_published_vector_is_read() -> None:
    # BIP 173, "Bech32": a valid string without data.
    assert decode_bech32("A12UEL5L", prefix="a") == b""
    with pytest.raises(KeyStringError):
        decode_bech32("A12UEL5L", prefix="b")
