"""From a letter to an account: the port of a patient who is not signed in yet."""

from dataclasses import dataclass
from typing import Protocol

from souspli_exchange.ids import InvitationId
from souspli_exchange.ports.accounts import NewAccount
from souspli_exchange.ports.statements import BindingEnvelopes
from souspli_keys.dsse import Envelope


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
