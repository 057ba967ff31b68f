"""What implementations of the ports raise: one type per answer of the service.

    PortError (ExchangeError)            .problem: the service's name for it (mailbox.md §3)
    ├── UnavailableError                 temporary: no answer, a broken line, 503, 500
    │   └── ThrottledError               temporary: asked too often; .retry_after
    ├── StorageFullError                 temporary: nothing was kept, the operator must act
    │   └── QuotaReachedError            no more for this organisation; .retry_after
    ├── BrokenAnswerError                the answer is not one of the protocol
    ├── NotSignedInError                 no session, or an expired one
    ├── SignatureRefusedError            login signature, nonce, account or unlocker wrong
    ├── NotAllowedError                  signed in, and it is not yours
    ├── NotFoundError
    │   ├── LetterNotValidError          letter number or invitation unknown
    │   └── EnrolmentNotValidError       unknown, over or replaced: ask for a new code
    ├── ConflictError                    the world is not as the caller thought
    │   ├── DocumentDiffersError         this document id was used for other bytes
    │   ├── RecipientClaimedError        the key is not the one in force; .invitation_id
    │   ├── InvitationUsedError
    │   ├── InvitationSupersededError
    │   ├── InvitationExpiredError
    │   ├── BackToPaperError             the patient is written to on paper; .since
    │   ├── CoverChangedError            compare-and-swap lost
    │   ├── WithdrawnError               the sender took the document back
    │   ├── TermsChangedError            other terms are in force: show them
    │   ├── EnrolmentAnsweredError       somebody else has answered with this code
    │   ├── AccountNumberTakenError      draw another
    │   ├── LetterNumberTakenError       draw another
    │   └── AddressInUseError            a pending invitation exists: supersede it
    ├── GateError                        one of the claim's gates did not open
    │   ├── GateNotPassedError           an earlier gate is missing
    │   ├── CodeWrongError               one-time code; .tries_left
    │   ├── CodeExpiredError             ask for another mail
    │   └── PersonWrongError             name or birth date; .tries_left
    └── RequestRefusedError              what was sent is wrong: a bug, or an attack
        ├── BadRequestError
        ├── RequestTooLargeError
        ├── RangeNotSatisfiableError
        ├── StatementNotTakenError       signature, chain, role, dates; .reason
        ├── CoverNotTakenError           not an age file of the one type, or its size
        ├── ChecksumMismatchError        the segment was changed on its way: send it again
        └── IncompleteDepositError       .missing: the segments to put

An implementation lets out nothing else, an `OSError` of its connection included.
"""

from typing import ClassVar

from souspli_exchange.errors import ExchangeError


class PortError(ExchangeError):
    """Base of what the ports of `souspli_exchange.ports` raise."""

    problem: ClassVar[str | None] = None
    """The last part of `urn:souspli:problem:<name>`, where the service has a name."""


class UnavailableError(PortError):
    """No answer, or one that says "try again": the request may have been applied or not."""

    temporary = True
    problem = "unavailable"

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        """`retry_after` is the time in seconds that the service asked to wait."""
        super().__init__(message)
        self.retry_after = retry_after


class ThrottledError(UnavailableError):
    """Asked too often; wait `retry_after` seconds."""

    problem = "too-many-tries"


class StorageFullError(PortError):
    """The service has no room; nothing was kept. Its operator must act."""

    temporary = True
    problem = "storage-full"


class QuotaReachedError(StorageFullError):
    """The organisation keeps, or has sent today, as much as it may; nothing was kept."""

    problem = "quota-reached"

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        """`retry_after` in seconds, where waiting helps: the day's count begins again."""
        super().__init__(message)
        self.retry_after = retry_after


class BrokenAnswerError(PortError):
    """The answer is not one that the protocol allows."""


class NotSignedInError(PortError):
    """There is no session, or it has expired."""

    problem = "not-signed-in"


class SignatureRefusedError(PortError):
    """Login signature, nonce, account or unlocker is wrong; the service never says which."""

    problem = "signature-refused"


class NotAllowedError(PortError):
    """Signed in, but this is not yours, or your role may not do it."""

    problem = "not-allowed"


class NotFoundError(PortError):
    """There is no such thing, or it is not shown to you."""

    problem = "not-found"


class LetterNotValidError(NotFoundError):
    """Letter number or invitation unknown."""

    problem = "letter-not-valid"


class EnrolmentNotValidError(NotFoundError):
    """No such enrolment, or it is over, or was replaced: the service never says which."""

    problem = "enrolment-not-valid"


class ConflictError(PortError):
    """The world is not as the caller thought; nothing was changed."""


class DocumentDiffersError(ConflictError):
    """This document id was used for other bytes."""

    problem = "document-differs"


class RecipientClaimedError(ConflictError):
    """A cover is sealed to a key that is no longer the one in force.

    Look the invitation up: it was claimed, and its binding names the new identity.
    """

    problem = "claimed"

    def __init__(self, message: str, *, invitation_id: str) -> None:
        super().__init__(message)
        self.invitation_id = invitation_id


class InvitationUsedError(ConflictError):
    """Somebody else's claim was first."""

    problem = "invitation-used"


class InvitationSupersededError(ConflictError):
    """A newer invitation has taken this one's place."""

    problem = "invitation-superseded"


class InvitationExpiredError(ConflictError):
    """The invitation's time is over: re-issue it."""

    problem = "invitation-expired"


class BackToPaperError(ConflictError):
    """The patient is written to on paper; nothing was sent (consent.md §6)."""

    problem = "back-to-paper"

    def __init__(
        self,
        message: str,
        *,
        since: int | None = None,
        by_patient: bool | None = None,
        closed: bool = False,
    ) -> None:
        """`since` and `by_patient` where the statements were seen, not only the refusal.

        `closed`: since then the patient has no account any more (closing.md §4), and
        `by_patient` whether they signed that.
        """
        super().__init__(message)
        self.since = since
        self.by_patient = by_patient
        self.closed = closed


class TermsChangedError(ConflictError):
    """Other terms are in force than those that were accepted."""

    problem = "terms-changed"


class CoverChangedError(ConflictError):
    """Compare-and-swap lost: the cover in place is not the one to be replaced."""

    problem = "cover-changed"


class WithdrawnError(ConflictError):
    """The sender took the document back: it is not handed out, nor withdrawn otherwise."""

    problem = "withdrawn"


class EnrolmentAnsweredError(ConflictError):
    """Somebody else has answered with this code."""

    problem = "enrolment-answered"


class AccountNumberTakenError(ConflictError):
    """Draw another account number."""

    problem = "account-number-taken"


class LetterNumberTakenError(ConflictError):
    """Draw another letter number."""

    problem = "letter-number-taken"


class AddressInUseError(ConflictError):
    """Your organisation has a pending invitation for this address: supersede it."""

    problem = "address-in-use"


class GateError(PortError):
    """One of the claim's gates did not open."""


class GateNotPassedError(GateError):
    """An earlier gate of the claim is missing."""

    problem = "gate-not-passed"


class _TriesLeftError(GateError):
    def __init__(self, message: str, *, tries_left: int) -> None:
        super().__init__(message)
        self.tries_left = tries_left


class CodeWrongError(_TriesLeftError):
    """The one-time code is not the one that was sent last."""

    problem = "code-wrong"


class CodeExpiredError(GateError):
    """The one-time code is too old: ask for another mail."""

    problem = "code-expired"


class PersonWrongError(_TriesLeftError):
    """Name and birth date are not those of the invited person."""

    problem = "person-wrong"


class RequestRefusedError(PortError):
    """What was sent is wrong and stays wrong."""


class BadRequestError(RequestRefusedError):
    """Malformed, an unknown field, a wrong type."""

    problem = "bad-request"


class RequestTooLargeError(RequestRefusedError):
    """More bytes than the service takes."""

    problem = "too-large"


class RangeNotSatisfiableError(RequestRefusedError):
    """The range begins after the end of the contents."""

    problem = "range-not-satisfiable"


class StatementNotTakenError(RequestRefusedError):
    """Signature, chain, role, dates or schema of a signed thing; `reason` is a fixed word."""

    problem = "statement-refused"

    def __init__(self, message: str, *, reason: str | None = None) -> None:
        super().__init__(message)
        self.reason = reason


class CoverNotTakenError(RequestRefusedError):
    """Not an age file with exactly one `mlkem768x25519` stanza, or of a wrong size."""

    problem = "cover-refused"


class ChecksumMismatchError(RequestRefusedError):
    """The segment was changed on its way: send the same bytes again."""

    temporary = True
    problem = "checksum-mismatch"


class IncompleteDepositError(RequestRefusedError):
    """Segments are missing; put them and complete again."""

    problem = "incomplete"

    def __init__(self, message: str, *, missing: tuple[int, ...] = ()) -> None:
        super().__init__(message)
        self.missing = missing
