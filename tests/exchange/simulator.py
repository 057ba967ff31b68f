"""A mailbox service in memory: its state, and what the connections to it share.

Those are `simulated_member` and `simulated_patient`: the ports of `souspli_exchange.ports`.
They keep the rules of docs/specs/mailbox.md that the exchange's flows depend on, and
trust their callers otherwise; the real service has tests of its own. `faults` wraps a
connection so that one call fails before, or after, it was applied.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from souspli_exchange.ids import DeliveryId, DocumentId, InvitationId
from souspli_exchange.port_errors import CoverChangedError, NotFoundError, WithdrawnError
from souspli_exchange.ports.accounts import NewAccount
from souspli_exchange.ports.delivered import DeliveredCover
from souspli_exchange.ports.directory import InvitationView
from souspli_exchange.ports.statements import BindingEnvelopes, NotedConsent
from souspli_exchange.ports.states import DeliveryState, DepositState, InvitationStatus
from souspli_keys.dsse import Envelope
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
    consent: NotedConsent | None = None
    choice: Envelope | None = None

    @property
    def content(self) -> Invitation:
        return Invitation.parse(self.record.payload)

    @property
    def view(self) -> InvitationView:
        return InvitationView(
            InvitationId(self.content.invitation_id),
            self.status,
            self.binding,
            self.attestation,
            self.consent,
            self.choice,
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
    handed_out: bool = False

    @property
    def taken_back(self) -> bool:
        return self.state is DeliveryState.WITHDRAWN and not self.handed_out

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
    withdrawal: Envelope | None = None

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
        self.on_paper: list[tuple[InvitationId, int]] = []
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
        if found.taken_back:
            raise WithdrawnError("taken back")
        return DeliveredCover(found.cover, found.cover_hash, self.organisation, self.member)

    def swap(self, delivery_id: DeliveryId, replaces: str, cover: bytes) -> StoredDelivery:
        found = self.delivery(delivery_id)
        if found.taken_back:
            raise WithdrawnError("taken back")
        if found.cover != cover:
            if found.cover_hash != replaces:
                raise CoverChangedError("another cover is in place")
            found.cover = cover
        return found


def page_of(items: Sequence[T], after: str | None, limit: int) -> tuple[list[T], str | None]:
    start = int(after or 0)
    end = min(start + limit, len(items))
    return list(items[start:end]), str(end) if end < len(items) else None
