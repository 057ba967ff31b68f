"""Texts, dates and codes of a mail become what a manifest may hold, or nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from souspli_cli.intake.cleaning import clean_birth_date, clean_date, clean_loinc, clean_text
from souspli_exchange.dates import check_birth_date, check_date
from souspli_keys.canonical import check_text


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None),
        ("", None),
        (" \t\r\n", None),
        ("\x00\x1b\u202e", None),
        ("  LE   GOFF\n", "LE GOFF"),
        ("E\u0301LISE", "ÉLISE"),
        ("a\x00b", "ab"),
        ("a \x00 b", "a b"),
        ("a\u200eb\ufeffc\ud800d", "abcd"),
        ("a\U0001fae8b", "ab"),  # a face of Unicode 15
        ("ا\u200cب", "ا\u200cب"),
        ("x" * 500, "x" * 200),
        ("x" * 199 + " y", "x" * 199),
    ],
)
def test_a_text_is_cleaned(value: str | None, expected: str | None) -> None:
    assert clean_text(value) == expected


@given(st.text(max_size=400))
def test_every_cleaned_text_may_stand_in_a_manifest(value: str) -> None:
    cleaned = clean_text(value)
    if cleaned is not None:
        assert 1 <= len(check_text(cleaned)) <= 200
        assert cleaned == cleaned.strip()
        assert clean_text(cleaned) == cleaned


def test_only_the_beginning_of_a_long_text_is_looked_at() -> None:
    # A run of combining marks takes NFC quadratic time: hours, for these.
    assert clean_text("e" + "\u0301\u0323" * 5_000_000) is not None


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("20260228", "2026-02-28"),
        ("202602281530", "2026-02-28"),
        ("20260228153000.1234+0100", "2026-02-28"),
        ("202602281530-0215", "2026-02-28"),
        ("2026-02-28", "2026-02-28"),
        ("2026-02-28T15:30:00Z", "2026-02-28"),
        (" 28/02/2026 ", "2026-02-28"),
        ("28/02/2026 15:30", "2026-02-28"),
        ("20260229", None),
        ("2026", None),
        ("202602", None),
        ("20260200", None),
        ("28/02/26", None),
        ("28022026", None),
        ("2026022", None),
        ("2026-2-8", None),
        ("00000000", None),
        ("٢٠٢٦٠٢٢٨", None),
        ("demain", None),
        (None, None),
        ("9" * 100_000, None),
    ],
)
def test_a_date_is_a_day_of_the_calendar_or_nothing(
    value: str | None, expected: str | None
) -> None:
    assert clean_date(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("1984", "1984-00-00"),
        ("198407", "1984-07-00"),
        ("19840700", "1984-07-00"),
        ("19840009", "1984-00-09"),
        ("09/07/1984", "1984-07-09"),
        ("00/00/1984", "1984-00-00"),
        ("19841309", None),
        ("00000709", None),
        ("84", None),
        ("", None),
    ],
)
def test_a_birth_date_may_have_unknown_parts(value: str, expected: str | None) -> None:
    assert clean_birth_date(value) == expected


@given(st.text(alphabet="0123456789/-.T: +", max_size=20))
def test_every_date_that_is_given_may_stand_in_a_manifest(value: str) -> None:
    date, birth_date = clean_date(value), clean_birth_date(value)
    assert date is None or check_date(date) == birth_date
    assert birth_date is None or check_birth_date(birth_date)


@pytest.mark.parametrize("code", ["11502-2", "18748-4", "8867-4", " 11502-2 "])
def test_a_loinc_code_has_a_check_digit(code: str) -> None:
    assert clean_loinc(code) == code.strip()


@pytest.mark.parametrize("code", [None, "", "11502-3", "11502", "NFS", "115022", "١١٥٠٢-2"])
def test_another_code_is_no_kind(code: str | None) -> None:
    assert clean_loinc(code) is None
