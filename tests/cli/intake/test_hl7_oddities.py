"""What interfaces do to HL7 v2 on its way, and that the report is read all the same."""

from __future__ import annotations

import pytest
from intake_samples import hl7
from intake_samples.attachments import ACTIVE_HTML, CDA, JPEG, PNG, WINDOWS_PROGRAM, pdf
from intake_samples.hl7_documents import read
from intake_samples.people import ANSELME
from intake_samples.zipped import zipped

from souspli_cli.intake.hl7 import read_hl7
from souspli_cli.intake.limits import DEFAULT_LIMITS
from souspli_cli.intake.values import Finding

EXPECTED = "MOULINET"


@pytest.mark.parametrize("line_end", ["\r", "\n", "\r\n", "\r\r\n", "\n\n", "\r\n  "])
def test_any_line_end(line_end: str) -> None:
    document = read(hl7.oru(line_end=line_end))
    assert document.traits.birth_name == EXPECTED
    assert document.files[0].content == pdf()


@pytest.mark.parametrize("signs", ["|^~\\&", "#@!%*", "$^~\\&", "|~^\\&", ";:!?/"])
def test_delimiters_are_those_of_the_header(signs: str) -> None:
    document = read(hl7.oru(results=[hl7.result("A", "1")], signs=signs, number="N1"))
    assert document.traits.birth_name == EXPECTED
    assert document.traits.ins is not None
    assert document.report_id == "LABO-EST|N1"


def test_fewer_or_more_delimiters_than_four() -> None:
    message = hl7.oru()
    assert read(message.replace(b"|^~\\&|", b"|^~\\&#|", 1)).traits.birth_name == EXPECTED
    short = b"MSH|^|" + hl7.oru(results=[]).split(b"|", 2)[2].replace(b"~", b" ")
    assert read(short).report_id == "LABO-EST|2026-0815"


@pytest.mark.parametrize(
    "around",
    [(b"\xef\xbb\xbf", b""), (b"\r\n \t", b"\r\n\r\n"), (b"\x0b", b"\x1c\r")],
)
def test_marks_frames_and_space_around_a_message(around: tuple[bytes, bytes]) -> None:
    assert read(around[0] + hl7.oru() + around[1]).traits.birth_name == EXPECTED


def test_frames_of_several_messages_are_not_part_of_them() -> None:
    messages = [hl7.oru(), hl7.oru(ANSELME)]
    documents = read_hl7(hl7.framed(messages), name="a.hl7", limits=DEFAULT_LIMITS)
    assert [document.files[-1].content for document in documents] == messages


@pytest.mark.parametrize(
    "how",
    [
        *("no padding", "padded twice", "broken lines", "escaped lines", "line ends"),
        *("another alphabet", "a letter too many", "a few strangers", "an address"),
    ],
)
def test_base64_of_any_make(how: str) -> None:
    content = pdf("é" * 40) + b"\xff\xfe\xfb\xef"  # with both letters that have two spellings
    content += b"\n" * (-len(content) % 3 + (how != "a letter too many"))
    document = read(hl7.oru(results=[hl7.ed(data=hl7.broken_base64(content, how=how))]))
    assert document.files[0].content == content
    expected = set() if how in {"line ends", "an address"} else {Finding.BASE64_REPAIRED}
    assert document.findings == expected


def test_what_is_no_base64_is_for_a_person_and_travels_as_it_is() -> None:
    document = read(hl7.oru(results=[hl7.ed(data="voir le rapport ci-joint, merci !")]))
    assert document.findings == {Finding.BROKEN}
    assert len(document.files) == 1


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (f"^Application^PDF^Hex^{pdf().hex().upper()}", pdf()),
        (f"^Application^PDF^^{hl7.broken_base64(pdf(), how='no padding')}", pdf()),
        (hl7.broken_base64(pdf(), how="no padding"), pdf()),
        ("^TEXT^^A^Bonjour \\T\\ merci", b"Bonjour & merci"),
        ("^TEXT^^^Test", b"Test"),  # which would be valid base64
    ],
)
def test_encodings_that_are_declared_or_not(value: str, expected: bytes) -> None:
    document = read(hl7.oru(results=[f"OBX|1|ED|X^Y||{value}||||||F"]))
    assert document.files[0].content == expected


@pytest.mark.parametrize("kind", ["TX", "FT", "ST", ""])
def test_a_pdf_that_calls_itself_a_text(kind: str) -> None:
    encoded = hl7.broken_base64(pdf(), how="line ends")
    document = read(hl7.oru(results=[f"OBX|1|{kind}|X^Y||{encoded}||||||F"]))
    assert document.files[0].content == pdf()


@pytest.mark.parametrize(
    ("content", "subtype", "media_type"),
    [
        (PNG, "JPEG", "image/png"),
        (JPEG, "PDF", "image/jpeg"),
        (pdf(), "XML", "application/pdf"),
        (CDA, "PDF", "application/xml"),
        (b"un mot", "PDF", "text/plain"),
        (zipped([("a.pdf", pdf())], stored=True), "PDF", "application/zip"),
    ],
)
def test_the_content_tells_the_media_type(content: bytes, subtype: str, media_type: str) -> None:
    document = read(hl7.oru(results=[hl7.ed(content, subtype=subtype)]))
    assert document.files[0].media_type == media_type
    assert document.findings == {Finding.MEDIA_TYPE_DIFFERS}


@pytest.mark.parametrize("subtype", ["", "Octet-stream", "x-hl7-cda-level-one", "XML", "text/xml"])
def test_what_declares_nothing_else_differs_from_nothing(subtype: str) -> None:
    assert not read(hl7.oru(results=[hl7.ed(CDA, subtype=subtype)])).findings


@pytest.mark.parametrize("content", [WINDOWS_PROGRAM, ACTIVE_HTML])
def test_a_program_is_said_to_be_one(content: bytes) -> None:
    document = read(hl7.oru(results=[hl7.ed(content)]))
    assert Finding.EXECUTABLE in document.findings


def test_a_pdf_in_several_results_is_one_file() -> None:
    whole = pdf("x" * 400)
    pieces = [whole[:300], whole[300:600], whole[600:]]
    document = read(hl7.oru(results=[hl7.ed(piece, number=n) for n, piece in enumerate(pieces)]))
    assert [file.content for file in document.files[:-1]] == [whole]
    assert not document.findings


def test_two_whole_pdfs_stay_two() -> None:
    document = read(hl7.oru(results=[hl7.ed(pdf("1")), hl7.ed(b"pas un PDF"), hl7.ed(pdf("2"))]))
    assert [file.content for file in document.files[:-1]] == [pdf("1"), b"pas un PDF", pdf("2")]


@pytest.mark.parametrize(
    ("declared", "encoding", "guessed"),
    [
        ("UNICODE UTF-8", "utf-8", False),
        ("UNICODE UTF-8", "cp1252", True),
        ("8859/1", "iso8859-1", False),
        ("8859/1", "utf-8", True),
        ("8859/15", "iso8859-15", False),
        ("", "utf-8", False),
        ("", "cp1252", True),
        ("", "cp850", True),
        ("", "mac_roman", True),
        ("ASCII", "cp850", True),
        ("ISO IR87", "cp1252", True),
        ("UNICODE UTF-16", "utf-16", False),
        ("", "utf-16-le", False),
        ("", "utf-16-be", False),
    ],
)
def test_the_character_set_is_the_one_that_fits(
    declared: str, encoding: str, *, guessed: bool
) -> None:
    document = read(hl7.oru(charset=declared, encoding=encoding))
    assert document.traits.given_names == "ÉLÉONORE MARIE"
    assert document.findings == ({Finding.CHARSET_GUESSED} if guessed else set())


def test_several_patients_in_utf_16_are_cut_in_utf_16() -> None:
    message = hl7.oru().decode() + hl7.oru(ANSELME).decode()
    documents = read_hl7(message.encode("utf-16"), name="a.hl7", limits=DEFAULT_LIMITS)
    assert [document.files[-1].content.decode("utf-16") for document in documents] == [
        hl7.oru().decode(),
        hl7.oru(ANSELME).decode(),
    ]


@pytest.mark.parametrize(
    ("written", "read_as"),
    [
        (hl7.escaped("a|b^c~d\\e&f"), "a|b^c~d\\e&f"),
        ("\\E\\F\\E\\", "\\F\\"),  # not unescaped a second time
        ("\\X41C3A9\\", "Aé"),
        ("\\XC3\\\\XA9\\", "é"),
        ("\\H\\gras\\N\\", "gras"),
        ("C:\\labo\\x", "C:\\labo\\x"),
        ("\\X4\\", "\\X4\\"),
        ("\\Zlocal\\", "\\Zlocal\\"),
        ("\\F", "\\F"),
        ("a\\.sp3\\b", "a b"),
    ],
)
def test_escapes_stand_for_what_they_say(written: str, read_as: str) -> None:
    document = read(hl7.oru(service=f"X^{written}^L"))
    assert document.title == read_as


def test_a_line_end_inside_a_value_breaks_nothing() -> None:
    document = read(hl7.oru(results=[hl7.result("Texte", "un\ndeux\n trois", kind="TX")]))
    assert document.files[0].content.endswith(b"Texte\nun\ndeux\n trois\n")


def test_empty_and_unknown_segments_are_passed_over() -> None:
    message = hl7.oru(more=["ZZZ|1|x", "OBX|", "OBR|", "ORC|", "PRT|", "NTE|", "TQ1|", "TXA|"])
    assert read(message).traits.birth_name == EXPECTED
