"""The address book as routing asks it: by address, by traits, by INS.

By address one file is opened. For traits there is an index in memory of keyed digests,
brought up to date from the folder's listing: only entries that changed are opened, never
the whole book for a mail. An entry that can't be read may be anybody's: as long as there is
one, nobody is found by traits.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from souspli_cli import files
from souspli_cli.addressbook import Patient
from souspli_cli.box import BoxDamaged, Purpose
from souspli_cli.bridge.people.routes import Routes
from souspli_cli.bridge.routing import Person, TraitsKey, key_of_person
from souspli_cli.errors import CliError
from souspli_cli.sealed_files import SealedFiles
from souspli_keys.framing import derive, frame

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from souspli_cli.addressbook import AddressBook, Stamp
    from souspli_cli.bridge.people.routes import RoutesFile

_KEY_LABEL: Final = "souspli/v1/bridge/index"
_TRAITS_LABEL: Final = "souspli/v1/bridge/index-traits"

# A listing of a folder takes a millisecond for a thousand names, and each document that
# is sent adds one. A patient who was entered just now is found after this time.
LEAST_SECONDS: Final = 1.0
# Of all time, at most this part goes into listings, however many names there are.
LISTING_SHARE: Final = 0.05
# Entries that are kept in memory, some 10 kB each.
MOST_KNOWN: Final = 200


@dataclass(frozen=True)
class _Entry:
    stamp: tuple[int, int, int]
    digest: bytes | None
    """None for who can't be found by traits."""


class BookIndex:
    """A `routing.Book` over a profile's address book; may be asked in several threads."""

    def __init__(
        self,
        book: AddressBook,
        routes: RoutesFile,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._book = book
        self._files = SealedFiles(book.folder, book.secret)
        self._routes_file = routes
        self._clock = clock
        self._key = derive(book.secret, _KEY_LABEL)
        self._lock = threading.Lock()
        self._entries: dict[str, _Entry] = {}
        self._by_digest: dict[bytes, set[str]] = {}
        self._damaged: frozenset[str] = frozenset()
        self._folder_stamp = -1
        self._listed_at = float("-inf")
        self._pause = 0.0
        self._known: dict[str, tuple[Stamp | None, Patient | None]] = {}
        self._routes_stamp: tuple[int, int] | None = None
        self._routes = Routes()

    def person(self, address: str) -> Person | None:
        """Give who has this canonical address. Raises BoxDamaged, OSError."""
        patient = self._patient(address)
        return None if patient is None else self._as_person(patient)

    def with_traits(self, key: TraitsKey) -> Sequence[Person]:
        """Give all who have these traits, as the book has them at this moment.

        Raises BoxDamaged as long as any entry can't be read: a namesake's result would go to
        the one who is left. OSError if the folder or the machine fails.
        """
        with self._lock:
            self._refresh()
            names = sorted(self._by_digest.get(self._digest(key), ()))
        found: list[Person] = []
        for name in names:
            patient = self._files.read(name, Purpose.PATIENT, Patient)
            if patient is not None and patient.moved_to is None:
                person = self._as_person(patient)
                if key_of_person(person) == key:
                    found.append(person)
        return found

    def with_ins(self, matricule: str) -> Sequence[Person]:
        """Give all whose INS this is, as far as somebody has said so.

        Raises BoxDamaged, OSError if one of *their* entries can't be read: they are listed by
        address, so that another's keeps nobody from being found.
        """
        people = (
            self.person(address)
            for known, address in self._current_routes().ins
            if known == matricule
        )
        return [person for person in people if person is not None]

    def _patient(self, address: str) -> Patient | None:
        """Give an entry; opened again only where its file is another one.

        An entry is never written in place, but replaced: another inode, or another time.
        """
        stamp = self._book.stamp(address)
        known = self._known.get(address)
        if known is not None and known[0] == stamp:
            return known[1]
        patient = None if stamp is None else self._book.patient(address)
        if len(self._known) >= MOST_KNOWN:
            self._known.clear()
        # Stamped before it was read: a change meanwhile is seen next time.
        self._known[address] = stamp, patient
        return patient

    def _as_person(self, patient: Patient) -> Person:
        practitioners = self._current_routes().practitioners
        return as_person(patient, is_practitioner=patient.address in practitioners)

    def _current_routes(self) -> Routes:
        try:
            status = self._routes_file.path.stat()
        except FileNotFoundError:
            return Routes()
        stamp = (status.st_mtime_ns, status.st_ino)
        if stamp != self._routes_stamp:
            self._routes, self._routes_stamp = self._routes_file.read(), stamp
        return self._routes

    def _refresh(self) -> None:
        """Bring the index up to the folder, unless that was done a moment ago.

        Raises as `with_traits`.
        """
        now = self._clock()
        # Taken before the listing: what changes meanwhile is seen next time.
        stamp = self._book.folder.stat().st_mtime_ns
        # An entry that is mended where it is leaves the folder's time as it was.
        changed = stamp != self._folder_stamp or self._damaged
        if changed and now >= self._listed_at + self._pause:
            self._damaged = self._list()
            # Only now: one that was broken off is begun anew by the next question.
            self._folder_stamp = stamp
            self._listed_at = self._clock()
            self._pause = max(LEAST_SECONDS, (self._listed_at - now) / LISTING_SHARE)
        if self._damaged:
            raise BoxDamaged(f"book/{min(self._damaged)}")

    def _list(self) -> frozenset[str]:
        """Look at every entry; give the names of those that can't be read."""
        there: set[str] = set()
        damaged: set[str] = set()
        with os.scandir(self._book.folder) as entries:
            for entry in entries:
                if entry.name.startswith("patient-") and entry.name.endswith(".sealed"):
                    there.add(entry.name)
                    try:
                        self._look_at(entry)
                    except (CliError, OSError) as failure:
                        if files.is_of_machine(failure):
                            raise
                        damaged.add(entry.name)
        for name in self._entries.keys() - there:
            self._forget(name)
        return frozenset(damaged)

    def _look_at(self, entry: os.DirEntry[str]) -> None:
        try:
            status = entry.stat(follow_symlinks=False)
        except FileNotFoundError:
            return  # replaced this instant: the folder's time has changed, too
        stamp = (status.st_mtime_ns, status.st_size, status.st_ino)
        known = self._entries.get(entry.name)
        if known is not None and known.stamp == stamp:
            return
        self._forget(entry.name)
        digest = self._digest_of(entry.name)
        self._entries[entry.name] = _Entry(stamp, digest)
        if digest is not None:
            self._by_digest.setdefault(digest, set()).add(entry.name)

    def _digest_of(self, name: str) -> bytes | None:
        patient = self._files.read(name, Purpose.PATIENT, Patient)
        if patient is None or patient.moved_to is not None:
            return None
        key = key_of_person(as_person(patient))
        return None if key is None else self._digest(key)

    def _forget(self, name: str) -> None:
        known = self._entries.pop(name, None)
        if known is not None and known.digest is not None:
            names = self._by_digest[known.digest]
            names.discard(name)
            if not names:
                del self._by_digest[known.digest]

    def _digest(self, key: TraitsKey) -> bytes:
        framed = frame(_TRAITS_LABEL, key.birth_name, key.first_name, key.birth_date, key.sex)
        return hmac.digest(self._key, framed, hashlib.sha256)[:16]


def as_person(patient: Patient, *, is_practitioner: bool = False) -> Person:
    """Give somebody of the address book as routing compares them."""
    traits = patient.traits
    return Person(
        address=patient.address,
        birth_name=traits.birth_name,
        used_name=traits.used_name,
        given_names=traits.given_names,
        birth_date=traits.birth_date,
        sex=traits.sex,
        is_practitioner=is_practitioner,
        is_invited=bool(patient.invitations),
    )
