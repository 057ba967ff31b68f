"""Each benchmark writes its own part of the page, and nothing else of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from benchmarks.page import PAGE, NoMarksError, put


def test_only_what_stands_between_the_marks_is_replaced(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "a\n<!-- one -->\nold\n<!-- end of one -->\nb\n<!-- two -->\n<!-- end of two -->\n"
    )
    put("one", "new\n", page=page)
    assert page.read_text() == (
        "a\n<!-- one -->\nnew\n<!-- end of one -->\nb\n<!-- two -->\n<!-- end of two -->\n"
    )
    with pytest.raises(NoMarksError):
        put("three", "new\n", page=page)


@pytest.mark.parametrize("mark", ["programs", "load", "growth"])
def test_the_page_has_a_place_for_every_part(mark: str) -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert text.index(f"<!-- {mark} -->\n") < text.index(f"<!-- end of {mark} -->\n")
