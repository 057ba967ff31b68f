"""Which names a manifest may hold, and how they are stored."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from souspli_exchange.errors import FileNameError
from souspli_exchange.filenames import MAX_NAME_BYTES, check_names, fold, safe_names


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "..",
        "a/b",
        "a\\b",
        " a",
        "a ",
        "a\nb",
        "a\x00b",
        "a\x7fb",
        "a\u202efdp.exe",
        "a\ufeffb",
        "e\u0301.pdf",
        "\ud800",
        "x" * 201,
        "é" * 128,
    ],
    ids=ascii,
)
def test_a_name_that_could_leave_its_folder_or_hide_something_is_refused(name: str) -> None:
    with pytest.raises(FileNameError):
        check_names([name])


@pytest.mark.parametrize(
    "name",
    [
        "a",
        "...",
        "résumé.pdf",
        "x" * 200,
        "é" * 127,
        "👩\u200d⚕️.txt",
        "a b",
        "X-ray.pdf",
        "a\u00a0",
    ],
    ids=ascii,
)
def test_an_ordinary_name_is_accepted(name: str) -> None:
    assert check_names([name]) == [name]


@pytest.mark.parametrize(
    ("one", "other"),
    [("a.pdf", "a.pdf"), ("a.pdf", "A.PDF"), ("straße", "STRASSE"), ("ß", "ẞ"), ("ς", "Σ")],
)
def test_two_names_that_a_disk_may_take_for_one_are_refused(one: str, other: str) -> None:
    with pytest.raises(FileNameError):
        check_names([one, other])


@pytest.mark.parametrize(
    ("name", "stored"),
    [
        ("report.pdf", "report.pdf"),
        (".bashrc", "_.bashrc"),
        ("-rf", "_-rf"),
        ("~report", "_~report"),
        ("SCAN X", "SCAN X"),
        ("CON", "_CON"),
        ("nul.txt", "_nul.txt"),
        ("a:b?.pdf", "a_b_.pdf"),
        ("report.pdf.", "report.pdf"),
        ("...", "_"),
        ("a\u200bb", "a_b"),
        # A device only once it was cut to its length.
        (f"CONé.{'x' * 251}", f"_CO.{'x' * 251}"),
    ],
    ids=ascii,
)
def test_a_name_is_stored_so_that_no_system_makes_something_else_of_it(
    name: str, stored: str
) -> None:
    assert safe_names([name]) == (stored,)


def test_names_that_become_equal_get_a_number() -> None:
    assert safe_names(["a?.pdf", "a*.pdf", "a_.pdf"]) == ("a_.pdf", "a_ (2).pdf", "a_ (3).pdf")


def test_a_name_is_cut_no_more_than_its_number_takes() -> None:
    rest = "é" * 124 + "ab.pdf"
    first, second = safe_names([f"?{rest}", f"*{rest}"])
    assert first == f"_{rest}"
    assert second == f"_{'é' * 123} (2).pdf"
    assert len(first.encode()) == len(second.encode()) == MAX_NAME_BYTES


def test_names_whose_extension_leaves_no_room_for_a_number_get_one_too() -> None:
    """A hostile sender could otherwise keep a reader busy for ever."""
    extension = "." + "é" * 126
    first, second = safe_names([f"?{extension}", f"*{extension}"])
    assert first == f"_{extension}"
    assert second == f"_.{'é' * 124} (2)"


@given(st.lists(st.text(max_size=90), max_size=8))
def test_stored_names_are_short_different_and_stay_in_their_folder(names: list[str]) -> None:
    stored = safe_names(names)
    assert len({fold(name) for name in stored}) == len(names)
    for name in stored:
        assert 0 < len(name.encode()) <= 255
        assert not set(name) & set("/\\\0")
        assert name not in {".", ".."}
        assert safe_names([name]) == (name,)
