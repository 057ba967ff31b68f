"""From what the rooms below raise to the one answer for it: a table.

A handler translates by itself only what means something else in its place (an
unknown invitation is `letter-not-valid` to a claim, `not-found` to a member).
"""

import errno
from typing import Any, Final

from souspli_exchange.age.errors import AgeError
from souspli_keys import errors as keys
from souspli_mailbox.errors import Refusal
from souspli_mailbox.protocol.problems import ProblemKind
from souspli_mailbox.records import errors as records
from souspli_storage import errors as storage

# The first row that fits counts, so a narrower type stands above its base.
TABLE: Final[tuple[tuple[type[Exception], ProblemKind], ...]] = (
    (records.NotFoundError, ProblemKind.NOT_FOUND),
    (records.AdmissionCodeRefusedError, ProblemKind.ADMISSION_CODE_REFUSED),
    (records.OrganisationExistsError, ProblemKind.ALREADY_DIFFERENT),
    (records.AccountNumberTakenError, ProblemKind.ACCOUNT_NUMBER_TAKEN),
    (records.UnlockerTakenError, ProblemKind.ALREADY_DIFFERENT),
    (records.NonceRefusedError, ProblemKind.SIGNATURE_REFUSED),
    (records.LetterNumberTakenError, ProblemKind.LETTER_NUMBER_TAKEN),
    (records.AddressInUseError, ProblemKind.ADDRESS_IN_USE),
    (records.InvitationDiffersError, ProblemKind.ALREADY_DIFFERENT),
    (records.InvitationUsedError, ProblemKind.INVITATION_USED),
    (records.InvitationSupersededError, ProblemKind.INVITATION_SUPERSEDED),
    (records.InvitationExpiredError, ProblemKind.INVITATION_EXPIRED),
    (records.StatementDiffersError, ProblemKind.ALREADY_DIFFERENT),
    (records.TermsChangedError, ProblemKind.TERMS_CHANGED),
    (records.BackToPaperError, ProblemKind.BACK_TO_PAPER),
    (records.ClosedError, ProblemKind.SIGNATURE_REFUSED),
    (records.NotSuccessorError, ProblemKind.NOT_ALLOWED),
    (records.EnrolmentAnsweredError, ProblemKind.ENROLMENT_ANSWERED),
    (records.EnrolmentDiffersError, ProblemKind.ALREADY_DIFFERENT),
    (records.GateNotPassedError, ProblemKind.GATE_NOT_PASSED),
    (records.CodeExpiredError, ProblemKind.CODE_EXPIRED),
    (records.CodeWrongError, ProblemKind.CODE_WRONG),
    (records.PersonWrongError, ProblemKind.PERSON_WRONG),
    (records.TooManyTriesError, ProblemKind.TOO_MANY_TRIES),
    (records.DocumentDiffersError, ProblemKind.DOCUMENT_DIFFERS),
    (records.QuotaReachedError, ProblemKind.QUOTA_REACHED),
    (records.RecipientClaimedError, ProblemKind.CLAIMED),
    (records.CoverChangedError, ProblemKind.COVER_CHANGED),
    (records.WithdrawnError, ProblemKind.WITHDRAWN),
    (storage.StorageFullError, ProblemKind.STORAGE_FULL),
    (storage.ChecksumMismatchError, ProblemKind.CHECKSUM_MISMATCH),
    (storage.PartsMissingError, ProblemKind.INCOMPLETE),
    (storage.ObjectDiffersError, ProblemKind.DOCUMENT_DIFFERS),
    (storage.PartDiffersError, ProblemKind.DOCUMENT_DIFFERS),
    (storage.StoreRefusedError, ProblemKind.UNAVAILABLE),
    # Busy, or a failing disk: the caller can only try again, the log says which.
    (storage.StoreUnavailableError, ProblemKind.UNAVAILABLE),
    (storage.DatabaseError, ProblemKind.UNAVAILABLE),
    (keys.StatementError, ProblemKind.STATEMENT_REFUSED),
    (keys.EnvelopeError, ProblemKind.STATEMENT_REFUSED),
    (keys.SignatureError, ProblemKind.STATEMENT_REFUSED),
    (keys.LoginRefusedError, ProblemKind.SIGNATURE_REFUSED),
    (keys.FormatError, ProblemKind.BAD_REQUEST),
    (AgeError, ProblemKind.COVER_REFUSED),
)

# Disk, quota, file size limit: three ways for a disk to be full.
_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


def refusal_for(failed: Exception, *, now: int) -> Refusal:
    """Return the answer for an exception; `internal` for one that nobody expected."""
    if isinstance(failed, Refusal):
        return failed
    if isinstance(failed, OSError) and failed.errno in _FULL:
        return Refusal(ProblemKind.STORAGE_FULL)
    kind = next((kind for type_, kind in TABLE if isinstance(failed, type_)), ProblemKind.INTERNAL)
    return Refusal(kind, **_members(failed, now=now))


def _members(failed: Exception, *, now: int) -> dict[str, Any]:
    """Return what the answer says beyond its name."""
    members: dict[str, Any] = {}
    match failed:
        case records.TriesError():
            members["tries_left"] = failed.tries_left
        case records.TooManyTriesError():
            members["retry_after"] = failed.retry_at - now
        case records.QuotaReachedError(retry_at=int(retry_at)):
            members["retry_after"] = retry_at - now
        case records.RecipientClaimedError() | records.BackToPaperError():
            members["invitation_id"] = failed.invitation_id
        case storage.PartsMissingError():
            members["missing"] = failed.missing
        case keys.StatementError():
            members["reason"] = failed.reason
        case keys.SignatureError():
            members["reason"] = "signature"
        case keys.EnvelopeError():
            members["reason"] = "schema"
        case _:
            pass
    return members
