"""Enrolling a member: what the asker draws and checks, what the joiner does with a code.

docs/specs/enrolment.md §6 and §7. Pure steps in their order; the programs send and keep.
The service never imports this module (tests/test_floors.py).
"""

from dataclasses import dataclass

from souspli_exchange.errors import EnrolmentRefusedError, JoiningRefusedError
from souspli_exchange.ids import EnrolmentId, new_enrolment_id
from souspli_exchange.outgoing import SendingMember
from souspli_exchange.ports.accounts import NewAccount
from souspli_exchange.ports.enrolment import EnrolmentRecord, JoiningEnvelopes
from souspli_keys.address import Address, Origin
from souspli_keys.dsse import Envelope
from souspli_keys.enrolmentcode import EnrolmentCode
from souspli_keys.errors import StatementError
from souspli_keys.identity import Identity
from souspli_keys.public import Fingerprint, PublicIdentity
from souspli_keys.secret import Secret
from souspli_keys.statements import (
    Act,
    Enrolment,
    Joining,
    Line,
    Member,
    Role,
    VerifiedEnrolment,
    VerifiedJoining,
    VerifiedMember,
    account_hash,
    check_certificate,
    check_enrolment_in_force,
    check_may,
    sign_joining,
    sign_statement,
    verify_chain,
    verify_enrolment,
    verify_joining,
)

DAY_SECONDS = 86_400
VALIDITY_SECONDS = 7 * DAY_SECONDS
# statements.md allows 366 days; a year and a day of margin for none.
MEMBERSHIP_SECONDS = 365 * DAY_SECONDS
# The joiner's clock may be behind the asker's; an enrolment on the spot should work.
CLOCK_TOLERANCE_SECONDS = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedMember:
    """Whom the organisation wants as a member; all of it is checked."""

    name: str
    address: Address
    role: Role
    rpps: str | None
    may_invite: bool


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class NewEnrolment(Secret):
    """A new enrolment. Holds the code: show it once, then forget it."""

    enrolment_id: EnrolmentId
    record: Envelope
    """E: keep a copy of it, then post it."""
    code: EnrolmentCode
    not_after: int


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class OpenedEnrolment(Secret):
    """An enrolment that the code fits. Made by `open_enrolment` only."""

    code_identity: Identity
    enrolment: VerifiedEnrolment

    @property
    def enrolment_id(self) -> EnrolmentId:
        """The enrolment's id."""
        return EnrolmentId(self.enrolment.record.enrolment_id)


def draw_enrolment(member: SendingMember, asked: AskedMember, *, now: int) -> NewEnrolment:
    """Return a new enrolment, signed by `member`; takes about 0.1 s.

    Raises StatementError if the member may not ask or a reader would refuse what was
    asked for, SenderRefusedError if nobody would accept the member's own statements.
    """
    member.check(now=now)
    statement = check_may(member.statement, Act.ENROLMENTS)
    enrolment_id, code = new_enrolment_id(), EnrolmentCode.draw()
    code_identity = code.code_identity(
        origin=member.origin, enrolment_id=enrolment_id, organisation=statement.organisation
    )
    not_before = now - CLOCK_TOLERANCE_SECONDS
    record = Enrolment(
        line=Line.first(origin=member.origin, issued_at=now, subject=enrolment_id),
        organisation=statement.organisation,
        member=statement.fingerprint,
        code_identity=code_identity.public,
        name=asked.name,
        address=asked.address,
        role=asked.role,
        rpps=asked.rpps,
        may_invite=asked.may_invite,
        not_before=not_before,
        not_after=not_before + VALIDITY_SECONDS,
    )
    return NewEnrolment(
        enrolment_id=enrolment_id,
        record=sign_statement(record, member.identity),
        code=code,
        not_after=record.not_after,
    )


def check_joining(
    joining: JoiningEnvelopes, *, own: Envelope, seen: str | None = None
) -> VerifiedJoining:
    """Return the joining if it answers the asker's own copy of the record.

    `seen` is the hash of the one that was accepted before, if any. Raises
    JoiningRefusedError, a red stop: certify nobody, and ask the person.
    """
    try:
        verified = verify_joining(
            joining.by_code,
            joining.by_identity,
            record=Enrolment.parse(own.payload),
            record_hash=own.payload_hash,
        )
    except StatementError as refused:
        raise JoiningRefusedError("the answer is not one to the own copy") from refused
    if seen not in {None, verified.joining_hash}:
        raise JoiningRefusedError("another answer was accepted for this enrolment before")
    return verified


def sign_certificate(
    verified: VerifiedJoining, *, own: Envelope, root: Identity, now: int
) -> Envelope:
    """Return the member statement of whom the own copy asked for and who answered."""
    record = Enrolment.parse(own.payload)
    member = Member(
        line=Line.first(origin=record.line.origin, issued_at=now),
        organisation=record.organisation,
        member=verified.joining.identity,
        name=record.name,
        address=record.address,
        role=record.role,
        rpps=record.rpps,
        may_invite=record.may_invite,
        not_before=now - CLOCK_TOLERANCE_SECONDS,
        not_after=now - CLOCK_TOLERANCE_SECONDS + MEMBERSHIP_SECONDS,
    )
    return sign_statement(member, root)


def open_enrolment(
    code: EnrolmentCode, answer: EnrolmentRecord, *, origin: Origin, now: int
) -> OpenedEnrolment:
    """Return what a code gives, if it fits the record and that is genuine and in force.

    Takes about 0.1 s. Nothing derived from the secret has left the machine before this
    returned. Raises EnrolmentRefusedError for a wrong code, another organisation or a
    time outside the enrolment's, and does not say which of the first two.
    """
    try:
        claimed = Enrolment.parse(answer.record.payload)
        enrolment = check_enrolment_in_force(
            verify_enrolment(
                answer.record,
                organisation_statement=answer.organisation,
                member_statement=answer.member,
                # Of the answer itself: what proves it is the code, below.
                organisation=claimed.organisation,
                origin=origin,
            ),
            now=now,
        )
    except StatementError as refused:
        raise EnrolmentRefusedError("the enrolment is not genuine, or not in force") from refused
    record = enrolment.record
    code_identity = code.code_identity(
        origin=origin, enrolment_id=record.enrolment_id, organisation=record.organisation
    )
    if code_identity.public != record.code_identity:
        raise EnrolmentRefusedError("the code does not fit the enrolment")
    return OpenedEnrolment(code_identity, enrolment)


def join(
    opened: OpenedEnrolment, identity: Identity, account: NewAccount, *, now: int
) -> JoiningEnvelopes:
    """Return J: the code's identity and the new one say that they belong together."""
    record = opened.enrolment.record
    joining = Joining(
        line=Line.first(origin=record.line.origin, issued_at=now, subject=record.enrolment_id),
        record_hash=opened.enrolment.record_hash,
        identity=identity.public,
        account_hash=account_hash(account),
        joined_at=now,
    )
    by_code, by_identity = sign_joining(
        joining, code_identity=opened.code_identity, identity=identity
    )
    return JoiningEnvelopes(by_code, by_identity)


def verify_certificate(
    certificate: Envelope,
    *,
    own: Envelope,
    identity: PublicIdentity,
    organisation_statement: Envelope,
    organisation: Fingerprint,
    origin: Origin,
) -> VerifiedMember:
    """Return the member that who answered has become.

    `own` is the own copy of the record, `identity` the joining's, `organisation` the one
    pinned in the vault.
    Raises EnrolmentRefusedError for a certificate of another organisation, of somebody
    else, or of something else than was asked for.
    """
    try:
        issued_at = Member.parse(certificate.payload).line.issued_at
        chain = verify_chain(
            organisation_statement,
            certificate,
            organisation=organisation,
            origin=origin,
            at=issued_at,
        )
        record = Enrolment.parse(own.payload)
        check_certificate(chain.member, record=record, identity=identity)
    except StatementError as refused:
        raise EnrolmentRefusedError("the certificate is not what was asked for") from refused
    return chain
