"""Who was invited counts as the address book has them; the list adds the others."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from souspli_cli.addressbook import AddressBook, OwnInvitation, Patient, Traits
from souspli_cli.bridge.people import addresses as addresses_module
from souspli_cli.bridge.people import book_index
from souspli_cli.bridge.people.addresses import Addresses
from souspli_cli.bridge.people.book_index import BookIndex
from souspli_cli.bridge.people.known_person import KnownPerson
from souspli_cli.bridge.people.people_book import PeopleBook
from souspli_cli.bridge.people.routes import RoutesFile
from souspli_cli.bridge.routing import TraitsKey

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SECRET = b"s" * 32
JEANNE = Traits(
    birth_name="Durand", used_name=None, given_names="Jeanne", birth_date="1961-03-02", sex="F"
)
PAUL = msgspec.structs.replace(JEANNE, given_names="Paul", sex="M")
KEY = TraitsKey("DURAND", "JEANNE", "1961-03-02", "F")
INS = ("261037512345678", "1.2.250.1.213.1.4.8")
LETTER = OwnInvitation(
    invitation_id="0" * 32, record={}, record_hash="", not_before=0, not_after=1, confirmed=True
)


@pytest.fixture
def book(tmp_path: Path) -> AddressBook:
    """An empty address book."""
    folder = tmp_path / "book"
    folder.mkdir()
    return AddressBook(folder, SECRET)


@pytest.fixture
def addresses(tmp_path: Path) -> Iterator[Addresses]:
    """An empty list."""
    with Addresses(tmp_path / "bridge" / "addresses.sqlite", SECRET) as opened:
        yield opened


@pytest.fixture
def people(book: AddressBook, addresses: Addresses, tmp_path: Path) -> PeopleBook:
    """Both."""
    routes = RoutesFile(tmp_path / "routes.sealed", SECRET)
    return PeopleBook(book, BookIndex(book, routes), addresses)


def invite(book: AddressBook, address: str, traits: Traits, **more: str) -> None:
    """Have somebody in the address book."""
    entry = Patient(address=address, traits=traits, invitations=(LETTER,), **more)
    book.change_patient(address, lambda _: entry)


def add(addresses: Addresses, address: str | None, traits: Traits, *, ins: bool = False) -> None:
    """Have somebody in the list."""
    known = KnownPerson(address=address, traits=traits, ins=INS if ins else None)
    assert addresses.change(seen=addresses.entries(), forget=[], add=[known])


def test_one_person_of_both_is_one_invited_and_numbered(
    book: AddressBook, addresses: Addresses, people: PeopleBook
) -> None:
    invite(book, "j@exemple.fr", JEANNE)
    add(addresses, "j@exemple.fr", JEANNE, ins=True)
    for found in (
        [people.person("j@exemple.fr")],
        people.with_traits(KEY),
        people.with_ins(INS[0]),
    ):
        assert [(one.is_invited, one.ins) for one in found if one] == [(True, INS)]


def test_a_listed_person_alone_is_not_invited(addresses: Addresses, people: PeopleBook) -> None:
    add(addresses, "j@exemple.fr", JEANNE)
    (found,) = people.with_traits(KEY)
    assert not found.is_invited
    assert people.person("j@exemple.fr") == found
    assert people.person("x@exemple.fr") is None


def test_who_is_listed_at_the_address_of_somebody_invited_is_compared_with_them(
    book: AddressBook, addresses: Addresses, people: PeopleBook
) -> None:
    invite(book, "j@exemple.fr", PAUL)
    add(addresses, "j@exemple.fr", JEANNE, ins=True)
    for found in (people.with_traits(KEY), people.with_ins(INS[0])):
        assert [(one.given_names, one.ins) for one in found] == [("Paul", None)]


def test_one_invited_at_another_address_than_listed_are_two(
    book: AddressBook, addresses: Addresses, people: PeopleBook
) -> None:
    invite(book, "old@exemple.fr", JEANNE)
    add(addresses, "new@exemple.fr", JEANNE)
    assert {one.address for one in people.with_traits(KEY)} == {"old@exemple.fr", "new@exemple.fr"}
    # Until a person has corrected it.
    invite(book, "new@exemple.fr", JEANNE)
    invite(book, "old@exemple.fr", JEANNE, moved_to="new@exemple.fr")
    assert [one.address for one in people.with_traits(KEY)] == ["new@exemple.fr"]


def test_a_corrected_address_that_the_list_still_has_is_followed(
    book: AddressBook, addresses: Addresses, people: PeopleBook
) -> None:
    invite(book, "new@exemple.fr", JEANNE)
    invite(book, "old@exemple.fr", JEANNE, moved_to="new@exemple.fr")
    add(addresses, "old@exemple.fr", JEANNE)
    assert [one.address for one in people.with_traits(KEY)] == ["new@exemple.fr"]


def test_who_has_no_address_stays_beside_whoever_has_one(
    book: AddressBook, addresses: Addresses, people: PeopleBook
) -> None:
    invite(book, "j@exemple.fr", JEANNE)
    add(addresses, None, JEANNE, ins=True)
    assert sorted(one.address for one in people.with_traits(KEY)) == ["", "j@exemple.fr"]


def test_a_change_counts_for_the_very_next_question(
    book: AddressBook, addresses: Addresses, people: PeopleBook, tmp_path: Path
) -> None:
    """However soon, and whoever makes it: nothing is believed for a while."""
    address, away = "durand@exemple.fr", "loin@exemple.fr"
    # As long as the other, so that nothing but time and inode tells their files apart.
    odette = msgspec.structs.replace(JEANNE, given_names="Odette")
    for traits in (JEANNE, odette) * 20:
        invite(book, address, traits)
        found = people.person(address)
        assert found is not None
        assert found.given_names == traits.given_names
    with Addresses(tmp_path / "bridge" / "addresses.sqlite", SECRET) as others:
        for traits in (JEANNE, PAUL) * 20:
            assert people.person(away) is None
            known = KnownPerson(address=away, traits=traits)
            assert others.change(seen=[], forget=[], add=[known])
            found = people.person(away)
            assert found is not None
            assert found.given_names == traits.given_names
            assert others.remove(known)


def test_more_people_than_are_kept_are_found_all_the_same(
    book: AddressBook, people: PeopleBook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(book_index, "MOST_KNOWN", 3)
    monkeypatch.setattr(addresses_module, "_MOST_ASKED", 3)
    everybody = [f"p{number}@exemple.fr" for number in range(8)]
    for address in everybody:
        invite(book, address, msgspec.structs.replace(JEANNE, birth_name=address))
    for address in everybody * 2:
        found = people.person(address)
        assert found is not None
        assert found.birth_name == address
