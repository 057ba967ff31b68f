"""What the exchange needs from a mailbox service, and not how it is reached.

Requests, fields and states: docs/specs/mailbox.md §4. `souspli_mailbox.client`
implements these protocols over HTTP; tests do it in memory. They hold for every
implementation:

- **Durability.** A method that returns has been answered: what it promised to keep
  survives a crash of the service. A method that raises an error with `temporary`
  may have been applied or not.
- **Idempotence.** Every write may be repeated with the same arguments and then gets
  the same answer. A repeat with other arguments is refused (`DocumentDiffersError`,
  `InvitationUsedError`, `CoverChangedError`).
- **Retries** belong to the callers (`send.py` repeats what is temporary, with
  backoff). An implementation makes one attempt, bounded in time.
- **Errors** are those of `port_errors.py` and nothing else. Cancelling a call is
  always allowed and leaves it applied or not.
- **Concurrency.** Calls may overlap. Only `ClaimDesk` is used one call at a time.
- **Nothing here is trusted.** Ids, envelopes, covers and contents come back as the
  service gave them, checked for shape only. Whoever uses them verifies them.

Binary values are bytes, ids and hashes lower-case hexadecimal text, moments integer
Unix seconds.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from souspli_exchange.ids import DeliveryId, DocumentId, InvitationId
from souspli_keys.audit import AuditKey
from souspli_keys.dsse import Envelope


class InvitationStatus(StrEnum):
    """States of an invitation (claim.md §3)."""

    PENDING = "pending"
    CLAIMED = "claimed"
    SUPERSEDED = "superseded"
    EXPIRED = "expired"


class DepositState(StrEnum):
    """Whether a deposit's segments are still awaited."""

    UPLOADING = "uploading"
    STORED = "stored"


class DeliveryState(StrEnum):
    """States of a delivery (mailbox.md §2)."""

    STORED = "stored"
    NOTIFIED = "notified"
    BOUNCED = "bounced"
    FETCHED = "fetched"
    OPENED = "opened"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class BindingEnvelopes:
    """A binding as it travels: one payload, signed by both identities."""

    by_claim: Envelope
    by_identity: Envelope


@dataclass(frozen=True, slots=True)
class NotedConsent:
    """What a member noted, and the statement that certifies them (consent.md §6)."""

    consent: Envelope
    member: Envelope


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


@dataclass(frozen=True, slots=True)
class DepositProgress:
    """What the service holds of a deposit."""

    document_id: DocumentId
    state: DepositState
    received: frozenset[int]
    """Indices of the segments that are kept; they need not be put again."""


@dataclass(frozen=True, slots=True)
class AddressedCover:
    """A sealed cover and whom it is for."""

    invitation_id: InvitationId
    recipient_fingerprint: str
    """Of the claim identity while the invitation is pending, else of the account's."""
    cover: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class NewDelivery:
    """The delivery that one cover became."""

    delivery_id: DeliveryId
    invitation_id: InvitationId
    letter_ends_at: int | None = None
    """Until when the letter that leads to it is good, says the service; None for an account."""


@dataclass(frozen=True, slots=True)
class CompletedDeposit:
    """A deposit that is stored, with one delivery for each cover, in their order."""

    document_id: DocumentId
    deliveries: tuple[NewDelivery, ...]


@dataclass(frozen=True, slots=True)
class SentDelivery:
    """A delivery as its sender sees it."""

    delivery_id: DeliveryId
    invitation_id: InvitationId
    state: DeliveryState
    stored_at: int
    notified_at: int | None
    bounced_at: int | None
    fetched_at: int | None
    opened_at: int | None
    withdrawn_at: int | None
    expired_at: int | None
    bounce_reason: str | None
    """Why no mail arrives there: a fixed word (mails.md §7)."""
    receipt: Envelope | None
    """Unverified: `receipt.verify_receipt` says whether it is one."""


@dataclass(frozen=True, slots=True)
class SentDeposit:
    """A stored deposit of the caller, with its deliveries."""

    document_id: DocumentId
    stored_at: int
    withdrawal_hash: str | None
    """Of the withdrawal that the service keeps; a sender who made one posts it again if not."""
    deliveries: tuple[SentDelivery, ...]


@dataclass(frozen=True, slots=True)
class DepositsPage:
    """Stored deposits, newest first; `next_cursor` is None on the last page."""

    deposits: tuple[SentDeposit, ...]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class DeliveredCover:
    """The cover of a delivery, and the statements about who deposited it."""

    cover: bytes = field(repr=False)
    cover_hash: str
    """SHA-256 of `cover`: what a replacement names."""
    organisation: Envelope
    member: Envelope


SentDeliveries = tuple[SentDelivery, ...]


@dataclass(frozen=True, slots=True)
class DeliveredWithdrawal:
    """The withdrawal of a delivery's document, and the statements about its signer.

    Unverified: `withdrawal.verify_withdrawal` says whether it is one.
    """

    withdrawal: Envelope
    organisation: Envelope
    member: Envelope


class SenderMailbox(Protocol):
    """The mailbox as a signed-in member uses it."""

    async def open_deposit(
        self, document_id: DocumentId, *, sealed_length: int, segments: int
    ) -> DepositProgress:
        """Open a deposit, or say how far the one with this id has come.

        Raises DocumentDiffersError if the id was opened with another length.
        """
        ...

    async def put_segment(
        self, document_id: DocumentId, index: int, sealed: bytes, *, sha256: bytes
    ) -> None:
        """Keep one sealed segment (from 0) durably, if its SHA-256 is `sha256`.

        Where segments go (the service, or a store's presigned URL) is the
        implementer's. Raises ChecksumMismatchError (send the same bytes again) and
        DocumentDiffersError (this index was kept with other bytes).
        """
        ...

    async def complete_deposit(
        self,
        document_id: DocumentId,
        *,
        checksums: Sequence[bytes],
        covers: Sequence[AddressedCover],
        sender_cover: bytes,
    ) -> CompletedDeposit:
        """Store the deposit and make one delivery per cover, in one transaction.

        `checksums` holds the SHA-256 of every sealed segment, in order. Raises
        IncompleteDepositError, RecipientClaimedError, InvitationSupersededError,
        InvitationExpiredError, CoverNotTakenError; then nothing was stored and the
        segments are still held. A repeat after success gets the same deliveries;
        with other covers or checksums it raises DocumentDiffersError.
        """
        ...

    async def deposits(self, *, after: str | None = None, limit: int = 50) -> DepositsPage:
        """Return one page of the caller's stored deposits, newest first."""
        ...

    async def sender_cover(self, document_id: DocumentId) -> bytes:
        """Return the sender's own cover of a deposit of the caller."""
        ...

    async def own_contents(self, document_id: DocumentId, *, start: int, stop: int) -> bytes:
        """Return bytes start ≤ n < stop of the sealed contents of a deposit of the caller.

        As `RecipientMailbox.read_contents`, and nothing is marked `fetched`. NotFoundError
        once they are gone.
        """
        ...

    async def delivery_cover(self, delivery_id: DeliveryId) -> DeliveredCover:
        """Return the cover of a delivery of the caller's own deposit."""
        ...

    async def move_delivery(
        self, delivery_id: DeliveryId, *, replaces: str, cover: bytes, invitation_id: InvitationId
    ) -> str:
        """Give a delivery to the successor of its invitation, with a new cover.

        `replaces` is the hash of the cover in place; CoverChangedError if it is
        another, WithdrawnError for one that was taken back. Returns the new cover's hash.
        """
        ...

    async def withdraw(self, document_id: DocumentId, withdrawal: Envelope) -> SentDeliveries:
        """Take a stored document of the caller back; return how far its deliveries had come.

        What was not handed out can't be opened by anybody when this returns. Raises
        NotFoundError (never stored), StatementNotTakenError, WithdrawnError (by another
        withdrawal than this one).
        """
        ...


@dataclass(frozen=True, slots=True)
class ReceivedDelivery:
    """A delivery as its recipient sees it before opening anything."""

    delivery_id: DeliveryId
    document_id: DocumentId
    state: DeliveryState
    sealed_length: int
    stored_at: int
    fetched_at: int | None
    opened_at: int | None
    cover_hash: str


@dataclass(frozen=True, slots=True)
class DeliveriesPage:
    """Deliveries, newest first; `next_cursor` is None on the last page."""

    deliveries: tuple[ReceivedDelivery, ...]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class PatientsOrganisation:
    """An organisation whose letter led into the account, and what was said for it."""

    organisation: Envelope
    consent: NotedConsent | None
    choice: Envelope | None


class RecipientMailbox(Protocol):
    """The mailbox as a signed-in patient uses it."""

    async def deliveries(self, *, after: str | None = None, limit: int = 50) -> DeliveriesPage:
        """Return one page of the caller's deliveries, newest first."""
        ...

    async def delivery_cover(self, delivery_id: DeliveryId) -> DeliveredCover:
        """Return the cover of a delivery to the caller; WithdrawnError if it was taken back."""
        ...

    async def replace_cover(self, delivery_id: DeliveryId, *, replaces: str, cover: bytes) -> str:
        """Put a re-sealed cover in the place of the one whose hash is `replaces`.

        Compare-and-swap: CoverChangedError if another cover is in place. A repeat
        whose cover is already in place succeeds. Returns the new cover's hash.
        """
        ...

    async def collect(self, delivery_id: DeliveryId) -> int:
        """Mark the delivery `fetched`; return the length of its sealed contents.

        Raises WithdrawnError if it was taken back before it was collected.
        """
        ...

    async def read_contents(self, delivery_id: DeliveryId, *, start: int, stop: int) -> bytes:
        """Return the sealed contents' bytes start ≤ n < stop.

        Never more than asked for. Fewer are not an error here: the reader notices,
        because it knows the length from the manifest.
        """
        ...

    async def post_receipt(self, delivery_id: DeliveryId, receipt: Envelope) -> DeliveryState:
        """Post a signed receipt; a second one is ignored with the same answer."""
        ...

    async def withdrawal(self, delivery_id: DeliveryId) -> DeliveredWithdrawal:
        """Return the withdrawal of a delivery to the caller; NotFoundError if there is none."""
        ...


class Mailbox(SenderMailbox, RecipientMailbox, Protocol):
    """Both halves, for an implementation that serves members and patients alike."""


@dataclass(frozen=True, slots=True)
class LetterLookup:
    """What the service says a letter number belongs to: untrusted."""

    invitation_id: InvitationId
    organisation: str
    """Fingerprint; the claim code's salt proves it or nothing can be derived."""


@dataclass(frozen=True, slots=True)
class InvitationRecord:
    """R with the statements that its signature chains through: unverified."""

    record: Envelope
    organisation: Envelope
    member: Envelope


@dataclass(frozen=True, slots=True)
class ClaimNonce:
    """A nonce of 32 bytes to sign with the claim login key; used once."""

    nonce: bytes
    expires_at: int


@dataclass(frozen=True, slots=True)
class MailedCode:
    """A one-time code is on its way to the e-mail of record."""

    masked_address: str
    expires_at: int
    mails_left: int


@dataclass(frozen=True, slots=True)
class NewUnlocker:
    """An unlocker as the service keeps it: nothing in it is secret."""

    unlocker_id: str
    kind: str
    login_public_key: bytes
    wrapped_vault_key: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class NewAccount:
    """What makes an account: its number, its first vault, its unlockers (1–8)."""

    account_number: str
    sealed_vault: bytes = field(repr=False)
    unlockers: tuple[NewUnlocker, ...]


@dataclass(frozen=True, slots=True)
class BoundAccount:
    """The account that a claim was bound to."""

    account_number: str
    expires_at: int
    """When the session that the binding opened ends."""


class ClaimDesk(Protocol):
    """The claim's requests, gates in this order (claim.md §4).

    One object is one claim session: `prove` opens it, and the implementation keeps
    its token or cookie to itself. After `bind` the same connection is signed in as
    the new account. A wrong answer at a gate raises and leaves the session open.
    """

    async def look_up_letter(self, letter_number: str) -> LetterLookup:
        """Exchange a letter number; LetterNotValidError if there is none."""
        ...

    async def claim_record(self, invitation_id: InvitationId) -> InvitationRecord:
        """Return R and its statements; LetterNotValidError if there is none."""
        ...

    async def claim_nonce(self, invitation_id: InvitationId) -> ClaimNonce:
        """Return a nonce for gate one."""
        ...

    async def prove(self, invitation_id: InvitationId, *, nonce: bytes, signature: bytes) -> str:
        """Gate one: open the claim session; return the masked e-mail of record.

        Raises SignatureRefusedError, and only past the signature
        InvitationUsedError, InvitationSupersededError, InvitationExpiredError.
        """
        ...

    async def send_email_code(self, invitation_id: InvitationId) -> MailedCode:
        """Have a one-time code mailed to the e-mail of record; ThrottledError past 5 a day."""
        ...

    async def check_email_code(self, invitation_id: InvitationId, *, code: str) -> None:
        """Gate two; CodeWrongError, CodeExpiredError, ThrottledError."""
        ...

    async def check_person(self, invitation_id: InvitationId, *, person_check: bytes) -> None:
        """Gate three; PersonWrongError, ThrottledError, GateNotPassedError."""
        ...

    async def bind(
        self,
        invitation_id: InvitationId,
        *,
        account: NewAccount,
        binding: BindingEnvelopes,
        acceptance: Envelope | None = None,
    ) -> BoundAccount:
        """Make the account and claim the invitation in one transaction; one winner.

        `acceptance` of the terms is kept with it; TermsChangedError if others are in force.

        The same binding again gets the same answer. Raises InvitationUsedError for
        any other, AccountNumberTakenError, GateNotPassedError, StatementNotTakenError.
        """
        ...
