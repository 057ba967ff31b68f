"""Whole mails that somebody made to break a reader: each is refused by name, or travels.

Memory and work stay in proportion to the mail, whatever it promises to become.
"""

from __future__ import annotations

import sys
import tracemalloc
from types import FrameType

import pytest
from intake_samples import hl7, hprim
from intake_samples.attachments import PNG, pdf
from intake_samples.cda import cda
from intake_samples.mails import (
    Attachment,
    forwarded,
    mail,
    many_parts,
    multipart,
    nested_parts,
    raw,
)
from intake_samples.people import ANSELME, ELEONORE
from intake_samples.xdm import JUNK, Entry, xdm
from intake_samples.zipped import bomb, lying, nested, overlapping, zipped

from souspli_cli.intake.errors import BeyondLimitsError
from souspli_cli.intake.limits import MIB
from souspli_cli.intake.read import read_mail
from souspli_cli.intake.values import Document, Finding

_LAUGHS = b"".join(
    b'<!ENTITY l%d "%s">' % (level, b"&l%d;" % (level - 1) * 10) for level in range(1, 10)
)
_INSIDE = cda().partition(b"?>")[2]


def _declaring(entities: bytes, used: bytes) -> bytes:
    """Return a CDA behind a DTD, with an entity in its first element."""
    head, _, tail = _INSIDE.partition(b"<typeId")
    return b"<!DOCTYPE ClinicalDocument [" + entities + b"]>" + head + used + b"<typeId" + tail


def _with(
    content: bytes, name: str = "a.bin", media_type: str = "application/octet-stream"
) -> bytes:
    return mail(Attachment(content=content, name=name, media_type=media_type))


_MANY_EMPTY = zipped((f"__MACOSX/{number}", b"") for number in range(1_500))
REFUSED = {
    "a zip that unpacks to 257 MiB": (_with(bomb(257 * MIB)), "unpacked_bytes"),
    "a zip in a zip, as deep as one that holds itself": (_with(nested(40)), "depth"),
    "a zip of zips of empty files": (
        _with(zipped([("1.zip", _MANY_EMPTY), ("2.zip", _MANY_EMPTY)])),
        "entries",
    ),
    "parts in parts": (nested_parts(100), "depth"),
    "mails in mails": (forwarded(100, mail()), "depth"),
    "100,000 parts": (many_parts(100_000), "parts"),
    "a header of 1 MB": (raw("Subject: " + "x" * MIB, body=b"x"), "header_bytes"),
    "a megabyte of short headers": (raw(*["X: y"] * 200_000, body=b"x"), "header_bytes"),
}
BROKEN = {
    "a zip whose entries are the same bytes": overlapping(1_000, MIB),
    "a zip whose entry unpacks to more than it says": lying(5 * MIB, 1_000),
    "XML that reads a file of the reader's": _declaring(
        b'<!ENTITY x SYSTEM "file:///etc/passwd">', b"&x;"
    ),
    "XML that asks the network": _declaring(
        b'<!ENTITY % x SYSTEM "http://labo.example/x.dtd"> %x;', b""
    ),
    "a billion laughs": _declaring(b'<!ENTITY l0 "lol">' + _LAUGHS, b"&l9;"),
    "quadratic blowup": _declaring(b'<!ENTITY x "' + b"x" * 50_000 + b'">', b"&x;" * 50_000),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_promises_too_much_is_refused_by_the_limit_s_name(name: str) -> None:
    hostile, limit = REFUSED[name]
    with _bounded(hostile), pytest.raises(BeyondLimitsError, match=rf"^{limit}:"):
        read_mail(hostile)


@pytest.mark.parametrize("name", BROKEN)
def test_what_can_not_be_read_goes_to_a_person_as_it_came(name: str) -> None:
    hostile = BROKEN[name]
    message = _with(hostile)
    with _bounded(message):
        (document,) = read_mail(message).documents
    assert Finding.BROKEN in document.findings
    assert hostile in [file.content for file in document.files]
    assert not any(b"root:" in file.content for file in document.files)


def _of(*messages: bytes) -> list[Document]:
    return [document for message in messages for document in read_mail(message).documents]


@pytest.mark.parametrize("charset", ["no-such-set", "punycode", "rot13", "utf-16", "x" * 300, "é"])
def test_a_character_set_that_is_none_loses_nothing(charset: str) -> None:
    body = "Résultat".encode()
    part = raw(
        f"Content-Type: text/plain; charset={charset}", f"Subject: =?{charset}?Q?=E9?=", body=body
    )
    (document,) = _of(part)
    assert [file.content for file in document.files] == [body]


def test_a_mail_of_utf_8_throughout_is_read() -> None:
    message = raw(
        "From: labo@exämple.example",
        "To: éléonore@exemple.example",
        "Subject: Résultat d’Éléonore",
        'Content-Disposition: attachment; filename="résultat.pdf"',
        "Content-Type: application/pdf",
        "Content-Transfer-Encoding: 8bit",
        body=pdf(),
    )
    (document,) = _of(message)
    assert (document.title, document.findings) == ("Résultat d’Éléonore", frozenset())
    assert [(file.name, file.content) for file in document.files] == [("résultat.pdf", pdf())]


def test_a_mail_without_a_message_id_is_a_mail() -> None:
    read = read_mail(mail(Attachment(content=pdf()), message_id=None))
    assert read.message_id is None
    assert pdf() in [file.content for file in read.documents[0].files]


def test_broken_base64_wrong_types_and_line_feeds_are_said_or_need_no_word() -> None:
    content = pdf() + b"\n"  # with a padding to be lost
    encoded = hl7.broken_base64(content, how="no padding").encode()
    broken = raw(
        "Content-Type: image/png", "Content-Transfer-Encoding: base64", body=encoded, end=b"\n"
    )
    (document,) = _of(multipart([broken], end=b"\n"))
    assert document.findings == {Finding.BASE64_REPAIRED, Finding.MEDIA_TYPE_DIFFERS}
    (file,) = document.files
    assert (file.media_type, file.content) == ("application/pdf", content)


def test_junk_in_a_zip_is_left_out() -> None:
    content = xdm((Entry(uri="A.PDF", content=pdf()),), extra=JUNK)
    (document,) = _of(_with(content))
    assert Finding.ENTRIES_IGNORED in document.findings
    assert not any(file.name.startswith("._") for file in document.files)


def test_several_patients_in_one_file_of_dos_are_each_their_own() -> None:
    both = [hprim.medecin_report(ELEONORE), hprim.medecin_report(ANSELME)]
    content = hprim.medecin(*both, encoding="cp850", line_end="\n")
    first, second = _of(mail(Attachment(content=content), Attachment(content=PNG), text=""))[:2]
    born = (first.traits.birth_date, second.traits.birth_date)
    assert born == (ELEONORE.birth_date, ANSELME.birth_date)
    assert not any(ANSELME.birth_name.encode() in file.content for file in first.files)


class _bounded:  # noqa: N801  (read as a word of its test)
    """Fails if what is done inside takes memory or calls out of proportion to a mail."""

    def __init__(self, message: bytes) -> None:
        self._most_bytes = 4 * len(message) + 4 * MIB
        self._most_calls = 200_000  # three thousand entries take 40 each
        self._calls = 0

    def __enter__(self) -> None:
        tracemalloc.start()
        sys.setprofile(self._count)

    def __exit__(self, *failure: object) -> None:
        sys.setprofile(None)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert peak <= self._most_bytes
        assert self._calls <= self._most_calls

    def _count(self, _frame: FrameType, event: str, _argument: object) -> None:
        self._calls += event in {"call", "c_call"}
