"""Enrolments: asking somebody to become a member, answering, certifying (enrolment.md)."""

from typing import Annotated, Literal

from msgspec import Meta

from souspli_mailbox.protocol.organisations import NewAccount
from souspli_mailbox.protocol.values import Envelope, Id, Message, Moment

EnrolmentStatus = Literal["open", "answered", "certified"]
WaitingStatus = Literal["open", "answered"]

# 10 symbols, as typed: with spaces and hyphens between them at most.
Handle = Annotated[
    str, Meta(min_length=10, max_length=30, description="the first 10 symbols of a code")
]


class EnrolmentRequest(Message, frozen=True, kw_only=True):
    """POST /v1/enrolments: the record E, and by what the joiner's client asks for it."""

    record: Envelope
    handle: Handle


class EnrolmentAnswer(Message, frozen=True, kw_only=True):
    """The enrolment as it now stands."""

    enrolment_id: Id
    status: EnrolmentStatus


class WaitingEnrolment(Message, frozen=True, kw_only=True):
    """One that is open or answered."""

    enrolment_id: Id
    status: WaitingStatus
    ends_at: Moment


class EnrolmentsAnswer(Message, frozen=True, kw_only=True):
    """GET /v1/enrolments: all that are not certified, the oldest first; there are 100 at most."""

    enrolments: list[WaitingEnrolment]


class Joining(Message, frozen=True, kw_only=True):
    """J under both of its signatures."""

    by_code: Envelope
    by_identity: Envelope


class EnrolmentView(Message, frozen=True, kw_only=True):
    """GET /v1/enrolments/{enrolment_id}: material to verify, not to trust."""

    enrolment_id: Id
    status: EnrolmentStatus
    ends_at: Moment
    joining: Joining | None
    certificate: Envelope | None


class CertificateRequest(Message, frozen=True, kw_only=True):
    """POST /v1/enrolments/{enrolment_id}/certificate."""

    certificate: Envelope


class HandleRequest(Message, frozen=True, kw_only=True):
    """POST /v1/enrolments/lookup."""

    handle: Handle


class EnrolmentMaterial(Message, frozen=True, kw_only=True):
    """Untrusted until the code's derivation confirms it."""

    record: Envelope
    organisation: Envelope
    member: Envelope
    log_proof: None


class JoiningRequest(Message, frozen=True, kw_only=True):
    """POST /v1/enrolments/{enrolment_id}/joining: J, and the account that it names by hash."""

    joining: Joining
    account: NewAccount


class JoiningAnswer(Message, frozen=True, kw_only=True):
    """What there is so far; the same request again is how to ask again."""

    certificate: Envelope | None


class MembersPage(Message, frozen=True, kw_only=True):
    """GET /v1/members: statements of one's own organisation, by fingerprint."""

    members: list[Envelope]
    next: str | None
