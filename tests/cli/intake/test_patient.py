"""Whether two documents are about one person, and what their numbers and names say."""

from dataclasses import replace

import pytest
from intake_samples.people import ALMA, REAL_NIA, REAL_NIR, matricule

from souspli_cli.intake.patient import (
    Likeness,
    about_one_patient,
    completed,
    given_names_of,
    likeness,
    with_numbers,
)
from souspli_cli.intake.values import Document, Finding, Format, Traits
from souspli_exchange.manifest import Ins, Sex

INS = Ins(ALMA.matricule or "", REAL_NIR)
OTHER_INS = Ins(matricule("2740875116102"), REAL_NIR)
WHOLE = Traits(
    birth_name="MARÉCHAL",
    used_name="FÉVRIER",
    given_names="ALMA INÈS",
    birth_date="1974-08-21",
    sex=Sex.FEMALE,
    ins=INS,
    local_ids=("labo|1",),
)
NUMBERLESS = replace(WHOLE, ins=None, local_ids=())


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        (WHOLE, Likeness.SAME),
        (NUMBERLESS, Likeness.SAME),
        (replace(NUMBERLESS, birth_name="Marechal", given_names="Alma"), Likeness.SAME),
        (replace(NUMBERLESS, sex=Sex.UNKNOWN), Likeness.SAME),
        (Traits(ins=INS), Likeness.SAME),
        (Traits(local_ids=("labo|1",)), Likeness.SAME),
        (Traits(used_name="AUTRE", ins=INS, birth_name="MARÉCHAL"), Likeness.SAME),
        (Traits(), Likeness.UNKNOWN),
        (Traits(birth_name="MARÉCHAL"), Likeness.UNKNOWN),
        (replace(NUMBERLESS, given_names=None), Likeness.UNKNOWN),
        (replace(NUMBERLESS, birth_date=None), Likeness.UNKNOWN),
        (replace(WHOLE, ins=OTHER_INS), Likeness.DIFFERENT),
        (replace(WHOLE, birth_date="1974-08-22"), Likeness.DIFFERENT),
        (replace(WHOLE, birth_name="OLIVETTI"), Likeness.DIFFERENT),
        (replace(WHOLE, given_names="BRUNE"), Likeness.DIFFERENT),
        (replace(WHOLE, sex=Sex.MALE), Likeness.DIFFERENT),
        (Traits(used_name="OLIVETTI"), Likeness.DIFFERENT),
        (Traits(used_name="OLIVETTI", ins=INS), Likeness.UNKNOWN),
        (replace(WHOLE, ins=replace(OTHER_INS, oid=REAL_NIA)), Likeness.SAME),
    ],
)
def test_two_people_are_one_only_if_enough_agrees_and_nothing_contradicts(
    other: Traits, expected: Likeness
) -> None:
    assert likeness(WHOLE, other) is expected
    assert likeness(other, WHOLE) is expected


def test_a_twin_is_another_person() -> None:
    assert likeness(NUMBERLESS, replace(NUMBERLESS, given_names="BRUNE")) is Likeness.DIFFERENT


def test_documents_are_about_one_patient_only_if_that_is_certain_of_all() -> None:
    whole, unknown = (Document(format=Format.CDA, files=(), traits=t) for t in (WHOLE, Traits()))
    assert about_one_patient([whole, whole])
    assert about_one_patient([unknown])
    assert not about_one_patient([whole, unknown])
    assert not about_one_patient([unknown, unknown])


def test_what_one_document_does_not_say_another_about_the_same_person_may() -> None:
    assert completed(Traits(birth_name="X", local_ids=("a|1",)), WHOLE) == replace(
        WHOLE, birth_name="X", local_ids=("a|1", "labo|1")
    )


@pytest.mark.parametrize(
    ("first", "others", "together"),
    [
        ("ALMA", ["ALMA INÈS"], "ALMA INÈS"),
        ("Alma", ["ALMA INÈS"], "ALMA INÈS"),
        ("ALMA", ["INÈS"], "ALMA INÈS"),
        ("ANNE", ["ANNE-MARIE LOU"], "ANNE-MARIE LOU"),
        ("ALMA", [], "ALMA"),
        (None, ["A", None, "B"], "A B"),
        (None, [], None),
    ],
)
def test_the_first_name_is_not_said_twice(
    first: str | None, others: list[str | None], together: str | None
) -> None:
    assert given_names_of(first, others) == together


def test_two_numbers_of_one_kind_are_two_people() -> None:
    traits, findings = with_numbers(
        replace(NUMBERLESS), [(REAL_NIR, INS.matricule), (REAL_NIR, OTHER_INS.matricule)]
    )
    assert Finding.TRAITS_DIFFER in findings
    assert traits.ins == INS


def test_a_nir_counts_before_the_nia_of_the_same_person() -> None:
    numbers = [(REAL_NIA, OTHER_INS.matricule), (REAL_NIR, INS.matricule), ("labo", "7")]
    traits, findings = with_numbers(NUMBERLESS, numbers)
    assert (traits.ins, traits.local_ids, findings) == (INS, ("labo|7",), frozenset())
