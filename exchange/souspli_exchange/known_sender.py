"""Whose signature a manifest has to bear, and what it has to say of them.

A sender is known by statements (`sender.verify_sender`), or pinned by the reader
(docs/specs/sealed-document.md §8). Apart from `sender`, so that offline programs start
without the statements' modules.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from souspli_exchange.errors import SenderRefusedError
from souspli_exchange.manifest import Sender
from souspli_keys.public import Fingerprint, PublicIdentity

if TYPE_CHECKING:
    from souspli_keys.statements import VerifiedMember


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


VerifiedSender: TypeAlias = "VerifiedMember | PinnedSender"
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
    known = [sender for sender in pinned if sender.public.fingerprint == says.fingerprint]
    if not known:
        raise SenderRefusedError("the sender is none of those whom the reader named")
    # Somebody's older and newer files may both be there, under one key and two names.
    return next((sender for sender in known if expected_sender(sender) == says), known[0])
