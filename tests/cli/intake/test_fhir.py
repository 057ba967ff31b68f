"""FHIR reports, in JSON or XML, give their attachments and the patient that they refer to."""

import json
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from intake_samples.attachments import PNG, pdf
from intake_samples.fhir import (
    Resource,
    as_json,
    as_xml,
    attachment,
    bundle,
    diagnostic_report,
    document_reference,
    patient,
)
from intake_samples.people import ALMA, BORIS, LABORATORY, REAL_NIR
from properties.profile import examples

from souspli_cli.intake.errors import BeyondLimitsError, NotThisFormatError
from souspli_cli.intake.fhir import read_fhir
from souspli_cli.intake.limits import DEFAULT_LIMITS, Limits
from souspli_cli.intake.values import Change, Document, Finding, Format, Traits
from souspli_exchange.manifest import Ins, Sex

Spelling = Callable[[Resource], bytes]
SPELLINGS = pytest.mark.parametrize("spelled", [as_json, as_xml])


def read(content: bytes, limits: Limits = DEFAULT_LIMITS) -> tuple[Document, ...]:
    return read_fhir(content, name="cr.json", limits=limits)


def one(resource: Resource) -> Document:
    (document,) = read(as_json(resource))
    return document


@SPELLINGS
def test_a_document_reference_gives_its_attachment_and_itself(spelled: Spelling) -> None:
    content = spelled(document_reference())
    (document,) = read(content)
    assert [(f.name, f.content, f.derived) for f in document.files] == [
        ("cr.pdf", pdf(), True),
        ("cr.json", content, False),
    ]
    assert (document.format, document.title) == (Format.FHIR, "Compte rendu de biologie")
    assert (document.kind, document.date) == ("11502-2", "2026-11-26")
    assert (document.report_id, document.change) == ("1.2.250.1.999.7.2|F-1", Change.NEW)
    assert not document.findings


@SPELLINGS
def test_the_patient_is_named_as_the_french_profile_names_one(spelled: Spelling) -> None:
    traits = read(spelled(document_reference()))[0].traits
    assert (traits.birth_name, traits.used_name) == ("MARÉCHAL", "FÉVRIER")
    assert (traits.given_names, traits.birth_date) == ("ALMA INÈS", "1974-08-21")
    assert (traits.sex, traits.ins) == (Sex.FEMALE, Ins(ALMA.matricule or "", REAL_NIR))
    assert traits.local_ids == (f"{LABORATORY}|A-1001",)


@SPELLINGS
def test_a_bundle_s_report_finds_its_patient_in_the_bundle(spelled: Spelling) -> None:
    content = spelled(bundle(patient(), diagnostic_report()))
    (document,) = read(content)
    assert (document.traits.birth_name, document.title) == ("MARÉCHAL", "Biologie")
    assert document.files[0].content == pdf()


@pytest.mark.parametrize(
    "reference",
    ["https://lab.example/fhir/Patient/p", "Patient/p/_history/3", "urn:uuid:1"],
)
def test_references_of_every_kind_are_followed_within_the_file(reference: str) -> None:
    entries = bundle(patient(), diagnostic_report(subject={"reference": reference}))
    entries["entry"][0]["fullUrl"] = "urn:uuid:1"
    assert one(entries).traits.birth_name == "MARÉCHAL"


def test_a_patient_elsewhere_is_known_by_their_number_alone() -> None:
    identifier = {"system": f"urn:oid:{REAL_NIR}", "value": ALMA.matricule}
    subject = {"reference": "Patient/elsewhere", "identifier": identifier}
    traits = one(diagnostic_report(subject=subject)).traits
    assert traits == Traits(ins=Ins(ALMA.matricule or "", REAL_NIR))


def test_an_attachment_elsewhere_is_not_fetched_and_one_in_the_bundle_is_found() -> None:
    elsewhere = {"attachment": {"url": "https://lab.example/a.pdf"}}
    assert len(one(document_reference(content=[elsewhere])).files) == 1
    binary = {"resourceType": "Binary", "id": "b", "data": attachment(pdf())["data"]}
    here = document_reference(content=[{"attachment": {"url": "Binary/b"}}])
    assert one(bundle(here, binary)).files[0].content == pdf()


def test_a_document_reference_and_the_report_that_it_is_of_are_one() -> None:
    assert len(read(as_json(bundle(document_reference(), diagnostic_report())))) == 1


@pytest.mark.parametrize(
    ("changed", "change", "replaces"),
    [
        ({"status": "entered-in-error"}, Change.WITHDRAWS, ("1.2.250.1.999.7.2|F-1",)),
        ({"docStatus": "amended"}, Change.REPLACES, ("1.2.250.1.999.7.2|F-1",)),
        (
            {
                "relatesTo": [
                    {"code": "replaces", "target": {"identifier": {"system": "s", "value": "v"}}}
                ]
            },
            *(Change.REPLACES, ("s|v",)),
        ),
        (
            {"relatesTo": [{"code": "replaces", "target": {"reference": "DocumentReference/0"}}]},
            *(Change.REPLACES, ("reference|DocumentReference/0",)),
        ),
        (
            {
                "relatesTo": [
                    {
                        "code": {"coding": [{"code": "replaces"}]},
                        "target": {"reference": "DocumentReference/d"},
                    }
                ]
            },
            *(Change.REPLACES, ("1.2.250.1.999.7.2|F-1",)),
        ),
        ({"relatesTo": [{"code": "appends", "target": {"reference": "x"}}]}, Change.NEW, ()),
    ],
)
def test_what_a_report_does_to_earlier_ones_is_read(
    changed: Resource, change: Change, replaces: tuple[str, ...]
) -> None:
    document = one(document_reference(**changed))
    assert (document.change, document.replaces) == (change, replaces)


def test_a_composition_is_a_report() -> None:
    composition = {
        "resourceType": "Composition",
        "status": "final",
        "title": "Bilan",
        "date": "2026-11-27",
        "type": {"coding": [{"system": "http://loinc.org", "code": "11502-2"}]},
        "subject": {"reference": "Patient/p"},
    }
    document = one(bundle(composition, patient()))
    assert (document.title, document.traits.birth_name) == ("Bilan", "MARÉCHAL")


def test_a_file_that_is_not_what_was_declared_or_hashed_is_said() -> None:
    wrong = attachment(PNG) | {"hash": "AAAA"}
    document = one(document_reference(content=[{"attachment": wrong}]))
    assert document.findings == {Finding.MEDIA_TYPE_DIFFERS, Finding.HASH_DIFFERS}


def test_two_reports_about_one_patient_are_two_documents() -> None:
    second = diagnostic_report(id="s", presentedForm=[attachment(PNG, "image/png")])
    content = as_json(bundle(patient(), diagnostic_report(), second))
    first, other = read(content)
    assert first.files[-1].content == content
    assert [(f.content, f.derived) for f in other.files] == [(PNG, False)]


def test_what_the_patient_is_not_to_see_is_said() -> None:
    label = {"coding": [{"code": "INVISIBLE_PATIENT"}]}
    document = one(document_reference(securityLabel=[label]))
    assert document.findings == {Finding.HIDDEN_FROM_PATIENT}


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig", "cp1252"])
def test_accents_survive_every_character_set(encoding: str) -> None:
    (document,) = read(as_json(document_reference(), encoding=encoding))
    assert document.traits.birth_name == "MARÉCHAL"
    assert (Finding.CHARSET_GUESSED in document.findings) is (encoding == "cp1252")


@pytest.mark.parametrize(
    "other",
    [
        *(b"", b"{}", b"[]", b"null", b'{"resourceType": 3}', b"<a/>", b"{" * 100_000),
        b'{"resourceType": "Bundle", "resourceType": "DocumentReference"}',
        as_json(patient()),
        as_json(bundle()),
        as_json(bundle(document_reference(), document_reference(BORIS))),
        as_json(bundle(document_reference(None), document_reference(None))),
        as_xml(document_reference()).replace(b"http://hl7.org/fhir", b"urn:x"),
        b'{"resourceType": "DocumentReference", "n": ' + b"1" * 5_000 + b"e}",
    ],
)
def test_what_is_no_fhir_report_or_is_about_several_people_is_refused(other: bytes) -> None:
    with pytest.raises(NotThisFormatError):
        read(other)


@pytest.mark.parametrize(
    ("hostile", "limits"),
    [
        (b'{"resourceType":"Bundle","entry":[' + b"[]," * 500_000 + b"[]]}", DEFAULT_LIMITS),
        (as_json(document_reference(contents=(pdf(),) * 5)), Limits(files=5)),
        (as_json(document_reference(contents=(bytes(1_000),))), Limits(unpacked_bytes=999)),
        (as_json(bundle(patient(), *[diagnostic_report()] * 3)), Limits(documents=2)),
    ],
)
def test_more_than_a_limit_is_refused(hostile: bytes, limits: Limits) -> None:
    with pytest.raises(BeyondLimitsError):
        read(hostile, limits)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["identifier", "coding", "reference", "value", "use", "family", "x"]),
            inner,
            max_size=3,
        )
    ),
    max_leaves=8,
)


@examples(20)
@given(st.data())
def test_any_json_at_any_place_raises_nothing_but_our_own_errors(data: st.DataObject) -> None:
    person, resource = patient(), document_reference()
    person[data.draw(st.sampled_from(sorted(person)))] = data.draw(JSON)
    resource["contained"] = [person]
    resource[data.draw(st.sampled_from(sorted(resource)))] = data.draw(JSON)
    try:
        documents = read(json.dumps(resource).encode())
    except (NotThisFormatError, BeyondLimitsError):
        return
    assert all(document.files for document in documents)
