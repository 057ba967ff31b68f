"""age's base64: no padding, one spelling for each value."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from souspli_exchange.age.errors import HeaderError
from souspli_exchange.age.rawbase64 import decode_base64, encode_base64

# RFC 4648 §10, its padding left out, and the two characters that alphabets differ in.
SPELLINGS = {
    b"": b"",
    b"f": b"Zg",
    b"fo": b"Zm8",
    b"foo": b"Zm9v",
    b"foob": b"Zm9vYg",
    b"fooba": b"Zm9vYmE",
    b"foobar": b"Zm9vYmFy",
    b"\xfb\xff\xbf": b"+/+/",
    b"\x00": b"AA",
    b"\xff": b"/w",
}


@pytest.mark.parametrize("value", SPELLINGS)
def test_each_length_has_its_spelling_both_ways(value: bytes) -> None:
    assert encode_base64(value) == SPELLINGS[value]
    assert decode_base64(SPELLINGS[value]) == value


@given(st.binary(max_size=100))
def test_it_is_rfc_4648_without_padding(value: bytes) -> None:
    text = encode_base64(value)
    assert text == base64.b64encode(value).replace(b"=", b"")
    assert decode_base64(text) == value


@pytest.mark.parametrize(
    "text",
    [
        b"A",  # six bits are no byte
        b"AAAAA",
        b"Zg==",
        b"Zg=",
        b"Zm8=",
        b"=",
        b"====",
        b"Zm9v====",
        b"Zh",  # 01 in the bits to spare
        b"Zo",
        b"Zm9",
        b"Zm8A=",
        b" Zg",
        b"Zg ",
        b"Zg\n",
        b"Z\ng",
        b"Z g=",
        b"-_-_",
        b"Zg\x00",
        b"Z\xe9",
        b"Zm9vZg==Zm9v",
    ],
)
def test_any_other_spelling_is_refused(text: bytes) -> None:
    with pytest.raises(HeaderError):
        decode_base64(text)


@given(st.binary(max_size=12))
def test_what_is_taken_is_written_the_same_way(text: bytes) -> None:
    try:
        value = decode_base64(text)
    except HeaderError:
        return
    assert encode_base64(value) == text
