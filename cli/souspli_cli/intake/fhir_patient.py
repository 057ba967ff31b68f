"""A FHIR Patient as traits (docs/specs/intake.md §9)."""

from __future__ import annotations

from typing import Final

from souspli_cli.intake.cleaning import clean_birth_date, clean_text
from souspli_cli.intake.fhir_resources import NOTHING, Resource, many, one, text_at, texts
from souspli_cli.intake.ins import INS_OIDS
from souspli_cli.intake.patient import given_names_of, sex_of, with_numbers
from souspli_cli.intake.values import Finding, Traits

_BIRTH_USES: Final = ("official", "", "maiden")
_USED_USES: Final = ("usual",)
_ALL_GIVEN_NAMES: Final = "birth-list-given-name"
"""The end of the French core profile's extension: all names of the birth certificate."""


def patient_of(patient: Resource) -> tuple[Traits, frozenset[Finding]]:
    """Return what a Patient says of the person, and what was found about it."""
    by_use: dict[str, Resource] = {}
    for name in many(patient, "name"):
        by_use.setdefault(text_at(name, "use"), name)
    birth = _first(by_use, ("maiden", *_BIRTH_USES))
    used = _first(by_use, _USED_USES)
    birth_name = clean_text(text_at(birth, "family"))
    used_name = clean_text(text_at(used, "family"))
    given = _given(birth) or _given(used)
    traits = Traits(
        birth_name=birth_name,
        used_name=None if used_name == birth_name else used_name,
        given_names=given,
        birth_date=clean_birth_date(text_at(patient, "birthDate").replace("-", "")),
        sex=sex_of(text_at(patient, "gender")),
    )
    return with_numbers(traits, identifiers_of(patient))


def identifiers_of(resource: Resource) -> list[tuple[str, str]]:
    """Return (authority, number) of a resource's identifiers; an OID without its `urn:oid:`."""
    found: list[tuple[str, str]] = []
    for identifier in many(resource, "identifier"):
        value = text_at(identifier, "value").strip()
        system = text_at(identifier, "system").strip().removeprefix("urn:oid:")
        if value and text_at(identifier, "use") != "old":
            found.append((system, value))
    return found


def logical_patient(reference: Resource) -> tuple[Traits, frozenset[Finding]]:
    """Return what a reference says of a patient who is not in the file: a number alone."""
    identifier = one(reference, "identifier")
    number = identifiers_of({"identifier": [identifier]}) if identifier else []
    return with_numbers(Traits(), [item for item in number if item[0] in INS_OIDS or item[0]])


def _given(name: Resource) -> str | None:
    for extension in many(name, "extension"):
        if text_at(extension, "url").endswith(_ALL_GIVEN_NAMES):
            return given_names_of(
                next(iter(texts(name, "given")), None), [text_at(extension, "valueString")]
            )
    return given_names_of(None, texts(name, "given"))


def _first(by_use: dict[str, Resource], uses: tuple[str, ...]) -> Resource:
    return next((by_use[use] for use in uses if use in by_use), NOTHING)
