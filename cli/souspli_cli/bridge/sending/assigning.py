"""A person says whose a document is: the addresses become a target, or are refused.

Pure. What routing would not guess a person may know; what nobody may do is address a
document to strangers, or to two patients at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from souspli_cli.bridge.routing import MOST_ADDRESSEES, Target, contradicts, is_another_s, key_of
from souspli_cli.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Sequence

    from souspli_cli.bridge.routing import Book, Person
    from souspli_cli.bridge.slip import DocumentSlip


def chosen(slip: DocumentSlip, addresses: Sequence[str], *, book: Book) -> Target:
    """Give the target that these canonical addresses are.

    Raises Refused if one is not in the address book, if two are patients, or if none is
    and the document doesn't say of whom it is.
    """
    people: dict[str, Person] = {}
    for address in addresses:
        person = book.person(address)
        if person is None:
            raise Refused("no_invitation", address=address)
        people[address] = person
    patients = [person.address for person in people.values() if not person.is_practitioner]
    copies = tuple(person.address for person in people.values() if person.is_practitioner)
    if len(patients) > 1:
        raise Refused("bridge_assign_several")
    if len(people) > MOST_ADDRESSEES:
        raise Refused("bridge_assign_many", most=MOST_ADDRESSEES)
    if not patients and key_of(slip.traits) is None:
        raise Refused("bridge_no_traits")
    if not patients:
        return Target(None, copies)
    return Target(patients[0], copies, without_ins=differs(slip, people[patients[0]], book=book))


def differs(slip: DocumentSlip, patient: Person, *, book: Book) -> bool:
    """Say whether a document contradicts what is known of this patient."""
    return contradicts(slip.traits, patient) or is_another_s(slip.traits, patient, book)
