"""Making an invitation: a claim code for the letter, and the record R about it.

docs/specs/claim.md §1. Draws and derives; sends and prints nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from souspli_exchange.binding import OwnCopy
from souspli_exchange.errors import ExchangeUsageError
from souspli_exchange.ids import InvitationId, new_invitation_id
from souspli_exchange.outgoing import SendingMember
from souspli_keys.claimcode import ClaimCode, ClaimKeys
from souspli_keys.codes import LetterNumber, draw_letter_number
from souspli_keys.dsse import Envelope
from souspli_keys.public import Fingerprint
from souspli_keys.secret import Secret
from souspli_keys.statements import (
    Act,
    Gate,
    Invitation,
    Line,
    check_may,
    sign_statement,
)

DAY_SECONDS = 86_400
MAX_VALIDITY_SECONDS = 30 * DAY_SECONDS
MAX_SURNAMES = 4  # birth name, used name, and two misspellings at most

# The patient's clock may be behind the practice's; a claim on the spot should work.
CLOCK_TOLERANCE_SECONDS = 300


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class NewInvitation(Secret):
    """Everything about a new invitation. Holds the claim code: print it, then forget it."""

    invitation_id: InvitationId
    organisation: Fingerprint
    record: Envelope
    """R: post it, and keep a copy of it."""
    letter_number: LetterNumber
    person_checks: tuple[bytes, ...]
    """For the service alone, which gives them to nobody."""
    code: ClaimCode
    """For the letter alone."""
    not_after: int


def draw_invitation(
    member: SendingMember,
    *,
    surnames: Sequence[str],
    birth_date: str,
    now: int,
    validity: int = MAX_VALIDITY_SECONDS,
    supersedes: OwnCopy | None = None,
) -> NewInvitation:
    """Return a new invitation, signed by `member`; takes about 0.1 s.

    `surnames` are those that the patient may type (1–4); `birth_date` is YYYY-MM-DD,
    an unknown part 00. With `supersedes` it continues the line of that invitation and
    takes its place. Raises PersonError for a surname or date that is none, StatementError
    if the member may not invite, SenderRefusedError if nobody would accept their
    statements, ExchangeUsageError for numbers out of range.
    """
    if not 1 <= len(surnames) <= MAX_SURNAMES:
        raise ExchangeUsageError(f"a person check takes 1 to {MAX_SURNAMES} surnames")
    if not CLOCK_TOLERANCE_SECONDS < validity <= MAX_VALIDITY_SECONDS:
        raise ExchangeUsageError("an invitation is in force for 30 days at most")
    member.check(now=now)
    statement = check_may(member.statement, Act.INVITATIONS)
    invitation_id = new_invitation_id()
    code = ClaimCode.draw()
    keys = ClaimKeys(
        code,
        origin=member.origin,
        invitation_id=invitation_id,
        organisation=statement.organisation,
    )
    # Two spellings of one surname give one check.
    checks = {keys.person_check(surname=name, birth_date=birth_date): None for name in surnames}
    not_before = now - CLOCK_TOLERANCE_SECONDS
    record = Invitation(
        line=_line(member, invitation_id, supersedes, now=now),
        invitation_id=invitation_id,
        organisation=statement.organisation,
        member=statement.fingerprint,
        claim_identity=keys.identity.public,
        claim_login_key=keys.login_key.public_key,
        gate=Gate.EMAIL,
        not_before=not_before,
        not_after=not_before + validity,
        supersedes=None if supersedes is None else supersedes.invitation_id,
    )
    return NewInvitation(
        invitation_id=invitation_id,
        organisation=statement.organisation,
        record=sign_statement(record, member.identity),
        letter_number=draw_letter_number(),
        person_checks=tuple(checks),
        code=code,
        not_after=record.not_after,
    )


def _line(
    member: SendingMember, invitation_id: InvitationId, supersedes: OwnCopy | None, *, now: int
) -> Line:
    if supersedes is None:
        return Line.first(origin=member.origin, issued_at=now, subject=invitation_id)
    return supersedes.invitation.line.after(supersedes.record.payload_hash, issued_at=now)
