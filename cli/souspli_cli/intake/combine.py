"""Which files of a mail travel together (docs/specs/intake.md §3)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from souspli_cli.intake.gathered import Loose
from souspli_cli.intake.patient import about_one_patient
from souspli_cli.intake.values import Document, Finding, Format

_PDF: Final = "application/pdf"


def combine(
    documents: Sequence[Document], loose: Sequence[Loose], *, subject: str | None
) -> tuple[Document, ...]:
    """Return the mail's documents, every file in one of them.

    Nobody named: all files are one plain document, with the subject as its title. One
    patient named: what names nobody goes with the first of the patient's documents. Several,
    or a file that can't be read and may name another: what names nobody is nobody's, and a
    person decides.
    """
    if not documents:
        return (_plain(loose, title=subject),)
    broken = [file for file in loose if Finding.BROKEN in file.findings]
    if not about_one_patient(documents):
        return (*documents, *(_plain([_doubtful(file)]) for file in loose))
    if broken:
        return (*documents, _plain(loose))
    first, *others = documents
    return (_with(first, loose), *others)


def _plain(loose: Sequence[Loose], *, title: str | None = None) -> Document:
    return Document(
        format=Format.PLAIN,
        files=tuple(file.file for file in sorted(loose, key=_order)),
        title=title,
        findings=frozenset[Finding]().union(*(file.findings for file in loose)),
    )


def _doubtful(loose: Loose) -> Loose:
    return replace(loose, findings=loose.findings | {Finding.TRAITS_DIFFER})


def _with(document: Document, loose: Sequence[Loose]) -> Document:
    """Put the loose files behind the document's own, but for those that it holds already."""
    there = {file.content for file in document.files}
    added = [file for file in sorted(loose, key=_order) if file.file.content not in there]
    return replace(
        document,
        files=(*document.files, *(file.file for file in added)),
        findings=document.findings.union(*(file.findings for file in added)),
    )


def _order(loose: Loose) -> tuple[bool, bool]:
    """What a reader opens first: a PDF, other attachments, what was written around them."""
    return loose.is_text, loose.file.media_type != _PDF
