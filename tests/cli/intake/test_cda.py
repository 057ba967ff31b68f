"""A CDA gives its patient, what it is, what it replaces, and the files inside it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from intake_samples.attachments import JPEG, PNG, WINDOWS_PROGRAM, pdf
from intake_samples.cda import Attached, cda
from intake_samples.people import ALMA, BORIS, LABORATORY, REAL_NIR, TEST_NIR
from properties.profile import examples

from souspli_cli.intake.cda import read_cda
from souspli_cli.intake.errors import BeyondLimitsError, NotThisFormatError
from souspli_cli.intake.limits import DEFAULT_LIMITS, MIB, Limits
from souspli_cli.intake.values import Change, Document, Finding, Format
from souspli_exchange.manifest import Ins, Sex


def read(content: bytes, limits: Limits = DEFAULT_LIMITS) -> Document:
    (document,) = read_cda(content, name="cr.xml", limits=limits)
    return document


def files(document: Document) -> list[tuple[str, str, bytes, bool]]:
    return [(f.name, f.media_type, f.content, f.derived) for f in document.files]


@pytest.mark.parametrize("structured", [False, True])
def test_the_pdf_comes_first_and_the_cda_itself_behind_it(*, structured: bool) -> None:
    content = cda(structured=structured)
    assert files(read(content)) == [
        ("cr.pdf", "application/pdf", pdf(), True),
        ("cr.xml", "application/xml", content, False),
    ]


def test_the_patient_is_named_as_french_profiles_name_one() -> None:
    traits = read(cda()).traits
    assert (traits.birth_name, traits.used_name) == ("MARÉCHAL", "FÉVRIER")
    assert traits.given_names == "ALMA INÈS"
    assert (traits.birth_date, traits.sex) == ("1974-08-21", Sex.FEMALE)
    assert traits.ins == Ins(ALMA.matricule or "", REAL_NIR)
    assert traits.local_ids == (f"{LABORATORY}|A-1001",)


def test_what_the_document_is_comes_from_its_header() -> None:
    document = read(cda(title="  Bilan\n lipidique ", recipients=("dr@cabinet.example",)))
    assert (document.format, document.title) == (Format.CDA, "Bilan lipidique")
    assert (document.kind, document.date) == ("11502-2", "2026-11-26")
    assert document.copies_to == ("dr@cabinet.example",)
    assert not document.findings


def test_a_recipient_who_is_a_patient_gets_no_copy_of_a_practitioner_s() -> None:
    assert read(cda(recipients=("2740875116101@patient.mssante.fr", "no address"))).copies_to == ()


def test_versions_of_a_report_have_its_set_in_common() -> None:
    first = read(cda())
    assert (first.report_id, first.change, first.replaces) == (
        *("1.2.250.1.999.7.3|S-1", Change.NEW, ()),
    )
    second = read(cda(version=2))
    assert (second.change, second.replaces) == (Change.REPLACES, ("1.2.250.1.999.7.3|S-1",))


def test_a_document_without_a_set_is_replaced_by_its_id() -> None:
    first = read(cda(set_id=None))
    assert first.report_id == "1.2.250.1.999.7.2|R-1"
    second = read(cda(set_id=None, document_id="1.2.3|R-2", replaces=first.report_id))
    assert (second.change, second.replaces) == (Change.REPLACES, (first.report_id,))


def test_a_file_is_what_its_bytes_are_whatever_was_declared() -> None:
    document = read(cda(attached=(Attached(content=PNG, media_type="image/jpeg"),)))
    assert files(document)[0] == ("cr.png", "image/png", PNG, True)
    assert document.findings == {Finding.MEDIA_TYPE_DIFFERS}


def test_several_files_come_with_the_pdf_before_the_others() -> None:
    attached = (Attached(content=JPEG, media_type="image/jpeg"), Attached(content=pdf()))
    document = read(cda(attached=attached, structured=True))
    assert [name for name, *_ in files(document)] == ["cr.pdf", "cr.jpg", "cr.xml"]


def test_a_compressed_file_is_unpacked() -> None:
    document = read(cda(attached=(Attached(content=pdf(), compressed=True),)))
    assert files(document)[0] == ("cr.pdf", "application/pdf", pdf(), True)


def test_a_compressed_file_that_was_cut_is_said_and_not_unpacked_by_half() -> None:
    document = read(cda(attached=(Attached(content=pdf(), compressed=True, cut=9),)))
    assert [name for name, *_ in files(document)] == ["cr.xml"]
    assert document.findings == {Finding.BROKEN}


def test_a_program_inside_a_cda_is_said() -> None:
    attached = (Attached(content=WINDOWS_PROGRAM),)
    assert Finding.EXECUTABLE in read(cda(attached=attached)).findings


@pytest.mark.parametrize(
    ("written", "instead", "finding"),
    [
        (b"JVBERi0", b"JVBERi0!", Finding.BASE64_REPAIRED),
        (b"\nJVBERi0", b"\n" + b"\xc2\xa7" * 2_000, Finding.BROKEN),
        (b' representation="B64"', b' representation="B64" compression="XX"', Finding.BROKEN),
        (b' representation="B64"', b' representation="B64" compression="DF"', Finding.BROKEN),
    ],
)
def test_a_file_that_is_damaged_is_said_and_the_cda_travels(
    written: bytes, instead: bytes, finding: Finding
) -> None:
    content = cda().replace(written, instead, 1)
    document = read(content)
    assert finding in document.findings
    assert document.files[-1].content == content


@pytest.mark.parametrize("encoding", ["ISO-8859-1", "windows-1252", "UTF-16"])
def test_accents_survive_every_character_set(encoding: str) -> None:
    document = read(cda(encoding=encoding))
    assert (document.traits.birth_name, document.findings) == ("MARÉCHAL", frozenset())


def test_a_character_set_that_is_not_the_declared_one_is_said() -> None:
    content = cda().decode().encode("cp1252")
    document = read(content)
    assert document.traits.birth_name == "MARÉCHAL"
    assert Finding.CHARSET_GUESSED in document.findings


def test_an_ins_of_test_is_said_and_one_that_contradicts_is_none() -> None:
    of_test = read(cda(ins_oid=TEST_NIR))
    assert of_test.findings == {Finding.INS_OF_TEST}
    assert of_test.traits.ins is not None
    for nir in (BORIS.matricule, "274087511610199", "nothing"):
        refused = read(cda(nir=nir))
        assert refused.findings == {Finding.INS_REFUSED}
        assert refused.traits.ins is None


def test_a_document_about_two_people_is_about_nobody_in_particular() -> None:
    document = read(cda(other_person=BORIS))
    assert document.traits.birth_name is None
    assert document.findings == {Finding.TRAITS_DIFFER}


def test_a_document_about_nobody_says_nothing_of_a_patient() -> None:
    assert read(cda(None)).traits == read(cda(None)).traits.__class__()


def test_what_the_patient_is_not_to_see_is_said() -> None:
    hidden = '<confidentialityCode code="INVISIBLE_PATIENT" codeSystem="1.2.250.1.213.1.1.4.13"/>'
    assert read(cda(inside=hidden)).findings == {Finding.HIDDEN_FROM_PATIENT}


@pytest.mark.parametrize(
    "other",
    [
        *(b"", b"<a/>", b"not xml", pdf()),
        cda(before_root='<!DOCTYPE x [<!ENTITY y SYSTEM "file:///etc/passwd">]>'),
        cda().replace(b"urn:hl7-org:v3", b"urn:hl7-org:v2"),
        cda()[:-30],
    ],
)
def test_what_is_no_cda_is_refused(other: bytes) -> None:
    with pytest.raises(NotThisFormatError):
        read(other)


@pytest.mark.parametrize(
    ("content", "limits"),
    [
        (
            cda(attached=(Attached(content=bytes(MIB), compressed=True),)),
            Limits(unpacked_bytes=MIB - 1),
        ),
        (cda(attached=(Attached(content=bytes(MIB)),)), Limits(unpacked_bytes=MIB // 2)),
        (cda(attached=(Attached(content=pdf()),) * 9, structured=True), Limits(files=9)),
    ],
)
def test_files_beyond_a_limit_are_refused(content: bytes, limits: Limits) -> None:
    with pytest.raises(BeyondLimitsError):
        read(content, limits)


@examples(20)
@given(st.data())
def test_no_change_to_a_cda_raises_anything_but_our_own_errors(data: st.DataObject) -> None:
    content = cda(replaces="1|2", recipients=("a@b.example",), structured=data.draw(st.booleans()))
    at = data.draw(st.integers(0, len(content)))
    end = at + data.draw(st.integers(0, 60))
    changed = content[:at] + data.draw(st.binary(max_size=20)) + content[end:]
    try:
        document = read(changed)
    except (NotThisFormatError, BeyondLimitsError):
        return
    assert document.files[-1].content == changed
