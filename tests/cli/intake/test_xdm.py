"""An XDM zip gives each of its documents with the patient that its metadata names."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from intake_samples.attachments import WINDOWS_PROGRAM, pdf
from intake_samples.cda import cda
from intake_samples.people import ALMA, BORIS, LABORATORY, REAL_NIR
from intake_samples.xdm import JUNK, Entry, metadata, with_cda, xdm
from intake_samples.zipped import zipped
from properties.profile import examples

from souspli_cli.intake.errors import BeyondLimitsError, NotThisFormatError
from souspli_cli.intake.limits import DEFAULT_LIMITS, Limits
from souspli_cli.intake.values import Change, Document, Finding, Format
from souspli_cli.intake.xdm import read_xdm
from souspli_exchange.manifest import Ins, Sex

PDF = Entry(uri="DOC1.PDF", content=pdf())


def read(content: bytes, limits: Limits = DEFAULT_LIMITS) -> tuple[Document, ...]:
    return read_xdm(content, name="IHE_XDM.ZIP", limits=limits)


def files(document: Document) -> list[tuple[str, bytes, bool]]:
    return [(file.name, file.content, file.derived) for file in document.files]


def test_a_pdf_travels_with_the_zip_and_what_its_metadata_say() -> None:
    content = xdm((PDF,), recipients=("dr@cabinet.example",))
    (document,) = read(content)
    assert files(document) == [("DOC1.PDF", pdf(), True), ("IHE_XDM.ZIP", content, False)]
    assert (document.format, document.title) == (Format.XDM, "CR d’examens biologiques")
    assert (document.kind, document.date) == ("11502-2", "2026-11-26")
    assert (document.report_id, document.change) == ("1.2.250.1.999.7.2|R-1", Change.NEW)
    assert document.copies_to == ("dr@cabinet.example",)
    assert not document.findings


def test_the_patient_is_the_one_of_the_metadata() -> None:
    traits = read(xdm((PDF,)))[0].traits
    assert (traits.birth_name, traits.used_name) == ("MARÉCHAL", "FÉVRIER")
    assert (traits.given_names, traits.birth_date) == ("ALMA INÈS", "1974-08-21")
    assert (traits.sex, traits.ins) == (Sex.FEMALE, Ins(ALMA.matricule or "", REAL_NIR))
    assert traits.local_ids == (f"{LABORATORY}|A-1001",)


def test_a_cda_inside_is_read_too_and_knows_better() -> None:
    content = xdm()
    (document,) = read(content)
    inner = cda(document_id="1.2.250.1.999.7.2|R-1", set_id=None)
    assert files(document) == [
        ("DOC0001.pdf", pdf(), True),
        ("DOC0001.XML", inner, True),
        ("IHE_XDM.ZIP", content, False),
    ]
    assert document.title == "Compte rendu d'examens biologiques"


def test_metadata_and_document_about_two_people_are_said() -> None:
    entry = Entry(content=cda(BORIS), person=ALMA)
    assert Finding.TRAITS_DIFFER in read(xdm((entry,)))[0].findings


def test_a_cda_that_can_t_be_read_travels_and_is_said() -> None:
    entry = Entry(content=cda()[:-20])
    (document,) = read(xdm((entry,)))
    assert Finding.BROKEN in document.findings
    assert document.files[0].content == entry.content


@pytest.mark.parametrize(
    "entry", [Entry(content=pdf(), sha1="0" * 40), Entry(content=pdf(), size=3)]
)
def test_a_document_that_is_not_the_one_of_the_metadata_is_said(entry: Entry) -> None:
    assert read(xdm((entry,)))[0].findings == {Finding.HASH_DIFFERS}


def test_an_ins_that_contradicts_the_names_is_none() -> None:
    entry = Entry(content=pdf(), nir=BORIS.matricule)
    assert read(xdm((entry,)))[0].findings == {Finding.INS_REFUSED}


@pytest.mark.parametrize(
    ("coding", "code", "kind"),
    [
        ("LOINC", "11502-2", "11502-2"),
        ("2.16.840.1.113883.6.1", "11502-3", None),
        ("1.2.250.1.213.1.1.4.12", "03", None),
    ],
)
def test_a_kind_is_loinc_s_or_none(coding: str, code: str, kind: str | None) -> None:
    entry = Entry(content=pdf(), coding=coding, code=code)
    assert read(xdm((entry,)))[0].kind == kind


def test_a_replaced_document_is_named_by_its_id_here_or_by_its_entry() -> None:
    old = Entry(uri="A.PDF", content=pdf("a"), unique_id="1.2^old")
    new = Entry(uri="B.PDF", content=pdf("b"), unique_id="1.2^new", replaces="D0")
    documents = read(xdm((old, new)))
    assert [document.change for document in documents] == [Change.NEW, Change.REPLACES]
    assert documents[1].replaces == ("1.2|old",)
    later = Entry(content=pdf(), replaces="urn:uuid:6d0c32bb-0000-4000-8000-4d3f5a1b2c3d")
    assert read(xdm((later,)))[0].replaces == (
        "entryUUID|urn:uuid:6d0c32bb-0000-4000-8000-4d3f5a1b2c3d",
    )


@pytest.mark.parametrize(
    ("top", "lower"), [("", True), ("dossier patient/", False), ("a/b/", True)]
)
def test_folders_around_it_and_small_letters_change_nothing(top: str, *, lower: bool) -> None:
    (document,) = read(xdm(top=top, lower=lower))
    assert document.traits.birth_name == "MARÉCHAL"
    assert not document.findings


def test_what_computers_leave_behind_is_said() -> None:
    (document,) = read(xdm((PDF,), extra=JUNK))
    assert document.findings == {Finding.ENTRIES_IGNORED}


def test_files_that_no_metadata_name_travel_with_one_patient() -> None:
    (document,) = read(xdm((PDF,), extra=(("IHE_XDM/SUBSET01/image.png", b"x"),)))
    assert ("image.png", b"x", True) in files(document)


def test_two_documents_about_one_patient_share_one_zip() -> None:
    content = xdm((with_cda(), Entry(uri="B.PDF", content=pdf("b"), unique_id="1.2^b")))
    first, second = read(content)
    assert first.files[-1].content == content
    assert files(second) == [("B.PDF", pdf("b"), False)]


def test_documents_about_two_patients_share_nothing() -> None:
    entries = (with_cda(ALMA), with_cda(BORIS, uri="B.XML", number=2))
    extra = (("IHE_XDM/SUBSET01/whose.png", b"x"),)
    alma, boris, whose = read(xdm(entries, extra=extra))
    assert files(alma)[1] == ("DOC0001.XML", entries[0].content, False)
    assert files(boris)[1] == ("B.XML", entries[1].content, False)
    assert (alma.traits.birth_name, boris.traits.birth_name) == ("MARÉCHAL", "OLIVETTI")
    assert (whose.format, whose.files[0].content) == (Format.PLAIN, b"x")
    assert Finding.TRAITS_DIFFER in whose.findings


def test_a_program_in_the_zip_is_said() -> None:
    extra = (("setup.exe", WINDOWS_PROGRAM),)
    assert Finding.EXECUTABLE in read(xdm((PDF,), extra=extra))[0].findings
    entry = Entry(uri="a.exe", content=WINDOWS_PROGRAM)
    assert Finding.EXECUTABLE in read(xdm((entry,)))[0].findings


def test_several_submission_sets_are_all_read() -> None:
    second = (Entry(uri="Z.PDF", content=pdf("z")),)
    extra = (
        ("IHE_XDM/SUBSET02/METADATA.XML", metadata(second)),
        ("IHE_XDM/SUBSET02/Z.PDF", pdf("z")),
    )
    assert [document.files[0].name for document in read(xdm((PDF,), extra=extra))] == [
        *("DOC1.PDF", "Z.PDF")
    ]


def test_metadata_that_names_a_missing_file_is_said_and_the_zip_travels() -> None:
    content = xdm((Entry(there=False),))
    (document,) = read(content)
    assert files(document) == [("IHE_XDM.ZIP", content, False)]
    assert Finding.BROKEN in document.findings


def test_metadata_without_a_patient_is_about_nobody() -> None:
    (document,) = read(xdm((Entry(content=pdf(), person=None),)))
    assert document.traits.ins is document.traits.birth_name is None


@pytest.mark.parametrize(
    "other",
    [
        *(b"", b"PK\x03\x04", zipped([("a.pdf", pdf())])),
        zipped([("METADATA.XML", b"<a/>")]),
        xdm((PDF, Entry(there=False))),
        xdm(metadata_prefix='<!DOCTYPE x [<!ENTITY y "z">]>'),
    ],
)
def test_what_is_no_xdm_is_refused(other: bytes) -> None:
    with pytest.raises(NotThisFormatError):
        read(other)


def test_more_documents_than_the_limit_are_refused() -> None:
    entries = tuple(Entry(uri=f"{n}.PDF", content=b"%PDF-") for n in range(3))
    with pytest.raises(BeyondLimitsError, match=r"^documents:"):
        read(xdm(entries), Limits(documents=2))


def test_what_the_patient_is_not_to_see_is_said() -> None:
    scheme = "urn:uuid:f4f85eac-e6cb-4883-b524-f2705394840f"
    hidden = (
        f'<Classification classificationScheme="{scheme}" nodeRepresentation="INVISIBLE_PATIENT"/>'
    )
    content = metadata((PDF,)).replace(
        b"</ExtrinsicObject>", hidden.encode() + b"</ExtrinsicObject>"
    )
    (document,) = read(zipped([("METADATA.XML", content), ("DOC1.PDF", pdf())]))
    assert document.findings == {Finding.HIDDEN_FROM_PATIENT}


@examples(20)
@given(st.data())
def test_no_change_to_metadata_raises_anything_but_our_own_errors(data: st.DataObject) -> None:
    content = metadata((PDF, with_cda()), ("a@b.example",))
    at = data.draw(st.integers(0, len(content)))
    end = at + data.draw(st.integers(0, 60))
    changed = content[:at] + data.draw(st.binary(max_size=20)) + content[end:]
    zip_ = zipped([("METADATA.XML", changed), ("DOC1.PDF", pdf()), ("DOC0001.XML", cda())])
    try:
        documents = read(zip_)
    except (NotThisFormatError, BeyondLimitsError):
        return
    assert all(document.files for document in documents)
