"""PDFs as hostile or odd as they come, made for these tests."""

from __future__ import annotations

import io
import zlib

from pypdf import PdfWriter
from pypdf.generic import (
    ArrayObject,
    DictionaryObject,
    NameObject,
    StreamObject,
    TextStringObject,
)

from souspli_cli.bridge.pdf import words as pdf_words

JAVASCRIPT = {"/S": NameObject("/JavaScript"), "/JS": TextStringObject("app.alert('x')")}


def _dictionary(values: dict[str, object]) -> DictionaryObject:
    return DictionaryObject({NameObject(name): value for name, value in values.items()})


def _written(writer: PdfWriter) -> bytes:
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def _writer() -> PdfWriter:
    writer = PdfWriter()
    writer.add_blank_page(width=100, height=100)
    return writer


def plain() -> bytes:
    """One empty page."""
    return _written(_writer())


def many_objects(count: int) -> bytes:
    """So many small objects: ten seconds of work for 100,000 of them."""
    out = bytearray(b"%PDF-1.7\n")
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>",
        *[b"<</A[1 2 3]>>"] * count,
    ]
    places: list[int] = []
    for number, content in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%b\nendobj\n" % (number, content)
    begins = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    out += b"trailer\n<</Size %d/Root 1 0 R>>\n" % (len(objects) + 1)
    return bytes(out + b"startxref\n%d\n%%%%EOF\n" % begins)


def with_action(**action: object) -> bytes:
    """It does something when it is opened; the action is an object of its own."""
    writer = _writer()
    values = {f"/{name}": value for name, value in action.items()}
    writer.root_object[NameObject("/OpenAction")] = writer._add_object(_dictionary(values))
    return _written(writer)


def javascript_in_place() -> bytes:
    """Written into a page's list of annotations, three levels down."""
    writer = _writer()
    inner = ArrayObject([_dictionary({"/A": _dictionary(JAVASCRIPT)})])
    writer.pages[0][NameObject("/Annots")] = inner
    return _written(writer)


def javascript_in_object_stream() -> bytes:
    """Compressed, where no search for the word finds it, and the word itself is escaped."""
    action = b"<</S /Java#53cript /JS (app.alert\\('x'\\))>>"
    stream = zlib.compress(b"4 0 " + action)
    parts = [
        b"%PDF-1.5\n",
        b"1 0 obj<</Type/Catalog/Pages 2 0 R/OpenAction 4 0 R>>endobj\n",
        b"2 0 obj<</Type/Pages/Count 1/Kids[3 0 R]>>endobj\n",
        b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>endobj\n",
        b"5 0 obj<</Type/ObjStm/N 1/First 4/Filter/FlateDecode/Length %d>>stream\n" % len(stream)
        + stream
        + b"\nendstream endobj\n",
    ]
    offsets = [sum(map(len, parts[:place])) for place in range(len(parts) + 1)]
    rows = [(0, 0, 255), *((1, offsets[place], 0) for place in (1, 2, 3)), (2, 5, 0)]
    rows += [(1, offsets[4], 0), (1, offsets[5], 0)]
    table = b"".join(
        bytes([kind]) + at.to_bytes(4, "big") + bytes([last]) for kind, at, last in rows
    )
    parts.append(
        b"6 0 obj<</Type/XRef/Size 7/Root 1 0 R/W[1 4 1]/Length %d>>stream\n" % len(table)
        + table
        + b"\nendstream endobj\nstartxref\n%d\n%%%%EOF\n" % offsets[5]
    )
    return b"".join(parts)


def form() -> bytes:
    """An XFA form."""
    writer = _writer()
    template = StreamObject()
    template.set_data(b"<xdp/>")
    xfa = ArrayObject([TextStringObject("template"), writer._add_object(template)])
    writer.root_object[NameObject("/AcroForm")] = _dictionary({"/XFA": xfa})
    return _written(writer)


def with_file(name: str) -> bytes:
    """Another file inside."""
    writer = _writer()
    writer.add_attachment(name, b"content")
    return _written(writer)


def encrypted(user_password: str) -> bytes:
    """Encrypted; with an empty password anybody may read it."""
    writer = _writer()
    writer.encrypt(user_password, owner_password="owner", algorithm="RC4-128")
    return _written(writer)


def too_deep() -> bytes:
    """Lists in lists, deeper than any parser that calls itself can go."""
    return plain().replace(b"/Type /Pages", b"/X " + b"[" * 100_000 + b"]" * 100_000)


EXPECTED: dict[str, tuple[bytes, set[str]]] = {
    "plain": (plain(), set()),
    "javascript": (
        with_action(S=NameObject("/JavaScript"), JS=TextStringObject("x")),
        {pdf_words.JAVASCRIPT},
    ),
    "javascript in place": (javascript_in_place(), {pdf_words.JAVASCRIPT}),
    "javascript in an object stream": (javascript_in_object_stream(), {pdf_words.JAVASCRIPT}),
    "a program started": (
        with_action(S=NameObject("/Launch"), F=TextStringObject("cmd.exe")),
        {pdf_words.LAUNCH},
    ),
    "form data sent": (
        with_action(S=NameObject("/SubmitForm"), F=TextStringObject("https://x.example")),
        {pdf_words.LAUNCH},
    ),
    "xfa": (form(), {pdf_words.FORM}),
    "a file inside": (with_file("cda.xml"), {pdf_words.EMBEDDED_FILES}),
    "a program inside": (
        with_file("setup.exe"),
        {pdf_words.EMBEDDED_FILES, pdf_words.EMBEDDED_PROGRAM},
    ),
    "a password": (encrypted("1961"), {pdf_words.ENCRYPTED}),
    "no password to read": (encrypted(""), set()),
    "cut short": (plain()[:200], {pdf_words.UNREADABLE}),
    "no pdf": (b"%PDF-1.7 TSH 1,2\n", {pdf_words.UNREADABLE}),
    "too deep": (too_deep(), {pdf_words.UNREADABLE}),
}
