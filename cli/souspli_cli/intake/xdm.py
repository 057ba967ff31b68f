"""An IHE XDM zip as documents, as MSSanté sends them (docs/specs/intake.md §7)."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

from souspli_cli.intake.active import has_active_name
from souspli_cli.intake.cda import ROOT as CDA_ROOT
from souspli_cli.intake.cda import read_cda
from souspli_cli.intake.errors import BeyondLimitsError, NotThisFormatError
from souspli_cli.intake.names import clean_name
from souspli_cli.intake.patient import Likeness, about_one_patient, completed, likeness
from souspli_cli.intake.sniff import sniff
from souspli_cli.intake.values import Change, Document, File, Finding, Format
from souspli_cli.intake.xdm_metadata import DocumentEntry, read_metadata
from souspli_cli.intake.zips import Unpacked, read_zip

if TYPE_CHECKING:
    from collections.abc import Iterable

    from souspli_cli.intake.limits import Limits

_METADATA = "metadata.xml"
_AROUND: Final = frozenset({"readme.txt", "index.htm", "index.html", _METADATA})
"""What every such zip has around its documents, for people who open it by hand."""
_LAYOUT: Final = (".xsl", ".xslt", ".css")


def read_xdm(content: bytes, *, name: str, limits: Limits) -> tuple[Document, ...]:
    """Return the documents of an XDM zip, at least one.

    The zip itself travels as the original if all of it is about one patient, with the first
    document; otherwise every document has its own files alone, and what no entry names is
    left to a person.

    Raises NotThisFormatError if the zip or its metadata can't be read, BeyondLimitsError for
    more than `limits`.
    """
    archive = read_zip(content, limits=limits)
    limits = limits.after(sum(len(file.content) for file in archive.files))
    by_path = {file.path.lower(): file for file in archive.files}
    documents: list[Document] = []
    claimed: set[str] = set()
    for metadata in archive.files:
        if metadata.name.lower() != _METADATA:
            continue
        for entry in read_metadata(metadata.content, limits=limits):
            file = _file_of(entry, metadata, by_path)
            claimed |= {file.path} if file else set()
            documents.append(_document(entry, file, limits))
            limits = limits.after(sum(len(f.content) for f in documents[-1].files if f.derived))
            if len(documents) > limits.documents:
                raise BeyondLimitsError("documents: a zip with too many documents")
    if not documents:
        raise NotThisFormatError("a zip without metadata")
    one_patient = about_one_patient(documents)
    if not all(document.files for document in documents[one_patient:]):
        raise NotThisFormatError("a zip whose metadata names a file that is not there")
    rest = [file for file in archive.files if file.path not in claimed and not _is_around(file)]
    if archive.ignored:
        documents[0] = _with(documents[0], Finding.ENTRIES_IGNORED)
    if not one_patient:
        return (*documents, *(_alone(file) for file in rest))
    original = File(name=name, media_type="application/zip", content=content)
    first, *others = documents
    extra = [_as_file(file, derived=True) for file in rest]
    files = (*(replace(file, derived=True) for file in first.files), *extra, original)
    findings = first.findings | _executable(rest)
    return (replace(first, files=files, findings=findings), *others)


def _document(entry: DocumentEntry, file: Unpacked | None, limits: Limits) -> Document:
    document = Document(
        format=Format.XDM,
        files=(),
        traits=entry.traits,
        title=entry.title,
        kind=entry.kind,
        date=entry.date,
        report_id=entry.report_id,
        change=Change.REPLACES if entry.replaces else Change.NEW,
        replaces=entry.replaces,
        copies_to=entry.copies_to,
        findings=entry.findings,
    )
    if file is None:
        return _with(document, Finding.BROKEN)
    if _differs(entry, file):
        document = _with(document, Finding.HASH_DIFFERS)
    if sniff(file.content).root == CDA_ROOT:
        try:
            (cda,) = read_cda(file.content, name=_as_file(file).name, limits=limits)
        except NotThisFormatError:
            document = _with(document, Finding.BROKEN)
        else:
            return _merged(document, cda)
    return replace(
        document, files=(_as_file(file),), findings=document.findings | _executable([file])
    )


def _merged(document: Document, cda: Document) -> Document:
    """Join what the metadata says and what the document itself does, which knows better."""
    findings = document.findings | cda.findings
    if likeness(document.traits, cda.traits) is Likeness.DIFFERENT:
        findings |= {Finding.TRAITS_DIFFER}
    return replace(
        document,
        files=cda.files,
        traits=completed(cda.traits, document.traits),
        title=cda.title or document.title,
        kind=cda.kind or document.kind,
        date=cda.date or document.date,
        report_id=cda.report_id or document.report_id,
        change=Change.REPLACES if Change.REPLACES in {cda.change, document.change} else Change.NEW,
        replaces=tuple(dict.fromkeys((*cda.replaces, *document.replaces))),
        copies_to=tuple(dict.fromkeys((*cda.copies_to, *document.copies_to))),
        findings=findings,
    )


def _file_of(
    entry: DocumentEntry, metadata: Unpacked, by_path: dict[str, Unpacked]
) -> Unpacked | None:
    """Return the file that an entry's URI names, in whatever case, from its folder."""
    folder = metadata.path.lower().rpartition("/")[0]
    uri = entry.uri.replace("\\", "/").removeprefix("./").lstrip("/").lower()
    for path in (uri, unquote(uri)):
        for candidate in (f"{folder}/{path}".lstrip("/"), path):
            if path and (file := by_path.get(candidate)):
                return file
    return None


def _differs(entry: DocumentEntry, file: Unpacked) -> bool:
    if entry.size is not None and entry.size != len(file.content):
        return True
    # SHA-1 because IHE says so; it protects nothing here.
    sha1 = hashlib.sha1(file.content, usedforsecurity=False).hexdigest()
    return entry.sha1 is not None and entry.sha1 != sha1


def _alone(file: Unpacked) -> Document:
    """Whose file this is nobody knows: the zip is about several people."""
    findings = _executable([file]) | {Finding.TRAITS_DIFFER}
    return Document(format=Format.PLAIN, files=(_as_file(file),), findings=findings)


def _is_around(file: Unpacked) -> bool:
    name = file.name.lower()
    return name in _AROUND or name.endswith(_LAYOUT)


def _as_file(file: Unpacked, *, derived: bool = False) -> File:
    kind = sniff(file.content)
    name, _ = clean_name(file.name, extension=kind.extension)
    return File(name=name, media_type=kind.media_type, content=file.content, derived=derived)


def _executable(files: Iterable[Unpacked]) -> frozenset[Finding]:
    active = any(sniff(f.content).executable or has_active_name(f.name) for f in files)
    return frozenset({Finding.EXECUTABLE} if active else ())


def _with(document: Document, finding: Finding) -> Document:
    return replace(document, findings=document.findings | {finding})
