"""An HL7 v2 message becomes a document: what it is, its files, its original."""

from __future__ import annotations

import pytest
from intake_samples import hl7
from intake_samples.attachments import CDA, pdf
from intake_samples.hl7_documents import HER_TRAITS, read, read_all
from intake_samples.people import ELEONORE, matricule

from souspli_cli.intake.errors import BeyondLimitsError, NotThisFormatError
from souspli_cli.intake.hl7 import looks_like_hl7, read_hl7
from souspli_cli.intake.limits import DEFAULT_LIMITS, Limits
from souspli_cli.intake.values import Change, Document, File, Finding, Format
from souspli_exchange.manifest import Priority


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
    number = matricule("2840763113042")
    by_oid = f"{number}^MOULINET^ÉLÉONORE^^^^^^X&1.2.250.1.213.1.4.8&ISO^L^^^PI"
    by_type = f"{number}^MOULINET^ÉLÉONORE^^^^^^^L^^^INS"
    document = read(
        hl7.oru(
            more=[
                hl7.prt("paul.dupre@cabinet.mssante.example", person="801^DUPRE^PAUL"),
                hl7.prt("paul.dupre@cabinet.mssante.example"),
                hl7.prt("service@hopital.example"),
                hl7.prt("labo@labo.example", role="SB^Send by^participation"),
                hl7.prt("labo@labo.example", role="REPLY^Reply to^participation"),
                hl7.prt("28407@patient.mssante.fr"),
                hl7.prt("eleonore@example.org", person=by_oid),
                hl7.prt("eleonore@example.org", person=by_type),
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
                hl7.result("Image", "http://pacs.example/1", kind="RP"),
                hl7.result("Adresse", "1 RUE^VILLE", kind="AD"),
                hl7.result("Sans type", "7", kind=""),
                hl7.result("Ferritine", "12", status="P"),
                hl7.result("Attente", "en cours", kind="TX", status="I"),
                hl7.result("Effacé", "13", status="D"),
                hl7.result("D'un autre", "14", kind="TX", status="W"),
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
        "    Image : http://pacs.example/1\n"
        "Adresse : 1 RUE^VILLE\n"
        "Sans type : 7\n"
        "Ferritine [statut P] : 12\n"
        "Attente [statut I]\nen cours\n"
    )


def test_a_withdrawn_file_among_others_is_not_derived() -> None:
    document = read(hl7.oru(results=[hl7.ed(pdf("1"), status="W"), hl7.ed(pdf("2"))]))
    assert [file.content for file in document.files[:-1]] == [pdf("2")]
    assert document.change is Change.REPLACES


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
