"""The French national health identity (INS): is a matricule one, and this patient's?

docs/specs/intake.md §2. A matricule is a NIR, or a NIA while the NIR is being given out:
sex, year and month of birth, place, number, and a key of two over all of it. One whose key
is wrong was mistyped; one that contradicts the traits beside it is somebody else's.
"""

from __future__ import annotations

from typing import Final

from stdnum.exceptions import ValidationError
from stdnum.fr import nir

from souspli_cli.intake.values import Finding, Traits
from souspli_exchange.manifest import Ins, Sex
from souspli_exchange.patterns import INS_MATRICULE

NIR_OID: Final = "1.2.250.1.213.1.4.8"
NIA_OID: Final = "1.2.250.1.213.1.4.9"
TEST_OIDS: Final = frozenset({"1.2.250.1.213.1.4.10", "1.2.250.1.213.1.4.11"})
INS_OIDS: Final = frozenset({NIR_OID, NIA_OID}) | TEST_OIDS
"""Of the ANS: who gives the number out. The old calculated INS (`.2`) is none of them."""

# Of the first digit. 3 and 4 are of foreigners, 7 and 8 of numbers still provisional;
# what 5 and 6 once meant says nothing that can be relied on.
_SEXES: Final = {
    **dict.fromkeys("137", Sex.MALE),
    **dict.fromkeys("248", Sex.FEMALE),
}
_UNKNOWN = "00"
_MONTHS: Final = frozenset(f"{month:02}" for month in range(1, 13))


def check_ins(matricule: str, oid: str, traits: Traits) -> tuple[Ins | None, frozenset[Finding]]:
    """Return the INS that `matricule` and `oid` are, and what was found about it.

    Never raises. An OID of something else gives None and no finding: that is another
    number, and nothing is wrong with it. `INS_REFUSED` comes with None, `INS_OF_TEST`
    with the INS.
    """
    if oid not in INS_OIDS:
        return None, frozenset()
    # People space it out as on their card; longer than that it is none.
    compact = matricule.replace(" ", "").upper() if len(matricule) <= 40 else ""
    if not _key_holds(compact) or _contradicts(compact, traits):
        return None, frozenset({Finding.INS_REFUSED})
    found = {Finding.INS_OF_TEST} if oid in TEST_OIDS else set[Finding]()
    return Ins(matricule=compact, oid=oid), frozenset(found)


def _key_holds(matricule: str) -> bool:
    # The form first: stdnum also takes dots, and other scripts' spaces and digits.
    if not INS_MATRICULE.fullmatch(matricule):
        return False
    try:
        nir.validate(matricule)
    except ValidationError:
        return False
    return True


def _contradicts(matricule: str, traits: Traits) -> bool:
    sex = _SEXES.get(matricule[0])
    if sex is not None and traits.sex not in {None, Sex.UNKNOWN, sex}:
        return True
    if traits.birth_date is None:
        return False
    year, month, _ = traits.birth_date.split("-")
    # Months beyond December stand for civil records that don't tell it.
    known = matricule[3:5] in _MONTHS and month != _UNKNOWN
    return matricule[1:3] != year[2:] or (known and matricule[3:5] != month)
