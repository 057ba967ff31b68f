"""Everybody the bridge knows: the profile's address book, and the laboratory's own list.

A `routing.Book` of both. Who was invited counts as the address book has them; the list adds
who was not, and the numbers by which people are told apart.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from souspli_cli.bridge.routing import contradicting

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from souspli_cli.addressbook import AddressBook
    from souspli_cli.bridge.people.addresses import Addresses
    from souspli_cli.bridge.people.book_index import BookIndex
    from souspli_cli.bridge.people.known_person import KnownPerson
    from souspli_cli.bridge.routing import Person, TraitsKey


class PeopleBook:
    """May be asked in several threads. Everything raises BoxDamaged, StorageError, OSError."""

    def __init__(self, book: AddressBook, invited: BookIndex, listed: Addresses) -> None:
        self._book = book
        self._invited = invited
        self._listed = listed

    def person(self, address: str) -> Person | None:
        """Give who has this canonical address."""
        known = self._listed.with_address(address)
        person = self._invited.person(address)
        if person is None:
            return None if known is None else known.person
        return person if known is None else _told_apart(person, known)

    def with_traits(self, key: TraitsKey) -> Sequence[Person]:
        """Give all who have these traits; also who is invited at an address of one of them."""
        return self._merged(self._invited.with_traits(key), self._listed.with_traits(key))

    def with_ins(self, matricule: str) -> Sequence[Person]:
        """Give all whose INS this is."""
        return self._merged(self._invited.with_ins(matricule), self._listed.with_ins(matricule))

    def _merged(self, invited: Iterable[Person], listed: Iterable[KnownPerson]) -> list[Person]:
        found = {person.address: person for person in invited}
        nowhere: list[Person] = []
        for known in listed:
            address = self._right_address(known.address)
            if address is None:
                nowhere.append(known.person)
                continue
            person = found.get(address) or self._invited.person(address)
            # Another person's address by now: whoever compares finds it out.
            found[address] = known.person if person is None else _told_apart(person, known)
        return [*found.values(), *nowhere]

    def _right_address(self, address: str | None) -> str | None:
        """Give where the patient of an address is written to, once it was found wrong."""
        patient = None if address is None else self._book.patient(address)
        return address if patient is None or patient.moved_to is None else patient.moved_to


def _told_apart(person: Person, known: KnownPerson) -> Person:
    """Give who was invited, with the number that the list has for the same person."""
    return person if contradicting(person, known.person) else replace(person, ins=known.ins)
