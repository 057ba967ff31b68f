"""A signed-in member's connection to the service in memory."""

import hashlib
from collections.abc import Sequence
from typing import Any

from exchange.simulator import Service, StoredDelivery, StoredDeposit, StoredInvitation, page_of

from souspli_exchange.ids import DeliveryId, DocumentId, InvitationId, random_hex
from souspli_exchange.port_errors import (
    AddressInUseError,
    ChecksumMismatchError,
    DocumentDiffersError,
    IncompleteDepositError,
    InvitationExpiredError,
    InvitationSupersededError,
    InvitationUsedError,
    NotFoundError,
    RecipientClaimedError,
    WithdrawnError,
)
from souspli_exchange.ports.delivered import DeliveredCover
from souspli_exchange.ports.directory import DirectoryEntry, InvitationView, OnPaperPage, PurgeView
from souspli_exchange.ports.sender import (
    AddressedCover,
    CompletedDeposit,
    DepositProgress,
    DepositsPage,
    NewDelivery,
    SentDeliveries,
    SentDelivery,
    SentDeposit,
)
from souspli_exchange.ports.statements import NotedConsent
from souspli_exchange.ports.states import DeliveryState, DepositState, InvitationStatus
from souspli_exchange.segments import SegmentLayout
from souspli_keys.audit import AuditKey
from souspli_keys.dsse import Envelope
from souspli_keys.operator import OperatorKey


class MemberConnection:
    """`Directory` and `SenderMailbox` of a signed-in member."""

    def __init__(self, service: Service) -> None:
        self.service = service

    async def look_up(self, address: str) -> DirectoryEntry:
        for stored in reversed(self.service.invitations.values()):
            if stored.address == address:
                return DirectoryEntry(stored.view, stored.record)
        raise NotFoundError("nobody was invited at this address")

    async def audit_key(self) -> AuditKey:
        return OperatorKey(b"a" * 32).public

    async def purge(self, invitation_id: InvitationId) -> PurgeView:
        raise NotFoundError(f"{invitation_id} was not purged")

    async def invitation(self, invitation_id: InvitationId) -> InvitationView:
        return self.service.find(invitation_id).view

    async def publish_invitation(
        self,
        *,
        record: Envelope,
        letter_number: str,
        person_checks: Sequence[bytes],
        address: str,
        phone: str | None = None,
        consent: Envelope | None = None,
    ) -> InvitationStatus:
        del phone  # nothing here sends a text message
        new = StoredInvitation(record, letter_number, tuple(person_checks), address)
        invitation_id = InvitationId(new.content.invitation_id)
        if invitation_id in self.service.invitations:
            return self.service.invitations[invitation_id].status
        old_id = new.content.supersedes
        if old_id is not None:
            old = self.service.find(InvitationId(old_id))
            if old.status is InvitationStatus.CLAIMED:
                raise InvitationUsedError("claimed already")
            old.status = InvitationStatus.SUPERSEDED
        pending = [
            other
            for other in self.service.invitations.values()
            if other.address == address and other.status is InvitationStatus.PENDING
        ]
        if pending:
            raise AddressInUseError("supersede the one there is")
        self.service.invitations[invitation_id] = new
        if consent is not None:
            await self.note_consent(invitation_id, consent)
        return new.status

    async def note_consent(self, invitation_id: InvitationId, consent: Envelope) -> None:
        stored = self.service.find(invitation_id)
        stored.consent = NotedConsent(consent, self.service.member)

    async def on_paper(self, *, after: str | None = None, limit: int = 50) -> OnPaperPage:
        page, cursor = page_of(self.service.on_paper, after, limit)
        return OnPaperPage(tuple(page), cursor)

    async def attest(self, attestation: Envelope) -> None:
        for stored in self.service.invitations.values():
            if stored.binding is not None:
                stored.attestation = attestation

    async def open_deposit(
        self, document_id: DocumentId, *, sealed_length: int, segments: int
    ) -> DepositProgress:
        assert segments == SegmentLayout.of_sealed(sealed_length).count
        new = StoredDeposit(document_id, sealed_length)
        deposit = self.service.deposits.setdefault(document_id, new)
        if deposit.sealed_length != sealed_length:
            raise DocumentDiffersError("another length")
        return DepositProgress(document_id, deposit.state, frozenset(deposit.segments))

    async def put_segment(
        self, document_id: DocumentId, index: int, sealed: bytes, *, sha256: bytes
    ) -> None:
        versions = self.service.sealed_versions.setdefault((document_id, index), set())
        versions.add(sha256)
        if hashlib.sha256(sealed).digest() != sha256:
            raise ChecksumMismatchError("changed on its way")
        deposit = self.service.deposits[document_id]
        if deposit.segments.setdefault(index, sealed) != sealed:
            raise DocumentDiffersError("other bytes")

    async def complete_deposit(
        self,
        document_id: DocumentId,
        *,
        checksums: Sequence[bytes],
        covers: Sequence[AddressedCover],
        sender_cover: bytes,
    ) -> CompletedDeposit:
        deposit = self.service.deposits[document_id]
        completion = (tuple(checksums), tuple(covers), sender_cover)
        if deposit.state is DepositState.STORED and deposit.completion != completion:
            raise DocumentDiffersError("other covers")
        if deposit.state is DepositState.UPLOADING:
            self._store(deposit, completion)
        return CompletedDeposit(
            document_id,
            tuple(NewDelivery(d.delivery_id, d.invitation_id) for d in deposit.deliveries),
        )

    def _store(self, deposit: StoredDeposit, completion: tuple[Any, ...]) -> None:
        checksums, covers, sender_cover = completion
        missing = tuple(index for index in range(len(checksums)) if index not in deposit.segments)
        if missing:
            raise IncompleteDepositError("segments are missing", missing=missing)
        for cover in covers:
            stored = self.service.find(cover.invitation_id)
            if stored.status is InvitationStatus.SUPERSEDED:
                raise InvitationSupersededError("superseded")
            if stored.status is InvitationStatus.EXPIRED:
                raise InvitationExpiredError("expired")
            if stored.key_in_force != cover.recipient_fingerprint:
                raise RecipientClaimedError("claimed", invitation_id=cover.invitation_id)
        deposit.deliveries = [
            StoredDelivery(
                DeliveryId(random_hex()), deposit.document_id, cover.invitation_id, cover.cover
            )
            for cover in covers
        ]
        deposit.sender_cover = sender_cover
        deposit.completion = completion
        deposit.state = DepositState.STORED

    async def deposits(self, *, after: str | None = None, limit: int = 50) -> DepositsPage:
        stored = [d for d in self.service.deposits.values() if d.state is DepositState.STORED]
        page, cursor = page_of(stored[::-1], after, min(limit, 2))
        return DepositsPage(
            tuple(
                SentDeposit(
                    d.document_id,
                    0,
                    None if d.withdrawal is None else d.withdrawal.payload_hash,
                    tuple(map(_sent, d.deliveries)),
                )
                for d in page
            ),
            cursor,
        )

    async def sender_cover(self, document_id: DocumentId) -> bytes:
        return self.service.deposits[document_id].sender_cover

    async def own_contents(self, document_id: DocumentId, *, start: int, stop: int) -> bytes:
        segments = self.service.deposits[document_id].segments
        return b"".join(segments[index] for index in sorted(segments))[start:stop]

    async def delivery_cover(self, delivery_id: DeliveryId) -> DeliveredCover:
        return self.service.delivered_cover(delivery_id)

    async def move_delivery(
        self, delivery_id: DeliveryId, *, replaces: str, cover: bytes, invitation_id: InvitationId
    ) -> str:
        found = self.service.swap(delivery_id, replaces, cover)
        found.invitation_id = invitation_id
        return found.cover_hash

    async def withdraw(self, document_id: DocumentId, withdrawal: Envelope) -> SentDeliveries:
        deposit = self.service.deposits.get(document_id)
        if deposit is None or deposit.state is not DepositState.STORED:
            raise NotFoundError("never stored")
        kept = deposit.withdrawal
        if kept is not None and kept.payload_hash != withdrawal.payload_hash:
            raise WithdrawnError("by another withdrawal")
        deposit.withdrawal = withdrawal
        for delivery in deposit.deliveries:
            if delivery.state is not DeliveryState.EXPIRED:
                delivery.state = DeliveryState.WITHDRAWN
        return tuple(map(_sent, deposit.deliveries))


def _sent(delivery: StoredDelivery) -> SentDelivery:
    return SentDelivery(
        delivery_id=delivery.delivery_id,
        invitation_id=delivery.invitation_id,
        state=delivery.state,
        stored_at=0,
        notified_at=None,
        bounced_at=None,
        fetched_at=None,
        opened_at=None,
        withdrawn_at=None,
        expired_at=None,
        bounce_reason=None,
        receipt=delivery.receipt,
    )
