"""Small mails of every format that is read, with words in them that occur nowhere else."""

from __future__ import annotations

import base64
import zlib
from dataclasses import replace
from typing import TYPE_CHECKING

from intake_samples.attachments import pdf
from intake_samples.cda import Attached, cda
from intake_samples.fhir import as_json, as_xml, document_reference
from intake_samples.hl7 import ed, mdm, oru, result
from intake_samples.hprim import medecin, medecin_report, sante, sante_patient
from intake_samples.mails import Attachment, mail
from intake_samples.people import Person, matricule
from intake_samples.xdm import Entry, with_cda, xdm

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MARK = "ZQXVULKER"
"""In every name, title, value, file name, subject and Message-ID."""

STRANGER = Person(
    birth_name=f"{MARK}-NOM",
    used_name=f"{MARK}-USAGE",
    given_names=f"{MARK}A {MARK}B",
    birth_date="1931-04-05",
    sex="F",
    matricule=matricule("2310429199873"),
    local_id=f"{MARK}-7",
)


def _report(number: int) -> bytes:
    return pdf(f"{MARK} Glycemie {number}")


def _attached(name: str, content: bytes, media_type: str) -> Attachment:
    return Attachment(content=content, name=f"{MARK}-{name}", media_type=media_type)


def _hl7(number: int, person: Person) -> bytes:
    values = (result(f"{MARK} Sodium", "140"), ed(_report(number)))
    return oru(person, results=values, number=f"{MARK}-{number}^LABO")


def _xdm(number: int, person: Person) -> bytes:
    document = with_cda(person, number=1)
    title = f"{MARK} titre"
    lone = Entry(content=_report(number), person=person, uri=f"{MARK}.PDF", title=title)
    return xdm((document if number % 2 else lone,))


FORMATS: tuple[Callable[[int, Person], Attachment], ...] = (
    lambda n, _: _attached("a.pdf", _report(n), "application/pdf"),
    lambda n, who: _attached(
        "a.xml", cda(who, attached=(Attached(content=_report(n)),), title=f"{MARK} CR"), "text/xml"
    ),
    lambda n, who: _attached("a.hl7", _hl7(n, who), "application/octet-stream"),
    lambda n, who: _attached("b.hl7", mdm(who, results=(ed(_report(n)),)), "text/plain"),
    lambda n, who: _attached(
        "a.hpr", medecin(medecin_report(who, text=(f"{MARK} Sodium {n}",))), "text/plain"
    ),
    lambda _, who: _attached("b.hpr", sante(sante_patient(who)), "text/plain"),
    lambda n, who: _attached("IHE_XDM.ZIP", _xdm(n, who), "application/zip"),
    lambda n, who: _attached(
        "a.json", as_json(document_reference(who, contents=(_report(n),))), "application/json"
    ),
    lambda n, who: _attached(
        "b.xml", as_xml(document_reference(who, contents=(_report(n),))), "application/xml"
    ),
)


def mails(count: int, *, known: Person) -> Iterator[tuple[bytes, bool]]:
    """Give mails, and whether each is about `known`: every fifth is, others about a stranger."""
    for number in range(count):
        make = FORMATS[number % len(FORMATS)]
        is_known = number % 5 == 0
        person = replace(known, local_id=f"{MARK}-8") if is_known else STRANGER
        content = mail(
            make(number, person),
            text=f"Bonjour, {MARK} numero {number}.\n",
            subject=f"XDM/1.0/DDM+{MARK}",
            message_id=f"<{MARK}-{number}@labo.example>",
        )
        yield content.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"), is_known


def needles(*words: str) -> list[bytes]:
    """Give how words look in plain bytes, in UTF-16, in base64 and inside a PDF's streams."""
    found: list[bytes] = []
    for word in (MARK, *words):
        plain = word.encode()
        found += [plain, plain.lower(), word.encode("utf-16-le"), plain.hex().encode()]
        # At each place that base64 can begin at, what is the same whatever stands around it.
        for shift in range(3):
            packed = base64.b64encode(bytes(shift) + plain)
            first = -(-shift * 8 // 6)
            found.append(packed[first : (shift + len(plain)) * 8 // 6])
    # A stream of `_report`: the bytes that are the same in all of them.
    one, other = (_stream(number) for number in (1_111, 9_999))
    same = next(n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b)
    return [*found, one[:same]]


def _stream(number: int) -> bytes:
    content = _report(number)
    begin = content.index(b"stream\n") + len(b"stream\n")
    stream = content[begin : content.index(b"\nendstream")]
    assert MARK.encode() in zlib.decompress(stream)
    return stream
