"""METADATA.XML of an XDM zip: what IHE's document entries say (intake.md §7).

IHE ITI TF-3 §4.2: ebRIM 3.0, whose slots, classifications and external identifiers are
told apart by the UUIDs below.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from souspli_cli.intake.cleaning import clean_birth_date, clean_date, clean_loinc, clean_text
from souspli_cli.intake.errors import BeyondLimitsError, NotThisFormatError
from souspli_cli.intake.hl7_types import (
    identifier_of,
    mail_addresses_in,
    names_of,
    repetitions,
)
from souspli_cli.intake.patient import sex_of, with_numbers
from souspli_cli.intake.values import Finding, Traits
from souspli_cli.intake.visibility import visibility_of
from souspli_cli.intake.xml import Element, local_name, read_xml

if TYPE_CHECKING:
    from collections.abc import Iterator

    from souspli_cli.intake.limits import Limits

TYPE_CODE: Final = "urn:uuid:f0306f51-975f-434e-a61c-c59651d33983"
CLASS_CODE: Final = "urn:uuid:41a5887f-8865-4c09-adf7-e362475b143a"
CONFIDENTIALITY: Final = "urn:uuid:f4f85eac-e6cb-4883-b524-f2705394840f"
PATIENT_ID: Final = "urn:uuid:58a6f841-87b3-4a3e-92fd-a8ffeff98427"
UNIQUE_ID: Final = "urn:uuid:2e82c1f6-a085-4c72-9da3-8640a32e42ab"
REPLACE_TYPES: Final = ("rplc", "xfrm_rplc")
"""The last part of an association's type: a replacement, or one in another format."""
_LOINC_OID = "2.16.840.1.113883.6.1"
_LOINC_SCHEMES: Final = frozenset({"loinc", _LOINC_OID, f"urn:oid:{_LOINC_OID}"})
_PID: Final = re.compile(r"PID-([0-9]{1,2})\|(.*)", re.DOTALL)
_MOST_VALUES = 50
_MOST_VALUE_CHARACTERS = 2_000


@dataclass(frozen=True, slots=True, repr=False, kw_only=True)
class DocumentEntry:
    """What the metadata says of one document."""

    uri: str
    """Where it stands in the zip, from the metadata's own folder."""
    traits: Traits
    title: str | None
    kind: str | None
    date: str | None
    report_id: str | None
    replaces: tuple[str, ...]
    copies_to: tuple[str, ...]
    size: int | None
    sha1: str | None
    findings: frozenset[Finding]


def read_metadata(content: bytes, *, limits: Limits) -> tuple[DocumentEntry, ...]:
    """Return the document entries of one METADATA.XML.

    Raises NotThisFormatError if it is no such file, BeyondLimitsError for more documents
    than `limits`.
    """
    root, guessed = read_xml(content, limits=limits)
    objects = list(_named(root, "ExtrinsicObject"))
    if not objects:
        raise NotThisFormatError("metadata without a document")
    if len(objects) > limits.documents:
        raise BeyondLimitsError("documents: metadata with too many documents")
    replaced = _replaced(root)
    copies = _copies(root)
    found = frozenset({Finding.CHARSET_GUESSED} if guessed else ())
    return tuple(_entry(item, replaced, copies, found) for item in objects)


def _entry(
    item: Element,
    replaced: dict[str, list[str]],
    copies: tuple[str, ...],
    found: frozenset[Finding],
) -> DocumentEntry:
    slots = _slots(item)
    external = _external_identifiers(item)
    traits, findings = _patient(slots, external)
    size = _first(slots, "size")
    sha1 = _first(slots, "hash").strip().lower()
    return DocumentEntry(
        uri="".join(slots.get("URI", [])),
        traits=traits,
        title=_title(item),
        kind=_kind(item),
        date=clean_date(_first(slots, "serviceStartTime"))
        or clean_date(_first(slots, "creationTime")),
        report_id=report_id_of(external.get(UNIQUE_ID, "")),
        replaces=tuple(replaced.get(str(item.get("id") or ""), [])),
        copies_to=copies,
        size=int(size) if re.fullmatch(r"[0-9]{1,18}", size) else None,
        sha1=sha1 if re.fullmatch(r"[0-9a-f]{40}", sha1) else None,
        findings=findings | found | _visibility(item),
    )


def report_id_of(unique_id: str) -> str | None:
    """Return `<authority>|<id>` of a unique id: `<OID>^<extension>`, or an OID alone."""
    root, _, extension = unique_id[:_MOST_VALUE_CHARACTERS].strip().partition("^")
    return clean_text(f"{root}|{extension}") if root else None


def _patient(
    slots: dict[str, list[str]], external: dict[str, str]
) -> tuple[Traits, frozenset[Finding]]:
    fields: dict[str, list[str]] = {}
    for value in slots.get("sourcePatientInfo", []):
        if pid := _PID.fullmatch(value):
            fields.setdefault(pid[1], []).extend(repetitions(pid[2]))
    birth_name, used_name, given_names, differ = names_of(fields.get("5", []))
    traits = Traits(
        birth_name=birth_name,
        used_name=used_name,
        given_names=given_names,
        birth_date=clean_birth_date("".join(fields.get("7", []))),
        sex=sex_of("".join(fields.get("8", []))),
    )
    patient_ids = [external[PATIENT_ID]] if PATIENT_ID in external else []
    source_ids = slots.get("sourcePatientId", [])
    given = [*patient_ids, *fields.get("3", []), *source_ids]
    numbers = [identifier for cx in given if (identifier := identifier_of(cx))]
    traits, findings = with_numbers(traits, dict.fromkeys(numbers))
    return traits, findings | ({Finding.TRAITS_DIFFER} if differ else frozenset[Finding]())


def _visibility(item: Element) -> frozenset[Finding]:
    return visibility_of(
        classification.get("nodeRepresentation")
        for classification in _named(item, "Classification")
        if classification.get("classificationScheme") == CONFIDENTIALITY
    )


def _kind(item: Element) -> str | None:
    for scheme in (TYPE_CODE, CLASS_CODE):
        for classification in _named(item, "Classification"):
            if classification.get("classificationScheme") != scheme:
                continue
            coding = _first(_slots(classification), "codingScheme").strip().lower()
            if coding in _LOINC_SCHEMES:
                return clean_loinc(classification.get("nodeRepresentation"))
    return None


def _title(item: Element) -> str | None:
    for child in item:
        if local_name(child) == "Name":
            for string in _named(child, "LocalizedString"):
                return clean_text(string.get("value"))
    return None


def _replaced(root: Element) -> dict[str, list[str]]:
    """Return what each document of this metadata replaces, by its id in it."""
    unique = {
        str(item.get("id") or ""): _external_identifiers(item).get(UNIQUE_ID, "")
        for item in _named(root, "ExtrinsicObject")
    }
    found: dict[str, list[str]] = {}
    for association in _named(root, "Association"):
        kind = str(association.get("associationType") or "").lower().rpartition(":")[2]
        source, target = association.get("sourceObject"), association.get("targetObject")
        if kind in REPLACE_TYPES and source and target:
            # A document of an earlier zip is named by its entry's UUID alone.
            named = report_id_of(unique.get(target, "")) or clean_text(f"entryUUID|{target}")
            if named and len(found.setdefault(source, [])) < _MOST_VALUES:
                found[source].append(named)
    return found


def _copies(root: Element) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for package in _named(root, "RegistryPackage"):
        for value in _slots(package).get("intendedRecipient", []):
            found |= dict.fromkeys(mail_addresses_in(value))
    return tuple(found)


def _external_identifiers(item: Element) -> dict[str, str]:
    found: dict[str, str] = {}
    for child in item:
        if local_name(child) == "ExternalIdentifier":
            scheme = str(child.get("identificationScheme") or "")
            found.setdefault(scheme, str(child.get("value") or ""))
    return found


def _slots(item: Element) -> dict[str, list[str]]:
    """Return the values of an object's own slots, not of its classifications'."""
    found: dict[str, list[str]] = {}
    for child in item:
        if local_name(child) == "Slot":
            values = found.setdefault(str(child.get("name") or ""), [])
            for value in _named(child, "Value"):
                if len(values) < _MOST_VALUES:
                    values.append((value.text or "").strip()[:_MOST_VALUE_CHARACTERS])
    return found


def _first(slots: dict[str, list[str]], name: str) -> str:
    return next(iter(slots.get(name, [])), "")


def _named(element: Element, name: str) -> Iterator[Element]:
    # Of any namespace: ebRIM 2.1 is still about, and prefixes are put in the wrong place.
    yield from element.iter(f"{{*}}{name}")
