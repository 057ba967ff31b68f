"""The document that a report of records becomes (docs/specs/intake.md §5, §6.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from souspli_cli.intake.values import Change, Document, File, Finding, Format, Traits

if TYPE_CHECKING:
    from souspli_cli.intake.file_names import Names
    from souspli_cli.intake.observations import Observations
    from souspli_cli.intake.report_facts import ReportFacts


def report_document(
    facts: ReportFacts,
    results: Observations,
    *,
    of: Format,
    traits: Traits,
    original: File,
    names: Names,
    findings: set[Finding],
) -> Document:
    """Return the document of one report, all of whose records have been read."""
    # Of a report that is taken back nothing is made to be read once more.
    derived = [] if facts.change is Change.WITHDRAWS else results.files(names)
    return Document(
        format=of,
        files=(*derived, original),
        traits=traits,
        title=facts.title,
        kind=facts.kind,
        date=facts.date,
        priority=facts.priority,
        report_id=facts.report_id,
        change=facts.change,
        replaces=facts.replaces,
        copies_to=tuple(facts.copies),
        findings=frozenset(findings | results.findings),
    )
