"""Framing: no two lists of items give the same bytes; every key names its purpose."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from souspli_keys.errors import MisuseError, SpellingError
from souspli_keys.framing import derive, frame
from souspli_keys.values import check_hex, decode_base64, decode_hex, encode_base64

LABEL = "souspli/v1/test"
items = st.lists(st.binary(max_size=6), max_size=4)


@given(items, items)
def test_two_lists_of_items_never_give_the_same_bytes(one: list[bytes], other: list[bytes]) -> None:
    assert (frame(LABEL, *one) == frame(LABEL, *other)) == (one == other)


@given(st.text(max_size=10).filter(lambda t: t.isprintable()))
def test_text_is_framed_as_utf_8(text: str) -> None:
    assert frame(LABEL, text) == frame(LABEL, text.encode())


@pytest.mark.parametrize("label", ["", "souspli/v1/", "souspli/v2/test", "test", "souspli/v1/é"])
def test_what_names_no_purpose_is_no_label(label: str) -> None:
    with pytest.raises(MisuseError):
        frame(label, b"")
    with pytest.raises(MisuseError):
        derive(bytes(32), label)


@pytest.mark.parametrize("length", [0, 16, 31, 33])
def test_a_key_to_derive_from_is_32_bytes_long(length: int) -> None:
    with pytest.raises(MisuseError):
        derive(bytes(length), LABEL)


def test_half_a_character_is_not_framed() -> None:
    with pytest.raises(MisuseError):
        frame(LABEL, "\ud800")


@given(st.binary(max_size=100))
def test_base64_reads_back_what_it_writes(value: bytes) -> None:
    assert decode_base64(encode_base64(value), length=len(value)) == value


@given(st.text(max_size=12))
def test_any_text_is_base64_or_refused_with_the_one_error(text: str) -> None:
    try:
        value = decode_base64(text)
    except SpellingError:
        return
    assert encode_base64(value) == text


@pytest.mark.parametrize("length", [0, 2, 4])
def test_bytes_of_another_length_are_refused(length: int) -> None:
    with pytest.raises(SpellingError):
        decode_base64(encode_base64(b"abc"), length=length)


@pytest.mark.parametrize("text", ["ABCD", "abc", "abcde", "abcg", "abc\n", "ab d", "٠١٢٣", ""])
def test_hexadecimal_has_one_spelling(text: str) -> None:
    with pytest.raises(SpellingError):
        check_hex(text, length=2)


def test_hexadecimal_is_read() -> None:
    assert decode_hex("00ff", length=2) == b"\x00\xff"
