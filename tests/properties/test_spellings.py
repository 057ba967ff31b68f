"""Keys, hashes, codes and numbers: one spelling each, and mistakes that are noticed."""

import string

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from properties import values
from properties.profile import examples

from souspli_exchange.age import rawbase64
from souspli_exchange.age.errors import HeaderError, KeyStringError
from souspli_exchange.age.recipient import HybridRecipient
from souspli_exchange.age.unwrap import HybridIdentity
from souspli_keys import bech32, codes
from souspli_keys.bech32 import decode_bech32, encode_bech32
from souspli_keys.claimcode import ClaimCode
from souspli_keys.errors import CodeCheckError, CodeError, SpellingError
from souspli_keys.framing import frame
from souspli_keys.values import check_hex, decode_base64, decode_hex, encode_base64

BYTES = st.binary(max_size=60)
SYMBOLS_OF_BASE64 = st.sampled_from(string.ascii_letters + string.digits + "+/=-_ \n\0é")
# Mostly one symbol away from right: the last one of a group has bits that mean nothing.
NEARLY_BASE64 = st.text(SYMBOLS_OF_BASE64, max_size=12) | st.builds(
    lambda text, place, symbol: text[:place] + symbol + text[place + 1 :],
    st.binary(min_size=1, max_size=4).map(encode_base64),
    st.integers(0, 7),
    SYMBOLS_OF_BASE64,
)
PREFIX = "age1pq"
BECH32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"


@given(BYTES)
@examples(60)
def test_base64_is_read_back(value: bytes) -> None:
    assert decode_base64(encode_base64(value), length=len(value)) == value
    assert rawbase64.decode_base64(rawbase64.encode_base64(value)) == value
    assert decode_hex(value.hex(), length=len(value)) == value


@given(NEARLY_BASE64)
@examples(300)
def test_base64_has_one_spelling(text: str) -> None:
    try:
        assert encode_base64(decode_base64(text)) == text
    except SpellingError:
        return


@given(NEARLY_BASE64)
@examples(300)
def test_base64_of_age_has_one_spelling(text: str) -> None:
    spelt = text.rstrip("=").encode()
    try:
        assert rawbase64.encode_base64(rawbase64.decode_base64(spelt)) == spelt
    except HeaderError:
        return


@given(st.text(st.sampled_from("0123456789abcdefABg \n\0é١"), max_size=4))
@examples(200)
def test_hexadecimal_has_one_spelling(text: str) -> None:
    try:
        assert decode_hex(check_hex(text, length=1), length=1).hex() == text
    except SpellingError:
        return


@given(BYTES)
@examples(60)
def test_a_key_string_is_read_back_in_both_cases(value: bytes) -> None:
    text = encode_bech32(PREFIX, value)
    assert decode_bech32(text, prefix=PREFIX) == value
    assert decode_bech32(text.upper(), prefix=PREFIX) == value


@given(value=BYTES, data=st.data())
@examples(150)
def test_one_to_four_wrong_symbols_in_a_short_key_string_are_noticed(
    value: bytes, data: st.DataObject
) -> None:
    # BIP 173 proves it for strings of up to 90 symbols.
    value = value[:40]
    symbols = list(encode_bech32(PREFIX, value))
    first = len(PREFIX) + 1
    places = data.draw(st.sets(st.integers(first, len(symbols) - 1), min_size=1, max_size=4))
    for place in places:
        symbols[place] = data.draw(st.sampled_from([s for s in BECH32 if s != symbols[place]]))
    with pytest.raises(SpellingError):
        decode_bech32("".join(symbols), prefix=PREFIX)


@given(prefix=st.sampled_from([PREFIX, "Age1pq", "age"]), rest=st.text(BECH32 + "1bB", max_size=14))
@examples(200)
def test_a_key_string_has_one_spelling_in_each_case(prefix: str, rest: str) -> None:
    text = f"{prefix}1{rest}"
    try:
        value = decode_bech32(text, prefix=PREFIX)
    except SpellingError:
        return
    assert text in (encode_bech32(PREFIX, value), encode_bech32(PREFIX, value).upper())


@given(st.lists(st.integers(0, 31), max_size=12))
@examples(200)
def test_symbols_with_a_right_checksum_are_one_spelling_or_refused(symbols: list[int]) -> None:
    # The last symbol may have bits that belong to no byte, or be one too many.
    spelt = symbols + bech32._checksum(PREFIX, symbols)
    text = f"{PREFIX}1" + "".join(BECH32[symbol] for symbol in spelt)
    try:
        assert encode_bech32(PREFIX, decode_bech32(text, prefix=PREFIX)) == text
    except SpellingError:
        return


@given(number=st.integers(0, 5), place=st.integers(0, 1_958), symbol=st.sampled_from(BECH32))
@examples(30)
def test_any_changed_symbol_of_a_recipient_is_noticed(number: int, place: int, symbol: str) -> None:
    recipient = values.identity(number).public.recipient
    assert str(HybridRecipient.parse(recipient)) == recipient
    assume(recipient[place] != symbol)
    with pytest.raises(KeyStringError):
        HybridRecipient.parse(recipient[:place] + symbol + recipient[place + 1 :])


@given(st.binary(min_size=32, max_size=32))
@examples(20)
def test_an_age_identity_is_read_back(seed: bytes) -> None:
    identity = HybridIdentity(seed)
    assert HybridIdentity.parse(identity.to_secret_string()).secret_seed() == seed


SYMBOLS = st.text(codes.ALPHABET, min_size=19, max_size=19).map(
    lambda data: data + codes.check_symbol(data)
)


@given(symbols=SYMBOLS, data=st.data())
@examples(60)
def test_a_claim_code_is_read_however_it_is_typed(symbols: str, data: st.DataObject) -> None:
    code = ClaimCode.parse(symbols)
    assert ClaimCode.parse(code.secret_written()).secret_symbols() == symbols
    spoken = {"1": "1IiLl", "0": "0Oo"}
    typed = "".join(
        data.draw(st.sampled_from(spoken.get(symbol, symbol + symbol.lower())))
        + data.draw(st.sampled_from(["", " ", "-", " - "]))
        for symbol in symbols
    )
    assert ClaimCode.parse(typed).secret_symbols() == symbols


@given(symbols=SYMBOLS, place=st.integers(0, 19), other=st.sampled_from(codes.ALPHABET))
@examples(60)
def test_one_wrong_symbol_in_a_claim_code_is_noticed(symbols: str, place: int, other: str) -> None:
    assume(symbols[place] != other)
    with pytest.raises(CodeCheckError):
        ClaimCode.parse(symbols[:place] + other + symbols[place + 1 :])


@given(
    digits=st.from_regex(r"[0-9]{9}", fullmatch=True), place=st.integers(0, 9), by=st.integers(1, 9)
)
@examples(60)
def test_one_wrong_digit_in_a_number_is_noticed(digits: str, place: int, by: int) -> None:
    number = codes.parse_account_number(digits + codes.check_digit(digits))
    assert codes.parse_account_number(codes.format_number(number)) == number
    wrong = string.digits[(int(number[place]) + by) % 10]
    with pytest.raises(CodeCheckError):
        codes.parse_letter_number(number[:place] + wrong + number[place + 1 :])


@given(st.text(max_size=30))
@examples(100)
def test_anything_typed_is_a_code_or_refused_as_one(text: str) -> None:
    for parse in (ClaimCode.parse, codes.parse_admission_code, codes.parse_account_number):
        try:
            parse(text)
        except CodeError:
            continue


LABELS = st.text(string.ascii_lowercase, min_size=1, max_size=9).map("souspli/v1/".__add__)
ITEMS = st.lists(st.binary(max_size=9), max_size=4)


@given(label=LABELS, items=ITEMS, other_label=LABELS, other_items=ITEMS)
@examples(100)
def test_no_two_lists_of_items_are_framed_alike(
    label: str, items: list[bytes], other_label: str, other_items: list[bytes]
) -> None:
    framed = frame(label, *items)
    assert _unframe(framed) == [label.encode(), *items]
    same = (label, items) == (other_label, other_items)
    assert (framed == frame(other_label, *other_items)) == same


def _unframe(framed: bytes) -> list[bytes]:
    items: list[bytes] = []
    while framed:
        length = int.from_bytes(framed[:4], "big")
        items.append(framed[4 : 4 + length])
        framed = framed[4 + length :]
    return items
