"""A CDA inside another format gives its PDF and its patient to that document."""

from intake_samples.attachments import PNG, pdf
from intake_samples.cda import cda
from intake_samples.fhir import as_json, attachment, document_reference
from intake_samples.hl7 import ed, oru
from intake_samples.mails import Attachment, mail
from intake_samples.people import ALMA, BORIS, REAL_NIR

from souspli_cli.intake.read import read_mail
from souspli_cli.intake.values import Document, Finding, Format


def read(content: bytes, name: str = "m.hl7") -> Document:
    (document,) = read_mail(mail(Attachment(content=content, name=name), text="")).documents
    return document


def message(content: bytes) -> bytes:
    return oru(ALMA, results=[ed(content, subtype="XML")])


def test_the_pdf_inside_an_hl7_message_s_cda_comes_first() -> None:
    inner = cda()
    document = read(message(inner))
    assert document.format is Format.HL7_V2
    assert [(file.content, file.derived) for file in document.files] == [
        (pdf(), True),
        (inner, True),
        (message(inner), False),
    ]
    assert not document.findings


def test_the_pdf_inside_a_fhir_attachment_s_cda_comes_first() -> None:
    wrapped = {"attachment": attachment(cda(), "text/xml")}
    document = read(as_json(document_reference(content=[wrapped])), "f.json")
    assert document.files[0].content == pdf()


def test_what_the_message_does_not_say_its_cda_completes() -> None:
    subject = {"identifier": {"system": f"urn:oid:{REAL_NIR}", "value": ALMA.matricule}}
    resource = document_reference(
        None, content=[{"attachment": attachment(cda(), "text/xml")}], subject=subject
    )
    traits = read(as_json(resource), "f.json").traits
    assert (traits.birth_name, traits.birth_date) == ("MARÉCHAL", "1974-08-21")


def test_a_cda_about_somebody_else_is_said_and_completes_nothing() -> None:
    document = read(message(cda(BORIS)))
    assert Finding.TRAITS_DIFFER in document.findings
    assert document.traits.birth_name == "MARÉCHAL"


def test_a_cda_that_can_t_be_read_is_said_and_travels() -> None:
    broken = cda()[:-20]
    document = read(message(broken))
    assert Finding.BROKEN in document.findings
    assert broken in {file.content for file in document.files}


def test_other_files_are_left_as_they_are() -> None:
    document = read(oru(ALMA, results=[ed(PNG)]))
    assert document.files[0].content == PNG
