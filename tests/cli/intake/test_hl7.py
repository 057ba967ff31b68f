"""An HL7 v2 message becomes a document: who it is about, what it is, its files, its original."""

from __future__ import annotations

from dataclasses import replace

import pytest
from intake_samples import hl7
from intake_samples.contents import CDA, pdf
from intake_samples.people import ANSELME, ELEONORE, NOBODY_S_NUMBER, TEST_NIR, matricule

from souspli_cli.intake.errors import BeyondLimitsError, NotThisFormatError
from souspli_cli.intake.hl7 import looks_like_hl7, read_hl7
from souspli_cli.intake.limits import DEFAULT_LIMITS, Limits
from souspli_cli.intake.values import Change, Document, File, Finding, Format, Traits
from souspli_exchange.filenames import check_names
from souspli_exchange.manifest import Ins, Priority, Sex

HER_TRAITS = Traits(
    birth_name="MOULINET",
    used_name="SABLIER",
    given_names="ÉLÉONORE MARIE",
    birth_date="1984-07-09",
    sex=Sex.FEMALE,
    ins=Ins(matricule("2840763113042"), "1.2.250.1.213.1.4.8"),
    local_ids=("1.2.250.1.999.1|L-4711",),
)


def read_all(content: bytes, *, limits: Limits = DEFAULT_LIMITS) -> tuple[Document, ...]:
    assert looks_like_hl7(content)
    documents = read_hl7(content, name="resultat.hl7", limits=limits)
    for document in documents:
        check_names([file.name for file in document.files])
    return documents


def read(content: bytes) -> Document:
    (document,) = read_all(content)
    return document


def test_an_oru_gives_traits_title_kind_date_number_and_files() -> None:
    message = hl7.oru()
    assert read(message) == Document(
        format=Format.HL7_V2,
        files=(
            File(name="resultat.pdf", media_type="application/pdf", content=pdf(), derived=True),
            File(name="resultat.hl7", media_type="text/plain", content=message),
        ),
        traits=HER_TRAITS,
        title="CR d'examens biologiques",
        kind="11502-2",
        date="2026-01-05",
        report_id="LABO-EST|2026-0815",
    )


def test_an_mdm_is_known_by_its_document_s_number() -> None:
    document = read(hl7.mdm())
    assert document.report_id == "LABO-EST|1.2.250.1.999.1.58132"
    assert (document.kind, document.date, document.change) == ("11502-2", "2026-01-05", Change.NEW)
    assert document.files[0].content == pdf()


@pytest.mark.parametrize("event", ["T01", "T05", "T06"])
def test_events_that_announce_or_add_are_new(event: str) -> None:
    document = read(hl7.mdm(event=event, parent="1.2.3.1^^1.2.250.9^ISO"))
    assert (document.change, document.replaces) == (Change.NEW, ())


@pytest.mark.parametrize("event", ["T07", "T08", "T09", "T10"])
def test_a_replacing_document_names_its_parent(event: str) -> None:
    document = read(
        hl7.mdm(event=event, document="8132^^1.2.250.9^ISO", parent="8131^^1.2.250.9^ISO")
    )
    assert document.report_id == "1.2.250.9|8132"
    assert (document.change, document.replaces) == (Change.REPLACES, ("1.2.250.9|8131",))


def test_a_changed_status_replaces_the_document_itself() -> None:
    document = read(hl7.mdm(event="T04"))
    assert document.change is Change.REPLACES
    assert document.replaces == (document.report_id,)


@pytest.mark.parametrize(
    "message",
    [
        hl7.mdm(event="T11"),
        hl7.mdm(event="T04", control="CA", results=[hl7.ed(status="D")]),
        hl7.mdm(event="T04", results=[hl7.ed(status="D"), hl7.about_transport("DESTDMP")]),
        hl7.mdm(event="T04", availability="CA"),
        hl7.oru(control="CA"),
        hl7.oru(results=[hl7.ed(status="D")]),
        hl7.oru(results=[hl7.ed(status="W")]),
    ],
)
def test_a_deletion_withdraws_and_nothing_is_derived_once_more(message: bytes) -> None:
    document = read(message)
    assert document.change is Change.WITHDRAWS
    assert document.replaces == (document.report_id,)
    assert [file.content for file in document.files] == [message]


@pytest.mark.parametrize(
    "message",
    [
        hl7.oru(results=[hl7.ed(status="C")]),
        hl7.oru(control="RO"),
        hl7.oru(report_status="C"),
        hl7.oru(results=[hl7.result("A", "1"), hl7.result("B", "2", status="D")]),
    ],
)
def test_a_correction_replaces_the_report_of_the_same_number(message: bytes) -> None:
    document = read(message)
    assert (document.change, document.replaces) == (Change.REPLACES, ("LABO-EST|2026-0815",))
    assert document.files[0].derived


def test_a_report_without_any_number_says_that_it_corrects_and_not_what() -> None:
    document = read(hl7.oru(number="", results=[hl7.ed(status="C")]))
    assert document.report_id is None
    assert (document.change, document.replaces) == (Change.REPLACES, ())


@pytest.mark.parametrize(
    ("message", "priority"),
    [
        (hl7.oru(), Priority.ROUTINE),
        (hl7.oru(priority="S"), Priority.URGENT),
        (hl7.oru(priority="A"), Priority.SOON),
        (hl7.oru(more=["TQ1|1||||||||S^Stat"]), Priority.URGENT),
        (hl7.oru(priority="A", more=["TQ1|1||||||||R"]), Priority.SOON),
        (hl7.oru(more=["OBR|2||N2|X^Y^L" + "|" * 23 + "1^^^^^S"]), Priority.URGENT),
    ],
)
def test_the_most_pressing_priority_counts(message: bytes, priority: Priority) -> None:
    assert read(message).priority is priority


def test_copies_go_to_practitioners_that_the_message_names_and_to_nobody_else() -> None:
    her = f"{matricule('2840763113042')}^MOULINET^ÉLÉONORE^^^^^^1.2.250.1.213.1.4.8^L^^^INS"
    document = read(
        hl7.oru(
            more=[
                hl7.prt("paul.dupre@cabinet.mssante.example", person="801^DUPRE^PAUL"),
                hl7.prt("paul.dupre@cabinet.mssante.example"),
                hl7.prt("service@hopital.example"),
                hl7.prt("labo@labo.example", role="SB^Send by^participation"),
                hl7.prt("labo@labo.example", role="REPLY^Reply to^participation"),
                hl7.prt("28407@patient.mssante.fr"),
                hl7.prt("eleonore@example.org", person=her),
                hl7.prt("not an address"),
                hl7.prt("two@a.example,three@b.example"),
            ]
        )
    )
    assert document.copies_to == (
        "paul.dupre@cabinet.mssante.example",
        "service@hopital.example",
    )


def test_what_is_hidden_from_the_patient_is_for_a_person_to_decide() -> None:
    for code in ("INVISIBLE_PATIENT", "INVISIBLE_REP_LEGAUX"):
        assert read(hl7.oru(more=[hl7.about_transport(code)])).findings == {
            Finding.HIDDEN_FROM_PATIENT
        }
        assert not read(hl7.oru(more=[hl7.about_transport(code, "N")])).findings


def test_words_for_a_mail_s_body_are_no_file_of_the_report() -> None:
    mail = hl7.ed(b"Cher confrere", code="CORPSMAIL_PS^Corps du mail^MetaDMPMSS", subtype="")
    assert [file.content for file in read(hl7.oru(more=[mail])).files[:-1]] == [pdf()]


def test_several_files_have_names_of_their_own() -> None:
    document = read(hl7.oru(results=[hl7.ed(pdf("1")), hl7.ed(pdf("2")), hl7.ed(CDA)]))
    assert [(file.name, file.media_type) for file in document.files] == [
        ("resultat.pdf", "application/pdf"),
        ("resultat (2).pdf", "application/pdf"),
        ("resultat.xml", "application/xml"),
        ("resultat.hl7", "text/plain"),
    ]
    assert [file.derived for file in document.files] == [True, True, True, False]


def test_values_become_a_text_with_their_units_bounds_flags_and_remarks() -> None:
    document = read(
        hl7.oru(
            service="NFS^Numération^L",
            results=[
                hl7.result("Hémoglobine", "13.3", unit="g/dl", bounds="12.5 - 15.5", flag="N"),
                hl7.result("CRP", "142", unit="mg/l", bounds="< 5", flag="HH"),
                "NTE|1||Contrôlé deux fois~Appelé",
                hl7.result("Culture", "112^Escherichia coli^L", kind="CE"),
                hl7.result("Anticorps", ">^100", kind="SN"),
                hl7.result("Aspect", "Limpide", kind="ST"),
                hl7.result("Conclusion", "Rien\\.br\\à signaler", kind="FT"),
                hl7.result("Image", "http://pacs.example/1^^IM^PICT", kind="RP"),
            ],
        )
    )
    assert document.files[0].name == "resultat.txt"
    assert document.files[0].content.decode() == (
        "Numération\n"
        "Hémoglobine : 13.3 g/dl (12.5 - 15.5)\n"
        "CRP : 142 mg/l (< 5) [HH]\n"
        "    Contrôlé deux fois\n"
        "    Appelé\n"
        "Culture : Escherichia coli\n"
        "Anticorps : >100\n"
        "Aspect\nLimpide\n"
        "Conclusion\nRien\nà signaler\n"
    )


def test_lines_of_one_text_have_one_label() -> None:
    lines = [hl7.result("Texte", line, kind="TX") for line in ("un", "", "deux")]
    report = read(hl7.oru(service="", results=lines)).files[0].content
    assert report == b"Texte\nun\n\ndeux\n"


def test_a_file_makes_the_text_of_the_values_needless() -> None:
    document = read(hl7.oru(results=[hl7.result("CRP", "142"), hl7.ed()]))
    assert [file.media_type for file in document.files[:-1]] == ["application/pdf"]


def test_a_message_without_results_is_its_original_alone() -> None:
    message = hl7.mdm(event="T01", results=[])
    assert [file.content for file in read(message).files] == [message]


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


@pytest.mark.parametrize(
    ("services", "kind", "title"),
    [
        (["11502-2^Biologie^LN"], "11502-2", "Biologie"),
        (["NFS^Numération^L^58410-2^CBC^LN"], "58410-2", "Numération"),
        (["NFS^Numération^L"], "11502-2", "Numération"),  # of the file's own code
        (["11502-3^Clé fausse^LN"], "11502-2", "Clé fausse"),
        (["58410-2^A^LN", "11502-2^B^LN"], None, "A, B"),
        (["58410-2^A^LN", "58410-2^A^LN"], "58410-2", "A"),
        (["58410-2^A^LN", "NFS^B^L"], None, "A, B"),
    ],
)
def test_kind_and_title_of_what_was_ordered(
    services: list[str], kind: str | None, title: str
) -> None:
    more = [f"OBR|{n}||N{n}|{service}" for n, service in enumerate(services[1:], start=2)]
    document = read(hl7.oru(service=services[0], more=more))
    assert (document.kind, document.title) == (kind, title)


def test_the_date_is_when_it_was_taken_or_else_observed() -> None:
    assert read(hl7.oru(taken="20260103")).date == "2026-01-03"
    assert read(hl7.oru(taken="", results=[hl7.result("A", "1")])).date == "2026-01-05"
    assert read(hl7.oru(taken="")).date is None


# --- what it is not ------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["ADT^A08", "ACK", "ORM^O01", "", "oru_r01"])
def test_another_message_is_no_report(kind: str) -> None:
    with pytest.raises(NotThisFormatError):
        read_all(hl7.oru(kind=kind))


@pytest.mark.parametrize(
    "content", [b"", b"MSH", b"MSHX|^~\\&|", b"PID|1", b"%PDF-1.4", b"Bonjour\rMSH|^~\\&|"]
)
def test_another_file_does_not_look_like_it(content: bytes) -> None:
    assert not looks_like_hl7(content)
    with pytest.raises(NotThisFormatError):
        read_hl7(content, name="a", limits=DEFAULT_LIMITS)


@pytest.mark.parametrize("header", [b"MSH||", b"MSH|AB|", b"MSH|^^|", b"MSH|^~\\&", b"FHS|^~\\&|"])
def test_a_broken_header_is_none(header: bytes) -> None:
    assert looks_like_hl7(header)
    with pytest.raises(NotThisFormatError):
        read_hl7(header, name="a", limits=DEFAULT_LIMITS)


@pytest.mark.parametrize(
    ("content", "limits", "name"),
    [
        (hl7.batch([hl7.oru()] * 3), Limits(documents=2), "documents"),
        (hl7.several_patients(*[ELEONORE] * 3), Limits(documents=2), "documents"),
        (hl7.oru(results=[hl7.ed()] * 3), Limits(files=3), "files"),
        (hl7.oru(), Limits(unpacked_bytes=len(pdf()) - 1), "unpacked_bytes"),
        (hl7.batch([hl7.oru()] * 3), Limits(unpacked_bytes=2 * len(pdf())), "unpacked_bytes"),
    ],
)
def test_limits_are_kept(content: bytes, limits: Limits, name: str) -> None:
    with pytest.raises(BeyondLimitsError, match=name):
        read_all(content, limits=limits)


def test_limits_are_reached() -> None:
    assert read_all(hl7.batch([hl7.oru()] * 3), limits=Limits(documents=3))
    assert read_all(hl7.oru(results=[hl7.ed()] * 3), limits=Limits(files=4))
