"""The patient that a document names: from the codes of its format, and whether two are one.

docs/specs/intake.md §2. What the formats share; each finds names and numbers in its own way.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import fields, replace
from enum import Enum
from typing import Final

from souspli_cli.intake.cleaning import clean_text
from souspli_cli.intake.ins import INS_OIDS, NIR_OID, check_ins
from souspli_cli.intake.values import Document, Finding, Traits
from souspli_exchange.manifest import Ins, Sex

_MOST_NUMBERS: Final = 20
_SEXES: Final = {
    "f": Sex.FEMALE,
    "female": Sex.FEMALE,
    "m": Sex.MALE,
    "male": Sex.MALE,
    **dict.fromkeys(("u", "un", "o", "a", "n", "other", "unknown"), Sex.UNKNOWN),
}


class Likeness(Enum):
    """What two documents' traits say of each other."""

    SAME = "same"
    DIFFERENT = "different"
    UNKNOWN = "unknown"
    """Nothing contradicts, and too little agrees."""


def sex_of(code: str | None) -> Sex | None:
    """Return the sex that a code of HL7 v2, v3 or FHIR means; None if it means none."""
    return _SEXES.get((code or "").strip().lower())


def given_names_of(first: str | None, others: Sequence[str | None]) -> str | None:
    """Return all given names, separated by spaces, `first` once.

    In France the list of a birth certificate stands beside the first of its names.
    """
    names = " ".join(name for name in map(clean_text, others) if name)
    beginning = clean_text(first)
    if beginning and not f"{_folded(names)} ".startswith(f"{_folded(beginning)} "):
        names = f"{beginning} {names}"
    return clean_text(names)


def with_numbers(
    traits: Traits, numbers: Iterable[tuple[str, str]]
) -> tuple[Traits, frozenset[Finding]]:
    """Return `traits` with these (authority, number) as INS and local ids, and what was found."""
    found: dict[str, Ins] = {}
    local: dict[str, None] = {}
    findings: set[Finding] = set()
    for authority, number in list(numbers)[:_MOST_NUMBERS]:
        if authority in INS_OIDS:
            ins, odd = check_ins(number, authority, traits)
            findings |= odd
            if ins is not None and found.setdefault(authority, ins) != ins:
                findings.add(Finding.TRAITS_DIFFER)
        elif text := clean_text(f"{authority}|{number}"):
            local[text] = None
    # Who has a NIR keeps the NIA of the days before it was given out.
    best = found.get(NIR_OID) or next(iter(found.values()), None)
    return replace(traits, ins=best, local_ids=tuple(local)), frozenset(findings)


def likeness(one: Traits, other: Traits) -> Likeness:
    """Say whether two documents are about the same person."""
    if _contradict(one.birth_date, other.birth_date) or _numbers_differ(one.ins, other.ins):
        return Likeness.DIFFERENT
    given, other_given = _given(one), _given(other)
    if given and other_given and given.isdisjoint(other_given):
        return Likeness.DIFFERENT
    if one.sex and other.sex and Sex.UNKNOWN not in {one.sex, other.sex} and one.sex != other.sex:
        return Likeness.DIFFERENT
    same_number = (one.ins and one.ins == other.ins) or not set(one.local_ids).isdisjoint(
        other.local_ids
    )
    families, other_families = _families(one), _families(other)
    if _birth_names_differ(one, other):
        return Likeness.DIFFERENT
    if families and other_families and families.isdisjoint(other_families):
        # A name of birth and one in use may well be one woman's, if her number says so.
        return Likeness.UNKNOWN if same_number else Likeness.DIFFERENT
    # All three, because of twins.
    same_birth = one.birth_date is not None and one.birth_date == other.birth_date
    same_person = same_birth and families & other_families and given & other_given
    return Likeness.SAME if same_number or same_person else Likeness.UNKNOWN


def about_one_patient(documents: Sequence[Document]) -> bool:
    """Say whether it is certain that all of them are about the same person."""
    return all(
        likeness(documents[0].traits, other.traits) is Likeness.SAME for other in documents[1:]
    )


def completed(traits: Traits, other: Traits) -> Traits:
    """Return `traits` with what `other`, about the same person, knows beside it."""
    missing = {
        field.name: getattr(other, field.name)
        for field in fields(Traits)
        if not getattr(traits, field.name)
    }
    local = tuple(dict.fromkeys((*traits.local_ids, *other.local_ids)))
    return replace(traits, **missing | {"local_ids": local})


def _contradict(one: str | None, other: str | None) -> bool:
    return one is not None and other is not None and one != other


def _numbers_differ(one: Ins | None, other: Ins | None) -> bool:
    # A NIR and a NIA may be the same person's.
    return one is not None and other is not None and one.oid == other.oid and one != other


def _families(traits: Traits) -> set[str]:
    return {_folded(name) for name in (traits.birth_name, traits.used_name) if name}


def _birth_names_differ(one: Traits, other: Traits) -> bool:
    return _contradict(
        one.birth_name and _folded(one.birth_name), other.birth_name and _folded(other.birth_name)
    )


def _given(traits: Traits) -> set[str]:
    """Return single names: one document may list the certificate's, another the used one."""
    return set(_folded(traits.given_names or "").split())


def _folded(name: str) -> str:
    """Return capitals without accents: how one name is written by two programs."""
    plain = unicodedata.normalize("NFKD", name).upper()
    return " ".join("".join(c if c.isalnum() else " " for c in plain if not _is_mark(c)).split())


def _is_mark(character: str) -> bool:
    return unicodedata.combining(character) != 0
