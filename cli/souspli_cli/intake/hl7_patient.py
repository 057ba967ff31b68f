"""PID: who a message is about (docs/specs/intake.md §5.2)."""

from __future__ import annotations

from typing import Final

from souspli_cli.intake.cleaning import clean_birth_date, clean_text
from souspli_cli.intake.contact import contact_of_pid
from souspli_cli.intake.delimited import Part
from souspli_cli.intake.ins import INS_OIDS, NIA_OID, check_ins
from souspli_cli.intake.values import Finding, Traits
from souspli_exchange.manifest import Ins, Sex

# PID-5's types (table 0200). In France `L` is the name of birth; untyped, it may be any.
_BIRTH_TYPES: Final = ("B", "M", "L")
_USED_TYPES: Final = ("D", "")
# PID-3's types (table 0203) whose numbers others than the laboratory give: of the nation,
# of insurances, of papers.
_NOT_LOCAL: Final = frozenset(
    {"INS", "INS-NIR", "INS-NIA", "INS-C", "NH", "NI", "NIR", "SS", "SN", "PC", "HC", "PPN", "DL"}
)
_SEXES: Final = {"M": Sex.MALE, "F": Sex.FEMALE}


def read_patient(pid: Part, *, facility: str | None) -> tuple[Traits, frozenset[Finding]]:
    """Return what a PID segment says, and what is wrong with it.

    `facility` (MSH-4) is who gave out a number that names nobody else.
    """
    birth_name, used_name, given_names, differ = _read_names(pid.field(5))
    traits = Traits(
        birth_name=birth_name,
        used_name=used_name,
        given_names=given_names,
        birth_date=clean_birth_date(pid.field(7).component(1).clean),
        sex=_read_sex(pid.field(8).component(1).clean),
    )
    ins, local_ids, findings = _read_identifiers(pid.field(3), traits, facility)
    if differ:
        findings |= {Finding.TRAITS_DIFFER}
    address, phone = contact_of_pid(pid)
    return (
        Traits(
            birth_name=traits.birth_name,
            used_name=traits.used_name,
            given_names=traits.given_names,
            birth_date=traits.birth_date,
            sex=traits.sex,
            ins=ins,
            local_ids=local_ids,
            address=address,
            phone=phone,
        ),
        findings,
    )


def _read_names(names: Part) -> tuple[str | None, str | None, str | None, bool]:
    families: dict[str, str] = {}
    given: dict[str, str] = {}
    differ = False
    for name in names.repetitions():
        kind = (name.component(7).clean or "").upper()
        family = name.component(1).subcomponent(1).clean
        if family is not None:
            differ |= families.setdefault(kind, family) != family
        if all_given := _read_given_names(name):
            given.setdefault(kind, all_given)
    birth = next((families[kind] for kind in _BIRTH_TYPES if kind in families), None)
    used = next((families[kind] for kind in _USED_TYPES if kind in families), None)
    if used is None and ("B" in families or "M" in families):
        used = families.get("L")
    order = (*_BIRTH_TYPES, *_USED_TYPES, *given)
    return (
        birth,
        None if used == birth else used,
        next((given[kind] for kind in order if kind in given), None),
        differ,
    )


def _read_given_names(name: Part) -> str | None:
    first, others = name.component(2).clean or "", name.component(3).clean or ""
    words = first.replace(",", " ").split()
    further = others.replace(",", " ").split()
    # French messages repeat the first one in the list of all; others give the rest only.
    whole = further if further[: len(words)] == words else words + further
    return clean_text(" ".join(whole))


def _read_sex(code: str | None) -> Sex | None:
    return None if code is None else _SEXES.get(code.upper(), Sex.UNKNOWN)


def _read_identifiers(
    identifiers: Part, traits: Traits, facility: str | None
) -> tuple[Ins | None, tuple[str, ...], frozenset[Finding]]:
    found: dict[Ins, None] = {}
    local_ids: dict[str, None] = {}
    findings: set[Finding] = set()
    for identifier in identifiers.repetitions():
        number = identifier.component(1).clean
        if number is None:
            continue
        authority = identifier.component(4)
        namespace, oid = authority.subcomponent(1).clean, authority.subcomponent(2).clean
        known = next((given for given in (oid, namespace) if given in INS_OIDS), None)
        kind = (identifier.component(5).clean or "").upper()
        if known is not None:
            ins, why = check_ins(number, known, traits)
            findings |= why
            if ins is not None:
                found[ins] = None
        elif kind not in _NOT_LOCAL:
            local_ids[f"{oid or namespace or facility or ''}|{number}"] = None
    # A number for the time being and the final one may stand together; two of one kind
    # are two people.
    if len({ins.oid for ins in found}) != len(found):
        findings.add(Finding.TRAITS_DIFFER)
    final = sorted(found, key=lambda ins: ins.oid == NIA_OID)
    return (final[0] if final else None), tuple(local_ids), frozenset(findings)
