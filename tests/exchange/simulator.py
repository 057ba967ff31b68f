"""A mailbox service in memory: the ports of `souspli_exchange.ports`, and faults.

It keeps the rules of docs/specs/mailbox.md that the exchange's flows depend on, and
trusts its callers otherwise; the real service has tests of its own. `broken` wraps a
connection so that one call fails before, or after, it was applied.
"""

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any, TypeVar

from souspli_exchange.errors import SpoolError
from souspli_exchange.ids import DeliveryId, DocumentId, InvitationId, random_hex
from souspli_exchange.port_errors import (
    AddressInUseError,
    ChecksumMismatchError,
    CodeWrongError,
    CoverChangedError,
    DocumentDiffersError,
    GateNotPassedError,
    IncompleteDepositError,
    InvitationExpiredError,
    InvitationSupersededError,
    InvitationUsedError,
    LetterNotValidError,
    NotFoundError,
    PersonWrongError,
    RecipientClaimedError,
    SignatureRefusedError,
    UnavailableError,
)
from souspli_exchange.ports import (
    AddressedCover,
    BindingEnvelopes,
    BoundAccount,
    ClaimNonce,
    CompletedDeposit,
    DeliveredCover,
    DeliveriesPage,
    DeliveryState,
    DepositProgress,
    DepositsPage,
    DepositState,
    DirectoryEntry,
    InvitationRecord,
    InvitationStatus,
    InvitationView,
    LetterLookup,
    MailedCode,
    NewAccount,
    NewDelivery,
    ReceivedDelivery,
    SentDelivery,
    SentDeposit,
)
from souspli_exchange.segments import SegmentLayout
from souspli_exchange.spool import SpooledDocument, encode_spooled, parse_spooled
from souspli_keys.dsse import Envelope
from souspli_keys.errors import LoginRefusedError
from souspli_keys.login import LoginChallenge, LoginPurpose, verify_login
from souspli_keys.public import Fingerprint
from souspli_keys.statements import Binding, Invitation

T = TypeVar("T")


@dataclass
class StoredInvitation:
    record: Envelope
    letter_number: str
    person_checks: tuple[bytes, ...]
    address: str
    status: InvitationStatus = InvitationStatus.PENDING
    binding: BindingEnvelopes | None = None
    attestation: Envelope | None = None

    @property
    def content(self) -> Invitation:
        return Invitation.parse(self.record.payload)

    @property
    def view(self) -> InvitationView:
        return InvitationView(
            InvitationId(self.content.invitation_id), self.status, self.binding, self.attestation
        )

    @property
    def key_in_force(self) -> Fingerprint:
        if self.binding is None:
            return self.content.claim_identity.fingerprint
        return Binding.parse(self.binding.by_claim.payload).identity.fingerprint


@dataclass
class StoredDelivery:
    delivery_id: DeliveryId
    document_id: DocumentId
    invitation_id: InvitationId
    cover: bytes
    state: DeliveryState = DeliveryState.STORED
    receipt: Envelope | None = None

    @property
    def cover_hash(self) -> str:
        return hashlib.sha256(self.cover).hexdigest()


@dataclass
class StoredDeposit:
    document_id: DocumentId
    sealed_length: int
    segments: dict[int, bytes] = field(default_factory=dict[int, bytes])
    state: DepositState = DepositState.UPLOADING
    completion: tuple[Any, ...] = ()
    deliveries: list[StoredDelivery] = field(default_factory=list[StoredDelivery])
    sender_cover: bytes = b""

    @property
    def contents(self) -> bytes:
        return b"".join(self.segments[index] for index in sorted(self.segments))


class Service:
    """The whole state. One organisation, any number of invitations."""

    def __init__(self, organisation: Envelope, member: Envelope) -> None:
        self.organisation = organisation
        self.member = member
        self.invitations: dict[InvitationId, StoredInvitation] = {}
        self.deposits: dict[DocumentId, StoredDeposit] = {}
        self.accounts: dict[str, tuple[NewAccount, InvitationId]] = {}
        self.sealed_versions: dict[tuple[DocumentId, int], set[bytes]] = {}
        """Every version of a segment that anybody ever tried to put."""

    def find(self, invitation_id: InvitationId) -> StoredInvitation:
        if invitation_id not in self.invitations:
            raise NotFoundError("no such invitation")
        return self.invitations[invitation_id]

    @property
    def deliveries(self) -> list[StoredDelivery]:
        return [found for deposit in self.deposits.values() for found in deposit.deliveries]

    def delivery(self, delivery_id: DeliveryId) -> StoredDelivery:
        for found in self.deliveries:
            if found.delivery_id == delivery_id:
                return found
        raise NotFoundError("no such delivery")

    def delivered_cover(self, delivery_id: DeliveryId) -> DeliveredCover:
        found = self.delivery(delivery_id)
        return DeliveredCover(found.cover, found.cover_hash, self.organisation, self.member)

    def swap(self, delivery_id: DeliveryId, replaces: str, cover: bytes) -> StoredDelivery:
        found = self.delivery(delivery_id)
        if found.cover != cover:
            if found.cover_hash != replaces:
                raise CoverChangedError("another cover is in place")
            found.cover = cover
        return found


def page_of(items: Sequence[T], after: str | None, limit: int) -> tuple[list[T], str | None]:
    start = int(after or 0)
    end = min(start + limit, len(items))
    return list(items[start:end]), str(end) if end < len(items) else None


class MemberConnection:
    """`Directory` and `SenderMailbox` of a signed-in member."""

    def __init__(self, service: Service) -> None:
        self.service = service

    async def look_up(self, address: str) -> DirectoryEntry:
        for stored in reversed(self.service.invitations.values()):
            if stored.address == address:
                return DirectoryEntry(stored.view, stored.record)
        raise NotFoundError("nobody was invited at this address")

    async def invitation(self, invitation_id: InvitationId) -> InvitationView:
        return self.service.find(invitation_id).view

    async def publish_invitation(
        self,
        *,
        record: Envelope,
        letter_number: str,
        person_checks: Sequence[bytes],
        address: str,
    ) -> InvitationStatus:
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
        return new.status

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
            tuple(SentDeposit(d.document_id, 0, tuple(map(_sent, d.deliveries))) for d in page),
            cursor,
        )

    async def sender_cover(self, document_id: DocumentId) -> bytes:
        return self.service.deposits[document_id].sender_cover

    async def delivery_cover(self, delivery_id: DeliveryId) -> DeliveredCover:
        return self.service.delivered_cover(delivery_id)

    async def move_delivery(
        self, delivery_id: DeliveryId, *, replaces: str, cover: bytes, invitation_id: InvitationId
    ) -> str:
        found = self.service.swap(delivery_id, replaces, cover)
        found.invitation_id = invitation_id
        return found.cover_hash


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
        receipt=delivery.receipt,
    )


class PatientConnection:
    """`ClaimDesk`, then `RecipientMailbox` of the account that was bound."""

    CODE = "123456"

    def __init__(self, service: Service) -> None:
        self.service = service
        self.passed: set[str] = set()
        self.nonces: set[bytes] = set()
        self.invitation_ids: set[InvitationId] = set()

    def _pending(self, invitation_id: InvitationId) -> StoredInvitation:
        stored = self.service.find(invitation_id)
        errors = {
            InvitationStatus.CLAIMED: InvitationUsedError,
            InvitationStatus.SUPERSEDED: InvitationSupersededError,
            InvitationStatus.EXPIRED: InvitationExpiredError,
        }
        if stored.status in errors:
            raise errors[stored.status]("not pending")
        return stored

    def _require(self, gate: str) -> None:
        if gate not in self.passed:
            raise GateNotPassedError("an earlier gate is missing")

    async def look_up_letter(self, letter_number: str) -> LetterLookup:
        for invitation_id, stored in self.service.invitations.items():
            if stored.letter_number == letter_number:
                return LetterLookup(invitation_id, stored.content.organisation)
        raise LetterNotValidError("no such letter")

    async def claim_record(self, invitation_id: InvitationId) -> InvitationRecord:
        stored = self.service.find(invitation_id)
        return InvitationRecord(stored.record, self.service.organisation, self.service.member)

    async def claim_nonce(self, invitation_id: InvitationId) -> ClaimNonce:
        self.service.find(invitation_id)
        nonce = os.urandom(32)
        self.nonces.add(nonce)
        return ClaimNonce(nonce, 0)

    async def prove(self, invitation_id: InvitationId, *, nonce: bytes, signature: bytes) -> str:
        record = self.service.find(invitation_id).content
        if nonce not in self.nonces:
            raise SignatureRefusedError("no such nonce")
        self.nonces.remove(nonce)
        challenge = LoginChallenge(
            purpose=LoginPurpose.CLAIM,
            origin=record.line.origin,
            subject=invitation_id,
            login_public_key=record.claim_login_key,
            nonce=nonce,
        )
        try:
            verify_login(signature, challenge)
        except LoginRefusedError:
            raise SignatureRefusedError("refused") from None
        self._pending(invitation_id)
        self.passed.add("one")
        return "j…@e…org"

    async def send_email_code(self, invitation_id: InvitationId) -> MailedCode:
        self._require("one")
        self._pending(invitation_id)
        return MailedCode("j…@e…org", 0, 4)

    async def check_email_code(self, invitation_id: InvitationId, *, code: str) -> None:
        self._require("one")
        self._pending(invitation_id)
        if code != self.CODE:
            raise CodeWrongError("wrong", tries_left=4)
        self.passed.add("two")

    async def check_person(self, invitation_id: InvitationId, *, person_check: bytes) -> None:
        self._require("two")
        if person_check not in self._pending(invitation_id).person_checks:
            raise PersonWrongError("wrong", tries_left=4)
        self.passed.add("three")

    async def bind(
        self, invitation_id: InvitationId, *, account: NewAccount, binding: BindingEnvelopes
    ) -> BoundAccount:
        self._require("three")
        stored = self.service.find(invitation_id)
        same = stored.binding is not None and (
            stored.binding.by_claim.payload_hash == binding.by_claim.payload_hash
        )
        if not same:
            self._pending(invitation_id)
            stored.binding, stored.status = binding, InvitationStatus.CLAIMED
            self.service.accounts[account.account_number] = (account, invitation_id)
        self.invitation_ids.add(invitation_id)
        return BoundAccount(account.account_number, 0)

    def _mine(self) -> list[StoredDelivery]:
        found = [d for d in self.service.deliveries if d.invitation_id in self.invitation_ids]
        return found[::-1]

    async def deliveries(self, *, after: str | None = None, limit: int = 50) -> DeliveriesPage:
        page, cursor = page_of(self._mine(), after, min(limit, 2))
        return DeliveriesPage(
            tuple(
                ReceivedDelivery(
                    delivery_id=d.delivery_id,
                    document_id=d.document_id,
                    state=d.state,
                    sealed_length=self.service.deposits[d.document_id].sealed_length,
                    stored_at=0,
                    fetched_at=None,
                    opened_at=None,
                    cover_hash=d.cover_hash,
                )
                for d in page
            ),
            cursor,
        )

    async def delivery_cover(self, delivery_id: DeliveryId) -> DeliveredCover:
        return self.service.delivered_cover(delivery_id)

    async def replace_cover(self, delivery_id: DeliveryId, *, replaces: str, cover: bytes) -> str:
        return self.service.swap(delivery_id, replaces, cover).cover_hash

    async def collect(self, delivery_id: DeliveryId) -> int:
        delivery = self.service.delivery(delivery_id)
        if delivery.state is not DeliveryState.OPENED:
            delivery.state = DeliveryState.FETCHED
        return self.service.deposits[delivery.document_id].sealed_length

    async def read_contents(self, delivery_id: DeliveryId, *, start: int, stop: int) -> bytes:
        document_id = self.service.delivery(delivery_id).document_id
        return self.service.deposits[document_id].contents[start:stop]

    async def post_receipt(self, delivery_id: DeliveryId, receipt: Envelope) -> DeliveryState:
        delivery = self.service.delivery(delivery_id)
        delivery.receipt = delivery.receipt or receipt
        delivery.state = DeliveryState.OPENED
        return delivery.state


class Fault(Enum):
    """What a passing fault leaves behind."""

    NOT_APPLIED = auto()
    APPLIED = auto()
    """Applied, and reported as failed."""


class Broken:
    """A connection of which the calls in `faults` fail, counted from 0 over all methods."""

    def __init__(self, connection: Any, faults: dict[int, Fault]) -> None:
        self._connection = connection
        self._faults = faults
        self.calls: list[str] = []

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._connection, name)

        async def call(*arguments: Any, **named: Any) -> Any:
            fault = self._faults.get(len(self.calls))
            self.calls.append(name)
            if fault is Fault.NOT_APPLIED:
                raise UnavailableError("no answer")
            answer = await method(*arguments, **named)
            if fault is Fault.APPLIED:
                raise UnavailableError("the line broke")
            return answer

        return call


class MemorySpool:
    """A spool in memory. What is not committed is lost by `restart`."""

    def __init__(self) -> None:
        self.segments: dict[tuple[DocumentId, int], bytes] = {}
        self.committed: dict[DocumentId, bytes] = {}

    def put_segment(
        self, document_id: DocumentId, index: int, sealed: bytes | bytearray | memoryview
    ) -> None:
        if (document_id, index) in self.segments:
            raise SpoolError("this segment was put before")
        self.segments[document_id, index] = bytes(sealed)

    def commit(self, document: SpooledDocument) -> None:
        self.committed[document.document_id] = encode_spooled(document)

    def documents(self) -> Sequence[SpooledDocument]:
        return [parse_spooled(encoded) for encoded in self.committed.values()]

    def segment(self, document_id: DocumentId, index: int) -> bytes:
        return self.segments[document_id, index]

    def discard(self, document_id: DocumentId) -> None:
        self.committed.pop(document_id, None)
        self.segments = {key: v for key, v in self.segments.items() if key[0] != document_id}

    def restart(self) -> None:
        """What a crash of the program leaves."""
        for document_id, index in list(self.segments):
            if document_id not in self.committed:
                del self.segments[document_id, index]
