"""A CDA's header: the patient, what the document is, what it replaces (intake.md §8)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from souspli_cli.intake.addresses import mail_address
from souspli_cli.intake.cleaning import clean_birth_date, clean_date, clean_loinc, clean_text
from souspli_cli.intake.contact import one_address, one_phone
from souspli_cli.intake.patient import given_names_of, sex_of, with_numbers
from souspli_cli.intake.values import Change, Finding, Traits
from souspli_cli.intake.visibility import visibility_of
from souspli_cli.intake.xml import Element, text_of

if TYPE_CHECKING:
    from collections.abc import Iterable

V3: Final = "{urn:hl7-org:v3}"
LOINC_OID: Final = "2.16.840.1.113883.6.1"
_MOST: Final = 50
"""Recipients, related documents, ids, names: more of one kind than any header has."""
_BIRTH: Final = frozenset({"BR"})
_USED: Final = frozenset({"SP", "CL"})
_NUMBER: Final = re.compile(r"[0-9]{1,9}")


def find(element: Element | None, path: str) -> Element | None:
    """Return the first element at a path of local names, all of them of HL7 v3."""
    return None if element is None else element.find(_v3(path))


def find_all(element: Element | None, path: str) -> list[Element]:
    """Return all elements at a path, up to a number that no header has."""
    return [] if element is None else element.findall(_v3(path))[:_MOST]


def _v3(path: str) -> str:
    return "/".join(f"{V3}{step}" for step in path.split("/"))


def patient_of(root: Element) -> tuple[Traits, frozenset[Finding]]:
    """Return the traits of the one patient, and what was found about them.

    A CDA about several people (a mother and her newborn) is about nobody in particular.
    """
    roles = find_all(root, "recordTarget/patientRole")
    if len(roles) != 1:
        several = {Finding.TRAITS_DIFFER} if roles else set[Finding]()
        return Traits(), frozenset(several)
    role = roles[0]
    person = find(role, "patient")
    birth_name, used_name, given_names = _names(find_all(person, "name"))
    telecoms = find_all(role, "telecom")
    sex = find(person, "administrativeGenderCode")
    birth = find(person, "birthTime")
    traits = Traits(
        birth_name=birth_name,
        used_name=used_name,
        given_names=given_names,
        birth_date=clean_birth_date(_attribute(birth, "value")),
        sex=sex_of(_attribute(sex, "code")),
        address=one_address(_attribute(one, "value") for one in telecoms),
        phone=one_phone(
            _attribute(one, "value")
            for one in telecoms
            if "MC" in (_attribute(one, "use") or "").split()
        ),
    )
    return with_numbers(traits, _numbers(find_all(role, "id")))


def _numbers(ids: Iterable[Element]) -> list[tuple[str, str]]:
    found = [(_attribute(item, "root"), _attribute(item, "extension")) for item in ids]
    return [(root, extension) for root, extension in found if root and extension]


def _names(names: list[Element]) -> tuple[str | None, str | None, str | None]:
    """Return birth name, used name and given names.

    A family name without a qualifier is the legal one: in France that of birth.
    """
    families = _qualified(names, "family")
    given = _qualified(names, "given")
    birth = _first(families, _BIRTH) or _first(families, None)
    used = _first(families, _USED)
    lists = [text for qualifiers, text in given if not qualifiers]
    first = _first(given, _BIRTH) or (None if lists else _first(given, _USED))
    return birth, used if used != birth else None, given_names_of(first, lists)


def _qualified(names: list[Element], part: str) -> list[tuple[frozenset[str], str]]:
    """Return the parts of all names with their qualifiers, those of nicknames left out."""
    found: list[tuple[frozenset[str], str]] = []
    for name in names:
        if "P" in (_attribute(name, "use") or "").split():
            continue  # a pseudonym
        for element in find_all(name, part):
            if text := clean_text(text_of(element)):
                qualifiers = frozenset((_attribute(element, "qualifier") or "").split())
                found.append((qualifiers, text))
    return found


def _first(parts: list[tuple[frozenset[str], str]], wanted: frozenset[str] | None) -> str | None:
    for qualifiers, text in parts:
        if not qualifiers if wanted is None else qualifiers & wanted:
            return text
    return None


def title_of(root: Element) -> str | None:
    """Return the document's title."""
    return clean_text(text_of(find(root, "title")))


def kind_of(root: Element) -> str | None:
    """Return the document's LOINC code."""
    code = find(root, "code")
    if code is None:
        return None
    for element in [code, *find_all(code, "translation")]:
        if _attribute(element, "codeSystem") == LOINC_OID:
            return clean_loinc(_attribute(element, "code"))
    return None


def date_of(root: Element) -> str | None:
    """Return the day of the act that is documented, else the document's own."""
    for path in (
        "documentationOf/serviceEvent/effectiveTime/low",
        "documentationOf/serviceEvent/effectiveTime",
        "effectiveTime",
    ):
        if day := clean_date(_attribute(find(root, path), "value")):
            return day
    return None


def hidden_from_patient(root: Element) -> frozenset[Finding]:
    """Return whether the header asks that the patient does not see the document."""
    codes = find_all(root, "confidentialityCode")
    translations = [inner for code in codes for inner in find_all(code, "translation")]
    return visibility_of(_attribute(code, "code") for code in [*codes, *translations])


def report_of(root: Element) -> tuple[str | None, Change, tuple[str, ...]]:
    """Return the report's id, what this version does, and to which reports.

    `setId` is what its versions share; where there is none, the document's own id is all
    that a later one can name.
    """
    set_id = _identifier(find(root, "setId"))
    report_id = set_id or _identifier(find(root, "id"))
    replaced: dict[str, None] = {}
    for related in find_all(root, "relatedDocument"):
        if _attribute(related, "typeCode") != "RPLC":
            continue
        for parent in find_all(related, "parentDocument"):
            named = [*find_all(parent, "setId"), *find_all(parent, "id")]
            replaced |= dict.fromkeys(filter(None, map(_identifier, named)))
            if set_id:
                replaced[set_id] = None
    version = _attribute(find(root, "versionNumber"), "value") or ""
    if not replaced and set_id and _NUMBER.fullmatch(version) and int(version) > 1:
        replaced[set_id] = None
    return report_id, Change.REPLACES if replaced else Change.NEW, tuple(replaced)


def copies_of(root: Element) -> tuple[str, ...]:
    """Return the addresses of the practitioners that the header names as recipients."""
    telecoms = find_all(root, "informationRecipient/intendedRecipient/telecom")
    found = [mail_address(_attribute(telecom, "value")) for telecom in telecoms]
    return tuple(dict.fromkeys(address for address in found if address))


def _identifier(element: Element | None) -> str | None:
    root = _attribute(element, "root")
    if not root:
        return None
    return clean_text(f"{root}|{_attribute(element, 'extension') or ''}")


def _attribute(element: Element | None, name: str) -> str | None:
    value = None if element is None else element.get(name)
    return None if value is None else str(value)
