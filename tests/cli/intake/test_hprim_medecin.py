"""An HPRIM Médecin file is cut into its reports; a header is believed only if it is one."""

from __future__ import annotations

import pytest
from intake_samples import hl7, hprim
from intake_samples.people import ANSELME, ELEONORE

from souspli_cli.intake.errors import BeyondLimitsError, NotThisFormatError
from souspli_cli.intake.hprim_medecin import looks_like_hprim_medecin, read_hprim_medecin
from souspli_cli.intake.limits import DEFAULT_LIMITS, Limits
from souspli_cli.intake.values import Document, File, Finding, Format, Traits

TEXT = "        HÉMATOLOGIE\n\nHémoglobine   13,3 g/dl   12,5 à 15,5\n"


def read_all(content: bytes, *, limits: Limits = DEFAULT_LIMITS) -> tuple[Document, ...]:
    assert looks_like_hprim_medecin(content)
    return read_hprim_medecin(content, name="260815.hpr", limits=limits)


def read(content: bytes) -> Document:
    (document,) = read_all(content)
    assert document.files[-1].content == content
    return document


def test_a_report_gives_traits_date_number_text_and_original() -> None:
    content = hprim.medecin(encoding="utf-8")
    assert read(content) == Document(
        format=Format.HPRIM_MEDECIN,
        files=(
            File(name="260815.txt", media_type="text/plain", content=TEXT.encode(), derived=True),
            File(name="260815.hpr", media_type="text/plain", content=content),
        ),
        traits=Traits(
            used_name="SABLIER",
            given_names="ÉLÉONORE",
            birth_date="1984-07-09",
            local_ids=("LABO.EST|0000004711",),
        ),
        date="2026-01-05",
        report_id="LABO.EST|260815",
    )


@pytest.mark.parametrize("encoding", ["cp1252", "cp850", "mac_roman"])
def test_old_character_sets_are_guessed_and_said_to_be(encoding: str) -> None:
    document = read(hprim.medecin(encoding=encoding))
    assert document.findings == {Finding.CHARSET_GUESSED}
    assert document.traits.given_names == "ÉLÉONORE"
    assert document.files[0].content.decode() == TEXT


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_unicode_in_all_its_forms(encoding: str) -> None:
    document = read(hprim.medecin(encoding=encoding))
    assert not document.findings
    assert document.files[0].content.decode() == TEXT


@pytest.mark.parametrize("line_end", ["\n", "\r", "\r\n", "\r\r\n"])
def test_any_line_end(line_end: str) -> None:
    document = read(hprim.medecin(line_end=line_end))
    assert document.traits.birth_date == "1984-07-09"
    assert document.files[0].content.decode() == TEXT


@pytest.mark.parametrize("encoding", ["cp1252", "utf-16"])
def test_several_patients_get_nothing_of_each_other(encoding: str) -> None:
    people = (ELEONORE, ANSELME)
    texts = ("Premier compte rendu", "Second compte rendu")
    content = hprim.medecin(
        *(
            hprim.medecin_report(person, text=[text], number=str(number), before=["", ""])
            for number, (person, text) in enumerate(zip(people, texts, strict=True))
        ),
        encoding=encoding,
    )
    documents = read_all(content)
    assert [document.files[-1].name for document in documents] == [
        "260815-1.hpr",
        "260815-2.hpr",
    ]
    for own, other, document in zip(texts, reversed(texts), documents, strict=True):
        for file in document.files:
            text = file.content.decode("utf-8" if file.derived else encoding)
            assert own in text
            assert other not in text
    assert [document.traits.used_name for document in documents] == ["SABLIER", "QUENOUILLE"]
    assert [document.report_id for document in documents] == ["LABO.EST|0", "LABO.EST|1"]
    # The part can be read again.
    (again,) = read_all(documents[1].files[-1].content)
    assert again.traits == documents[1].traits


def test_coded_results_are_the_text_where_there_is_no_other() -> None:
    coded = [
        "TEX|BIOCHIMIE",
        "RES|Glycémie|GLY|N|0,91|g/l|0,74|1,06|N|F",
        "RES|CRP|CRP|N|142|mg/l|0|5|H|F",
        "RES||IGET 005|A",
        "TEX",
    ]
    content = hprim.medecin(hprim.medecin_report(text=["", " "], coded=coded), encoding="utf-8")
    assert read(content).files[0].content.decode() == (
        "BIOCHIMIE\nGlycémie : 0,91 g/l (0,74 - 1,06)\nCRP : 142 mg/l (0 - 5) [H]\n"
    )


@pytest.mark.parametrize(
    "report",
    [
        hprim.medecin_report(code=""),
        hprim.medecin_report(code="", before=["", " "]),
        hprim.medecin_report(before=["", "", ""]),
        hprim.medecin_report(mark="****FIN***"),
        hprim.medecin_report(mark="  ****fin****  "),
        hprim.medecin_report(birth_date="09-07-1984"),
    ],
)
def test_a_header_may_begin_late_and_marks_may_be_short(report: list[str]) -> None:
    document = read(hprim.medecin(report))
    assert document.traits.used_name == "SABLIER"
    assert document.traits.birth_date == "1984-07-09"


@pytest.mark.parametrize(
    ("report", "birth_date", "date"),
    [
        (hprim.medecin_report(birth_date="09/07/84"), None, "2026-01-05"),
        (hprim.medecin_report(birth_date=""), None, "2026-01-05"),
        (hprim.medecin_report(report_date=""), "1984-07-09", None),
        (hprim.medecin_report(birth_date="31/02/1984"), None, "2026-01-05"),
        (hprim.medecin_report(birth_date="00/00/1984"), "1984-00-00", "2026-01-05"),
    ],
)
def test_a_date_that_says_too_little_says_nothing(
    report: list[str], birth_date: str | None, date: str | None
) -> None:
    document = read(hprim.medecin(report))
    assert (document.traits.birth_date, document.date) == (birth_date, date)


def test_the_number_of_whoever_is_insured_is_no_identity_of_the_patient() -> None:
    traits = read(hprim.medecin()).traits
    assert traits.ins is None
    assert not any("2840763113042" in number for number in traits.local_ids)


@pytest.mark.parametrize("end", [["****FINFICHIER****"], [], ["", "-- ", "Labo de l'Est"]])
def test_what_stands_behind_the_end(end: list[str]) -> None:
    content = hprim.medecin(end=["****FINFICHIER****", *end])
    assert read(content).traits.used_name == "SABLIER"


def test_the_end_of_the_file_may_be_the_end_of_the_report() -> None:
    content = hprim.medecin(hprim.medecin_report(mark="****FINFICHIER****"), end=[""])
    assert read(content).traits.used_name == "SABLIER"


@pytest.mark.parametrize(
    "content",
    [
        hprim.medecin(hprim.medecin_report(mark=""), end=[""]),
        hprim.medecin(hprim.medecin_report(), hprim.medecin_report(mark=""), end=[""]),
        hprim.medecin(hprim.medecin_report()[1:]),
        hprim.medecin(["Bonjour,", *hprim.medecin_report()]),
        hprim.medecin(hprim.medecin_report(birth_date="", report_date="")),
        hprim.medecin(hprim.medecin_report(birth_date="VILLE")),
        hprim.medecin([*hprim.medecin_report()[:9], "****FIN****"]),
        hprim.medecin(["", "****FIN****"]),
        b"Le fichier finit par\n****FINFICHIER****\n",
        b"\n****FIN****\n",
    ],
)
def test_what_is_cut_off_or_has_no_header_is_not_read(content: bytes) -> None:
    with pytest.raises(NotThisFormatError):
        read_hprim_medecin(content, name="a", limits=DEFAULT_LIMITS)


@pytest.mark.parametrize(
    "content", [b"", b"****", b"FIN", b"un ****FIN**** dedans", hl7.oru(), hprim.sante()]
)
def test_other_files_do_not_look_like_it(content: bytes) -> None:
    assert not looks_like_hprim_medecin(content)


def test_limits_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("souspli_cli.intake.result_text.MOST_TEXT_BYTES", 5_000)
    monkeypatch.setattr("souspli_cli.intake.hprim_medecin.MOST_LINES", 1_000)
    reports = [hprim.medecin_report()] * 3
    with pytest.raises(BeyondLimitsError, match="documents"):
        read_all(hprim.medecin(*reports), limits=Limits(documents=2))
    with pytest.raises(BeyondLimitsError, match="text"):
        read_all(hprim.medecin(hprim.medecin_report(text=["x" * 6_000])))
    with pytest.raises(BeyondLimitsError, match="lines"):
        read_all(hprim.medecin(hprim.medecin_report(text=[""] * 1_000)))
