"""What is said of files before they are sent, whatever is in them."""

from __future__ import annotations

import io
import os
from typing import TYPE_CHECKING

import pytest
from pypdf import PdfWriter
from pypdf.generic import (
    ArrayObject,
    DictionaryObject,
    NameObject,
    StreamObject,
    TextStringObject,
)

from souspli_cli.examine import NOTHING_KNOWN, Examined, Finding, examine

if TYPE_CHECKING:
    from pathlib import Path


def pdf(change: str = "") -> bytes:
    """A PDF of one page, with something in it."""
    writer = PdfWriter()
    writer.add_blank_page(width=100, height=100)
    if change == "encrypted":
        writer.encrypt("secret")
    if change == "xfa":
        stream = StreamObject()
        stream.set_data(b"<xdp/>")
        xfa = ArrayObject([TextStringObject("template"), writer._add_object(stream)])
        form = DictionaryObject({NameObject("/XFA"): xfa, NameObject("/Fields"): ArrayObject()})
        writer.root_object[NameObject("/AcroForm")] = form
    if change == "javascript":
        action = DictionaryObject(
            {
                NameObject("/S"): NameObject("/JavaScript"),
                NameObject("/JS"): TextStringObject("app.alert('x')"),
            }
        )
        writer.root_object[NameObject("/OpenAction")] = action
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def write(folder: Path, name: str, content: bytes) -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("empty.pdf", b"", Examined("application/x-empty", (Finding.EMPTY,))),
        ("a.pdf", pdf(), Examined("application/pdf", ())),
        ("a", pdf(), Examined("application/pdf", ())),
        ("a.pdf", pdf("encrypted"), Examined("application/pdf", (Finding.ENCRYPTED,))),
        ("a.pdf", pdf("xfa"), Examined("application/pdf", (Finding.XFA,))),
        ("a.pdf", pdf("javascript"), Examined("application/pdf", (Finding.JAVASCRIPT,))),
        ("a.pdf", pdf()[:200], Examined("application/pdf", (Finding.BROKEN,))),
        ("a.pdf", b"not a pdf at all\n" * 9, Examined("text/plain", (Finding.BROKEN,))),
        ("a.txt", "Glycémie 1,02 g/l\n".encode(), Examined("text/plain", ())),
        (
            "a.png",
            b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + b"\x00\x00\x00\x08" * 8,
            Examined("image/png", ()),
        ),
        ("a.bin", b"\x00\x01\x02\x03" * 50, Examined("application/octet-stream", ())),
    ],
)
def test_a_file_is_known_by_its_contents(
    tmp_path: Path, name: str, content: bytes, expected: Examined
) -> None:
    assert examine([write(tmp_path, name, content)]) == [expected]


def test_a_file_that_breaks_the_worker_does_not_hide_the_others(tmp_path: Path) -> None:
    first = write(tmp_path, "1.txt", b"one\n")
    last = write(tmp_path, "3.txt", b"three\n")
    found = examine([first, tmp_path / "gone.pdf", last])
    assert found == [Examined("text/plain", ()), NOTHING_KNOWN, Examined("text/plain", ())]


def test_names_of_any_bytes_reach_the_worker(tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"r\xe9sultat\n.txt")
    path.write_bytes(b"text\n")
    assert examine([path]) == [Examined("text/plain", ())]


def test_our_own_environment_is_not_changed_by_examining(tmp_path: Path) -> None:
    # pylibmagic would have every later child load libraries from its current folder.
    before = dict(os.environ)
    examine([write(tmp_path, "a.pdf", pdf())])
    assert dict(os.environ) == before


def test_modules_never_come_from_the_current_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, "magic.py", b"raise SystemExit('planted')")
    write(tmp_path, "json.py", b"raise SystemExit('planted')")
    monkeypatch.chdir(tmp_path)
    assert examine([write(tmp_path, "a.txt", b"text\n")]) == [Examined("text/plain", ())]
