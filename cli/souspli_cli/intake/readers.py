"""Which reader a file is for: the one table in which the formats meet (intake.md §3)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final, Protocol

from souspli_cli.intake.cda import ROOT as CDA_ROOT
from souspli_cli.intake.cda import read_cda
from souspli_cli.intake.decoding import decode_text
from souspli_cli.intake.fhir import read_fhir
from souspli_cli.intake.fhir_resources import NAMESPACE as FHIR_NAMESPACE
from souspli_cli.intake.hl7 import looks_like_hl7, read_hl7
from souspli_cli.intake.hprim_medecin import looks_like_hprim_medecin, read_hprim_medecin
from souspli_cli.intake.hprim_sante import looks_like_hprim_sante, read_hprim_sante
from souspli_cli.intake.values import Document
from souspli_cli.intake.xdm import read_xdm
from souspli_cli.intake.zip_listing import ZipKind

if TYPE_CHECKING:
    from souspli_cli.intake.limits import Limits
    from souspli_cli.intake.sniff import Kind

_LOOKED_AT = 65_536
_NAMING: Final = ("hprim.org/hprimxml", "urn:hl7-org:", "urn:oasis:names:tc:ebxml-regrep:")
"""Namespaces of XML that names patients: HPRIM XML, HL7 v2 and v3, metadata without a zip."""


class Reader(Protocol):
    """Reads a file of one format into its documents, at least one.

    Raises NotThisFormatError or BeyondLimitsError, and nothing else.
    """

    def __call__(self, content: bytes, *, name: str, limits: Limits) -> tuple[Document, ...]:
        """Return the documents; `name` is that of the file, and may travel."""
        ...


def reader_of(content: bytes, kind: Kind) -> Reader | None:
    """Return the reader of a file that names patients, None if it is of no such format."""
    return next((read for looks_like, read in _READERS if looks_like(content, kind)), None)


def names_patients_unread(content: bytes, kind: Kind) -> bool:
    """Say whether a file may name patients in a way that nobody here reads.

    Other XML of healthcare; and XML behind a DTD, where any root may be.
    """
    if kind.media_type != "application/xml":
        return False
    if kind.root is None:
        return True
    beginning = _beginning(content).lower()
    return any(namespace in beginning for namespace in _NAMING)


def _is_xdm(_content: bytes, kind: Kind) -> bool:
    return kind.zip_kind is ZipKind.XDM


def _is_cda(_content: bytes, kind: Kind) -> bool:
    return kind.root == CDA_ROOT


def _is_fhir(content: bytes, kind: Kind) -> bool:
    if kind.media_type == "application/json":
        # Anywhere: names stand in no order.
        return b'"resourceType"' in content.replace(b"\x00", b"")
    return kind.media_type == "application/xml" and FHIR_NAMESPACE in _beginning(content)


def _is_hl7(content: bytes, _kind: Kind) -> bool:
    return looks_like_hl7(content)


def _is_hprim_sante(content: bytes, _kind: Kind) -> bool:
    return looks_like_hprim_sante(content)


def _is_hprim_medecin(content: bytes, _kind: Kind) -> bool:
    return looks_like_hprim_medecin(content)


def _beginning(content: bytes) -> str:
    # UTF-16 without a mark, too: what is looked for is ASCII.
    return decode_text(content[:_LOOKED_AT])[0].replace("\x00", "")


_READERS: Final[tuple[tuple[Callable[[bytes, Kind], bool], Reader], ...]] = (
    (_is_xdm, read_xdm),
    (_is_cda, read_cda),
    (_is_fhir, read_fhir),
    (_is_hl7, read_hl7),
    (_is_hprim_sante, read_hprim_sante),
    (_is_hprim_medecin, read_hprim_medecin),
)
