"""What a file is, its content tells; what does something when it is opened is said."""

import os

import pytest
from intake_samples import attachments as made
from intake_samples.cda import cda
from intake_samples.fhir import as_json, as_xml, document_reference
from intake_samples.xdm import xdm
from intake_samples.zipped import encrypted, zipped

from souspli_cli.intake.declared import differs
from souspli_cli.intake.sniff import Kind, sniff
from souspli_cli.intake.zip_listing import ZipKind


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (made.pdf(), "application/pdf"),
        (b"\r\nprinted by x\r\n" + made.pdf(), "application/pdf"),
        (made.PNG, "image/png"),
        (made.JPEG, "image/jpeg"),
        (made.TIFF, "image/tiff"),
        (made.DICOM, "application/dicom"),
        (made.RTF, "text/rtf"),
        (made.TNEF, "application/ms-tnef"),
        (made.OLE, "application/x-ole-storage"),
        (made.QUIET_HTML, "text/html"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "image/svg+xml"),
        (cda(), "application/xml"),
        (cda(encoding="utf-16"), "application/xml"),
        (as_json(document_reference()), "application/json"),
        (as_json(document_reference(), encoding="utf-16"), "application/json"),
        ("Résultat à l’appui".encode(), "text/plain"),
        ("Résultat à l'appui".encode("cp850"), "text/plain"),
        (b"2 < 3", "text/plain"),
        (b"{accolade}", "text/plain"),
        (b"fLaC\0\0\0\x22" + bytes(40), "audio/flac"),
        (bytes(10), "application/octet-stream"),
        (b"", "application/octet-stream"),
        (zipped([("a.pdf", made.pdf())], stored=True), "application/zip"),
        (
            zipped([("mimetype", b"application/vnd.oasis.opendocument.text")], stored=True),
            "application/vnd.oasis.opendocument.text",
        ),
        (
            zipped([("[Content_Types].xml", b""), ("word/document.xml", b"")]),
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_content_tells_what_it_is(content: bytes, media_type: str) -> None:
    kind = sniff(content)
    assert kind.media_type == media_type
    assert not kind.executable


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (made.WINDOWS_PROGRAM, "resultat.pdf"),
        (made.LINUX_PROGRAM, ""),
        (made.MAC_PROGRAM, ""),
        (made.SHELL_SCRIPT, "notes.txt"),
        (made.ACTIVE_HTML, "a.html"),
        (b"<html><a href='javascript:x()'>", ""),
        ("<html><script>".encode("utf-16"), ""),
        (b"<svg xmlns='http://www.w3.org/2000/svg' onload='x()'/>", ""),
        (b"{\\rtf1{\\object\\objdata 0105}}", ""),
        (made.OLE + "_VBA_PROJECT".encode("utf-16-le"), "lettre.doc"),
        (b"text", "resultat.pdf.JS"),
        (b"text", "a.docm"),
        (zipped([("[Content_Types].xml", b""), ("word/vbaProject.bin", b"")]), "a.docx"),
        (zipped([("META-INF/MANIFEST.MF", b"")]), "a.zip"),
    ],
)
def test_what_runs_when_it_is_opened_is_told(content: bytes, name: str) -> None:
    assert sniff(content, name=name).executable


@pytest.mark.parametrize(
    ("content", "zip_kind"),
    [
        (xdm(), ZipKind.XDM),
        (xdm(top="x/", lower=True), ZipKind.XDM),
        (zipped([("a.pdf", b"")]), ZipKind.FILES),
        (zipped([("[Content_Types].xml", b"")]), ZipKind.DOCUMENT),
        (encrypted(), ZipKind.UNREADABLE),
        (b"PK\x03\x04", ZipKind.UNREADABLE),
        (zipped([]), ZipKind.FILES),
    ],
)
def test_a_zip_tells_what_it_is_for(content: bytes, zip_kind: ZipKind) -> None:
    assert sniff(content).zip_kind is zip_kind


def test_the_root_of_xml_is_found_behind_everything_that_may_stand_before_it() -> None:
    assert sniff(cda()).root == "ClinicalDocument"
    assert sniff(as_xml(document_reference())).root == "DocumentReference"
    assert sniff(b"<?xml version='1.0'?><!-- <a> --><?x <b> ?><c:Root a='b'/>").root == "Root"


def test_a_root_behind_a_long_comment_is_found() -> None:
    assert sniff(cda(before_root=f"<!-- {'x' * 20_000} -->")).root == "ClinicalDocument"


def test_a_kind_has_an_extension_if_it_is_known() -> None:
    assert [Kind("application/pdf").extension, Kind("x/y").extension] == [".pdf", ""]


def test_asking_libmagic_leaves_the_environment_as_it_was() -> None:
    before = dict(os.environ)
    assert sniff(b"fLaC\0\0\0\x22" + bytes(40)).media_type == "audio/flac"
    assert dict(os.environ) == before


@pytest.mark.parametrize(
    ("declared", "told", "expected"),
    [
        ("application/pdf", "application/pdf", False),
        ("APPLICATION/PDF", "application/pdf", False),
        ("application/x-pdf", "application/pdf", False),
        ("application/octet-stream", "application/pdf", False),
        ("image/jpeg", "image/png", True),
        ("application/pdf", "text/plain", True),
        ("text/html", "text/plain", False),
        ("application/hl7-v2", "text/plain", False),
        (
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            "application/zip",
            False,
        ),
        ("application/dicom", "application/octet-stream", False),
    ],
)
def test_a_declared_type_differs_only_without_doubt(
    declared: str, told: str, *, expected: bool
) -> None:
    assert differs(declared, told) is expected


def test_xml_that_a_browser_would_run_is_told() -> None:
    page = b'<x xmlns:h="http://www.w3.org/1999/xhtml"><h:script>1</h:script></x>'
    assert sniff(page).executable
    assert sniff(page.replace(b"h:script", b"script").replace(b"xmlns:h", b"xmlns")).executable
    assert not sniff(cda()).executable


def test_a_page_is_looked_into_by_its_name_too() -> None:
    assert sniff(b"Bonjour <script>", name="a.htm").executable
    assert not sniff(b"Bonjour <script>", name="a.txt").executable


def test_a_text_that_begins_like_a_program_is_a_text() -> None:
    assert not sniff("MZ, 45 ans, à jeun".encode()).executable
