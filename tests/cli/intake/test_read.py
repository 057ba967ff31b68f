"""A mail becomes one document for each report and patient, with everything that was in it."""

import pytest
from intake_samples import attachments as made
from intake_samples.attachments import pdf
from intake_samples.cda import cda
from intake_samples.fhir import as_json, as_xml, document_reference, patient
from intake_samples.hl7 import oru
from intake_samples.hprim import medecin, sante
from intake_samples.mails import Attachment, forwarded, mail, multipart, raw
from intake_samples.people import ALMA, BORIS
from intake_samples.xdm import Entry, metadata, with_cda, xdm
from intake_samples.zipped import bomb, encrypted, nested, zipped

from souspli_cli.intake.errors import BeyondLimitsError, UnreadableError
from souspli_cli.intake.limits import Limits
from souspli_cli.intake.read import read_mail
from souspli_cli.intake.values import Document, Finding, Format

PDF = Attachment(content=pdf())
CDA = Attachment(content=cda(), name="alma.xml")
OF_BORIS = Attachment(content=cda(BORIS, attached=()), name="boris.xml")


def names(document: Document) -> list[str]:
    return [file.name for file in document.files]


def test_a_plain_mail_is_one_document_with_its_subject_as_title() -> None:
    read = read_mail(mail(PDF, subject="Résultats de Mme X"))
    (document,) = read.documents
    assert (document.format, document.title) == (Format.PLAIN, "Résultats de Mme X")
    assert [(f.name, f.media_type, f.derived) for f in document.files] == [
        ("resultat.pdf", "application/pdf", False),
        ("message.txt", "text/plain", False),
    ]
    assert document.files[1].content == "Bonjour,\n\nvoici les résultats.\n".encode()
    assert (read.message_id, read.findings) == ("1.abc@labo.example", frozenset())


def test_a_mail_that_is_only_html_travels_as_it_is() -> None:
    (document,) = read_mail(mail(text=None, html="<p>Résultat</p>")).documents
    assert names(document) == ["message.html"]


def test_both_alternatives_of_a_text_travel() -> None:
    (document,) = read_mail(mail(PDF, html="<p>Résultat</p>")).documents
    assert names(document) == ["resultat.pdf", "message.txt", "message.html"]


@pytest.mark.parametrize("text", ["", "\n \t\n"])
def test_a_text_that_says_nothing_does_not_travel(text: str) -> None:
    (document,) = read_mail(mail(PDF, text=text)).documents
    assert names(document) == ["resultat.pdf"]


@pytest.mark.parametrize(
    "nothing",
    [
        mail(text=""),
        mail(text=" \n"),
        mail(Attachment(content=b"", name="vide.pdf"), text=""),
        raw("Subject: x"),
        multipart([]).replace(b"--b0undary--", b"--b0undary\r\n\r\n"),
    ],
)
def test_a_mail_with_nothing_in_it_is_refused(nothing: bytes) -> None:
    with pytest.raises(UnreadableError):
        read_mail(nothing)


def test_an_empty_file_beside_others_travels_too() -> None:
    (document,) = read_mail(mail(PDF, Attachment(content=b"", name="vide.csv"))).documents
    assert "vide.csv" in names(document)


def test_a_named_patient_s_document_takes_the_loose_files_along() -> None:
    other = Attachment(content=pdf("autre"), name="autre.pdf")
    (document,) = read_mail(mail(CDA, other)).documents
    assert document.format is Format.CDA
    assert names(document) == ["alma.pdf", "alma.xml", "autre.pdf", "message.txt"]


def test_the_same_pdf_beside_its_cda_travels_once() -> None:
    (document,) = read_mail(mail(CDA, PDF, text="")).documents
    assert names(document) == ["alma.pdf", "alma.xml"]


def test_an_mssante_mail_is_the_zip_s_document_and_its_subject_is_dropped() -> None:
    message = mail(
        Attachment(content=xdm(), name="IHE_XDM.ZIP", media_type="application/zip"),
        PDF,
        subject="XDM/1.0/DDM+CR de biologie MARÉCHAL ALMA 21/08/1974",
    )
    (document,) = read_mail(message).documents
    assert document.format is Format.XDM
    assert document.title == "Compte rendu d'examens biologiques"
    assert names(document) == ["DOC0001.pdf", "DOC0001.XML", "IHE_XDM.ZIP", "message.txt"]


def test_an_mssante_subject_is_no_title_even_when_its_zip_is_broken() -> None:
    message = mail(
        Attachment(content=xdm()[:-40], name="IHE_XDM.ZIP"), subject="xdm/1.0/ddm+CR X Y 1/1/70"
    )
    (document,) = read_mail(message).documents
    assert (document.format, document.title) == (Format.PLAIN, None)
    assert Finding.BROKEN in document.findings


def test_with_two_patients_what_names_nobody_is_nobody_s() -> None:
    other = Attachment(content=pdf("autre"), name="autre.pdf")
    alma, boris, *rest = read_mail(mail(CDA, OF_BORIS, other)).documents
    assert names(alma) == ["alma.pdf", "alma.xml"]
    assert names(boris) == ["boris.xml"]
    assert sorted(names(document)[0] for document in rest) == ["autre.pdf", "message.txt"]
    for document in rest:
        assert (document.format, document.title) == (Format.PLAIN, None)
        assert document.findings == {Finding.TRAITS_DIFFER}


def test_two_reports_about_one_patient_stay_two_and_loose_files_go_with_the_first() -> None:
    second = Attachment(content=as_json(document_reference()), name="b.json")
    first, other = read_mail(mail(CDA, second)).documents
    assert names(first) == ["alma.pdf", "alma.xml", "message.txt"]
    assert names(other) == ["b.pdf", "b.json"]


def test_a_broken_file_beside_a_patient_s_may_be_about_somebody_else() -> None:
    broken = Attachment(content=OF_BORIS.content[:-20], name="boris.xml")
    alma, rest = read_mail(mail(CDA, broken, PDF)).documents
    assert names(alma) == ["alma.pdf", "alma.xml"]
    assert names(rest) == ["resultat.pdf", "boris.xml", "message.txt"]
    assert Finding.BROKEN in rest.findings


@pytest.mark.parametrize(
    "content",
    [
        cda()[:-20],
        xdm()[:-30],
        encrypted(),
        as_json(document_reference())[:-2],
        b"<evenementsPatients xmlns='http://www.hprim.org/hprimXML'/>",
        zipped([("a.xml", cda()[:-20])]),
        cda(before_root="<!DOCTYPE ClinicalDocument>"),
        b"<!-- without an end",
        b"<ORU_R01 xmlns='urn:hl7-org:v2xml'/>",
        metadata((Entry(content=pdf()),)),
        as_xml(patient()),
        as_json(patient()),
    ],
)
def test_what_looks_like_a_format_and_can_t_be_read_travels_and_is_said(content: bytes) -> None:
    (document,) = read_mail(mail(Attachment(content=content, name="a.dat"), text="")).documents
    assert document.format is Format.PLAIN
    assert Finding.BROKEN in document.findings


def test_a_zip_of_files_that_name_nobody_travels_whole() -> None:
    content = zipped([("a.pdf", pdf("a")), ("b.png", made.PNG)])
    (document,) = read_mail(mail(Attachment(content=content, name="a.zip"), text="")).documents
    assert [file.content for file in document.files] == [content]
    assert not document.findings


def test_patients_in_a_zip_are_found_and_told_apart() -> None:
    content = zipped([("1/a.xml", cda()), ("2/a.xml", cda(BORIS, attached=()))])
    first, second = read_mail(mail(Attachment(content=content), text="")).documents
    assert (first.traits.birth_name, second.traits.birth_name) == ("MARÉCHAL", "OLIVETTI")


def test_a_zip_in_zips_and_a_mail_in_mails_are_opened() -> None:
    deep = Attachment(content=nested(3, cda()), name="a.zip")
    (document,) = read_mail(forwarded(3, mail(deep, text=""))).documents
    assert document.traits.birth_name == "MARÉCHAL"


@pytest.mark.parametrize(
    ("hostile", "limit"),
    [
        (bomb(257 * 1024**2), "unpacked_bytes"),
        (nested(25), "depth"),
        (zipped((f"{n}", b"") for n in range(2_001)), "entries"),
    ],
)
def test_bombs_are_refused_by_the_limit_s_name(hostile: bytes, limit: str) -> None:
    with pytest.raises(BeyondLimitsError, match=rf"^{limit}:"):
        read_mail(mail(Attachment(content=hostile, name="a.zip")))


def test_a_zip_of_zips_lists_no_more_than_one_zip_may() -> None:
    inner = zipped((f"{number}", b"") for number in range(150))
    few = zipped((f"{number}.zip", inner) for number in range(13))
    many = zipped((f"{number}.zip", inner) for number in range(14))
    assert read_mail(mail(Attachment(content=zipped([("a.zip", few)]))))
    with pytest.raises(BeyondLimitsError, match=r"^entries:"):
        read_mail(mail(Attachment(content=zipped([("a.zip", many)]))))


def test_zips_that_are_broken_at_their_end_are_not_unpacked_without_end() -> None:
    zeros = zipped([("a", bytes(900_000)), ("b", b"xyz")])
    at = zeros.rindex(b"PK\x01\x02") + 16
    broken = zeros[:at] + bytes(4) + zeros[at + 4 :]
    content = zipped((f"{number}.zip", broken) for number in range(4))
    with pytest.raises(BeyondLimitsError, match=r"^unpacked_bytes:"):
        read_mail(mail(Attachment(content=content)), limits=Limits(unpacked_bytes=2_800_000))


def test_what_several_files_unpack_to_counts_together() -> None:
    packed = [Attachment(content=zipped([(f"{n}", bytes(900_000))])) for n in range(4)]
    assert read_mail(mail(*packed), limits=Limits(unpacked_bytes=4_000_000))
    with pytest.raises(BeyondLimitsError, match=r"^unpacked_bytes:"):
        read_mail(mail(*packed), limits=Limits(unpacked_bytes=3_000_000))


def test_more_files_than_one_document_holds_are_refused() -> None:
    files = [Attachment(content=b"%d" % n, name=f"{n}.txt") for n in range(5)]
    with pytest.raises(BeyondLimitsError, match=r"^files:"):
        read_mail(mail(*files), limits=Limits(files=5))


@pytest.mark.parametrize(
    ("attachment", "finding"),
    [
        (Attachment(content=made.PNG, media_type="image/jpeg"), Finding.MEDIA_TYPE_DIFFERS),
        (Attachment(content=made.WINDOWS_PROGRAM), Finding.EXECUTABLE),
        (Attachment(content=zipped([("a.exe", b"x")])), Finding.EXECUTABLE),
        (Attachment(content=b"x", name="a/b.txt"), Finding.NAME_CHANGED),
    ],
)
def test_what_is_odd_about_a_file_is_said_of_its_document(
    attachment: Attachment, finding: Finding
) -> None:
    (document,) = read_mail(mail(attachment, text="")).documents
    assert finding in document.findings


def test_files_of_one_name_are_told_apart() -> None:
    twice = [Attachment(content=pdf(text)) for text in "ab"]
    (document,) = read_mail(mail(*twice, text="")).documents
    assert names(document) == ["resultat.pdf", "resultat (2).pdf"]
    assert Finding.NAME_CHANGED in document.findings


def test_a_file_without_a_name_gets_one_and_nothing_is_said_of_it() -> None:
    nameless = [Attachment(content=pdf(text), name=None) for text in "ab"]
    (document,) = read_mail(mail(*nameless, text="")).documents
    assert names(document) == ["document.pdf", "document (2).pdf"]
    assert not document.findings


def test_a_tnef_file_is_left_a_file() -> None:
    tnef = Attachment(content=made.TNEF, name="winmail.dat", media_type="application/ms-tnef")
    (document,) = read_mail(mail(tnef, text="")).documents
    assert (document.files[0].media_type, document.findings) == ("application/ms-tnef", frozenset())


def test_a_result_written_into_the_mail_itself_is_read() -> None:
    (document,) = read_mail(mail(text=as_json(document_reference()).decode())).documents
    assert (document.format, document.traits.birth_name) == (Format.FHIR, ALMA.birth_name)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (oru(), Format.HL7_V2),
        (b"\x0b" + oru() + b"\x1c\r", Format.HL7_V2),
        (medecin(), Format.HPRIM_MEDECIN),
        (sante(), Format.HPRIM_SANTE),
        (cda(), Format.CDA),
        (xdm(), Format.XDM),
        (as_xml(document_reference()), Format.FHIR),
        (pdf(), Format.PLAIN),
    ],
)
def test_every_format_is_read_by_its_reader(content: bytes, expected: Format) -> None:
    (document,) = read_mail(mail(Attachment(content=content, name="a.dat"), text="")).documents
    assert document.format is expected
    assert content in {file.content for file in document.files}


def test_errors_say_nothing_of_the_mail() -> None:
    secret = mail(Attachment(content=bomb(257 * 1024**2), name="MARÉCHAL.zip"), subject="MARÉCHAL")
    with pytest.raises(BeyondLimitsError) as refused:
        read_mail(secret)
    assert "MAR" not in str(refused.value)
    assert refused.value.__cause__ is None


def test_two_patients_in_one_xdm_zip_share_nothing() -> None:
    content = xdm((with_cda(ALMA), with_cda(BORIS, uri="B.XML", number=2)))
    alma, boris = read_mail(mail(Attachment(content=content), text="")).documents
    assert names(alma) == ["DOC0001.pdf", "DOC0001.XML"]
    assert names(boris) == ["B.pdf", "B.XML"]
