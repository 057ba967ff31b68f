"""A CSV file opens in a spreadsheet as what it says, and calculates nothing."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from souspli_cli.csv_table import csv_table, harmless


def test_semicolons_a_mark_and_whole_lines() -> None:
    made = csv_table(["a", "b"], [["un;deux", 'dit "oui"'], ["é", ""]])
    assert made == '\ufeffa;b\r\n"un;deux";"dit ""oui"""\r\né;\r\n'.encode()


@pytest.mark.parametrize(
    "cell", ["=1+1", "+33 1", "-2", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "  =1", "\u00a0=1", "＝1"]
)
def test_nothing_is_calculated(cell: str) -> None:
    assert harmless(cell) == f"'{cell}"


cells = st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\x00"))


@given(st.lists(st.tuples(cells, cells)))
def test_every_cell_comes_back_as_it_was_but_for_the_apostrophe(
    rows: list[tuple[str, str]],
) -> None:
    made = csv_table(["a", "b"], rows).decode("utf-8-sig")
    read = list(csv.reader(io.StringIO(made, newline=""), delimiter=";"))
    assert read == [["a", "b"], *([harmless(cell) for cell in row] for row in rows)]
