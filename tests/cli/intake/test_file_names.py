"""What is derived from a file is called like it, and may stand beside it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from souspli_cli.intake.file_names import Names
from souspli_exchange.errors import FileNameError
from souspli_exchange.filenames import check_names


@pytest.mark.parametrize(
    ("name", "derived", "part"),
    [
        ("a.hl7", ["a.pdf", "a (2).pdf", "a.xml"], "a-3.hl7"),
        ("a.pdf", ["a (2).pdf", "a (3).pdf", "a.xml"], "a-3.pdf"),
        ("A.PDF", ["A (2).pdf", "A (3).pdf", "A.xml"], "A-3.PDF"),
        ("a.b.c", ["a.b.pdf", "a.b (2).pdf", "a.b.xml"], "a.b-3.c"),
        (".hl7", [".hl7.pdf", ".hl7 (2).pdf", ".hl7.xml"], ".hl7-3"),
        ("sans", ["sans.pdf", "sans (2).pdf", "sans.xml"], "sans-3"),
        ("a .hl7", ["a.pdf", "a (2).pdf", "a.xml"], "a-3.hl7"),
    ],
)
def test_names(name: str, derived: list[str], part: str) -> None:
    names = Names(name)
    assert [names.derived(extension) for extension in (".pdf", ".pdf", ".xml")] == derived
    assert names.original == name
    assert Names(name, part=3).original == part


@given(st.text(max_size=200), st.integers(1, 500))
def test_whatever_may_stand_in_a_manifest_has_derived_names_that_may(name: str, part: int) -> None:
    try:
        check_names([name])
    except FileNameError:
        return
    for names in (Names(name), Names(name, part=part)):
        check_names([names.original, *(names.derived(".pdf") for _ in range(12))])
