"""CDAs that another format brings along: the files inside them, and whom they name.

French laboratories send their CDA inside an HL7 v2 message or a FHIR attachment, and what a
patient can read is the PDF inside that (docs/specs/intake.md §8).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from souspli_cli.intake.cda import ROOT, read_cda
from souspli_cli.intake.errors import NotThisFormatError
from souspli_cli.intake.patient import Likeness, completed, likeness
from souspli_cli.intake.sniff import sniff
from souspli_cli.intake.values import Document, File, Finding, Format

if TYPE_CHECKING:
    from souspli_cli.intake.limits import Limits

_LOOKED_INTO: Final = frozenset({Format.CDA, Format.XDM})
"""By their own readers."""


def with_inner_cda(document: Document, *, limits: Limits) -> Document:
    """Return `document` with what the CDAs among its files hold, PDFs first.

    The format around a CDA is the later word: what it says stays, and is only completed.
    Contradicting traits are `TRAITS_DIFFER`, a CDA that can't be read is `BROKEN`. Raises
    BeyondLimitsError for more than `limits`.
    """
    if document.format in _LOOKED_INTO:
        return document
    for file in document.files:
        if sniff(file.content).root != ROOT:
            continue
        try:
            (cda,) = read_cda(file.content, name=file.name, limits=limits)
        except NotThisFormatError:
            document = replace(document, findings=document.findings | {Finding.BROKEN})
            continue
        inside = tuple(inner for inner in cda.files if inner.derived)
        limits = limits.after(sum(len(inner.content) for inner in inside))
        document = _joined(document, cda, inside)
    return document


def _joined(document: Document, cda: Document, inside: tuple[File, ...]) -> Document:
    differ = likeness(document.traits, cda.traits) is Likeness.DIFFERENT
    there = {file.content for file in document.files}
    new = tuple(file for file in inside if file.content not in there)
    return replace(
        document,
        files=(*new, *document.files),
        traits=document.traits if differ else completed(document.traits, cda.traits),
        title=document.title or cda.title,
        kind=document.kind or cda.kind,
        date=document.date or cda.date,
        copies_to=tuple(dict.fromkeys((*document.copies_to, *cda.copies_to))),
        findings=document.findings
        | cda.findings
        | ({Finding.TRAITS_DIFFER} if differ else frozenset[Finding]()),
    )
