"""Whatever is in a mail is in one of its documents, and nobody's is in another patient's."""

import re
import tracemalloc
from collections.abc import Iterator
from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st
from intake_samples import attachments as made
from intake_samples.attachments import pdf
from intake_samples.cda import Attached, cda
from intake_samples.fhir import as_json, as_xml, document_reference
from intake_samples.hl7 import oru
from intake_samples.mails import Attachment, forwarded, mail, many_parts, multipart, nested_parts
from intake_samples.people import ALMA, BORIS, Person
from intake_samples.xdm import JUNK, Entry, with_cda, xdm
from intake_samples.zipped import bomb, lying, nested, overlapping, zipped
from properties.profile import examples

from souspli_cli.intake.errors import BeyondLimitsError, IntakeError
from souspli_cli.intake.limits import MIB
from souspli_cli.intake.read import read_mail
from souspli_cli.intake.values import Document, Finding, Mail
from souspli_exchange.filenames import check_names
from souspli_exchange.patterns import MEDIA_TYPE


@dataclass(frozen=True, slots=True, repr=False)
class Thing:
    """A file to attach, whose it is, and the pieces it may be cut into."""

    content: bytes
    owners: tuple[Person, ...] = ()
    pieces: tuple[bytes, ...] = ()


def of(person: Person) -> Iterator[Thing]:
    """Give files about one person, no byte of which may reach another."""
    report = pdf(person.birth_name)
    attached = (Attached(content=report),)
    document = cda(person, attached=attached)
    yield Thing(document, (person,))
    yield Thing(document[:-20], (person,))
    yield Thing(as_json(document_reference(person, contents=(report,))), (person,))
    yield Thing(as_xml(document_reference(person, contents=(report,))), (person,))
    yield Thing(xdm((with_cda(person),), extra=JUNK), (person,))
    yield Thing(xdm((Entry(content=report, person=person, uri="A.PDF"),)), (person,))
    yield Thing(zipped([("x/a.xml", document)]), (person,), (document,))
    yield Thing(oru(person=person), (person,))


NOBODY_S = [
    *(Thing(pdf("perdu")), Thing(made.PNG), Thing(made.TNEF), Thing(made.WINDOWS_PROGRAM)),
    *(Thing(made.QUIET_HTML), Thing("à jeun\r\n".encode("cp1252")), Thing(bytes(range(256)))),
    *(Thing(zipped([("a.pdf", pdf("zip"))])), Thing(b"PK\x03\x04broken"), Thing(b"x")),
]
TWO_PATIENTS = (with_cda(ALMA), with_cda(BORIS, uri="B.XML", number=2))
THINGS = [
    *(*of(ALMA), *of(BORIS), *NOBODY_S),
    Thing(xdm(TWO_PATIENTS), (ALMA, BORIS), tuple(entry.content for entry in TWO_PATIENTS)),
]
NAMES = (
    st.none() | st.sampled_from(["a.pdf", "A.PDF", "../x", "ré\u202e.exe"]) | st.text(max_size=30)
)


@st.composite
def _mails(draw: st.DrawFn) -> tuple[bytes, list[Thing]]:
    things = draw(st.lists(st.sampled_from(THINGS), min_size=1, max_size=4))
    files: list[Attachment] = []
    for thing in things:
        name = draw(NAMES)
        # The standard library does not write these into a header.
        plain = None if name is None else re.sub(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]", "_", name)
        files.append(Attachment(content=thing.content, name=plain or None))
    text = draw(st.sampled_from([None, "", "Bonjour"]))
    message = mail(*files, text=text)
    return forwarded(draw(st.integers(0, 2)), message), things


def _all_files(read: Mail) -> set[bytes]:
    return {file.content for document in read.documents for file in document.files}


def _check(document: Document) -> None:
    assert document.files
    check_names([file.name for file in document.files])
    assert all(
        MEDIA_TYPE.fullmatch(f.media_type) and len(f.media_type) <= 100 for f in document.files
    )
    originals = [file for file in document.files if not file.derived]
    assert originals
    assert document.title is None or 1 <= len(document.title) <= 200


@examples(15)
@given(_mails())
def test_every_file_of_a_mail_is_in_one_of_its_documents(drawn: tuple[bytes, list[Thing]]) -> None:
    message, things = drawn
    read = read_mail(message)
    there = _all_files(read)
    for thing in things:
        whole = thing.content in there
        assert whole or (thing.pieces and there.issuperset(thing.pieces))
    for document in read.documents:
        _check(document)


@examples(15)
@given(_mails())
def test_no_file_about_one_patient_is_in_a_document_about_another(
    drawn: tuple[bytes, list[Thing]],
) -> None:
    message, things = drawn
    for document in read_mail(message).documents:
        inside = {file.content for file in document.files}
        for thing in things:
            for owner in thing.owners:
                if document.traits.birth_name not in {None, owner.birth_name}:
                    assert thing.content not in inside


@examples(15)
@given(_mails())
def test_reading_twice_gives_the_same(drawn: tuple[bytes, list[Thing]]) -> None:
    assert read_mail(drawn[0]) == read_mail(drawn[0])


@examples(15)
@given(_mails(), st.data())
def test_a_mail_with_some_bytes_changed_raises_nothing_but_our_own_errors(
    drawn: tuple[bytes, list[Thing]], data: st.DataObject
) -> None:
    message = drawn[0]
    at = data.draw(st.integers(0, len(message)))
    end = at + data.draw(st.integers(0, 200))
    changed = message[:at] + data.draw(st.binary(max_size=50)) + message[end:]
    try:
        read = read_mail(changed)
    except IntakeError:
        return
    for document in read.documents:
        _check(document)


HOSTILE = [
    *(many_parts(100_000), nested_parts(30), forwarded(30, mail())),
    *(mail(Attachment(content=bomb(257 * MIB))), mail(Attachment(content=nested(25)))),
    mail(Attachment(content=zipped((f"{n}", b"") for n in range(2_001)))),
    mail(Attachment(content=b"<ClinicalDocument>" + b"<a/>" * 600_000, name="a.xml")),
    mail(Attachment(content=b'{"resourceType":"Bundle","entry":[' + b"[]," * 600_000)),
]
CONFUSING = [
    *(mail(Attachment(content=lying(50 * MIB, 1_000))),),
    *(mail(Attachment(content=overlapping(1_000, MIB))),),
    mail(Attachment(content=cda(before_root='<!DOCTYPE a [<!ENTITY b "c">]>'))),
    multipart([b"Content-Type: " + b";" * 200_000 + b"\r\n\r\nx"]),
    multipart([b"Content-Disposition: x" + b"; a*0*=''%41" * 20_000 + b"\r\n\r\nx"]),
    b"Subject: " + b"=?utf-8?Q?=C3?= " * 15_000 + b"\r\n\r\nx",
]


def test_hostile_mails_are_refused_or_read_within_a_few_times_their_size() -> None:
    for message in [*HOSTILE, *CONFUSING]:
        tracemalloc.start()
        try:
            read_mail(message)
            refused = False
        except BeyondLimitsError:
            refused = True
        finally:
            peak = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
        assert refused is (message in HOSTILE)
        assert peak < 8 * len(message) + 4 * MIB


def test_confusing_files_are_named_as_broken() -> None:
    for message in CONFUSING[:3]:
        assert Finding.BROKEN in read_mail(message).documents[0].findings
