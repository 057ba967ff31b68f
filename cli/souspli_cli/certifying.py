"""Certifying who answered an enrolment: only what this profile asked for, only once.

docs/specs/enrolment.md §6. Used by ``souspli org members`` and ``org enrol --wait``.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import msgspec

from souspli_cli import account as accounts
from souspli_cli import clock
from souspli_exchange import port_errors as port
from souspli_exchange.enrolment import check_joining, sign_certificate, verify_certificate
from souspli_exchange.errors import EnrolmentRefusedError, JoiningRefusedError
from souspli_exchange.ids import EnrolmentId
from souspli_exchange.ports.enrolment import EnrolmentStatus

if TYPE_CHECKING:
    from souspli_cli.account import Account
    from souspli_cli.enrolment_copies import EnrolmentCopies, OwnEnrolment
    from souspli_exchange.ports.enrolment import MembersDesk
    from souspli_keys.dsse import Envelope
    from souspli_keys.public import Fingerprint
    from souspli_keys.statements import VerifiedJoining


# No request takes as long.
UNCONFIRMED_SECONDS = 3_600


class Settled(StrEnum):
    """What became of an enrolment."""

    OPEN = "open"
    """Nobody has answered."""
    ANSWERED = "answered"
    """Somebody has, rightly, and nobody said yet that they are to be certified."""
    CERTIFIED = "certified"
    """Just now, or before: there is a member."""
    ENDED = "ended"
    """Nobody answered in time, or it was replaced."""
    STOPPED = "stopped"
    """Red stop: the answer is not one to what was asked."""
    REFUSED = "refused"
    """The service takes no certificate: ask again."""


@dataclass(frozen=True)
class Outcome:
    """An own copy, and what became of it."""

    own: OwnEnrolment
    settled: Settled
    fingerprint: Fingerprint | None = None
    """Of who was certified, or has answered."""


async def settle(
    desk: MembersDesk,
    account: Account,
    copies: EnrolmentCopies,
    own: OwnEnrolment,
    *,
    agreed: Fingerprint | None,
) -> Outcome:
    """Certify who answered, if it is an answer to the own copy; forget what is over.

    `agreed`: who was shown to a person, who said yes. Anybody else is ANSWERED, unless
    their certificate was made before.

    Raises:
        Refused: This profile does not hold the root, or a file is damaged.
        PortError: The service is away, or answers nonsense; the same again goes on.
    """
    try:
        view = await desk.enrolment(EnrolmentId(own.enrolment_id))
    except port.NotFoundError:
        # Not confirmed: perhaps its request is on its way from another terminal.
        if own.confirmed or clock.now() > own.asked.line.issued_at + UNCONFIRMED_SECONDS:
            copies.forget(own.enrolment_id)
        return Outcome(own, Settled.ENDED)
    if view.joining is None or view.status is EnrolmentStatus.OPEN:
        return Outcome(own, Settled.OPEN)
    try:
        verified = check_joining(view.joining, own=own.envelope, seen=own.joining_hash)
        fingerprint = verified.joining.identity.fingerprint
        if own.certificate is None and view.certificate is not None:
            # By another copy of this profile, which its root alone can do.
            _check_certified(account, own, verified, view.certificate)
            copies.forget(own.enrolment_id)
            return Outcome(own, Settled.CERTIFIED, fingerprint)
        if own.certificate is None and agreed != fingerprint:
            return Outcome(own, Settled.ANSWERED, fingerprint)
        signed = _certificate(account, copies, own, verified)
    except (JoiningRefusedError, EnrolmentRefusedError):
        return Outcome(own, Settled.STOPPED)
    return await _certify(desk, copies, own, signed, fingerprint)


async def _certify(
    desk: MembersDesk,
    copies: EnrolmentCopies,
    own: OwnEnrolment,
    signed: Envelope,
    fingerprint: Fingerprint,
) -> Outcome:
    try:
        # A crash here: the next one posts the same bytes.
        await desk.certify(EnrolmentId(own.enrolment_id), certificate=signed)
    except (port.ConflictError, port.RequestRefusedError, port.NotFoundError):
        return Outcome(own, Settled.REFUSED)
    copies.forget(own.enrolment_id)
    return Outcome(own, Settled.CERTIFIED, fingerprint)


def _check_certified(
    account: Account, own: OwnEnrolment, verified: VerifiedJoining, certificate: Envelope
) -> None:
    verify_certificate(
        certificate,
        own=own.envelope,
        identity=verified.joining.identity,
        organisation_statement=account.organisation_statement,
        organisation=account.organisation_fingerprint,
        origin=own.asked.line.origin,
    )


def _certificate(
    account: Account, copies: EnrolmentCopies, own: OwnEnrolment, verified: VerifiedJoining
) -> Envelope:
    """Give the one certificate of an enrolment, kept before it is given."""
    root = accounts.read_root(account)
    drawn = sign_certificate(verified, own=own.envelope, root=root, now=clock.now())

    def with_one(there: OwnEnrolment | None) -> OwnEnrolment:
        # Two at once: the first one's certificate is both's.
        if there is not None and there.certificate is not None:
            return there
        return msgspec.structs.replace(
            there or own, joining_hash=verified.joining_hash, certificate=drawn.to_json()
        )

    kept = copies.change(own.enrolment_id, with_one)
    if kept.joining_hash != verified.joining_hash or kept.signed is None:
        raise JoiningRefusedError("another answer was accepted for this enrolment before")
    return kept.signed
