"""Whom a document is for, or why a person must say so (docs/specs/bridge.md §7).

Pure: a slip, the envelope's recipients and what the address book knows give a target or
a reason. Nothing is guessed: where two ways of reading are left, it is a reason.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final, Protocol

from souspli_cli.bridge.slip import KeptTraits
from souspli_exchange.manifest import Sex
from souspli_keys.address import normalise_address
from souspli_keys.errors import AddressError, PersonError
from souspli_keys.person import normalise_surname

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from souspli_cli.bridge.slip import DocumentSlip

# Of a deposit (mailbox.md §4).
MOST_ADDRESSEES: Final = 100

_FIRST_NAME_ENDS: Final = re.compile(r"[\s,;]")
_UNKNOWN: Final = "-00"


class Unclear(StrEnum):
    """Why a document waits for a person; ``bridge.reason_<value>`` in the texts."""

    UNCERTAIN = "uncertain"
    """Intake said that nothing is certain."""
    NOBODY = "nobody"
    """Nobody of the address book is meant."""
    SEVERAL = "several"
    """Several persons may be meant, or are."""
    NO_TRAITS = "no_traits"
    """To be routed by traits, and it does not say enough of them."""
    CONTRADICTS = "contradicts"
    """What it says of its patient is not what the address book says."""
    NO_ADDRESS = "no_address"
    """The laboratory's list knows the patient, and no e-mail address of theirs."""
    NOT_INVITED = "not_invited"
    """The patient is known and was never invited, and the bridge may not do it."""


class Allow(StrEnum):
    """Whom the bridge may invite by itself: `allow` of `[invitations]`."""

    NEVER = "never"
    ADDRESS_BOOK = "address-book"
    """Whom the laboratory's own list knows (§13)."""
    MESSAGE = "message"
    """These, and whom a message names completely, with an e-mail address."""


@dataclass(frozen=True, repr=False)
class Person:
    """Somebody of the address book, or of the laboratory's own list."""

    address: str
    birth_name: str
    used_name: str | None
    given_names: str
    birth_date: str
    sex: str
    is_practitioner: bool = False
    is_invited: bool = True
    """Whether an invitation was made for the address."""
    ins: tuple[str, str] | None = None
    """Matricule and OID, where the laboratory's list has them."""


@dataclass(frozen=True, repr=False)
class TraitsKey:
    """Traits by which exactly one patient is found; all four are known."""

    birth_name: str
    first_name: str
    birth_date: str
    sex: str


class Book(Protocol):
    """What routing asks of the address book and of the bridge's routes."""

    def person(self, address: str) -> Person | None:
        """Give who has this canonical address."""
        ...

    def with_traits(self, key: TraitsKey) -> Sequence[Person]:
        """Give all who have these traits."""
        ...

    def with_ins(self, matricule: str) -> Sequence[Person]:
        """Give all whose INS this is."""
        ...


@dataclass(frozen=True)
class Domain:
    """The names by which the bridge itself is written to."""

    domain: str
    mailbox: str = "patients"

    def is_mailbox(self, address: str) -> bool:
        """Say whether this is the routing mailbox."""
        return address == f"{self.mailbox}@{self.domain}"

    def sub_address(self, address: str) -> str | None:
        """Give the address that a sub-address names, ``x+user=example.org@domain``."""
        local, _, domain = address.rpartition("@")
        if domain != self.domain or "+" not in local:
            return None
        user, separator, their_domain = local.partition("+")[2].rpartition("=")
        if not separator:
            return None
        try:
            return normalise_address(f"{user}@{their_domain}")
        except AddressError:
            return None


@dataclass(frozen=True, repr=False)
class Target:
    """Whom a document is sent to."""

    patient: str | None
    """The patient's address; None for practitioners alone."""
    copies: tuple[str, ...] = ()
    without_ins: bool = False
    """A person said that it is theirs, although it contradicts what is known of them: an
    INS beside such traits may be another's as well."""

    @property
    def addresses(self) -> tuple[str, ...]:
        """All of them, the patient's first."""
        return (*([self.patient] if self.patient else []), *self.copies)


def is_known(address: str, *, book: Book, domain: Domain, allow: Allow = Allow.NEVER) -> bool:
    """Say whether RCPT may be this canonical address: there are keys, or there may be."""
    if domain.is_mailbox(address):
        return True
    person = book.person(domain.sub_address(address) or address)
    return person is not None and (person.is_invited or allow is not Allow.NEVER)


def route(
    slip: DocumentSlip,
    recipients: Iterable[str],
    *,
    book: Book,
    domain: Domain,
    allow: Allow = Allow.NEVER,
) -> Target | Unclear:
    """Say whom a document is for; `recipients` are the envelope's, canonical."""
    if slip.is_uncertain:
        return Unclear.UNCERTAIN
    meant = _meant(slip, recipients, book=book, domain=domain, allow=allow)
    if isinstance(meant, Unclear):
        return meant
    patients = {person.address: person for person in meant if not person.is_practitioner}
    if len(patients) > 1:
        return Unclear.SEVERAL
    asked_for = [book.person(_canonical(address)) for address in slip.copies_to]
    copies = {
        person.address: None
        for person in (*meant, *asked_for)
        if person is not None and person.is_practitioner
    }
    if len(copies) >= MOST_ADDRESSEES:
        return Unclear.SEVERAL
    patient = next(iter(patients.values()), None)
    target = _checked(slip, patient, tuple(copies), book=book)
    if isinstance(target, Unclear) or patient is None or patient.is_invited:
        return target
    return Unclear.NOT_INVITED if allow is Allow.NEVER else target


def _meant(
    slip: DocumentSlip, recipients: Iterable[str], *, book: Book, domain: Domain, allow: Allow
) -> list[Person] | Unclear:
    """Give the person that each recipient means."""
    meant: list[Person] = []
    for address in recipients:
        if domain.is_mailbox(address):
            found = _by_traits(slip.traits, book)
            if found is Unclear.NOBODY and allow is Allow.MESSAGE:
                found = _by_message(slip, book) or found
        else:
            found = book.person(domain.sub_address(address) or address) or Unclear.NOBODY
        if isinstance(found, Unclear):
            return found
        meant.append(found)
    return meant


def _checked(
    slip: DocumentSlip, patient: Person | None, copies: tuple[str, ...], *, book: Book
) -> Target | Unclear:
    if patient is None:
        if not copies:
            return Unclear.NOBODY
        # A manifest says whom a document is about.
        return Target(None, copies) if key_of(slip.traits) else Unclear.NO_TRAITS
    if contradicts(slip.traits, patient) or is_another_s(slip.traits, patient, book):
        return Unclear.CONTRADICTS
    return Target(patient.address, copies)


def contradicts(traits: KeptTraits, person: Person) -> bool:
    """Say whether a document says something else of its patient than the book."""
    return (
        _name_differs(traits, person)
        or _differ(first_name(traits.given_names), first_name(person.given_names))
        or _dates_differ(traits.birth_date, person.birth_date)
        or (traits.sex not in {None, Sex.UNKNOWN, person.sex} and person.sex != Sex.UNKNOWN)
        or _ins_differ(traits.ins, person.ins)
    )


def contradicting(one: Person, other: Person) -> bool:
    """Say whether two can't be the same person."""
    said = KeptTraits(
        birth_name=one.birth_name,
        used_name=one.used_name,
        given_names=one.given_names,
        birth_date=one.birth_date,
        sex=Sex(one.sex),
        ins=one.ins,
    )
    return contradicts(said, other)


def key_of(traits: KeptTraits) -> TraitsKey | None:
    """Give the four traits, or None if one of them is not known."""
    birth_name, first = _name(traits.birth_name), first_name(traits.given_names)
    if not birth_name or not first or traits.sex in {None, Sex.UNKNOWN}:
        return None
    if traits.birth_date is None or traits.sex is None or _UNKNOWN in traits.birth_date:
        return None
    return TraitsKey(birth_name, first, traits.birth_date, traits.sex.value)


def key_of_person(person: Person) -> TraitsKey | None:
    """Give the four traits of somebody of the book, as `key_of` does."""
    birth_name, first = _name(person.birth_name), first_name(person.given_names)
    if not birth_name or not first or person.sex == Sex.UNKNOWN or _UNKNOWN in person.birth_date:
        return None
    return TraitsKey(birth_name, first, person.birth_date, person.sex)


def first_name(given_names: str | None) -> str | None:
    """Give the first of the given names, in capitals A–Z."""
    return None if given_names is None else _name(_FIRST_NAME_ENDS.split(given_names.strip())[0])


def _by_traits(traits: KeptTraits, book: Book) -> Person | Unclear:
    if traits.ins is not None and traits.birth_date is not None:
        found = [
            person
            for person in book.with_ins(traits.ins[0])
            if person.birth_date == traits.birth_date and not person.is_practitioner
        ]
        if len(found) > 1:
            return Unclear.SEVERAL
        if found:
            return _with_address(found[0])  # the other traits are compared as anybody's
    key = key_of(traits)
    if key is None:
        return Unclear.NO_TRAITS
    found = [person for person in book.with_traits(key) if not person.is_practitioner]
    if len(found) > 1:
        return Unclear.SEVERAL
    return _with_address(found[0]) if found else Unclear.NOBODY


def _with_address(person: Person) -> Person | Unclear:
    return person if person.address else Unclear.NO_ADDRESS


def _by_message(slip: DocumentSlip, book: Book) -> Person | None:
    """Give whom a message names, where it names them completely; who they are is checked."""
    person = person_of(slip)
    # Somebody else's address, as families share one: what differs is found by comparing.
    return None if person is None else book.person(person.address) or person


def person_of(slip: DocumentSlip) -> Person | None:
    """Give the person that a slip names with all traits and an address; None otherwise."""
    said = slip.traits
    if slip.contact is None or key_of(said) is None:
        return None
    if not (said.birth_name and said.given_names and said.birth_date and said.sex):
        return None
    return Person(
        address=slip.contact[0],
        birth_name=said.birth_name,
        used_name=said.used_name,
        given_names=said.given_names,
        birth_date=said.birth_date,
        sex=said.sex.value,
        is_invited=False,
        ins=said.ins,
    )


def is_another_s(traits: KeptTraits, patient: Person, book: Book) -> bool:
    """Say whether the document's INS is listed, and not as this patient's."""
    if traits.ins is None:
        return False
    owners = book.with_ins(traits.ins[0])
    return bool(owners) and all(owner.address != patient.address for owner in owners)


def _name_differs(traits: KeptTraits, person: Person) -> bool:
    if traits.birth_name is not None:
        return _differ(_name(traits.birth_name), _name(person.birth_name))
    if traits.used_name is None:
        return False
    theirs = {_name(person.birth_name), _name(person.used_name)}
    return _name(traits.used_name) not in theirs


def _ins_differ(said: tuple[str, str] | None, known: tuple[str, str] | None) -> bool:
    """Compare numbers of one kind: a final one and one for the time being may be the same's."""
    return said is not None and known is not None and said[1] == known[1] and said != known


def _differ(one: str | None, other: str | None) -> bool:
    return one is not None and one != other


def _dates_differ(said: str | None, known: str) -> bool:
    """Compare year, month and day; an unknown part says nothing."""
    if said is None:
        return False
    pairs = zip(said.split("-"), known.split("-"), strict=True)
    return any(a != b and not {a, b} & {"00", "0000"} for a, b in pairs)


def _name(text: str | None) -> str | None:
    """Give a name in capitals A–Z; None where no letter is left of it."""
    try:
        return None if text is None else normalise_surname(text)
    except PersonError:
        return None


def _canonical(address: str) -> str:
    try:
        return normalise_address(address)
    except AddressError:
        return ""
