"""Somebody of the laboratory's own list: traits, INS, and where to write to them.

docs/specs/bridge.md §13. A value, its spelling in a box, and the three digests by which it
is found.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import msgspec

from souspli_cli import box
from souspli_cli.addressbook import Traits
from souspli_cli.box import Purpose
from souspli_cli.bridge.routing import Person, TraitsKey, key_of_person
from souspli_keys.framing import derive, frame

if TYPE_CHECKING:
    from collections.abc import Mapping

PLACE: Final = "bridge/addresses.sqlite"
_KEY_LABEL: Final = "souspli/v1/bridge/addresses"
DIGEST_BYTES: Final = 16


class KnownPerson(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A line of the list."""

    version: int = 1
    address: str | None
    """Canonical. None for who has none: documents about them are nobody else's."""
    traits: Traits
    ins: tuple[str, str] | None = None
    """Matricule and OID."""

    @classmethod
    def said(cls, person: Person, *, phone: str | None) -> KnownPerson:
        """Give whom a message names."""
        traits = Traits(
            birth_name=person.birth_name,
            used_name=person.used_name,
            given_names=person.given_names,
            birth_date=person.birth_date,
            sex=person.sex,
            phone=phone,
        )
        return cls(address=person.address, traits=traits, ins=person.ins)

    @property
    def person(self) -> Person:
        """Give them as routing compares people."""
        return Person(
            address=self.address or "",
            birth_name=self.traits.birth_name,
            used_name=self.traits.used_name,
            given_names=self.traits.given_names,
            birth_date=self.traits.birth_date,
            sex=self.traits.sex,
            is_invited=False,
            ins=self.ins,
        )

    def __repr__(self) -> str:
        return "KnownPerson(…)"


@dataclass(frozen=True, slots=True)
class Digests:
    """By what a person is found; None where they can't be found by that."""

    traits: bytes | None
    ins: bytes | None
    address: bytes | None


@dataclass(frozen=True)
class Digester:
    """Keyed, so that nobody tries names against the file."""

    key: bytes

    @classmethod
    def of(cls, secret: bytes) -> Digester:
        """Give that of a profile; `secret` is the device's."""
        return cls(derive(secret, _KEY_LABEL))

    def of_person(self, known: KnownPerson) -> Digests:
        """Give all three of somebody."""
        key = key_of_person(known.person)
        return Digests(
            traits=None if key is None else self.traits(key),
            ins=None if known.ins is None else self.ins(known.ins[0]),
            address=None if known.address is None else self.address(known.address),
        )

    def traits(self, key: TraitsKey) -> bytes:
        """Give the digest of the four traits."""
        return self._digest("traits", key.birth_name, key.first_name, key.birth_date, key.sex)

    def ins(self, matricule: str) -> bytes:
        """Give the digest of a matricule."""
        return self._digest("ins", matricule)

    def address(self, address: str) -> bytes:
        """Give the digest of a canonical address."""
        return self._digest("address", address)

    def _digest(self, kind: str, *parts: str) -> bytes:
        framed = frame(f"{_KEY_LABEL}/{kind}", *parts)
        return hmac.digest(self.key, framed, hashlib.sha256)[:DIGEST_BYTES]

    def __repr__(self) -> str:
        return "Digester(…)"


def seal_person(secret: bytes, known: KnownPerson) -> bytes:
    """Seal a line of the list."""
    tree: Mapping[str, object] = msgspec.to_builtins(known)
    return box.seal(secret, tree, purpose=Purpose.ADDRESSES, place=PLACE)


def open_person(secret: bytes, sealed: bytes) -> KnownPerson:
    """Open a line of the list. Who asked for somebody compares: rows may have been swapped.

    Raises:
        BoxDamaged: It is not what was written.
        BoxVersionUnknown: Another version of Souspli wrote it.
    """
    tree = box.unseal(secret, sealed, purpose=Purpose.ADDRESSES, place=PLACE)
    if tree.get("version") != 1:
        raise box.BoxVersionUnknown(PLACE)
    try:
        return msgspec.convert(tree, KnownPerson)
    except msgspec.ValidationError:
        raise box.BoxDamaged(PLACE) from None
