"""Whatever a file is called, it gets a name that may travel, and one of its own."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from properties.profile import examples

from souspli_cli.intake.names import clean_name, extension_of, with_unique_names
from souspli_cli.intake.values import Document, File, Finding, Format
from souspli_exchange.filenames import check_names


def document(*names: str) -> Document:
    files = tuple(File(name=name, media_type="a/b", content=b"") for name in names)
    return Document(format=Format.PLAIN, files=files)


@pytest.mark.parametrize(
    ("given_name", "name", "changed"),
    [
        ("a.pdf", "a.pdf", False),
        ("résultat de Mme É.pdf", "résultat de Mme É.pdf", False),
        (None, "document.pdf", False),
        ("  ", "document.pdf", False),
        ("C:\\Temp\\a.pdf", "a.pdf", True),
        ("../../etc/passwd", "passwd", True),
        ("a\u202efdp.exe", "a_fdp.exe", True),
        ("e\u0301.pdf", "é.pdf", True),
        ("a\r\nb.pdf", "a__b.pdf", True),
        ("CON.txt", "_CON.txt", True),
        (".bashrc", "_.bashrc", True),
        ("x" * 300 + ".pdf", "x" * 186 + ".pdf", True),
        ("a" * 100 + "/", "a" * 100, True),
    ],
)
def test_a_name_keeps_what_may_travel(given_name: str | None, name: str, *, changed: bool) -> None:
    assert clean_name(given_name, extension=".pdf") == (name, changed)


@pytest.mark.parametrize("beginning", ["~$", ".", "CON.", "a"])
def test_a_name_that_was_cut_is_not_changed_again(beginning: str) -> None:
    name, changed = clean_name(beginning + "P" * 300, extension=".pdf")
    assert changed
    assert clean_name(name, extension=".pdf") == (name, False)


@examples(20)
@given(st.lists(st.text(max_size=300) | st.just("a.pdf"), max_size=6))
def test_any_names_at_all_become_names_that_may_stand_together(names: list[str]) -> None:
    named = with_unique_names(document(*(clean_name(name, extension="")[0] for name in names)))
    check_names([file.name for file in named.files])


def test_two_files_of_one_name_are_told_apart_and_it_is_said() -> None:
    named = with_unique_names(document("a.pdf", "A.PDF"))
    assert [file.name for file in named.files] == ["a.pdf", "A (2).PDF"]
    assert Finding.NAME_CHANGED in named.findings


def test_an_extension_is_what_stands_behind_the_last_dot() -> None:
    assert extension_of("a.b.PDF") == ".pdf"
    assert extension_of(".profile") == extension_of("none") == ""
