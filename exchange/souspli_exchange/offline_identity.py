"""Identities kept in files: what offline documents are sealed by, and for.

docs/specs/identity-file.md. A secret *identity file* stays with its holder; the *public
identity file* made from it is handed to whoever shall seal for them or open what they
sealed. Bytes in, values out: who may read a file is for whoever opens it to see to.

The service never imports this module (tests/test_floors.py).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, TypeVar

from souspli_exchange.age.errors import KeyStringError
from souspli_exchange.age.recipient import HybridRecipient
from souspli_exchange.errors import (
    IdentityFileError,
    IdentityFileVersionError,
    OtherIdentityFileError,
)
from souspli_exchange.known_sender import PinnedSender
from souspli_exchange.manifest import MAX_ADDRESS_CHARACTERS, MAX_TEXT_CHARACTERS, Sender
from souspli_keys import canonical
from souspli_keys.address import Address, Origin, parse_address
from souspli_keys.errors import FormatError
from souspli_keys.fields import Fields, read_object
from souspli_keys.identity import ROOT_BYTES, Identity
from souspli_keys.public import Fingerprint, PublicIdentity, parse_public, read_fingerprint
from souspli_keys.values import encode_base64

VERSION: Final = 1

OFFLINE_ORIGIN: Final = Origin("offline.invalid")
"""What offline documents have for a service: RFC 6761 §6.4 keeps `.invalid` from ever
being one, so that no document of a service can be taken for one of them, or the reverse."""

MAX_IDENTITY_FILE_BYTES: Final = 16_384  # a public one has 6,000; names in any script fit

_NAMED_DIGITS = 16  # of a fingerprint: as much as people compare at a glance
_GROUP = 4

T = TypeVar("T")


@dataclass(frozen=True, slots=True, repr=False)
class PublicIdentityFile:
    """An identity's public half, and who its holder says they are. Nobody certifies it."""

    public: PublicIdentity
    name: str
    address: Address
    organisation: Fingerprint
    """The holder's practice; the identity's own fingerprint where there is none."""

    @property
    def pinned(self) -> PinnedSender:
        """The holder as the sender of documents, for a reader who trusts this file."""
        return PinnedSender(self.public, self.name, self.address, self.organisation)

    def __repr__(self) -> str:
        return f"PublicIdentityFile({self.public.fingerprint})"


@dataclass(frozen=True, slots=True, repr=False)
class OfflineIdentity:
    """An identity that seals and opens offline, from a file or from a profile."""

    identity: Identity
    name: str
    address: Address
    organisation: Fingerprint

    @property
    def public_file(self) -> PublicIdentityFile:
        """What others may know of it."""
        return PublicIdentityFile(self.identity.public, self.name, self.address, self.organisation)

    @property
    def sender(self) -> Sender:
        """What manifests say of whoever seals with it."""
        return Sender(
            address=self.address,
            fingerprint=self.identity.public.fingerprint,
            name=self.name,
            organisation=self.organisation,
        )

    def __repr__(self) -> str:
        return "OfflineIdentity(…)"


def new_identity(*, name: str | None = None, address: Address | None = None) -> OfflineIdentity:
    """Return a new identity. Without a name it is called by its fingerprint: nobody's name."""
    identity = Identity.generate()
    fingerprint = identity.public.fingerprint
    digits = fingerprint[:_NAMED_DIGITS]
    groups = (digits[at : at + _GROUP] for at in range(0, _NAMED_DIGITS, _GROUP))
    return OfflineIdentity(
        identity=identity,
        name=" ".join(groups) if name is None else name,
        address=Address(f"{digits}@{OFFLINE_ORIGIN}") if address is None else address,
        organisation=fingerprint,
    )


def encode_identity_file(own: OfflineIdentity) -> bytes:
    """Return the secret file's bytes; IdentityFileError for a name that no file may hold."""
    return _encode(
        {
            "address": own.address,
            "name": own.name,
            "origin": OFFLINE_ORIGIN,
            "root": encode_base64(own.identity.secret_root()),
            "version": VERSION,
        },
        parse_identity_file,
    )


def parse_identity_file(content: bytes) -> OfflineIdentity:
    """Return what a secret identity file holds.

    Raises IdentityFileError if it is damaged or none, IdentityFileVersionError for another
    version, OtherIdentityFileError for a public one.
    """
    return _parse(content, _read_identity, other="public")


def encode_public_identity(public: PublicIdentityFile) -> bytes:
    """Return the public file's bytes; IdentityFileError for a name that no file may hold."""
    return _encode(
        {
            "address": public.address,
            "name": public.name,
            "organisation": public.organisation,
            "origin": OFFLINE_ORIGIN,
            "public": public.public.to_json(),
            "version": VERSION,
        },
        parse_public_identity,
    )


def parse_public_identity(content: bytes) -> PublicIdentityFile:
    """Return what a public identity file holds.

    Raises like `parse_identity_file`, OtherIdentityFileError for a secret one.
    """
    return _parse(content, _read_public, other="root")


def _encode(fields: Mapping[str, object], parse: Callable[[bytes], object]) -> bytes:
    try:
        content = canonical.encode(fields) + b"\n"
    except FormatError:
        raise IdentityFileError("a text that no identity file may hold") from None
    parse(content)  # nothing is written that would not be read
    return content


def _parse(content: bytes, read: Callable[[Fields], T], *, other: str) -> T:
    # Not chained, anywhere here: causes and their frames hold the secret.
    if len(content) > MAX_IDENTITY_FILE_BYTES or not content.endswith(b"\n"):
        raise IdentityFileError("not an identity file, or not all of it")
    try:
        tree = canonical.decode(content[:-1])
    except FormatError:
        raise IdentityFileError("not an identity file, or not all of it") from None
    if tree.get("version") != VERSION:
        raise IdentityFileVersionError("not an identity file of a known version")
    if other in tree:
        raise OtherIdentityFileError("a secret identity file for a public one, or the reverse")
    try:
        return read_object(tree, read)
    except FormatError:
        raise IdentityFileError("an identity file with a field that is wrong") from None


def _read_identity(fields: Fields) -> OfflineIdentity:
    name, address = _read_holder(fields)
    identity = Identity.from_root(fields.base64("root", length=ROOT_BYTES))
    return OfflineIdentity(identity, name, address, organisation=identity.public.fingerprint)


def _read_public(fields: Fields) -> PublicIdentityFile:
    name, address = _read_holder(fields)
    public = fields.parsed("public", parse_public)
    try:
        HybridRecipient(public.recipient_key)
    except KeyStringError:
        # Of the right length and no key: told now, before anything is sealed to it.
        raise IdentityFileError("a key that nothing can be sealed to") from None
    return PublicIdentityFile(
        public=public,
        name=name,
        address=address,
        organisation=read_fingerprint(fields, "organisation"),
    )


def _read_holder(fields: Fields) -> tuple[str, Address]:
    fields.constant("version", VERSION)
    fields.constant("origin", OFFLINE_ORIGIN)
    return (
        fields.text("name", most=MAX_TEXT_CHARACTERS),
        parse_address(fields.text("address", most=MAX_ADDRESS_CHARACTERS)),
    )
