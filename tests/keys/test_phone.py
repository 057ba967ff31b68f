"""Telephone numbers have one spelling, whatever people type."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from souspli_keys.errors import PhoneError
from souspli_keys.phone import normalise_phone, parse_phone


@pytest.mark.parametrize(
    "typed",
    ["+33612345678", "+33 6 12 34 56 78", "0033 6.12.34.56.78", " +33-6-12/34\u00a056\u202f78 "],
)
def test_what_is_typed_becomes_e164(typed: str) -> None:
    assert normalise_phone(typed) == "+33612345678"


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "+",
        "06 12 34 56 78",
        "+0612345678",
        "+123456",
        "+1234567890123456",
        "+33 (0)6 12 34",
        "+33612345678x",
        "+٣٣٦١٢٣٤٥٦٧٨",
        "++33612345678",
        "tel:+33612345678",
    ],
)
def test_what_is_no_number_is_refused_and_not_repeated(typed: str) -> None:
    with pytest.raises(PhoneError) as caught:
        normalise_phone(typed)
    assert len(typed) < 2 or typed not in str(caught.value)


def test_only_the_canonical_spelling_is_taken_from_others() -> None:
    assert parse_phone("+33612345678") == "+33612345678"
    for other in ("+33 612345678", "0033612345678", "+33612345678\n"):
        with pytest.raises(PhoneError):
            parse_phone(other)


@given(st.text(alphabet="+0123456789 .-/", max_size=20))
def test_reading_twice_is_reading_once(typed: str) -> None:
    try:
        once = normalise_phone(typed)
    except PhoneError:
        return
    assert normalise_phone(once) == once
