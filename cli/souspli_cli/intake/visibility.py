"""Whether an author asks that the patient does not see a document, or not yet.

The French table of a document's visibility (TRE_A07), which CDA, XDM and FHIR write as a
code of confidentiality: until a physician has told the patient, say.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from souspli_cli.intake.values import Finding

_HIDING: Final = "INVISIBLE_"
"""`INVISIBLE_PATIENT`, and those of who acts for a minor, by whatever end."""


def visibility_of(codes: Iterable[str | None]) -> frozenset[Finding]:
    """Return the finding that one of these codes is, or none."""
    hidden = any((code or "").strip().upper().startswith(_HIDING) for code in codes)
    return frozenset({Finding.HIDDEN_FROM_PATIENT} if hidden else ())
