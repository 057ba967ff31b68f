"""Made-up patients of the messages that the other files here write."""

from __future__ import annotations

from dataclasses import dataclass, replace

from stdnum.fr import nir

REAL_NIR = "1.2.250.1.213.1.4.8"
REAL_NIA = "1.2.250.1.213.1.4.9"
TEST_NIR = "1.2.250.1.213.1.4.10"


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
