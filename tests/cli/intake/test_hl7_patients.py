"""Whom an HL7 v2 message is about, and what is each one's of several in one file."""

from __future__ import annotations

from dataclasses import replace

import pytest
from intake_samples import hl7
from intake_samples.attachments import pdf
from intake_samples.hl7_documents import HER_TRAITS, read, read_all
from intake_samples.people import ANSELME, ELEONORE, NOBODY_S_NUMBER, TEST_NIR, matricule

from souspli_cli.intake.errors import NotThisFormatError
from souspli_cli.intake.hl7 import read_hl7
from souspli_cli.intake.limits import DEFAULT_LIMITS
from souspli_cli.intake.values import Finding, Traits
from souspli_exchange.manifest import Ins, Sex


def test_a_batch_gives_each_message_its_own_original() -> None:
    messages = [hl7.oru(), hl7.oru(ANSELME, number="2026-0816")]
    documents = read_all(hl7.batch(messages))
    assert [document.files[-1].content.rstrip() for document in documents] == [
        message.rstrip() for message in messages
    ]
    assert [document.files[-1].name for document in documents] == [
        "resultat-1.hl7",
        "resultat-2.hl7",
    ]
    assert [document.traits.birth_name for document in documents] == ["MOULINET", "QUENOUILLE"]


def test_several_patients_of_one_message_get_nothing_of_each_other() -> None:
    documents = read_all(hl7.several_patients(ELEONORE, ANSELME))
    assert [document.report_id for document in documents] == ["LABO-EST|N1", "LABO-EST|N2"]
    for document, own, other in zip(
        documents, (ELEONORE, ANSELME), (ANSELME, ELEONORE), strict=True
    ):
        original = document.files[-1].content.decode()
        assert own.birth_name in original
        assert other.birth_name not in original
        assert [file.content for file in document.files[:-1]] == [pdf(own.birth_name)]
        # The part is a message that can be read again.
        (again,) = read_hl7(document.files[-1].content, name="a.hl7", limits=DEFAULT_LIMITS)
        assert again.traits == document.traits


def test_results_before_the_first_of_several_patients_are_nobody_s() -> None:
    message = hl7.several_patients(ELEONORE, ANSELME).replace(b"\rPID", b"\rNTE|1||x\rPID", 1)
    with pytest.raises(NotThisFormatError, match="can't be cut"):
        read_all(message)


def test_a_message_without_a_patient_names_nobody() -> None:
    message = hl7.oru().replace(b"\rPID|", b"\rZPI|")
    assert read(message).traits == Traits()


# --- who it is about -----------------------------------------------------------------


def traits_of(pid: str) -> tuple[Traits, frozenset[Finding]]:
    message = hl7.oru().split(b"\r")
    message[1] = pid.encode()
    document = read(b"\r".join(message))
    return document.traits, document.findings


@pytest.mark.parametrize(
    ("names", "birth", "used", "given"),
    [
        ("DURAND^ANNE^^^^^L", "DURAND", None, "ANNE"),
        ("DURAND^ANNE^ANNE LOUISE^^^^L~DURAND^ANNE^^^^^D", "DURAND", None, "ANNE LOUISE"),
        ("MARTIN^ANNE^^^^^D~DURAND^ANNE^LOUISE^^^^L", "DURAND", "MARTIN", "ANNE LOUISE"),
        ("MARTIN^ANNE^^^^^L~DURAND^^^^^^M", "DURAND", "MARTIN", "ANNE"),
        ("MARTIN^ANNE", None, "MARTIN", "ANNE"),
        ("DURAND^JEAN-PAUL^JEAN-PAUL,MARIE^^^^L", "DURAND", None, "JEAN-PAUL MARIE"),
        ("DE LA TOUR&DE LA&TOUR^ANNE^^^^^L", "DE LA TOUR", None, "ANNE"),
        ('""^ANNE^^^^^L', None, None, "ANNE"),
        ("X^Y^^^^^S", None, None, "Y"),
        ("", None, None, None),
    ],
)
def test_names_by_their_types(
    names: str, birth: str | None, used: str | None, given: str | None
) -> None:
    traits, findings = traits_of(f"PID|||||{names}")
    assert (traits.birth_name, traits.used_name, traits.given_names) == (birth, used, given)
    assert not findings


def test_two_names_of_birth_are_two_people() -> None:
    _, findings = traits_of("PID|||||DURAND^ANNE^^^^^L~DUPONT^ANNE^^^^^L")
    assert findings == {Finding.TRAITS_DIFFER}


@pytest.mark.parametrize(
    ("born", "sex", "expected"),
    [
        ("1984", "F", Traits(birth_date="1984-00-00", sex=Sex.FEMALE)),
        ("198407091230", "m", Traits(birth_date="1984-07-09", sex=Sex.MALE)),
        ("09/07/84", "O", Traits(sex=Sex.UNKNOWN)),
        ("", "", Traits()),
    ],
)
def test_birth_date_and_sex(born: str, sex: str, expected: Traits) -> None:
    assert traits_of(f"PID|||||||{born}|{sex}")[0] == expected


def test_an_ins_of_test_is_one_and_says_so() -> None:
    document = read(hl7.oru(replace(ELEONORE, oid=TEST_NIR)))
    assert document.traits.ins == Ins(matricule("2840763113042"), TEST_NIR)
    assert document.findings == {Finding.INS_OF_TEST}


def test_an_ins_of_somebody_else_is_refused() -> None:
    document = read(hl7.oru(replace(ELEONORE, sex="M")))
    assert document.traits.ins is None
    assert document.findings == {Finding.INS_REFUSED}


def test_a_final_number_goes_before_one_for_the_time_being() -> None:
    provisional, final = matricule("7840799100042"), matricule("1840799100042")
    traits, findings = traits_of(
        f"PID|||{provisional}^^^X&1.2.250.1.213.1.4.9&ISO^INS~{final}^^^1.2.250.1.213.1.4.8^INS"
    )
    assert (traits.ins, findings) == (Ins(final, "1.2.250.1.213.1.4.8"), frozenset())


def test_two_numbers_of_one_kind_are_two_people() -> None:
    numbers = "~".join(
        f"{matricule(thirteen)}^^^&1.2.250.1.213.1.4.8&ISO^INS"
        for thirteen in ("2840763113042", "2840763113043")
    )
    assert traits_of(f"PID|||{numbers}")[1] == {Finding.TRAITS_DIFFER}


def test_only_the_laboratory_s_own_numbers_are_local() -> None:
    traits, findings = traits_of(
        "PID|||A1~B2^^^NS^PI~C3^^^NS&1.2.3&ISO^MR~9^^^^NH~284076311304275^^^CNAM^SS~~"
        "284076311304275^^^ASIP-SANTE-INS-NIR^INS-NIR"
    )
    assert traits.local_ids == ("LABO-EST|A1", "NS|B2", "1.2.3|C3")
    assert (traits.ins, findings) == (None, frozenset())


def test_a_patient_without_an_ins_is_still_named() -> None:
    assert read(hl7.oru(NOBODY_S_NUMBER)).traits == replace(HER_TRAITS, ins=None)


# --- what it is ----------------------------------------------------------------------
