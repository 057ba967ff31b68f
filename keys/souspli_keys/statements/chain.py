"""From an organisation's fingerprint that the reader trusts to a member's keys.

Where the trust comes from: the claim code's salt, or the reader's vault; never from
the service (statements.md, «A chain»).
"""

from dataclasses import dataclass

from souspli_keys.address import Origin
from souspli_keys.dsse import Envelope
from souspli_keys.errors import ChainError, DatesError, RoleError
from souspli_keys.public import Fingerprint
from souspli_keys.statements.member import Member
from souspli_keys.statements.organisation import Organisation
from souspli_keys.statements.statement import open_statement


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifiedMember:
    """A member whom a trusted organisation certifies. Made by `verify_chain` only."""

    organisation: Organisation
    member: Member


def verify_chain(
    organisation_statement: Envelope,
    member_statement: Envelope,
    *,
    organisation: Fingerprint,
    origin: Origin,
    at: int,
) -> VerifiedMember:
    """Return the member whom the organisation with this fingerprint certifies.

    `at` is the moment at which the member signed what is to be judged: their
    membership has to cover it. Raises StatementError. What the member may sign is
    another question: `check_may`.
    """
    certifier = verify_organisation(
        organisation_statement, organisation=organisation, origin=origin
    )
    member = open_statement(
        member_statement,
        Member,
        signer=certifier.root,
        origin=origin,
    )
    if member.organisation != organisation:
        raise ChainError("a member of another organisation")
    if member.fingerprint == organisation:
        raise RoleError("a root that certifies itself as a member")
    if not member.not_before <= at <= member.not_after:
        raise DatesError("the membership does not cover the moment of signing")
    return VerifiedMember(organisation=certifier, member=member)


def verify_organisation(
    statement: Envelope, *, organisation: Fingerprint, origin: Origin
) -> Organisation:
    """Return the organisation with this fingerprint, or raise StatementError."""
    certifier = verify_self_signed_organisation(statement, origin=origin)
    if certifier.fingerprint != organisation:
        raise ChainError("the statement of another organisation")
    return certifier


def verify_self_signed_organisation(statement: Envelope, *, origin: Origin) -> Organisation:
    """Return what somebody says of themselves, signed by the root in it.

    Anybody can make such a statement. For the service, which admits organisations by
    a code; a client takes `verify_organisation`. Raises StatementError.
    """
    # Read before it is verified, to learn the key; read again from the verified bytes.
    claimed = Organisation.parse(statement.payload)
    return open_statement(
        statement,
        Organisation,
        signer=claimed.root,
        origin=origin,
    )
