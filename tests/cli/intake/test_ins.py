"""A matricule is an INS if its key holds and it is the same person's as the traits."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from intake_samples.people import REAL_NIA, REAL_NIR, TEST_NIR, matricule

from souspli_cli.intake.ins import INS_OIDS, check_ins
from souspli_cli.intake.values import Finding, Traits
from souspli_exchange.manifest import Ins, Sex

WOMAN = matricule("2840763113042")
HER_TRAITS = Traits(birth_date="1984-07-09", sex=Sex.FEMALE)
REFUSED = (None, frozenset({Finding.INS_REFUSED}))


@pytest.mark.parametrize("oid", [REAL_NIR, REAL_NIA])
def test_a_matricule_that_fits_is_an_ins(oid: str) -> None:
    ins, findings = check_ins(WOMAN, oid, HER_TRAITS)
    assert (ins, findings) == (Ins(WOMAN, oid), frozenset())


@pytest.mark.parametrize("thirteen", ["151122A004017", "151122B004017"])
def test_corsica_s_letters_count_in_the_key(thirteen: str) -> None:
    ins, _ = check_ins(matricule(thirteen), REAL_NIR, Traits(birth_date="1951-12-24"))
    assert ins == Ins(matricule(thirteen), REAL_NIR)


def test_spaces_and_small_letters_are_how_people_write_it() -> None:
    ins, _ = check_ins("1 51 12 2a 004 017 " + matricule("151122A004017")[13:], REAL_NIR, Traits())
    assert ins == Ins(matricule("151122A004017"), REAL_NIR)


@pytest.mark.parametrize("oid", [TEST_NIR, "1.2.250.1.213.1.4.11"])
def test_a_test_oid_is_said(oid: str) -> None:
    ins, findings = check_ins(WOMAN, oid, HER_TRAITS)
    assert (ins, findings) == (Ins(WOMAN, oid), frozenset({Finding.INS_OF_TEST}))


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        WOMAN[:13],  # without its key there is nothing to check
        WOMAN[:14] + str((int(WOMAN[14]) + 1) % 10),
        WOMAN[:12] + str((int(WOMAN[12]) + 1) % 10) + WOMAN[13:],
        WOMAN + "0",
        WOMAN.replace("63", "2C"),
        "٢" + WOMAN[1:],  # a digit of another script
        WOMAN.replace("0", "."),
        "2" * 5_000,
    ],
)
def test_a_wrong_key_or_form_is_refused(wrong: str) -> None:
    assert check_ins(wrong, REAL_NIR, HER_TRAITS) == REFUSED


@pytest.mark.parametrize(
    "traits",
    [
        Traits(birth_date="1984-07-09", sex=Sex.MALE),
        Traits(birth_date="1985-07-09", sex=Sex.FEMALE),
        Traits(birth_date="1984-08-09", sex=Sex.FEMALE),
        Traits(birth_date="1984-08-00"),
        Traits(sex=Sex.MALE),
    ],
)
def test_a_matricule_of_somebody_else_is_refused(traits: Traits) -> None:
    assert check_ins(WOMAN, REAL_NIR, traits) == REFUSED


@pytest.mark.parametrize(
    "traits",
    [
        Traits(),
        Traits(sex=Sex.UNKNOWN),
        Traits(birth_date="1984-00-00", sex=Sex.FEMALE),
        Traits(birth_date="1984-07-00"),
    ],
)
def test_what_the_traits_do_not_say_contradicts_nothing(traits: Traits) -> None:
    ins, findings = check_ins(WOMAN, REAL_NIR, traits)
    assert (ins, findings) == (Ins(WOMAN, REAL_NIR), frozenset())


@pytest.mark.parametrize(("month", "first"), [("20", "7"), ("35", "3"), ("99", "1")])
def test_incomplete_civil_records_have_months_that_nobody_is_born_in(
    month: str, first: str
) -> None:
    number = matricule(f"{first}84{month}99139042")
    ins, _ = check_ins(number, REAL_NIR, Traits(birth_date="1984-12-31", sex=Sex.MALE))
    assert ins is not None


def test_another_oid_is_another_number() -> None:
    assert check_ins(WOMAN, "1.2.250.1.213.1.4.2", HER_TRAITS) == (None, frozenset())
    assert check_ins("anything", "", HER_TRAITS) == (None, frozenset())


@given(st.text(max_size=20), st.sampled_from(sorted(INS_OIDS)))
def test_anything_gives_an_ins_or_a_refusal(text: str, oid: str) -> None:
    ins, findings = check_ins(text, oid, Traits())
    assert (ins is None) == (Finding.INS_REFUSED in findings)
