"""Codes and numbers: what is drawn can be typed, and a typing error is noticed."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from souspli_keys import codes
from souspli_keys.claimcode import ClaimCode
from souspli_keys.errors import CodeCheckError, CodeError, CodeLengthError, CodeSymbolError

data_symbols = st.text(alphabet=codes.ALPHABET, min_size=19, max_size=19)


@given(data_symbols, st.integers(0, 19), st.sampled_from(codes.ALPHABET))
def test_one_misread_symbol_is_noticed(data: str, place: int, symbol: str) -> None:
    code = data + codes.check_symbol(data)
    misread = code[:place] + symbol + code[place + 1 :]
    if misread == code:
        assert codes.read_symbols(misread, symbols=20) == code
    else:
        with pytest.raises(CodeCheckError):
            codes.read_symbols(misread, symbols=20)


@given(data_symbols, st.integers(0, 18))
def test_two_swapped_neighbours_are_noticed_unless_they_are_0_and_z(data: str, place: int) -> None:
    code = data + codes.check_symbol(data)
    pair = code[place : place + 2]
    swapped = code[:place] + pair[::-1] + code[place + 2 :]
    if len(set(pair)) == 1 or set(pair) == {"0", "Z"}:
        assert codes.read_symbols(swapped, symbols=20) == swapped
    else:
        with pytest.raises(CodeCheckError):
            codes.read_symbols(swapped, symbols=20)


@given(st.text(max_size=30))
def test_any_text_is_a_code_or_refused_with_a_code_error(text: str) -> None:
    for parse in (
        ClaimCode.parse,
        codes.parse_admission_code,
        codes.parse_account_number,
        codes.parse_letter_number,
    ):
        try:
            parse(text)
        except CodeError:
            continue


@pytest.mark.parametrize("_", range(20))
def test_what_is_drawn_can_be_typed(_: int) -> None:
    code = ClaimCode.draw()
    assert ClaimCode.parse(code.secret_written().lower()).secret_symbols() == code.secret_symbols()
    admission = codes.draw_admission_code()
    assert codes.parse_admission_code(codes.format_admission_code(admission)) == admission
    account = codes.draw_account_number()
    assert codes.parse_account_number(codes.format_number(account)) == account
    letter = codes.draw_letter_number()
    assert codes.parse_letter_number(codes.format_number(letter)) == letter


def test_two_draws_differ() -> None:
    draws: list[Callable[[], str]] = [
        codes.draw_account_number,
        codes.draw_letter_number,
        codes.draw_admission_code,
        lambda: ClaimCode.draw().secret_symbols(),
    ]
    # Numbers have 10^9 values: that five are equal never happens.
    assert all(len({draw() for _ in range(5)}) > 1 for draw in draws)


def test_each_typing_error_has_its_own_type() -> None:
    code = "0" * 20
    with pytest.raises(CodeSymbolError):
        codes.read_symbols("U" + code[1:], symbols=20)
    with pytest.raises(CodeLengthError):
        codes.read_symbols(code[1:], symbols=20)
    with pytest.raises(CodeCheckError):
        codes.read_symbols("1" + code[1:], symbols=20)
    with pytest.raises(CodeSymbolError):
        codes.parse_account_number("000000000x")
    with pytest.raises(CodeLengthError):
        codes.parse_account_number("000")
    with pytest.raises(CodeLengthError):
        codes.parse_account_number("")
    with pytest.raises(CodeCheckError):
        codes.parse_account_number("0000000001")


def test_a_refused_code_is_not_repeated() -> None:
    for typed in ("SECRETCODE", "0" * 19 + "1", "S3CR3T!"):
        with pytest.raises(CodeError) as refused:
            ClaimCode.parse(typed)
        assert typed not in str(refused.value)
