"""The profile's address book: who was invited, who claimed, what was sent to whom.

One sealed file per patient and per document (docs/specs/profile.md §4): a change
writes a few kilobytes however many there are, and a damaged file costs one entry.
Names of files are keyed hashes, so a folder listing names nobody. Every change is
made under one lock from what is on the disk at that moment: two programs never
lose each other's change.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeAlias

import msgspec

from souspli_cli import files
from souspli_cli.box import Purpose
from souspli_cli.sealed_files import SealedFiles
from souspli_keys.framing import derive, frame

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from souspli_cli.errors import CliError

# R with its signatures takes 12 KB, and a sealed file holds 1 MiB: beyond this
# many letters to one patient the oldest are forgotten.
MAX_INVITATIONS = 32

_NAMES_LABEL = "souspli/v1/profile/names"
_PATIENT_LABEL = "souspli/v1/profile/patient-name"


Stamp: TypeAlias = tuple[int, int, int]
"""Of a file: when it was written, its length, its inode."""


class Traits(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Who the patient is, as the practice knows it. Never leaves this machine unsealed."""

    birth_name: str
    used_name: str | None
    given_names: str
    birth_date: str
    sex: str
    postal_address: tuple[str, ...] = ()
    phone: str | None = None
    """E.164. The one thing here that the service is told, with an invitation."""

    @property
    def name(self) -> str:
        """The name in everyday use: the used one where there is one."""
        return self.used_name or self.birth_name


class OwnInvitation(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The sender's own copy of an invitation (claim.md §1, step 4)."""

    invitation_id: str
    record: dict[str, Any]
    """The envelope of R."""
    record_hash: str
    not_before: int
    not_after: int
    confirmed: bool
    """Whether the service is known to have it; False after a crash in between."""
    closed_since: int | None = None
    """Since when the account that it led to is closed (closing.md §4)."""
    closing: dict[str, Any] | None = None
    """The patient's word for that, where they signed it."""


class AcceptedBinding(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The binding that was verified for an invitation, kept as evidence (claim.md §5)."""

    invitation_id: str
    binding_hash: str
    by_claim: dict[str, Any]
    by_identity: dict[str, Any]
    attested: bool
    """Whether colleagues have been told."""


class PatientWords(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What was said about electronic or paper, as it was last verified (consent.md §6)."""

    consent: dict[str, Any] | None = None
    """The practice's note, and below the statement of the member who signed it."""
    consent_member: dict[str, Any] | None = None
    choice: dict[str, Any] | None = None
    """The patient's own word."""
    way: str | None = None
    """Which counts: `electronic` or `paper`; None if nobody said anything."""
    since: int | None = None
    by_patient: bool = False


class Patient(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """An entry of the address book."""

    version: int = 1
    address: str
    traits: Traits
    invitations: tuple[OwnInvitation, ...] = ()
    """Oldest first."""
    binding: AcceptedBinding | None = None
    stopped: str | None = None
    """The id of an invitation whose binding was refused: a red stop, until a re-issue."""
    moved_to: str | None = None
    """The right address, once this one was found wrong; its entry goes on from here."""
    words: PatientWords | None = None

    @property
    def paper_since(self) -> int | None:
        """Since when the patient is written to on paper, as far as is known here."""
        if self.closed_since is not None:
            return self.closed_since
        words = self.words
        return words.since if words is not None and words.way == "paper" else None

    @property
    def closed_since(self) -> int | None:
        """Since when the patient has no account any more, as far as is known here."""
        return self.invitations[-1].closed_since if self.invitations else None

    def letter(self, invitation_id: str) -> OwnInvitation | None:
        """Return one of the letters to this patient."""
        return next((one for one in self.invitations if one.invitation_id == invitation_id), None)


class SentTo(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One recipient of a document."""

    address: str
    invitation_id: str
    manifest_hash: str
    """SHA-256 of the manifest in this recipient's cover: what a receipt must name."""
    delivery_id: str | None = None
    state: str | None = None
    moments: dict[str, int] = {}
    """State to the moment it was reached, as the service last said."""
    opened_verified: bool = False
    """Whether a receipt that verifies has been seen."""
    bounce_reason: str | None = None
    """Why no mail arrives, as the service last said."""
    letter_ends_at: int | None = None
    """Until when the letter was good, as the service said when it took the document."""
    handled: str | None = None
    """What of the worklist a person has dealt with; it comes back as something else."""


class OwnWithdrawal(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The sender's own copy of a withdrawal, kept before it is posted (withdrawal.md §2)."""

    withdrawn_at: int
    reason: str
    replaced_by: str | None
    withdrawal_hash: str
    envelope: dict[str, Any]
    taken: bool
    """Whether the service has acknowledged it."""


class SentDocument(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A document that was sealed here."""

    version: int = 1
    document_id: str
    title: str
    kind: str | None
    date: str
    created_at: int
    files: tuple[str, ...]
    stored: bool
    """Whether the service has acknowledged it; until then it waits in the outbox."""
    recipients: tuple[SentTo, ...]
    replaces: str | None = None
    """The id of the document that this one corrects."""
    withdrawal: OwnWithdrawal | None = None
    priority: str = "routine"
    """As its manifest says; only the sender and its readers know."""


@dataclass(frozen=True)
class AddressBook:
    """The address book in a profile's ``book`` folder."""

    folder: Path
    secret: bytes = field(repr=False)

    def patient(self, address: str) -> Patient | None:
        """Give the entry of a canonical address, or None."""
        return self._files.read(self._patient_name(address), Purpose.PATIENT, Patient)

    def stamp(self, address: str) -> Stamp | None:
        """Give what changes whenever an entry does; None if there is none."""
        try:
            status = (self.folder / self._patient_name(address)).stat()
        except FileNotFoundError:
            return None
        return status.st_mtime_ns, status.st_size, status.st_ino

    def change_patient(self, address: str, change: Callable[[Patient | None], Patient]) -> Patient:
        """Replace an entry by what ``change`` makes of it, durably and alone.

        ``change`` is given what is there now, and may raise to leave it.
        """
        with files.locked(self.folder / "lock"):
            name = self._patient_name(address)
            patient = change(self._files.read(name, Purpose.PATIENT, Patient))
            self._files.write(name, Purpose.PATIENT, patient)
        return patient

    def patients(self) -> Iterator[Patient | CliError]:
        """Give all entries, and an error for each that can't be read."""
        return self._files.all("patient", Purpose.PATIENT, Patient)

    def document(self, document_id: str) -> SentDocument | None:
        """Give what is known of a document that was sealed here, or None."""
        return self._files.read(_document_name(document_id), Purpose.DOCUMENT, SentDocument)

    def change_document(
        self, document_id: str, change: Callable[[SentDocument | None], SentDocument]
    ) -> SentDocument:
        """Like ``change_patient``, for a document."""
        with files.locked(self.folder / "lock"):
            name = _document_name(document_id)
            document = change(self._files.read(name, Purpose.DOCUMENT, SentDocument))
            self._files.write(name, Purpose.DOCUMENT, document)
        return document

    def forget_document(self, document_id: str) -> None:
        """Remove what is known of a document; nothing happens if there is nothing."""
        with files.locked(self.folder / "lock"):
            (self.folder / _document_name(document_id)).unlink(missing_ok=True)
            files.sync_folder(self.folder)

    def documents(self) -> Iterator[SentDocument | CliError]:
        """Give all documents, in no order, and an error for each that can't be read."""
        return self._files.all("document", Purpose.DOCUMENT, SentDocument)

    def _patient_name(self, address: str) -> str:
        key = _names_key(self.secret)
        digest = hmac.digest(key, frame(_PATIENT_LABEL, address), hashlib.sha256)
        return f"patient-{digest[:16].hex()}.sealed"

    @property
    def _files(self) -> SealedFiles:
        return SealedFiles(self.folder, self.secret)


@lru_cache(maxsize=4)
def _names_key(secret: bytes) -> bytes:
    return derive(secret, _NAMES_LABEL)


def _document_name(document_id: str) -> str:
    # The id is random and the service knows it: it says nothing.
    return f"document-{document_id}.sealed"


def with_invitation(patient: Patient, invitation: OwnInvitation) -> Patient:
    """Give the entry with one more invitation, or with this one in place of its older copy."""
    others = [i for i in patient.invitations if i.invitation_id != invitation.invitation_id]
    if len(others) == len(patient.invitations):
        kept = (*others, invitation)
    else:
        kept = tuple(
            invitation if i.invitation_id == invitation.invitation_id else i
            for i in patient.invitations
        )
    return msgspec.structs.replace(patient, invitations=kept[-MAX_INVITATIONS:])
