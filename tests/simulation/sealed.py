"""Sealed things of the right shape, without a document: what the service can check of them."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass

from simulation.people import Practice
from simulation.quick import Invited
from souspli_exchange.age.file import encrypt
from souspli_exchange.age.recipient import HybridRecipient
from souspli_exchange.ids import DocumentId, new_document_id
from souspli_exchange.ports.sender import AddressedCover, CompletedDeposit
from souspli_exchange.segments import SegmentLayout
from souspli_keys.public import PublicIdentity

PADDING = 8_192


def seal(plain: bytes, recipient: PublicIdentity) -> bytes:
    """Seal bytes to an identity, as a cover is sealed."""
    return encrypt(plain, HybridRecipient(recipient.recipient_key))


@dataclass
class Sealed:
    """Contents of a length that contents have, and noise inside: nobody opens them here."""

    document_id: DocumentId
    segments: tuple[bytes, ...]

    @property
    def length(self) -> int:
        return sum(map(len, self.segments))

    @property
    def checksums(self) -> list[bytes]:
        return [hashlib.sha256(segment).digest() for segment in self.segments]

    @property
    def contents(self) -> bytes:
        return b"".join(self.segments)


def draw(padded_length: int = 65_536) -> Sealed:
    layout = SegmentLayout(padded_length)
    return Sealed(
        new_document_id(),
        tuple(secrets.token_bytes(len(layout.sealed_range(n))) for n in range(layout.count)),
    )


def cover_for(recipient: PublicIdentity, plain_bytes: int = PADDING) -> bytes:
    return seal(secrets.token_bytes(plain_bytes), recipient)


def addressed(invited: Invited, to: PublicIdentity | None = None) -> AddressedCover:
    """Return a cover for an invitation, sealed to its claim identity or to `to`."""
    recipient = to or invited.claim_identity.public
    return AddressedCover(
        invitation_id=invited.invitation_id,
        recipient_fingerprint=recipient.fingerprint,
        cover=cover_for(recipient),
    )


async def upload(practice: Practice, sealed: Sealed) -> None:
    """Open the deposit and put all segments."""
    await practice.client.open_deposit(
        sealed.document_id, sealed_length=sealed.length, segments=len(sealed.segments)
    )
    for index, segment in enumerate(sealed.segments):
        await practice.client.put_segment(
            sealed.document_id, index, segment, sha256=sealed.checksums[index]
        )


async def deposit(
    practice: Practice, *covers: AddressedCover, sealed: Sealed | None = None
) -> CompletedDeposit:
    """Upload and complete."""
    sealed = sealed or draw()
    await upload(practice, sealed)
    return await practice.client.complete_deposit(
        sealed.document_id,
        checksums=sealed.checksums,
        covers=covers,
        sender_cover=cover_for(practice.founding.identity.public),
    )
