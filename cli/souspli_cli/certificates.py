"""What the service signed about letters that nobody answered, verified and kept.

The service's audit key is pinned when it is first met: a statement under another key is
refused, whatever the service says by then (docs/specs/pending.md §5). One sealed file for
the key and one for each statement, in the address book's folder.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import msgspec

from souspli_cli import files
from souspli_cli.box import Purpose
from souspli_cli.errors import CliError
from souspli_cli.sealed_files import SealedFiles
from souspli_exchange.ids import InvitationId
from souspli_exchange.port_errors import NotFoundError
from souspli_exchange.ports.states import DeliveryState
from souspli_keys import dsse
from souspli_keys.audit import AuditKey, parse_audit_key
from souspli_keys.errors import ChainError, StatementError
from souspli_keys.statements import MAX_DOCUMENTS, PurgeStatement, verify_purge

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from souspli_cli.addressbook import AddressBook
    from souspli_exchange.ports.directory import Directory
    from souspli_keys.address import Origin
    from souspli_keys.public import Fingerprint


class _KeyFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    version: int = 1
    audit_key: dict[str, Any]


class Certificate(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A statement that was verified when it was kept."""

    version: int = 1
    address: str
    """Of the patient, as the practice knew it: nobody else does any more."""
    statement: dict[str, Any]
    """The envelope."""

    @property
    def purge(self) -> PurgeStatement:
        """What was signed."""
        return PurgeStatement.parse(dsse.parse(self.statement).payload)


@dataclass(frozen=True)
class Certificates:
    """The certificates of a profile."""

    folder: Path
    secret: bytes = field(repr=False)

    @classmethod
    def of(cls, book: AddressBook) -> Certificates:
        """Give those that are kept beside an address book."""
        return cls(book.folder, book.secret)

    def pinned(self) -> AuditKey | None:
        """Give the service's audit key, as it was when the service was first met."""
        kept = self._files.read("audit-key.sealed", Purpose.AUDIT_KEY, _KeyFile)
        return None if kept is None else parse_audit_key(kept.audit_key)

    def pin(self, said: AuditKey) -> AuditKey:
        """Pin the key that the service says, unless one is pinned; give the pinned one."""
        with files.locked(self.folder / "lock"):
            kept = self.pinned()
            if kept is None:
                self._files.write(
                    "audit-key.sealed", Purpose.AUDIT_KEY, _KeyFile(audit_key=said.to_json())
                )
        return kept or said

    def of_letter(self, invitation_id: str) -> Certificate | None:
        """Give the certificate about a letter, or None."""
        return self._files.read(_name(invitation_id), Purpose.PURGE, Certificate)

    def keep(self, invitation_id: str, certificate: Certificate) -> None:
        """Keep one that was verified, durably."""
        with files.locked(self.folder / "lock"):
            self._files.write(_name(invitation_id), Purpose.PURGE, certificate)

    def all(self) -> Iterator[Certificate | CliError]:
        """Give all of them, in no order, and an error for each that can't be read."""
        return self._files.all("purge", Purpose.PURGE, Certificate)

    @property
    def _files(self) -> SealedFiles:
        return SealedFiles(self.folder, self.secret)


def _name(invitation_id: str) -> str:
    # Random, and known to the service: it says nothing.
    return f"purge-{invitation_id}.sealed"


@dataclass
class Learnt:
    """What is new about letters that nobody answered."""

    kept: list[str] = field(default_factory=list[str])
    """Addresses whose certificate was verified now."""
    unfinished: list[str] = field(default_factory=list[str])
    """Addresses about whom the service still deletes."""
    refused: list[str] = field(default_factory=list[str])
    """Addresses whose certificate does not hold: the operator has to answer for it."""


async def learn(
    directory: Directory, book: AddressBook, *, organisation: Fingerprint, origin: Origin
) -> Learnt:
    """Fetch, verify and keep what the service signed about letters that have expired.

    The first call pins the service's key. PortError: it is away; what was learnt before
    is kept.
    """
    certificates, learnt = Certificates.of(book), Learnt()
    pinned = certificates.pinned() or certificates.pin(await directory.audit_key())
    for letter in _expired(book):
        if certificates.of_letter(letter.invitation_id) is not None:
            continue
        try:
            view = await directory.purge(InvitationId(letter.invitation_id))
        except NotFoundError:
            # It said `expired` and knows of no purge: nothing is proved.
            learnt.unfinished.append(letter.address)
            continue
        if view.statement is None:
            learnt.unfinished.append(letter.address)
            continue
        try:
            purge = verify_purge(
                view.statement,
                audit_key=pinned,
                organisation=organisation,
                invitation_id=view.invitation_id,
                origin=origin,
            )
            letter.check(purge)
        except StatementError:
            learnt.refused.append(letter.address)
            continue
        certificates.keep(
            letter.invitation_id,
            Certificate(address=letter.address, statement=view.statement.to_json()),
        )
        learnt.kept.append(letter.address)
    return learnt


@dataclass(frozen=True)
class _Letter:
    """A letter for which documents waited in vain."""

    invitation_id: str
    address: str
    documents: frozenset[str]
    line: frozenset[str]
    """Ids of the letters to this patient: it may have been purged with its successor."""

    def check(self, purge: PurgeStatement) -> PurgeStatement:
        """Give the statement if it is about this letter and our documents; else ChainError."""
        if purge.invitation_id not in self.line:
            raise ChainError("a statement about somebody else's letter")
        if len(purge.documents) < MAX_DOCUMENTS and not self.documents <= set(purge.documents):
            raise ChainError("a statement that says nothing of a document")
        return purge


def _expired(book: AddressBook) -> Iterator[_Letter]:
    waited: dict[tuple[str, str], set[str]] = {}
    for document in book.documents():
        if isinstance(document, CliError):
            continue
        for to in document.recipients:
            if to.state == DeliveryState.EXPIRED.value:
                waited.setdefault((to.invitation_id, to.address), set()).add(document.document_id)
    for (invitation_id, address), documents in sorted(waited.items()):
        patient = book.patient(address)
        letter = None if patient is None else patient.letter(invitation_id)
        if letter is not None and letter.closed_since is not None:
            continue  # not purged: the patient closed their account, and said so
        own = {one.invitation_id for one in patient.invitations} if patient else set[str]()
        yield _Letter(
            invitation_id, address, frozenset(documents), frozenset(own | {invitation_id})
        )
