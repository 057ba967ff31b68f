"""Every error answer of the service: name, status, words (docs/specs/mailbox.md §3, RFC 9457).

Words are constants: nothing of a request, a person or a cause is ever filled in.
"""

from dataclasses import dataclass
from enum import Enum
from typing import Final

import msgspec
from msgspec import UNSET, UnsetType

from souspli_mailbox.protocol.values import Id

CONTENT_TYPE: Final = "application/problem+json"
TYPE_PREFIX: Final = "urn:souspli:problem:"


@dataclass(frozen=True, slots=True)
class Words:
    """What one problem always says."""

    name: str
    status: int
    title: str
    detail: str


class ProblemKind(Enum):
    """One member per name in the table; a client decides by it, never by the words."""

    BAD_REQUEST = Words(
        "bad-request", 400, "Malformed request", "Compare the request with /openapi.json."
    )
    NOT_SIGNED_IN = Words(
        "not-signed-in", 401, "Not signed in", "Sign in, then repeat the request."
    )
    SIGNATURE_REFUSED = Words(
        "signature-refused",
        401,
        "Signature refused",
        "Check the account and the password or code, then begin with a new nonce.",
    )
    NOT_ALLOWED = Words(
        "not-allowed", 403, "Not allowed", "This account may not do this. Use the right one."
    )
    ADMISSION_CODE_REFUSED = Words(
        "admission-code-refused",
        403,
        "Admission code refused",
        "Ask the operator of the service for a new admission code.",
    )
    GATE_NOT_PASSED = Words(
        "gate-not-passed",
        403,
        "An earlier step is missing",
        "Take the steps of the claim in their order.",
    )
    CODE_WRONG = Words(
        "code-wrong", 403, "Wrong code", "Type the six digits of the newest mail again."
    )
    PERSON_WRONG = Words(
        "person-wrong",
        403,
        "Name or birth date differ",
        "Type surname and birth date as the practice knows them, or call the practice.",
    )
    QUOTA_REACHED = Words(
        "quota-reached",
        403,
        "The organisation's quota is reached",
        "Wait as long as Retry-After says. Without it, ask the operator for more room.",
    )
    NOT_FOUND = Words("not-found", 404, "Not found", "Check the address of the request.")
    LETTER_NOT_VALID = Words(
        "letter-not-valid",
        404,
        "Letter not valid",
        "Check the number on the letter, or call the practice.",
    )
    ENROLMENT_NOT_VALID = Words(
        "enrolment-not-valid",
        404,
        "Enrolment not valid",
        "Check the code, or ask the organisation for a new one.",
    )
    METHOD_NOT_ALLOWED = Words(
        "method-not-allowed", 405, "Method not allowed", "Use a method that Allow names."
    )
    DOCUMENT_DIFFERS = Words(
        "document-differs",
        409,
        "Another document has this id",
        "Begin the deposit again with a new document id and new keys.",
    )
    ALREADY_DIFFERENT = Words(
        "already-different",
        409,
        "Already kept with other bytes",
        "What was sent first stays. Draw a new id for something new.",
    )
    CLAIMED = Words(
        "claimed",
        409,
        "The recipient's key has changed",
        "Fetch the invitation, verify its binding and seal the cover to the account.",
    )
    BACK_TO_PAPER = Words(
        "back-to-paper",
        409,
        "The patient is written to on paper",
        "Print the document. What was said is in the invitation: consent and choice.",
    )
    TERMS_CHANGED = Words(
        "terms-changed", 409, "Other terms are in force", "Fetch /v1/terms and show them again."
    )
    INVITATION_USED = Words(
        "invitation-used", 409, "Invitation used", "Sign in to the account, or call the practice."
    )
    INVITATION_SUPERSEDED = Words(
        "invitation-superseded", 409, "Invitation replaced", "Use the newest letter."
    )
    INVITATION_EXPIRED = Words(
        "invitation-expired", 409, "Invitation expired", "Call the practice for a new letter."
    )
    ENROLMENT_ANSWERED = Words(
        "enrolment-answered",
        409,
        "Somebody else has answered with this code",
        "Tell the organisation before it certifies them, and ask for a new code.",
    )
    COVER_CHANGED = Words(
        "cover-changed", 409, "The cover has changed", "Fetch the cover again and start from it."
    )
    ACCOUNT_NUMBER_TAKEN = Words(
        "account-number-taken", 409, "Account number taken", "Draw another account number."
    )
    LETTER_NUMBER_TAKEN = Words(
        "letter-number-taken", 409, "Letter number taken", "Draw another letter number."
    )
    ADDRESS_IN_USE = Words(
        "address-in-use",
        409,
        "A pending invitation exists for this address",
        "Look the address up and supersede that invitation.",
    )
    CODE_EXPIRED = Words("code-expired", 410, "Code expired", "Ask for a new code by mail.")
    WITHDRAWN = Words(
        "withdrawn",
        410,
        "The document was withdrawn",
        "Its sender has taken it back. Call them if you have questions.",
    )
    TOO_LARGE = Words("too-large", 413, "Too large", "Keep to the limits in /v1/service.")
    RANGE_NOT_SATISFIABLE = Words(
        "range-not-satisfiable", 416, "Range not satisfiable", "Ask for bytes that exist."
    )
    STATEMENT_REFUSED = Words(
        "statement-refused",
        422,
        "A signed statement was refused",
        "Correct what the reason names, then sign and send again.",
    )
    COVER_REFUSED = Words(
        "cover-refused",
        422,
        "Cover refused",
        "Seal the cover as an age file with one mlkem768x25519 stanza.",
    )
    CHECKSUM_MISMATCH = Words(
        "checksum-mismatch", 422, "Checksum differs", "Send the same sealed bytes again."
    )
    INCOMPLETE = Words(
        "incomplete", 422, "Segments are missing", "Send the missing segments, then complete."
    )
    TOO_MANY_TRIES = Words(
        "too-many-tries", 429, "Too many tries", "Wait as long as Retry-After says."
    )
    INTERNAL = Words("internal", 500, "The service failed", "Try again; then call the operator.")
    UNAVAILABLE = Words(
        "unavailable", 503, "Not available now", "Try again after as long as Retry-After says."
    )
    STORAGE_FULL = Words(
        "storage-full", 507, "The storage is full", "Nothing was kept. Call the operator."
    )

    @property
    def uri(self) -> str:
        """The problem's `type`."""
        return TYPE_PREFIX + self.value.name


class ProblemDetails(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The body of every error answer. A reader ignores members that it does not know."""

    type: str
    title: str
    status: int
    detail: str
    tries_left: int | UnsetType = UNSET
    """With `code-wrong` and `person-wrong`."""
    invitation_id: Id | UnsetType = UNSET
    """With `claimed` and `back-to-paper`: the invitation that it is about."""
    reason: str | UnsetType = UNSET
    """With `statement-refused`: a fixed word."""
    missing: list[int] | UnsetType = UNSET
    """With `incomplete`: numbers of segments."""


KINDS_BY_URI: Final = {kind.uri: kind for kind in ProblemKind}
