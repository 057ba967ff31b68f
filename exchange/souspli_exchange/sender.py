"""Who sent a document, and how the reader knows.

A member whom an organisation that the reader trusts certifies (docs/specs/statements.md,
«A chain»; sealed-document.md §7 rule 2), or whoever the reader says it must be (§8).
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import TypeAlias

from souspli_exchange.errors import SenderRefusedError
from souspli_exchange.manifest import Sender
from souspli_keys.address import Origin
from souspli_keys.dsse import Envelope
from souspli_keys.errors import StatementError
from souspli_keys.public import Fingerprint, PublicIdentity
from souspli_keys.statements import (
    Act,
    VerifiedMember,
    check_may,
    verify_chain,
    verify_self_signed_organisation,
)


@dataclass(frozen=True, slots=True, repr=False)
class PinnedSender:
    """A sender whose public identity file the reader holds, and vouches for.

    Nobody certifies it: that it is the right person's file is between the two of them.
    """

    public: PublicIdentity
    name: str
    address: str
    organisation: Fingerprint

    def __repr__(self) -> str:
        return f"PinnedSender({self.public.fingerprint})"


VerifiedSender: TypeAlias = VerifiedMember | PinnedSender
"""Whose signature a manifest has to bear."""


def signing_key(sender: VerifiedSender) -> PublicIdentity:
    """Return the keys that the manifest's signatures are checked with."""
    return sender.public if isinstance(sender, PinnedSender) else sender.member.member


def expected_sender(sender: VerifiedSender) -> Sender:
    """Return what the manifest has to say of its sender, word for word."""
    known = sender if isinstance(sender, PinnedSender) else sender.member
    return Sender(
        address=known.address,
        fingerprint=signing_key(sender).fingerprint,
        name=known.name,
        organisation=known.organisation,
    )


def pinned_sender(pinned: Collection[PinnedSender], says: Sender) -> PinnedSender:
    """Return the pinned sender whom a manifest names, not verified yet.

    Raises SenderRefusedError if it is none of them.
    """
    for sender in pinned:
        if sender.public.fingerprint == says.fingerprint:
            return sender
    raise SenderRefusedError("the sender is none of those whom the reader named")


def verify_sender(
    organisation: Envelope,
    member: Envelope,
    *,
    trusted: Collection[Fingerprint],
    origin: Origin,
    at: int,
) -> VerifiedMember:
    """Return the member who may have signed a document at the moment `at`.

    `trusted` are the fingerprints of the reader's organisations. Raises
    SenderRefusedError if the statements do not chain to one of them, if membership
    does not cover the moment, or if the role signs no documents.
    """
    try:
        fingerprint = verify_self_signed_organisation(organisation, origin=origin).fingerprint
        if fingerprint not in trusted:
            raise SenderRefusedError("the sender's organisation is not one that is trusted")
        verified = verify_chain(
            organisation, member, organisation=fingerprint, origin=origin, at=at
        )
        check_may(verified.member, Act.DOCUMENTS)
    except StatementError as refused:
        raise SenderRefusedError("the sender's statements do not hold") from refused
    return verified
