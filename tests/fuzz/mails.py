"""What is asked of the readers of mails and of what is in them.

Their own errors and no other; names, types and originals as a manifest takes them; and of
every file that a reader takes, the bytes behind what is derived from it.
"""

from collections.abc import Iterator

from intake_samples.attachments import PNG, QUIET_HTML, TNEF, pdf
from intake_samples.cda import Attached, cda
from intake_samples.fhir import (
    as_json,
    as_xml,
    bundle,
    diagnostic_report,
    document_reference,
    patient,
)
from intake_samples.mails import Attachment, forwarded, mail, multipart, nested_parts, raw
from intake_samples.people import ALMA, BORIS
from intake_samples.xdm import JUNK, Entry, metadata, with_cda, xdm
from intake_samples.zipped import encrypted, overlapping, streamed, zip64, zipped

from souspli_cli.intake.cda import read_cda
from souspli_cli.intake.errors import BeyondLimitsError, IntakeError, NotThisFormatError
from souspli_cli.intake.fhir import read_fhir
from souspli_cli.intake.limits import DEFAULT_LIMITS
from souspli_cli.intake.read import read_mail
from souspli_cli.intake.values import Document
from souspli_cli.intake.xdm import read_xdm
from souspli_exchange.filenames import check_names
from souspli_exchange.patterns import LOINC, MEDIA_TYPE
from souspli_keys.canonical import check_text

_XDM_FILES = (("DOC1.PDF", pdf()), ("DOC0001.XML", cda()), ("B.XML", cda(BORIS)))


def read_any_mail(data: bytes) -> None:
    """`read_mail`: documents whose files may travel, or one of our own errors."""
    try:
        read = read_mail(data)
    except NotThisFormatError as internal:
        raise AssertionError("an internal error leaves intake") from internal
    except IntakeError:
        return
    assert read.documents
    for document in read.documents:
        _check(document)
        check_names([file.name for file in document.files])


def read_any_cda(data: bytes) -> None:
    """`read_cda`: the CDA itself behind what is derived from it."""
    try:
        (document,) = read_cda(data, name="cda.xml", limits=DEFAULT_LIMITS)
    except (NotThisFormatError, BeyondLimitsError):
        return
    _check(document)
    assert document.files[-1].content == data


def read_any_xdm(data: bytes) -> None:
    """`read_xdm`: of a zip, or of metadata in a zip that is as it should be."""
    packed = data if data.startswith(b"PK") else zipped([("METADATA.XML", data), *_XDM_FILES])
    try:
        documents = read_xdm(packed, name="xdm.zip", limits=DEFAULT_LIMITS)
    except (NotThisFormatError, BeyondLimitsError):
        return
    for document in documents:
        _check(document)


def read_any_fhir(data: bytes) -> None:
    """`read_fhir`: the file itself behind the first report's attachments."""
    try:
        documents = read_fhir(data, name="fhir.json", limits=DEFAULT_LIMITS)
    except (NotThisFormatError, BeyondLimitsError):
        return
    for document in documents:
        _check(document)
    assert documents[0].files[-1].content == data


def _check(document: Document) -> None:
    assert document.files
    assert any(not file.derived for file in document.files)
    for file in document.files:
        assert MEDIA_TYPE.fullmatch(file.media_type)
        assert len(file.media_type) <= 100
    traits = document.traits
    names = (traits.birth_name, traits.used_name, traits.given_names, *traits.local_ids)
    for text in (document.title, document.report_id, *document.replaces, *names):
        assert text is None or 1 <= len(check_text(text)) <= 200
    assert document.kind is None or LOINC.fullmatch(document.kind)


def mails() -> Iterator[bytes]:
    """Mails with something of every kind in them, small ones."""
    report = Attachment(content=pdf())
    yield mail(report)
    yield mail(report, html="<p>Résultat</p>", subject="Résultats de Mme É")
    yield mail(Attachment(content=cda(attached=()), name="cda.xml", cte="quoted-printable"), report)
    yield mail(Attachment(content=xdm((Entry(uri="A.PDF", content=pdf()),), extra=JUNK)))
    yield mail(Attachment(content=as_json(document_reference()), name="f.json"))
    yield mail(text=None, html=QUIET_HTML.decode())
    yield mail(Attachment(content=TNEF, name="winmail.dat"), Attachment(content=PNG, name=None))
    yield forwarded(2, mail(report))
    yield nested_parts(3)
    yield multipart(
        [
            raw("Content-Disposition: attachment; filename*0*=UTF-8''r%C3; filename*1*=%A9s"),
            raw("Content-Type: text/plain; charset=cp850", body=b"r\x82sultat"),
            raw("Content-Type: multipart/mixed", body=b"--x\r\n"),
        ]
    )
    for content in (zip64("a", b"1"), streamed([("a", b"1")]), encrypted(), overlapping(3, 99)):
        yield mail(Attachment(content=content, name="a.zip"), text="")


def cdas() -> Iterator[bytes]:
    """CDAs of both levels, in several character sets."""
    small = (Attached(content=b"%PDF-1.4"),)
    yield cda(attached=small)
    yield cda(attached=small, structured=True, replaces="1.2|3", recipients=("a@b.example",))
    yield cda(attached=(Attached(content=PNG, compressed=True),), encoding="UTF-16")
    yield cda(attached=(), set_id=None, version=2, encoding="ISO-8859-1", other_person=BORIS)
    yield cda(None, attached=small)


def xdms() -> Iterator[bytes]:
    """Metadata, and whole zips."""
    entries = (Entry(uri="DOC1.PDF", content=pdf(), replaces="urn:uuid:1"), with_cda(ALMA))
    yield metadata(entries, ("a@b.example",))
    yield metadata((with_cda(ALMA), with_cda(BORIS, uri="B.XML", number=2)))
    yield metadata((Entry(uri="none.pdf", person=None),))
    yield xdm((Entry(uri="A.PDF", content=b"%PDF-1.4"),))


def fhirs() -> Iterator[bytes]:
    """Reports in both spellings."""
    for resource in (
        document_reference(contents=(b"%PDF-1.4",)),
        document_reference(relatesTo=[{"code": "replaces", "target": {"reference": "x/y"}}]),
        bundle(patient(), diagnostic_report(status="corrected")),
        bundle(document_reference(contents=(PNG,)), document_reference(BORIS, contents=())),
    ):
        yield as_json(resource)
        yield as_xml(resource)
