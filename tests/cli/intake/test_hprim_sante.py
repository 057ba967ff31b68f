"""An HPRIM Santé file is cut into its patients, each with the records that are theirs."""

from __future__ import annotations

import pytest
from intake_samples import hl7, hprim
from intake_samples.people import ANSELME, ELEONORE

from souspli_cli.intake.errors import BeyondLimitsError, NotThisFormatError
from souspli_cli.intake.hprim_sante import looks_like_hprim_sante, read_hprim_sante
from souspli_cli.intake.limits import DEFAULT_LIMITS, Limits
from souspli_cli.intake.values import Change, Document, File, Finding, Format, Traits
from souspli_exchange.manifest import Priority, Sex

TEXT = (
    "Numération\n"
    "Hémoglobine : 13.3 g/dl (12.5 - 15.5)\n"
    "    Prélèvement à jeun\n"
    "Protéine C réactive : 142 mg/l (< 5) [HH]\n"
)


def read_all(content: bytes, *, limits: Limits = DEFAULT_LIMITS) -> tuple[Document, ...]:
    assert looks_like_hprim_sante(content)
    return read_hprim_sante(content, name="R1.hpr", limits=limits)


def read(content: bytes) -> Document:
    (document,) = read_all(content)
    assert document.files[-1].content == content
    return document


def test_a_message_gives_traits_title_date_number_text_and_original() -> None:
    content = hprim.sante(encoding="utf-8")
    assert read(content) == Document(
        format=Format.HPRIM_SANTE,
        files=(
            File(name="R1.txt", media_type="text/plain", content=TEXT.encode(), derived=True),
            File(name="R1.hpr", media_type="text/plain", content=content),
        ),
        traits=Traits(
            birth_name="MOULINET",
            used_name="SABLIER",
            given_names="ÉLÉONORE",
            birth_date="1984-07-09",
            sex=Sex.FEMALE,
            local_ids=("LABEST|L-4711", "DUPRE|R98"),
        ),
        title="Numération, Protéine C réactive",
        date="2026-01-05",
        report_id="LABEST|E260815",
    )


def test_one_name_alone_may_be_any() -> None:
    traits = read(hprim.sante(hprim.sante_patient(ANSELME))).traits
    assert (traits.birth_name, traits.used_name) == (None, "QUENOUILLE")


@pytest.mark.parametrize("signs", ["|~^\\&", "|^~\\&", "|\\^&~", "#!%$*"])
@pytest.mark.parametrize("line_end", ["\r\n", "\n", "\r", "\r\r\n", "\n\n"])
def test_delimiters_of_its_own_and_any_line_end(signs: str, line_end: str) -> None:
    document = read(hprim.sante(signs=signs, line_end=line_end, encoding="utf-8"))
    assert document.traits.birth_name == "MOULINET"
    assert document.title == "Numération, Protéine C réactive"
    assert document.files[0].content.decode() == TEXT


def test_a_continued_line_goes_on_in_the_middle_of_a_field() -> None:
    content = hprim.sante(hprim.sante_patient(report_status="C"))
    assert b"\r\nA|" in content
    assert read(content).change is Change.REPLACES  # which stands behind the break


def test_a_line_end_inside_a_value_breaks_nothing() -> None:
    results = ["OBX|1|TX|T^Texte^L||un\ndeux|||||F", "C|1|L|trois"]
    document = read(hprim.sante(hprim.sante_patient(results=results)))
    assert document.files[0].content.decode() == "Numération\nTexte\nun\ndeux\n    trois\n"


@pytest.mark.parametrize("encoding", ["cp1252", "cp850", "mac_roman"])
def test_old_character_sets_are_guessed_and_said_to_be(encoding: str) -> None:
    document = read(hprim.sante(encoding=encoding))
    assert document.findings == {Finding.CHARSET_GUESSED}
    assert document.traits.given_names == "ÉLÉONORE"
    assert document.files[0].content.decode() == TEXT


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_unicode_in_all_its_forms(encoding: str) -> None:
    document = read(hprim.sante(encoding=encoding))
    assert not document.findings
    assert document.files[0].content.decode() == TEXT


@pytest.mark.parametrize("encoding", ["cp850", "utf-16"])
def test_several_patients_get_nothing_of_each_other(encoding: str) -> None:
    people = (ELEONORE, ANSELME)
    content = hprim.sante(
        *(hprim.sante_patient(person, number=f"E{n}") for n, person in enumerate(people)),
        encoding=encoding,
    )
    documents = read_all(content)
    assert [document.report_id for document in documents] == ["LABEST|E0", "LABEST|E1"]
    names = ("SABLIER", "QUENOUILLE")
    for own, other, document in zip(names, reversed(names), documents, strict=True):
        original = document.files[-1].content.decode(encoding)
        assert own in original
        assert other not in original
        assert original.startswith("H|~^")
        assert original.rstrip().splitlines()[-1].startswith("L|")


def test_several_messages_of_one_file_keep_their_own_delimiters() -> None:
    content = hprim.sante() + hprim.sante(hprim.sante_patient(ANSELME), signs="#!%$*")
    documents = read_all(content)
    assert [document.traits.used_name for document in documents] == ["SABLIER", "QUENOUILLE"]
    assert documents[1].files[-1].content.startswith(b"H#!%$*#")


@pytest.mark.parametrize(
    ("options", "change"),
    [
        ({}, Change.NEW),
        ({"status": "C"}, Change.REPLACES),
        ({"report_status": "C"}, Change.REPLACES),
        ({"status": "D"}, Change.WITHDRAWS),
    ],
)
def test_corrections_and_deletions(options: dict[str, str], change: Change) -> None:
    document = read(hprim.sante(hprim.sante_patient(**options)))  # type: ignore[arg-type]  # texts only
    assert document.change is change
    assert document.replaces == (() if change is Change.NEW else ("LABEST|E260815",))
    assert document.files[0].derived == (change is not Change.WITHDRAWS)


@pytest.mark.parametrize(
    ("code", "priority"),
    [("R", Priority.ROUTINE), ("S", Priority.URGENT), ("U", Priority.URGENT), ("A", Priority.SOON)],
)
def test_priority(code: str, priority: Priority) -> None:
    assert read(hprim.sante(hprim.sante_patient(priority=code))).priority is priority


def test_a_file_that_is_only_named_stays_a_name() -> None:
    results = ["OBX|1|FIC|CR^Compte rendu^L||CR^cr.pdf^PDF|||||F"]
    document = read(hprim.sante(hprim.sante_patient(results=results)))
    assert len(document.files) == 1


@pytest.mark.parametrize(
    "content",
    [
        hprim.sante(kind="ADM"),
        hprim.sante(end=""),
        hprim.sante(end="L|1||2|9"),
        hprim.sante(["OBR|1||N"]),
        hprim.sante() + b"Cordialement\r\n",
        hprim.sante().replace(b"H|~^\\&|", b"H|~~\\&|"),
        hprim.sante(hprim.sante_patient(), hprim.sante_patient(ANSELME)).replace(
            b"\r\nP|", b"\r\nC|1|L|x\r\nP|", 1
        ),
    ],
)
def test_what_is_cut_off_or_can_t_be_cut_is_not_read(content: bytes) -> None:
    assert looks_like_hprim_sante(content)
    with pytest.raises(NotThisFormatError):
        read_hprim_sante(content, name="a", limits=DEFAULT_LIMITS)


@pytest.mark.parametrize("end", ["L|1", "L|1|||9", "L|1||0", "L|1||1|9", "L|1||un"])
def test_an_end_that_counts_right_or_not_at_all(end: str) -> None:
    assert read(hprim.sante(end=end)).traits.birth_name == "MOULINET"


@pytest.mark.parametrize("content", [b"", b"H", b"H|", b"H|~|", hl7.oru(), hprim.medecin()])
def test_other_files_do_not_look_like_it(content: bytes) -> None:
    assert not looks_like_hprim_sante(content)
    with pytest.raises(NotThisFormatError):
        read_hprim_sante(content, name="a", limits=DEFAULT_LIMITS)


def test_limits_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("souspli_cli.intake.hprim_sante_syntax.MOST_LINES", 1_000)
    three = [hprim.sante_patient()] * 3
    with pytest.raises(BeyondLimitsError, match="documents"):
        read_all(hprim.sante(*three), limits=Limits(documents=2))
    with pytest.raises(BeyondLimitsError, match="lines"):
        read_all(hprim.sante(["P|1", *["C|1|L|x"] * 1_000]))
