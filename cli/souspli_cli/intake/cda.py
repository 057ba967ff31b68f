"""CDA R2 as a document: its header's patient, its body's files, itself (intake.md §8)."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Final

from souspli_cli.intake.base64_lenient import decode_base64
from souspli_cli.intake.cda_header import (
    V3,
    copies_of,
    date_of,
    hidden_from_patient,
    kind_of,
    patient_of,
    report_of,
    title_of,
)
from souspli_cli.intake.declared import differs
from souspli_cli.intake.errors import BeyondLimitsError, NotThisFormatError
from souspli_cli.intake.names import clean_name, stem_of
from souspli_cli.intake.sniff import sniff
from souspli_cli.intake.values import Document, File, Finding, Format
from souspli_cli.intake.xml import Element, local_name, namespace, read_xml

if TYPE_CHECKING:
    from souspli_cli.intake.limits import Limits

ROOT: Final = "ClinicalDocument"
MEDIA_TYPE: Final = "application/xml"
_PDF = "application/pdf"
# RFC 1951, 1950 and 1952, as HL7 v3 names them; zlib tells them apart by the window's sign.
_COMPRESSIONS: Final = {"DF": -zlib.MAX_WBITS, "ZL": zlib.MAX_WBITS, "GZ": 16 + zlib.MAX_WBITS}


def read_cda(content: bytes, *, name: str, limits: Limits) -> tuple[Document, ...]:
    """Return the one document that a CDA is.

    Its encapsulated files come first, a PDF before the others; the CDA itself travels behind
    them. Stylesheets that it names are nobody's to fetch, and a body of level 3 is for the
    reader's own software: nothing is rendered here.

    Raises NotThisFormatError if it is no CDA or not well-formed, BeyondLimitsError for more
    or larger files than `limits`.
    """
    root, guessed = read_xml(content, limits=limits)
    if local_name(root) != ROOT or namespace(root) != V3.strip("{}"):
        raise NotThisFormatError("XML that is no CDA")
    traits, findings = patient_of(root)
    files, found_in_files = _files(root, name, limits)
    report_id, change, replaces = report_of(root)
    original = File(name=name, media_type=MEDIA_TYPE, content=content)
    return (
        Document(
            format=Format.CDA,
            files=(*files, original),
            traits=traits,
            title=title_of(root),
            kind=kind_of(root),
            date=date_of(root),
            report_id=report_id,
            change=change,
            replaces=replaces,
            copies_to=copies_of(root),
            findings=findings
            | found_in_files
            | hidden_from_patient(root)
            | ({Finding.CHARSET_GUESSED} if guessed else frozenset[Finding]()),
        ),
    )


def _files(root: Element, name: str, limits: Limits) -> tuple[tuple[File, ...], frozenset[Finding]]:
    """Return every file that the body holds, at whatever level it is structured."""
    files: list[File] = []
    findings: set[Finding] = set()
    left = limits.unpacked_bytes
    for element in root.iter(f"{V3}text", f"{V3}value"):
        if element.get("representation") != "B64" or not (element.text or "").strip():
            continue
        if len(files) >= limits.files - 1:
            raise BeyondLimitsError("files: a CDA with too many files")
        try:
            content, repaired = _decoded(element, left)
        except NotThisFormatError:
            # It stays in the CDA, which travels; a person looks at it.
            findings.add(Finding.BROKEN)
            continue
        left -= len(content)
        kind = sniff(content)
        if differs(element.get("mediaType") or "", kind.media_type):
            findings.add(Finding.MEDIA_TYPE_DIFFERS)
        if repaired:
            findings.add(Finding.BASE64_REPAIRED)
        if kind.executable:
            findings.add(Finding.EXECUTABLE)
        derived_name, _ = clean_name(f"{stem_of(name)}{kind.extension}", extension="")
        files.append(
            File(name=derived_name, media_type=kind.media_type, content=content, derived=True)
        )
    files.sort(key=lambda file: file.media_type != _PDF)
    return tuple(files), frozenset(findings)


def _decoded(element: Element, most: int) -> tuple[bytes, bool]:
    encoded = (element.text or "").encode("utf-8")
    if len(encoded) * 3 // 4 > most:
        raise BeyondLimitsError("unpacked_bytes: a CDA with too large a file")
    content, repaired = decode_base64(encoded)
    compression = element.get("compression")
    if compression is None:
        return content, repaired
    window = _COMPRESSIONS.get(str(compression))
    if window is None:
        raise NotThisFormatError("a file that is packed in an unusual way")
    inflater = zlib.decompressobj(window)
    try:
        content = inflater.decompress(content, most + 1)
    except zlib.error:
        raise NotThisFormatError("a file whose packing is damaged") from None
    if len(content) > most:
        raise BeyondLimitsError("unpacked_bytes: a CDA with too large a file")
    if not inflater.eof:
        raise NotThisFormatError("a file whose packing is cut")
    return content, repaired
