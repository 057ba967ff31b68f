"""The made-up patients of mails, zips, CDA and FHIR, and what laboratories call them."""

from intake_samples.people import REAL_NIR, Person, matricule

INS_OF_NIR = REAL_NIR
LABORATORY = "1.2.250.1.999.7.1"
"""An OID of nobody: the laboratory's own numbers."""

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
CHLOE = Person(
    birth_name="DE LA TOUR",
    used_name=None,
    given_names="CHLOÉ",
    birth_date="2011-11-30",
    sex="F",
    matricule=matricule("2111175116303"),
    local_id="C-3003",
)
EVERYBODY = (ALMA, BORIS, CHLOE)


def first_name(person: Person) -> str:
    """Return the first of the given names."""
    return person.given_names.split()[0]
