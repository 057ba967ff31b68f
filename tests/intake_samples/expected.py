"""What each sample is known to give, and why it gives no more: words about it, none out of it.

The names are those of the files in public repositories; `docs/intake-samples.md` is made
from this by `intake_samples.table`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

_ALL_BUT_USED: Final = "birth_name given_names birth_date sex ins local_ids"
_FRENCH_CDA: Final = "a family name in use is the one of birth; the INS's OID is that of tests"
_NO_PATIENT: Final = "a PDF is not read for its patient: its text is no field"


@dataclass(frozen=True, kw_only=True)
class Expected:
    """What is to come of one sample: one document, in all of them."""

    format: str
    derived: int = 1
    traits: str = ""
    """Which it says, in any order."""
    others: str = "title kind date report_id"
    change: str = "new"
    copies: int = 0
    findings: str = ""
    reason: str = "nobody"
    why: str = ""
    """Why what is missing is missing; empty if nothing is."""


def _pdf(why: str = _NO_PATIENT) -> Expected:
    # The title is the mail's subject.
    return Expected(format="plain", derived=0, others="title", reason="no_traits", why=why)


def _cda(*, replaces: bool = False) -> Expected:
    return Expected(
        format="cda",
        traits=_ALL_BUT_USED,
        others=f"title kind date report_id{' replaces' * replaces}",
        change="replaces" if replaces else "new",
        findings="ins_of_test",
        why=_FRENCH_CDA,
    )


EXPECTED: Final = {
    "cda-fr/BIO-CR-BIO_2021.01_CDA-R2-Niveau-1.xml": _cda(),
    "cda-fr/BIO-CR-BIO_2024.01_TSH_1.xml": _cda(),
    "cda-fr/DOC_NON_STRUCTURE_CDA-R2-N1.xml": _cda(),
    "cda-fr/IMG_CR_IMG_2024.01_CDA-R2-Niveau-1.xml": _cda(replaces=True),
    "cda-us/CDA_with_Embedded_PDF.ccda": Expected(
        format="cda",
        traits="birth_name given_names birth_date sex local_ids address",
        others="title kind date report_id replaces",
        change="replaces",
        why="no French identity; its numbers are local",
    ),
    "hl7v2-fr/MDM_CR_Radio_INIT_N1_Base64.er7": Expected(
        format="hl7v2",
        derived=2,
        traits="birth_name given_names birth_date sex ins",
        copies=2,
        findings="hidden_from_patient ins_of_test",
        reason="uncertain",
        why="it asks that the patient does not see it yet; its only number is the INS",
    ),
    "hl7v2-fr/ORU_CR_Bio_INIT_N3_SEGUR.hl7": Expected(
        format="hl7v2",
        derived=3,
        traits=_ALL_BUT_USED,
        copies=1,
        findings="ins_of_test",
        why="it names nobody otherwise than at birth; the INS's OID is that of tests",
    ),
    "hl7v2-fr/ORU_CR_Bio_RPLC_N3_SEGUR.hl7": Expected(
        format="hl7v2",
        derived=3,
        traits=_ALL_BUT_USED,
        others="title kind date report_id replaces",
        change="replaces",
        copies=1,
        findings="base64_repaired ins_of_test",
        why="its base64 is broken, and read; the rest as in the first version",
    ),
    "hl7v2-us/ORU-R01-01.hl7": Expected(
        format="hl7v2",
        traits="birth_name given_names birth_date sex local_ids",
        others="title date report_id",
        why="codes of a system of its own, none of LOINC for the whole; no French identity",
    ),
    "hl7v2-us/nhapi_ORU_R01_embedded_pdf_1obx.hl7": Expected(
        format="hl7v2",
        traits="used_name given_names birth_date local_ids",
        others="title date",
        reason="no_traits",
        why="a name of no type, no sex, no number of the report, no LOINC",
    ),
    "hprim/freemedforms_test1_hprim_medecin.hpr": Expected(
        format="hprim-medecin",
        traits="used_name given_names birth_date local_ids",
        others="date report_id",
        reason="no_traits",
        why="the format has neither sex nor kind, nor says whether a name is that of birth",
    ),
    "pdf/pdfjs_bad-PageLabels.pdf": _pdf(),
    "pdf/pdfjs_js-buttons.pdf": _pdf(),
    "pdf/pdfjs_poppler-395-0-fuzzed.pdf": _pdf(),
    "pdf/pdfjs_xfa_issue14315.pdf": _pdf(),
    "pdf/pypdf_crazyones-pdfa.pdf": _pdf(),
    "pdf/pypdf_habibi.pdf": _pdf(),
    "pdf/pypdf_imagemagick-CCITTFaxDecode.pdf": _pdf(),
    "pdf/pypdf_libreoffice-writer-password.pdf": _pdf(),
    "pdf/pypdf_with-attachment.pdf": _pdf(),
    "pdf/verapdf_A3b_embedded_pass-a.pdf": _pdf(),
    "xdm/ett_BadXHTML.zip": Expected(
        format="xdm",
        traits="birth_name used_name given_names birth_date sex local_ids",
        why="no French identity; its page is no well-formed XHTML, and only travels",
    ),
    "xdm/ett_CCDA_Ambulatory_in_XDM.zip": Expected(
        format="xdm",
        traits="birth_name used_name given_names birth_date sex local_ids",
        why="no French identity; its numbers are local",
    ),
    "xdm/nist_xdm_minimal.zip": Expected(
        format="xdm",
        others="report_id",
        findings="entries_ignored",
        reason="no_traits",
        why="its metadata name no patient, kind or date; what a Macintosh added is left out",
    ),
}
