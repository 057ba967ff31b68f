"""Made-up patients of what the other files here write, and what laboratories call them."""

from __future__ import annotations

from dataclasses import dataclass, replace

from stdnum.fr import nir

REAL_NIR = "1.2.250.1.213.1.4.8"
REAL_NIA = "1.2.250.1.213.1.4.9"
TEST_NIR = "1.2.250.1.213.1.4.10"
LABORATORY = "1.2.250.1.999.7.1"
"""An OID of nobody: the laboratory's own numbers."""


def matricule(thirteen: str) -> str:
    """Return thirteen characters of a NIR with the key that belongs to them."""
    return thirteen + nir.calc_check_digits(thirteen)


@dataclass(frozen=True, kw_only=True)
class Person:
    """What a laboratory knows of somebody."""

    birth_name: str = "MOULINET"
    used_name: str | None = "SABLIER"
    given_names: str = "ÉLÉONORE MARIE"
    birth_date: str = "1984-07-09"
    sex: str = "F"
    matricule: str | None = matricule("2840763113042")
    oid: str = REAL_NIR
    local_id: str = "L-4711"

    @property
    def compact_birth_date(self) -> str:
        """YYYYMMDD, as HL7 and HPRIM Santé have it."""
        return self.birth_date.replace("-", "")

    @property
    def french_birth_date(self) -> str:
        """DD/MM/YYYY, as HPRIM Médecin has it."""
        return "/".join(reversed(self.birth_date.split("-")))


ELEONORE = Person()
ANSELME = Person(
    birth_name="QUENOUILLE",
    used_name=None,
    given_names="ANSELME",
    birth_date="1951-12-24",
    sex="M",
    matricule=matricule("151122A004017"),
    local_id="L-4712",
)
NOBODY_S_NUMBER = replace(ELEONORE, matricule=None)
ALMA = Person(
    birth_name="MARÉCHAL",
    used_name="FÉVRIER",
    given_names="ALMA INÈS",
    birth_date="1974-08-21",
    sex="F",
    matricule=matricule("2740875116101"),
    local_id="A-1001",
)
BORIS = Person(
    birth_name="OLIVETTI",
    used_name=None,
    given_names="BORIS",
    birth_date="1958-02-03",
    sex="M",
    matricule=matricule("158022A004202"),
    local_id="B-2002",
)


def first_name(person: Person) -> str:
    """Return the first of the given names."""
    return person.given_names.split()[0]
