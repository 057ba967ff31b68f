"""XML is read without entities, DTDs or network, and within limits."""

import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st
from properties.profile import examples

from souspli_cli.intake.errors import BeyondLimitsError, NotThisFormatError
from souspli_cli.intake.limits import DEFAULT_LIMITS, MIB, Limits
from souspli_cli.intake.xml import local_name, namespace, read_xml, text_of

LAUGHS = (
    b"""<!DOCTYPE a [<!ENTITY b "lol"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">]><a>&c;</a>"""
)
EXTERNAL = b"""<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>"""


def text(content: bytes, limits: Limits = DEFAULT_LIMITS) -> str | None:
    return text_of(read_xml(content, limits=limits)[0])


@pytest.mark.parametrize(
    ("content", "guessed"),
    [
        ("<a>é</a>".encode(), False),
        ("\ufeff<a>é</a>".encode(), False),
        ('<?xml version="1.0" encoding="UTF-8"?>\n<a>é</a>'.encode(), False),
        ("<?xml version='1.0' encoding='ISO-8859-1'?><a>é</a>".encode("latin-1"), False),
        ('<?xml version="1.0" encoding="UTF-16"?><a>é</a>'.encode("utf-16"), False),
        ('<?xml version="1.0" encoding="UTF-16"?><a>é</a>'.encode("utf-16-be"), False),
        ("<a>é</a>".encode("cp1252"), True),
        ('<?xml version="1.0" encoding="UTF-8"?><a>é</a>'.encode("cp1252"), True),
        ('<?xml version="1.0" encoding="x-unknown"?><a>é</a>'.encode(), True),
    ],
)
def test_each_character_set_is_read_and_a_guess_is_said(content: bytes, *, guessed: bool) -> None:
    root, was_guessed = read_xml(content, limits=DEFAULT_LIMITS)
    assert (text_of(root), was_guessed) == ("é", guessed)


@pytest.mark.parametrize(
    "refused",
    [
        *(LAUGHS, EXTERNAL, EXTERNAL.decode().encode("utf-16")),
        b"<!DOCTYPE a SYSTEM 'http://example.invalid/a.dtd'><a/>",
        *(b"<a>", b"<a></b>", b"", b"text", b"<a>&undefined;</a>", b"<a b='1' b='2'/>"),
        *(b"<a>\0</a>", b"<a/><b/>", b"<\xff\xfe>"),
    ],
)
def test_dtds_and_what_is_not_well_formed_are_refused(refused: bytes) -> None:
    with pytest.raises(NotThisFormatError):
        read_xml(refused, limits=DEFAULT_LIMITS)


@pytest.mark.parametrize(
    ("hostile", "limit"),
    [
        (b"<a>" * 201 + b"</a>" * 201, "depth"),
        (b"<a>" + b"<b/>" * 500_000 + b"</a>", "elements"),
        (b"<a " + b" ".join(b"b%d=''" % n for n in range(500_000)) + b"/>", "elements"),
    ],
)
def test_xml_beyond_a_limit_is_refused_by_its_name(hostile: bytes, limit: str) -> None:
    with pytest.raises(BeyondLimitsError, match=rf"^{limit}:"):
        read_xml(hostile, limits=DEFAULT_LIMITS)


def test_depth_beyond_libxml_s_own_is_no_xml() -> None:
    with pytest.raises((NotThisFormatError, BeyondLimitsError)):
        read_xml(b"<a>" * 100_000, limits=DEFAULT_LIMITS)


def test_a_text_of_more_than_ten_megabytes_is_read() -> None:
    root, _ = read_xml(b"<a>" + b"A" * (12 * MIB) + b"</a>", limits=DEFAULT_LIMITS)
    assert len(root.text or "") == 12 * MIB


def test_comments_and_instructions_are_not_there() -> None:
    assert text(b"<?x y?><a>1<!-- 2 -->3<?x 4?><b>5</b></a>") == "135"


def test_names_are_read_without_their_prefix() -> None:
    root, _ = read_xml(b"<p:a xmlns:p='urn:x'/>", limits=DEFAULT_LIMITS)
    assert (local_name(root), namespace(root)) == ("a", "urn:x")


def test_texts_are_cut_before_they_are_joined() -> None:
    root, _ = read_xml(b"<a>" + b"<b>xxxxxxxxxx</b>" * 10_000 + b"</a>", limits=DEFAULT_LIMITS)
    assert text_of(root, most=25) == "x" * 25
    assert text_of(None) is None


def test_refusing_takes_no_more_memory_than_looking() -> None:
    hostile = b"<a>" + b"<b/>" * MIB + b"</a>"
    tracemalloc.start()
    try:
        with pytest.raises(BeyondLimitsError):
            read_xml(hostile, limits=DEFAULT_LIMITS)
        assert tracemalloc.get_traced_memory()[1] < 4 * len(hostile)
    finally:
        tracemalloc.stop()


@examples(20)
@given(st.binary(max_size=500), st.text(max_size=200))
def test_no_bytes_raise_anything_but_our_own_errors(noise: bytes, written: str) -> None:
    around = b"<a b='" + noise + b"'>" + written.encode("utf-8", "replace") + b"</a>"
    for content in (noise, around, written.encode("utf-8", "replace")):
        try:
            read_xml(content, limits=DEFAULT_LIMITS)
        except (NotThisFormatError, BeyondLimitsError):
            continue
