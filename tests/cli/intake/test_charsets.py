"""Bytes that do not say their character set are read in the one that makes French of them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from souspli_cli.intake.charsets import Charset, find_charset, to_utf_8, utf_16_of

TEXTS = [
    "Hémoglobine glyquée",
    "Créatinine élevée, à contrôler",
    "ÉLÉONORE",
    "FRANÇOIS",
    "Prélèvement du matin ; numération : 4,5 µg/l à 37 °C",
    "Où ? Là : reçu dès l’été",
]


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("codec", ["cp1252", "cp850", "mac_roman"])
def test_old_sets_are_told_from_each_other_by_french(text: str, codec: str) -> None:
    content = text.encode(codec, errors="replace")
    charset = find_charset(content)
    assert content.decode(charset.codec) == content.decode(codec)
    assert charset.guessed


@pytest.mark.parametrize("text", [*TEXTS, "NOËL", "plain"])
def test_windows_is_what_is_left_where_nothing_tells(text: str) -> None:
    content = text.encode("cp1252")
    assert content.decode(find_charset(content).codec) == text


@pytest.mark.parametrize(
    ("content", "declared", "expected"),
    [
        (b"ascii", None, Charset("ascii", guessed=False)),
        (b"ascii", "cp850", Charset("ascii", guessed=False)),
        ("é".encode(), None, Charset("utf-8", guessed=False)),
        ("é".encode(), "utf-8", Charset("utf-8", guessed=False)),
        ("é".encode(), "iso8859-1", Charset("utf-8", guessed=True)),
        (b"\xe9t\xe9", "iso8859-1", Charset("cp1252", guessed=False)),
        (b"l\x92\xe9t\xe9", "iso8859-1", Charset("cp1252", guessed=True)),
        (b"\xa4\xe9", "iso8859-15", Charset("iso8859-15", guessed=False)),
        (b"\xe9t\xe9", "utf-8", Charset("cp1252", guessed=True)),
        (b"\xe9t\xe9", "ascii", Charset("cp1252", guessed=True)),
        (b"\x81\xe9\xe9", None, Charset("iso8859-1", guessed=True)),
    ],
)
def test_a_declared_set_counts_where_it_can_be_true(
    content: bytes, declared: str | None, expected: Charset
) -> None:
    assert find_charset(content, declared=declared) == expected


@given(st.binary(max_size=300), st.sampled_from([None, "utf-8", "ascii", "iso8859-15", "cp1252"]))
def test_whatever_is_found_decodes_everything(content: bytes, declared: str | None) -> None:
    charset = find_charset(content, declared=declared)
    content.decode(charset.codec)
    assert find_charset(content, declared=declared) == charset


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_utf_16_is_seen_and_can_be_given_back(codec: str, mark: str) -> None:
    content = f"{mark}MSH|^~\\&|ÉLÉONORE".encode(codec)
    assert utf_16_of(content) == codec
    rewritten = to_utf_8(content)
    assert rewritten is not None
    assert rewritten.content == "MSH|^~\\&|ÉLÉONORE".encode()
    assert rewritten.restore(rewritten.content) == content


@given(st.binary(max_size=200))
def test_every_file_can_be_given_back_or_is_no_text(content: bytes) -> None:
    rewritten = to_utf_8(content)
    if rewritten is not None:
        assert rewritten.restore(rewritten.content) == content


def test_half_a_character_of_utf_16_is_no_text() -> None:
    assert to_utf_8(b"\xff\xfea\x00b") is None
    assert to_utf_8(b"\xff\xfe\x00\xd8") is None
