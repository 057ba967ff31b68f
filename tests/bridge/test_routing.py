"""A document goes to exactly one patient, or to a person who looks at it."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from souspli_cli.bridge.routing import (
    Allow,
    Domain,
    Person,
    Target,
    TraitsKey,
    Unclear,
    is_known,
    key_of_person,
    route,
)
from souspli_cli.bridge.slip import DocumentSlip, KeptContents, KeptTraits
from souspli_cli.intake.values import UNCERTAIN, Change, Finding, Format
from souspli_exchange.manifest import Priority, Sex

if TYPE_CHECKING:
    from collections.abc import Sequence

DOMAIN = Domain("pont.labo.example")
MAILBOX = "patients@pont.labo.example"

JEANNE = Person("jeanne@exemple.fr", "Durand", "Martin", "Jeanne Marie", "1961-03-02", "F")
TWIN = Person("jeanne.bis@exemple.fr", "DURAND", None, "Jeanne", "1961-03-02", "F")
PAUL = Person("paul@exemple.fr", "Le Goff-Œuvrard", None, "Paul", "1950-12-11", "M")
HALF = Person("alex@exemple.fr", "Petit", None, "Alex", "1990-00-00", "U")
DOCTOR = Person(
    "anne@medecins.example", "Petit", None, "Anne", "1970-01-01", "F", is_practitioner=True
)


@dataclass
class Book:
    """A `routing.Book` of a few people."""

    people: Sequence[Person]
    ins: dict[str, str] = field(default_factory=dict[str, str])

    def person(self, address: str) -> Person | None:
        return next((one for one in self.people if one.address == address), None)

    def with_traits(self, key: TraitsKey) -> Sequence[Person]:
        return [one for one in self.people if key_of_person(one) == key]

    def with_ins(self, matricule: str) -> Sequence[Person]:
        address = self.ins.get(matricule)
        return [one for one in self.people if one.address == address]


BOOK = Book([JEANNE, PAUL, HALF, DOCTOR])
NOTHING = KeptTraits(
    birth_name=None, used_name=None, given_names=None, birth_date=None, sex=None, ins=None
)
ALL = KeptTraits(
    birth_name="durand",
    used_name=None,
    given_names="JEANNE, Marie",
    birth_date="1961-03-02",
    sex=Sex.FEMALE,
    ins=None,
)
CONTENTS = KeptContents(
    document_key="", files=(), padded_length=1, sealed_length=1, tar_length=1, tree_hash="",
    checksums=(),
)  # fmt: skip


def slip(traits: KeptTraits = NOTHING, **changed: Any) -> DocumentSlip:
    """A slip that says this of its patient."""
    given: dict[str, Any] = {
        "document_id": "0" * 32,
        "contents": CONTENTS,
        "format": Format.PLAIN,
        "traits": traits,
        "title": None,
        "kind": None,
        "date": None,
        "priority": Priority.ROUTINE,
        "report_id": None,
        "change": Change.NEW,
        "replaces": (),
        "copies_to": (),
        "findings": (),
    }
    return DocumentSlip(**given | changed)


def to(*recipients: str, of: DocumentSlip | None = None, book: Book = BOOK) -> Target | Unclear:
    """Route a document."""
    return route(of or slip(), recipients, book=book, domain=DOMAIN)


def test_an_address_of_the_book_is_enough_for_a_document_that_names_nobody() -> None:
    assert to(JEANNE.address) == Target(JEANNE.address)


def test_a_sub_address_means_the_address_in_it() -> None:
    assert to("x+jeanne=exemple.fr@pont.labo.example") == Target(JEANNE.address)
    assert to("x+y=paul=exemple.fr@pont.labo.example") is Unclear.NOBODY
    assert to("x+jeanne=exemple.fr@elsewhere.example") is Unclear.NOBODY


@pytest.mark.parametrize(
    "changed",
    [
        {"birth_name": "Martin"},
        {"given_names": "Marie Jeanne"},
        {"birth_date": "1961-03-03"},
        {"sex": Sex.MALE},
    ],
)
def test_a_document_that_says_something_else_of_its_patient_is_to_be_checked(
    changed: dict[str, Any],
) -> None:
    said = msgspec.structs.replace(ALL, **changed)
    assert to(JEANNE.address, of=slip(said)) is Unclear.CONTRADICTS
    only = msgspec.structs.replace(NOTHING, **changed)
    assert to(JEANNE.address, of=slip(only)) is Unclear.CONTRADICTS


@pytest.mark.parametrize(
    "changed",
    [
        {"birth_name": "DURAND"},
        {"birth_name": None, "used_name": "Martin"},
        {"birth_name": None, "used_name": "Durand"},
        {"used_name": "Dupont"},
        {"given_names": "Jeanne"},
        {"birth_date": "1961-00-00"},
        {"sex": Sex.UNKNOWN},
    ],
)
def test_what_is_left_open_or_spelt_otherwise_contradicts_nobody(changed: dict[str, Any]) -> None:
    said = msgspec.structs.replace(ALL, **changed)
    assert to(JEANNE.address, of=slip(said)) == Target(JEANNE.address)


def test_a_used_name_alone_that_is_neither_contradicts() -> None:
    said = msgspec.structs.replace(NOTHING, used_name="Dupont")
    assert to(JEANNE.address, of=slip(said)) is Unclear.CONTRADICTS


def test_the_routing_mailbox_finds_the_one_patient_with_these_traits() -> None:
    assert to(MAILBOX, of=slip(ALL)) == Target(JEANNE.address)


def test_two_patients_with_these_traits_are_a_person_s_to_tell_apart() -> None:
    assert to(MAILBOX, of=slip(ALL), book=Book([JEANNE, TWIN])) is Unclear.SEVERAL


@pytest.mark.parametrize("missing", ["birth_name", "given_names", "birth_date", "sex"])
def test_one_trait_less_is_too_few_for_the_routing_mailbox(missing: str) -> None:
    said = msgspec.structs.replace(ALL, **{missing: None})
    assert to(MAILBOX, of=slip(said)) is Unclear.NO_TRAITS


@pytest.mark.parametrize("changed", [{"birth_date": "1961-03-00"}, {"sex": Sex.UNKNOWN}])
def test_a_trait_that_is_half_known_is_not_known(changed: dict[str, Any]) -> None:
    assert to(MAILBOX, of=slip(msgspec.structs.replace(ALL, **changed))) is Unclear.NO_TRAITS


def test_a_stranger_is_to_be_checked() -> None:
    said = msgspec.structs.replace(ALL, birth_name="Inconnue")
    assert to(MAILBOX, of=slip(said)) is Unclear.NOBODY
    assert to("nobody@exemple.fr") is Unclear.NOBODY


def test_an_ins_finds_its_patient_if_the_birth_date_is_theirs() -> None:
    book = Book([JEANNE, PAUL], {"261037512345678": JEANNE.address})
    said = msgspec.structs.replace(
        NOTHING, ins=("261037512345678", "1.2.250.1.213.1.4.8"), birth_date="1961-03-02"
    )
    assert to(MAILBOX, of=slip(said), book=book) == Target(JEANNE.address)
    other = msgspec.structs.replace(said, birth_date="1961-03-03")
    assert to(MAILBOX, of=slip(other), book=book) is Unclear.NO_TRAITS


def test_an_ins_that_is_listed_as_another_s_contradicts() -> None:
    book = Book([JEANNE, PAUL], {"261037512345678": PAUL.address})
    said = msgspec.structs.replace(ALL, ins=("261037512345678", "1.2.250.1.213.1.4.8"))
    assert to(JEANNE.address, of=slip(said), book=book) is Unclear.CONTRADICTS
    assert to(MAILBOX, of=slip(said), book=book) is Unclear.CONTRADICTS


def test_two_patients_in_one_envelope_are_not_guessed_apart() -> None:
    assert to(JEANNE.address, PAUL.address, of=slip(ALL)) is Unclear.SEVERAL


def test_a_practitioner_gets_a_copy_beside_the_patient() -> None:
    assert to(JEANNE.address, DOCTOR.address) == Target(JEANNE.address, (DOCTOR.address,))


def test_copies_that_a_document_asks_for_go_to_listed_practitioners_only() -> None:
    asked = slip(ALL, copies_to=("Anne@Medecins.example", "paul@exemple.fr", "x@y.fr", "no"))
    assert to(MAILBOX, of=asked) == Target(JEANNE.address, (DOCTOR.address,))


def test_practitioners_alone_need_to_be_told_of_whom_it_is() -> None:
    assert to(DOCTOR.address, of=slip(ALL)) == Target(None, (DOCTOR.address,))
    assert to(DOCTOR.address) is Unclear.NO_TRAITS


def test_traits_never_find_a_practitioner() -> None:
    said = KeptTraits(
        birth_name="Petit", used_name=None, given_names="Anne", birth_date="1970-01-01",
        sex=Sex.FEMALE, ins=None,
    )  # fmt: skip
    assert to(MAILBOX, of=slip(said)) is Unclear.NOBODY


@pytest.mark.parametrize("finding", UNCERTAIN)
def test_what_intake_is_not_certain_of_is_to_be_checked(finding: Finding) -> None:
    assert to(JEANNE.address, of=slip(findings=(finding,))) is Unclear.UNCERTAIN


def test_a_finding_of_no_consequence_stops_nothing() -> None:
    assert to(JEANNE.address, of=slip(findings=(Finding.NAME_CHANGED,))) == Target(JEANNE.address)


def test_recipients_are_known_by_address_sub_address_and_mailbox() -> None:
    for known in (JEANNE.address, "lab+jeanne=exemple.fr@pont.labo.example", MAILBOX):
        assert is_known(known, book=BOOK, domain=DOMAIN), known
    for unknown in ("x@exemple.fr", "lab+x=exemple.fr@pont.labo.example", "patients@elsewhere.fr"):
        assert not is_known(unknown, book=BOOK, domain=DOMAIN), unknown


ZOE = Person("zoe@exemple.fr", "Petit", None, "Zoé", "1980-01-02", "F", is_invited=False)
LISTED = Book([*BOOK.people, ZOE, Person("", "Petit", None, "Luc", "1980-01-02", "M")])
OF_ZOE = KeptTraits(
    birth_name="Petit",
    used_name=None,
    given_names="Zoé",
    birth_date="1980-01-02",
    sex=Sex.FEMALE,
    ins=None,
)


@pytest.mark.parametrize("recipient", [MAILBOX, ZOE.address])
def test_who_was_never_invited_is_sent_to_only_if_the_policy_says_so(recipient: str) -> None:
    of = slip(OF_ZOE)
    assert to(recipient, of=of, book=LISTED) is Unclear.NOT_INVITED
    for allow in (Allow.ADDRESS_BOOK, Allow.MESSAGE):
        found = route(of, [recipient], book=LISTED, domain=DOMAIN, allow=allow)
        assert found == Target(ZOE.address)
    assert is_known(ZOE.address, book=LISTED, domain=DOMAIN, allow=Allow.ADDRESS_BOOK)
    assert not is_known(ZOE.address, book=LISTED, domain=DOMAIN)


def test_who_has_no_address_is_nobody_else() -> None:
    of = slip(msgspec.structs.replace(OF_ZOE, given_names="Luc", sex=Sex.MALE))
    assert to(MAILBOX, of=of, book=LISTED) is Unclear.NO_ADDRESS


def test_a_message_s_own_address_counts_by_policy_alone_and_is_nobody_else_s() -> None:
    named = slip(OF_ZOE, contact=("nouvelle@exemple.fr", None))
    assert to(MAILBOX, of=named) is Unclear.NOBODY

    def by_message(of: DocumentSlip) -> Target | Unclear:
        return route(of, [MAILBOX], book=BOOK, domain=DOMAIN, allow=Allow.MESSAGE)

    assert by_message(named) == Target("nouvelle@exemple.fr")
    # A shared address is whoever's it was first.
    assert by_message(slip(OF_ZOE, contact=(JEANNE.address, None))) is Unclear.CONTRADICTS
    unsaid = msgspec.structs.replace(OF_ZOE, sex=None)
    assert by_message(slip(unsaid, contact=("nouvelle@exemple.fr", None))) is Unclear.NO_TRAITS
    assert by_message(slip(OF_ZOE)) is Unclear.NOBODY


def test_another_number_than_the_list_s_is_another_person() -> None:
    oid, number = "1.2.250.1.213.1.4.8", "280017512345678"
    numbered = dataclasses.replace(ZOE, is_invited=True, ins=(number, oid))
    book = Book([numbered])
    other = msgspec.structs.replace(OF_ZOE, ins=("280017512345779", oid))
    assert to(MAILBOX, of=slip(other), book=book) is Unclear.CONTRADICTS
    # A number for the time being may be the same person's.
    nia = msgspec.structs.replace(OF_ZOE, ins=("280017512345779", "1.2.250.1.213.1.4.9"))
    assert to(MAILBOX, of=slip(nia), book=book) == Target(ZOE.address)
