"""How an organisation gets members: the ports of who asks and of who answers."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from souspli_exchange.ids import EnrolmentId
from souspli_exchange.ports.accounts import NewAccount
from souspli_keys.dsse import Envelope


class EnrolmentStatus(StrEnum):
    """How far it is (enrolment.md §5)."""

    OPEN = "open"
    ANSWERED = "answered"
    CERTIFIED = "certified"


@dataclass(frozen=True, slots=True)
class EnrolmentRecord:
    """E with the statements that its signature chains through: unverified."""

    record: Envelope
    organisation: Envelope
    member: Envelope


@dataclass(frozen=True, slots=True)
class JoiningEnvelopes:
    """A joining as it travels: one payload, signed by both identities."""

    by_code: Envelope
    by_identity: Envelope


@dataclass(frozen=True, slots=True)
class WaitingEnrolment:
    """An enrolment that is not certified."""

    enrolment_id: EnrolmentId
    status: EnrolmentStatus
    ends_at: int


@dataclass(frozen=True, slots=True)
class EnrolmentView:
    """What the service says about one enrolment. All of it is to be verified."""

    enrolment_id: EnrolmentId
    status: EnrolmentStatus
    joining: JoiningEnvelopes | None
    certificate: Envelope | None


@dataclass(frozen=True, slots=True)
class MembersPage:
    """Member statements, unverified; `next_cursor` as in `DepositsPage`."""

    members: tuple[Envelope, ...]
    next_cursor: str | None


class MembersDesk(Protocol):
    """Who asks and certifies. Every call is made as a signed-in member."""

    async def publish_enrolment(self, *, record: Envelope, handle: str) -> EnrolmentStatus:
        """Post E in the place of what waits for the same address.

        Raises StatementNotTakenError, QuotaReachedError, ConflictError (the id or the
        handle is taken: draw anew).
        """
        ...

    async def enrolments(self) -> tuple[WaitingEnrolment, ...]:
        """Return those of the caller's organisation that are not certified."""
        ...

    async def enrolment(self, enrolment_id: EnrolmentId) -> EnrolmentView:
        """Return one of the caller's organisation; NotFoundError if there is none."""
        ...

    async def certify(self, enrolment_id: EnrolmentId, *, certificate: Envelope) -> None:
        """Make member and account of what was answered.

        Raises NotFoundError, StatementNotTakenError, ConflictError (it was certified with
        other bytes, or the account's number is taken meanwhile).
        """
        ...

    async def members(self, *, after: str | None = None) -> MembersPage:
        """Return one page of the members of the caller's organisation."""
        ...


class JoiningDesk(Protocol):
    """Who answers. Nobody is signed in."""

    async def look_up_enrolment(self, handle: str) -> EnrolmentRecord:
        """Return what a handle leads to; EnrolmentNotValidError, ThrottledError."""
        ...

    async def join(
        self, enrolment_id: EnrolmentId, *, joining: JoiningEnvelopes, account: NewAccount
    ) -> Envelope | None:
        """Answer, or ask again with the same: return the certificate once there is one.

        Raises EnrolmentNotValidError, EnrolmentAnsweredError (by somebody else),
        AccountNumberTakenError, StatementNotTakenError, ThrottledError.
        """
        ...
