"""Addresses, surnames, birth dates and passwords: one spelling each, one error each."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from souspli_keys.address import normalise_address, parse_address, parse_origin
from souspli_keys.errors import AddressError, PasswordError, PersonError
from souspli_keys.person import compact_birth_date, normalise_surname
from souspli_keys.unlockers import normalise_password

any_text = st.text(st.characters(codec=None), max_size=20)
likely_address = st.from_regex(r"[A-Za-z.é+]{1,5}@[A-Za-zéüß.-]{1,8}(\.fr)?")


@given(any_text | likely_address)
def test_an_address_normalises_to_itself_or_is_refused(text: str) -> None:
    try:
        address = normalise_address(text)
    except AddressError:
        return
    assert normalise_address(address) == address == parse_address(address)


@given(any_text)
def test_any_text_is_an_origin_or_refused_with_the_one_error(text: str) -> None:
    try:
        assert parse_origin(text) == text
    except AddressError:
        return


@given(any_text)
def test_a_surname_normalises_to_itself_or_is_refused(text: str) -> None:
    try:
        surname = normalise_surname(text)
    except PersonError:
        return
    assert normalise_surname(surname) == surname
    assert surname.isascii()
    assert surname.isupper()


@given(any_text | st.from_regex(r"\A[0-9]{4}-[0-9]{2}-[0-9]{2}\Z"))
def test_any_text_is_a_birth_date_or_refused_with_the_one_error(text: str) -> None:
    try:
        assert len(compact_birth_date(text)) == len("YYYYMMDD")
    except PersonError:
        return


@given(any_text)
def test_a_password_normalises_to_itself_or_is_refused(text: str) -> None:
    try:
        normalised = normalise_password(text)
    except PasswordError:
        return
    assert normalise_password(normalised.decode()) == normalised


def test_a_password_that_is_refused_is_not_carried_along() -> None:
    with pytest.raises(PasswordError) as refused:
        normalise_password("sesame\ud800")
    assert refused.value.__context__ is None
