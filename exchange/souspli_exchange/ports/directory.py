"""Who may be sent to: the port of a signed-in member for invitations and consents."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from souspli_exchange.ids import InvitationId
from souspli_exchange.ports.statements import BindingEnvelopes, NotedConsent
from souspli_exchange.ports.states import InvitationStatus
from souspli_keys.audit import AuditKey
from souspli_keys.dsse import Envelope


@dataclass(frozen=True, slots=True)
class ClosedView:
    """What the service says about an account that its patient closed (closing.md §4)."""

    closed_at: int
    closing: Envelope | None
    """None where the service was put back from a backup of before."""


@dataclass(frozen=True, slots=True)
class InvitationView:
    """What the service says about one invitation. All of it is to be verified."""

    invitation_id: InvitationId
    status: InvitationStatus
    binding: BindingEnvelopes | None
    attestation: Envelope | None
    consent: NotedConsent | None = None
    """The newest of the line."""
    choice: Envelope | None = None
    """The account's newest for this organisation."""
    closed: ClosedView | None = None


@dataclass(frozen=True, slots=True)
class DirectoryEntry:
    """The newest invitation that the caller's organisation made for an address."""

    invitation: InvitationView
    record: Envelope
    """The invitation record R, as the service holds it."""


@dataclass(frozen=True, slots=True)
class PurgeView:
    """What the service says about a letter that nobody answered (pending.md §5)."""

    invitation_id: InvitationId
    """Of the letter, or of the one that replaced it."""
    begun_at: int
    ended_at: int | None
    """None while something resists deletion."""
    statement: Envelope | None
    """Unverified: `statements.verify_purge` says whether it is one."""


@dataclass(frozen=True, slots=True)
class OnPaperPage:
    """Invitations whose patient is on paper, and since when; `next_cursor` as in `DepositsPage`.

    The service's word alone, and a hint whom to look up.
    """

    on_paper: tuple[tuple[InvitationId, int], ...]
    next_cursor: str | None


class Directory(Protocol):
    """Who may be sent to. Every call is made as a signed-in member."""

    async def look_up(self, address: str) -> DirectoryEntry:
        """Return the newest invitation of the caller's organisation for this address.

        `address` is canonical (encoding.md §5). Raises NotFoundError if there is
        none, whether or not the address has an account.
        """
        ...

    async def invitation(self, invitation_id: InvitationId) -> InvitationView:
        """Return an invitation of the caller's organisation; NotFoundError if there is none."""
        ...

    async def audit_key(self) -> AuditKey:
        """Return the key that the service says it signs with; pin it at the first meeting."""
        ...

    async def purge(self, invitation_id: InvitationId) -> PurgeView:
        """Return what became of a letter of the caller's organisation that nobody answered.

        NotFoundError while no purge of it was begun.
        """
        ...

    async def publish_invitation(
        self,
        *,
        record: Envelope,
        letter_number: str,
        person_checks: Sequence[bytes],
        address: str,
        phone: str | None = None,
        consent: Envelope | None = None,
    ) -> InvitationStatus:
        """Post an invitation record with what the service alone keeps beside it.

        `consent` is kept with it or not at all.

        `letter_number` has ten digits; `person_checks` are 1–4 values of 32 bytes.
        `phone`: E.164, for a text message to whom no mail arrives. The
        invitation that `record` supersedes becomes SUPERSEDED in the same transaction.
        Raises LetterNumberTakenError, AddressInUseError, StatementNotTakenError,
        InvitationUsedError (the one to supersede is claimed), InvitationExpiredError
        (it is being purged: begin a new line).
        """
        ...

    async def note_consent(self, invitation_id: InvitationId, consent: Envelope) -> None:
        """Note what the patient told the practice, for the invitation's line.

        Raises StatementNotTakenError, and ConflictError if it does not follow the
        newest consent: look again.
        """
        ...

    async def on_paper(self, *, after: str | None = None, limit: int = 50) -> OnPaperPage:
        """Return one page of the organisation's invitations whose patient is on paper."""
        ...

    async def attest(self, attestation: Envelope) -> None:
        """Publish an attestation for the colleagues of the caller's organisation."""
        ...
