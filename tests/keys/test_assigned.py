"""The table of Unicode 14.0: the same in both languages, and true."""

import sys
import unicodedata
from itertools import pairwise

import pytest
from keys.write_assigned import (
    PYTHON,
    TYPESCRIPT,
    UNICODE_VERSION,
    run_lengths,
    spell,
    table_lines,
)

from souspli_keys.assigned import check_assigned
from souspli_keys.errors import CanonicalError


def is_assigned(code_point: int) -> bool:
    try:
        check_assigned(chr(code_point))
    except CanonicalError:
        return False
    return True


def test_both_languages_have_one_table() -> None:
    assert table_lines(PYTHON) == table_lines(TYPESCRIPT)


def table() -> list[bool]:
    lengths = [int(length, 36) for length in table_lines(PYTHON).split()]
    return [run % 2 == 1 for run, length in enumerate(lengths) for _ in range(length)]


def test_the_table_says_what_a_python_of_that_version_says_and_a_later_one_confirms() -> None:
    known = [unicodedata.category(chr(c)) != "Cn" for c in range(sys.maxunicode + 1)]
    # Code points are never taken back: later versions assign all of these, and more.
    assert not [c for c, assigned in enumerate(table()) if assigned and not known[c]]
    if unicodedata.unidata_version == UNICODE_VERSION:
        assert table_lines(PYTHON) == spell(run_lengths())


def test_the_table_is_read_right_where_a_run_begins_and_ends() -> None:
    expected = table()
    expected += [False] * (sys.maxunicode + 1 - len(expected))
    edges = [c for c, (one, other) in enumerate(pairwise(expected)) if one != other]
    assert len(edges) > 1_000
    for code_point in {*edges, *(edge + 1 for edge in edges), 0, sys.maxunicode}:
        assert is_assigned(code_point) == expected[code_point]


@pytest.mark.parametrize("character", ["a", "é", "Œ", "한", "🩺", "\ue000", "\U00020000"])
def test_what_people_write_is_assigned(character: str) -> None:
    assert check_assigned(character) == character


@pytest.mark.parametrize(
    "character", ["\u0378", "\u0897", "\u1acf", "\U000105c9", "\U0001fae8", "\uffff", "\U0010ffff"]
)
def test_what_later_versions_added_or_nobody_ever_will_is_not(character: str) -> None:
    with pytest.raises(CanonicalError):
        check_assigned(character)
