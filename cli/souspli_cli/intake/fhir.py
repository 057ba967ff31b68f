"""FHIR reports as documents: DocumentReference, DiagnosticReport, Composition (intake.md §9)."""

from __future__ import annotations

import base64
import binascii
import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from souspli_cli.intake.base64_lenient import decode_base64
from souspli_cli.intake.cleaning import clean_date, clean_loinc, clean_text
from souspli_cli.intake.declared import differs
from souspli_cli.intake.errors import BeyondLimitsError, NotThisFormatError
from souspli_cli.intake.fhir_patient import identifiers_of, logical_patient, patient_of
from souspli_cli.intake.fhir_resources import (
    Resource,
    Resources,
    kind_of,
    many,
    one,
    read_resource,
    text_at,
)
from souspli_cli.intake.names import clean_name, stem_of
from souspli_cli.intake.patient import Likeness, likeness
from souspli_cli.intake.sniff import sniff
from souspli_cli.intake.values import Change, Document, File, Finding, Format, Traits
from souspli_cli.intake.visibility import visibility_of

if TYPE_CHECKING:
    from souspli_cli.intake.limits import Limits

REPORTS: Final = ("DocumentReference", "DiagnosticReport", "Composition")
_LOINC: Final = "http://loinc.org"
_CORRECTED: Final = frozenset({"amended", "corrected", "appended"})
_WITHDRAWN: Final = "entered-in-error"
_MOST_LINKS: Final = 50


def read_fhir(content: bytes, *, name: str, limits: Limits) -> tuple[Document, ...]:
    """Return the reports that a FHIR resource or Bundle holds, at least one.

    The file itself travels behind the first report's attachments. It can't be cut: about
    several patients, it goes to a person whole (NotThisFormatError). That is raised, too, if
    it is no FHIR or holds no report; BeyondLimitsError for more than `limits`.
    """
    root, guessed = read_resource(content, limits=limits)
    resources = Resources(root)
    reports = [resource for resource in resources.all if kind_of(resource) in REPORTS]
    if any(kind_of(report) == "DocumentReference" for report in reports):
        # What it refers to is the same report, once more.
        reports = [report for report in reports if kind_of(report) == "DocumentReference"]
    if not reports:
        raise NotThisFormatError("FHIR without a report")
    if len(reports) > limits.documents:
        raise BeyondLimitsError("documents: FHIR with too many reports")
    documents: list[Document] = []
    for report in reports:
        documents.append(_document(resources, report, name, limits))
        limits = limits.after(sum(len(file.content) for file in documents[-1].files))
    first, *others = documents
    if any(likeness(first.traits, other.traits) is not Likeness.SAME for other in others):
        raise NotThisFormatError("FHIR about several patients")
    if not all(document.files for document in others):
        raise NotThisFormatError("FHIR reports without files of their own")
    is_xml = content.lstrip(b"\xef\xbb\xbf\xff\xfe\x00 \t\r\n").startswith(b"<")
    media_type = "application/xml" if is_xml else "application/json"
    original = File(name=name, media_type=media_type, content=content)
    first = replace(first, files=(*first.files, original))
    if guessed:
        first = replace(first, findings=first.findings | {Finding.CHARSET_GUESSED})
    alone = (
        replace(document, files=tuple(replace(file, derived=False) for file in document.files))
        for document in others
    )
    return (first, *alone)


def _document(resources: Resources, report: Resource, name: str, limits: Limits) -> Document:
    traits, found = _subject(resources, report)
    files, found_in_files = _files(resources, report, name, limits)
    report_id = _identifier(report)
    change, replaces = _change(resources, report, report_id)
    title = text_at(report, "title") or text_at(report, "description")
    kind = one(report, "type") or one(report, "code")
    return Document(
        format=Format.FHIR,
        files=files,
        traits=traits,
        title=clean_text(title or text_at(kind, "text") or _attachment_title(report)),
        kind=_loinc(kind),
        date=_date(report),
        report_id=report_id,
        change=change,
        replaces=replaces,
        findings=found | found_in_files | _visibility(report),
    )


def _visibility(report: Resource) -> frozenset[Finding]:
    labels = [*many(report, "securityLabel"), *many(one(report, "meta"), "security")]
    codings = [coding for label in labels for coding in (label, *many(label, "coding"))]
    return visibility_of(text_at(coding, "code") for coding in codings)


def _subject(resources: Resources, report: Resource) -> tuple[Traits, frozenset[Finding]]:
    subject = one(report, "subject")
    patient = resources.resolve(report, text_at(subject, "reference"))
    if kind_of(patient) == "Patient":
        return patient_of(patient)
    return logical_patient(subject)


def _attachments(report: Resource) -> list[Resource]:
    direct = many(report, "presentedForm")
    return [*direct, *(one(content, "attachment") for content in many(report, "content"))]


def _attachment_title(report: Resource) -> str:
    return next((t for t in (text_at(a, "title") for a in _attachments(report)) if t), "")


def _files(
    resources: Resources, report: Resource, name: str, limits: Limits
) -> tuple[tuple[File, ...], frozenset[Finding]]:
    files: list[File] = []
    findings: set[Finding] = set()
    left = limits.unpacked_bytes
    for attachment in _attachments(report):
        if len(files) >= limits.files - 1:
            raise BeyondLimitsError("files: a report with too many attachments")
        binary = resources.resolve(report, text_at(attachment, "url"))
        data = text_at(attachment, "data") or text_at(binary, "data")
        encoded = data.encode("utf-8", "replace")
        if not encoded:
            continue
        if len(encoded) * 3 // 4 > left:
            raise BeyondLimitsError("unpacked_bytes: attachments that hold too much")
        try:
            content, repaired = decode_base64(encoded)
        except NotThisFormatError:
            findings.add(Finding.BROKEN)
            continue
        left -= len(content)
        kind = sniff(content)
        given, _ = clean_name(f"{stem_of(name)}{kind.extension}", extension="")
        files.append(File(name=given, media_type=kind.media_type, content=content, derived=True))
        findings |= {Finding.BASE64_REPAIRED} if repaired else set()
        findings |= {Finding.EXECUTABLE} if kind.executable else set()
        if differs(text_at(attachment, "contentType").partition(";")[0], kind.media_type):
            findings.add(Finding.MEDIA_TYPE_DIFFERS)
        if _hash_differs(text_at(attachment, "hash"), content):
            findings.add(Finding.HASH_DIFFERS)
    return tuple(files), frozenset(findings)


def _hash_differs(stated: str, content: bytes) -> bool:
    if not stated:
        return False
    try:
        expected = base64.b64decode(stated)
    except (binascii.Error, ValueError):
        return True
    # SHA-1 because FHIR says so; it protects nothing here.
    return expected != hashlib.sha1(content, usedforsecurity=False).digest()


def _identifier(report: Resource) -> str | None:
    """Return `<authority>|<id>` of what this report is called in all its versions."""
    masters = {"identifier": many(report, "masterIdentifier")}
    for system, value in (*identifiers_of(masters), *identifiers_of(report)):
        return clean_text(f"{system}|{value.removeprefix('urn:oid:')}")
    return None


def _change(
    resources: Resources, report: Resource, report_id: str | None
) -> tuple[Change, tuple[str, ...]]:
    own = (report_id,) if report_id else ()
    states = {text_at(report, "status"), text_at(report, "docStatus")}
    if _WITHDRAWN in states:
        return Change.WITHDRAWS, own
    replaced: dict[str, None] = {}
    for link in many(report, "relatesTo")[:_MOST_LINKS]:
        if not _is_replacement(link):
            continue
        for target in ("target", "targetReference", "resourceReference"):
            if named := _target(resources, report, one(link, target)):
                replaced[named] = None
        for target in ("targetIdentifier", "resourceIdentifier"):
            if identifier := one(link, target):
                named = _identifier({"identifier": [identifier]})
                replaced |= {named: None} if named else {}
    if not replaced and states & _CORRECTED:
        return Change.REPLACES, own
    return (Change.REPLACES, tuple(replaced)) if replaced else (Change.NEW, ())


def _is_replacement(link: Resource) -> bool:
    # A code in R4, a coding of it in R5; R5's Composition calls it a type.
    coding = one(one(link, "code"), "coding")
    return "replaces" in {text_at(link, "code"), text_at(coding, "code"), text_at(link, "type")}


def _target(resources: Resources, report: Resource, target: Resource) -> str | None:
    if identifier := one(target, "identifier"):
        return _identifier({"identifier": [identifier]})
    reference = text_at(target, "reference")
    known = _identifier(resources.resolve(report, reference))
    return known or clean_text(f"reference|{reference}" if reference else None)


def _loinc(kind: Resource) -> str | None:
    for coding in many(kind, "coding"):
        if text_at(coding, "system") == _LOINC:
            return clean_loinc(text_at(coding, "code"))
    return None


def _date(report: Resource) -> str | None:
    context = one(report, "context")
    for value in (
        text_at(report, "effectiveDateTime"),
        text_at(one(report, "effectivePeriod"), "start"),
        text_at(one(context, "period"), "start"),
        text_at(one(report, "period"), "start"),
        text_at(report, "date"),
        text_at(report, "issued"),
    ):
        if day := clean_date(value):
            return day
    return None
