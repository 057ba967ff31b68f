"""Refusals by the records: what the rows say against a request.

    RecordsError
    ├── NotFoundError               no such row, or not the caller's to name
    ├── AdmissionCodeRefusedError   unknown, used by another request, or expired
    ├── OrganisationExistsError     this organisation has been admitted already
    ├── AccountNumberTakenError     draw another
    ├── UnlockerTakenError          an unlocker id or login key that exists already
    ├── NonceRefusedError           unknown, used, expired or for something else
    ├── LetterNumberTakenError      draw another
    ├── AddressInUseError           supersede the pending invitation instead
    ├── InvitationDiffersError      the id is taken by other bytes
    ├── InvitationStateError        not `pending`
    │   ├── InvitationUsedError
    │   ├── InvitationSupersededError
    │   └── InvitationExpiredError
    ├── StatementDiffersError       does not follow the newest one of its line
    ├── TermsChangedError           of no text in force
    ├── NotSuccessorError           not the pending successor of the invitation
    ├── EnrolmentAnsweredError      by another joining
    ├── EnrolmentDiffersError       id, handle or certificate is kept with other bytes
    ├── GateNotPassedError
    ├── CodeExpiredError            or none was asked for
    ├── TriesError                  carries `tries_left`
    │   ├── CodeWrongError
    │   └── PersonWrongError
    ├── TooManyTriesError           carries `retry_at`
    ├── DocumentDiffersError        same document id, other bytes
    ├── QuotaReachedError           carries `retry_at`, if waiting helps
    ├── RecipientClaimedError       carries `invitation_id`
    ├── BackToPaperError            carries `invitation_id`
    ├── ClosedError                 the account was closed by another request
    ├── CoverChangedError           compare-and-swap lost
    ├── WithdrawnError              the sender took the document back
    └── LeaseLostError              another worker has the job

No text here holds an address, a number or an id; `invitation_id` travels as a
field, for the answer that has a place for it.
"""

from __future__ import annotations


class RecordsError(Exception):
    """Base of every refusal by the records; nothing was written."""


class NotFoundError(RecordsError):
    """No such row, or none that the caller may name."""


class AdmissionCodeRefusedError(RecordsError):
    """Unknown, used by another request, or expired: never says which."""


class OrganisationExistsError(RecordsError):
    """An organisation or member with this key has been admitted already."""


class AccountNumberTakenError(RecordsError):
    """The client draws another number."""


class UnlockerTakenError(RecordsError):
    """An unlocker id or login key that exists already."""


class NonceRefusedError(RecordsError):
    """Unknown, used, expired, or made for another purpose or subject."""


class LetterNumberTakenError(RecordsError):
    """The inviting client draws another number."""


class AddressInUseError(RecordsError):
    """A pending invitation of the organisation exists for this address."""


class InvitationDiffersError(RecordsError):
    """The invitation's id is taken by an invitation with other bytes."""


class InvitationStateError(RecordsError):
    """The invitation is not `pending`: it admits nothing (claim.md §3)."""


class InvitationUsedError(InvitationStateError):
    """Claimed already, by another binding."""


class InvitationSupersededError(InvitationStateError):
    """Re-issued: there is a newer letter."""


class InvitationExpiredError(InvitationStateError):
    """The clock has passed `not_after`."""


class StatementDiffersError(RecordsError):
    """The statement does not follow the newest one of its line: look again."""


class TermsChangedError(RecordsError):
    """What was accepted is none of the texts in force."""


class NotSuccessorError(RecordsError):
    """The named invitation is not the pending successor of the delivery's own."""


class EnrolmentAnsweredError(RecordsError):
    """Somebody else has answered with this code."""


class EnrolmentDiffersError(RecordsError):
    """The enrolment's id or handle is taken, or it was certified with other bytes."""


class GateNotPassedError(RecordsError):
    """An earlier gate of the claim is missing."""


class CodeExpiredError(RecordsError):
    """The one-time code is too old, or none was asked for."""


class TriesError(RecordsError):
    """A wrong guess, which has been counted."""

    def __init__(self, *, tries_left: int) -> None:
        """Keep how many guesses are left before `TooManyTriesError`."""
        super().__init__("a wrong guess")
        self.tries_left = tries_left


class CodeWrongError(TriesError):
    """Not the one-time code that was mailed."""


class PersonWrongError(TriesError):
    """Not the invited person's name and birth date."""


class TooManyTriesError(RecordsError):
    """No guess or mail is left until `retry_at` (a moment)."""

    def __init__(self, *, retry_at: int) -> None:
        """Keep the moment from which trying again makes sense."""
        super().__init__("no try is left")
        self.retry_at = retry_at


class DocumentDiffersError(RecordsError):
    """The document id is taken by a deposit with other bytes."""


class QuotaReachedError(RecordsError):
    """The organisation keeps, or has sent today, as much as it may."""

    def __init__(self, *, retry_at: int | None) -> None:
        """Keep the moment from which sending makes sense again; None if none is known."""
        super().__init__("the organisation's quota is reached")
        self.retry_at = retry_at


class RecipientClaimedError(RecordsError):
    """The recipient's key is not the one in force: seal to the account's identity."""

    def __init__(self, *, invitation_id: str) -> None:
        """Keep the invitation whose binding the sender has to verify."""
        super().__init__("the recipient's key is not the one in force")
        self.invitation_id = invitation_id


class BackToPaperError(RecordsError):
    """The patient is to be written to on paper (consent.md §6)."""

    def __init__(self, *, invitation_id: str) -> None:
        """Keep the invitation whose statements the sender has to look at."""
        super().__init__("the patient is written to on paper")
        self.invitation_id = invitation_id


class ClosedError(RecordsError):
    """The patient's account was closed meanwhile."""


class CoverChangedError(RecordsError):
    """The cover to replace is no longer the one in force."""


class WithdrawnError(RecordsError):
    """The sender took the document back before it was handed out, or with other words."""


class LeaseLostError(RecordsError):
    """The job's lease ran out and another worker may have it."""
