"""Between the structs that travel and the values of the ports. Shapes only, no trust.

A name with its module in front is of the protocol: what travels.
"""

import base64
from collections.abc import Sequence

import msgspec

from souspli_exchange.ids import DeliveryId, DocumentId, InvitationId
from souspli_exchange.port_errors import BrokenAnswerError
from souspli_exchange.ports.accounts import NewAccount
from souspli_exchange.ports.claim import InvitationRecord
from souspli_exchange.ports.delivered import DeliveredCover, DeliveredWithdrawal
from souspli_exchange.ports.directory import ClosedView, InvitationView
from souspli_exchange.ports.recipient import DeliveriesPage, ReceivedDelivery
from souspli_exchange.ports.sender import (
    AddressedCover,
    DepositsPage,
    SentDeliveries,
    SentDelivery,
    SentDeposit,
)
from souspli_exchange.ports.statements import BindingEnvelopes, NotedConsent
from souspli_exchange.ports.states import DeliveryState, InvitationStatus
from souspli_keys import dsse
from souspli_keys.errors import EnvelopeError
from souspli_mailbox.protocol import (
    claims,
    deliveries,
    deposits,
    invitations,
    organisations,
    withdrawals,
)
from souspli_mailbox.protocol.values import Binding, Envelope, UnlockerKind


def to_envelope(value: dsse.Envelope) -> Envelope:
    """Return an envelope as it travels."""
    return msgspec.convert(value.to_json(), Envelope)


def from_envelope(value: Envelope) -> dsse.Envelope:
    """Return an envelope, unverified; BrokenAnswerError if its shape is wrong."""
    try:
        return dsse.parse(msgspec.to_builtins(value))
    except EnvelopeError:
        raise BrokenAnswerError("the answer holds no envelope where one belongs") from None


def to_binding(value: BindingEnvelopes) -> Binding:
    """Return a binding as it travels."""
    return Binding(by_claim=to_envelope(value.by_claim), by_identity=to_envelope(value.by_identity))


def to_account(account: NewAccount) -> organisations.NewAccount:
    """Return a new account as it travels."""
    return organisations.NewAccount(
        account_number=account.account_number,
        vault=organisations.NewVault(generation=1, sealed=account.sealed_vault),
        unlockers=[
            organisations.NewUnlocker(
                unlocker_id=unlocker.unlocker_id,
                kind=to_kind(unlocker.kind),
                login_public_key=unlocker.login_public_key,
                wrapped_vault_key=unlocker.wrapped_vault_key,
            )
            for unlocker in account.unlockers
        ],
    )


def to_kind(kind: str) -> UnlockerKind:
    """Return an unlocker's kind as it travels; ValueError for a reserved one."""
    match kind:
        case "password" | "device":
            return kind
        case _:
            raise ValueError("this kind of unlocker is reserved")


def from_invitation(
    value: invitations.InvitationView | invitations.LookupAnswer,
) -> InvitationView:
    """Return what the service says about an invitation."""
    binding = value.binding
    attestation = value.attestation
    return InvitationView(
        invitation_id=InvitationId(value.invitation_id),
        status=InvitationStatus(value.status),
        binding=None
        if binding is None
        else BindingEnvelopes(
            by_claim=from_envelope(binding.by_claim),
            by_identity=from_envelope(binding.by_identity),
        ),
        attestation=None if attestation is None else from_envelope(attestation),
        consent=None if value.consent is None else from_noted(value.consent),
        choice=None if value.choice is None else from_envelope(value.choice),
        closed=_from_closed(value) if isinstance(value, invitations.InvitationView) else None,
    )


def _from_closed(value: invitations.InvitationView) -> ClosedView | None:
    if value.closed_at is None:
        return None
    closing = None if value.closing is None else from_envelope(value.closing)
    return ClosedView(closed_at=value.closed_at, closing=closing)


def from_noted(value: invitations.NotedConsent) -> NotedConsent:
    """Return a consent with its member's statement."""
    return NotedConsent(consent=from_envelope(value.consent), member=from_envelope(value.member))


def from_material(value: claims.ClaimMaterial) -> InvitationRecord:
    """Return R and its statements."""
    return InvitationRecord(
        record=from_envelope(value.record),
        organisation=from_envelope(value.organisation),
        member=from_envelope(value.member),
    )


def to_covers(covers: Sequence[AddressedCover]) -> list[deposits.DepositCover]:
    """Return addressed covers as they travel."""
    return [
        deposits.DepositCover(
            invitation_id=cover.invitation_id,
            recipient_fingerprint=cover.recipient_fingerprint,
            cover=cover.cover,
        )
        for cover in covers
    ]


def from_cover(value: deliveries.CoverAnswer) -> DeliveredCover:
    """Return a cover with its depositor's statements."""
    return DeliveredCover(
        cover=value.cover,
        cover_hash=value.cover_hash,
        organisation=from_envelope(value.organisation),
        member=from_envelope(value.member),
    )


def from_deposits(value: deposits.DepositsPage) -> DepositsPage:
    """Return a page of deposits."""
    return DepositsPage(
        deposits=tuple(
            SentDeposit(
                document_id=DocumentId(deposit.document_id),
                stored_at=deposit.stored_at,
                withdrawal_hash=deposit.withdrawal,
                deliveries=from_sent(deposit.deliveries),
            )
            for deposit in value.deposits
        ),
        next_cursor=value.next,
    )


def from_sent(values: Sequence[deposits.SenderView]) -> SentDeliveries:
    """Return deliveries as their sender sees them."""
    return tuple(_from_sent(value) for value in values)


def from_withdrawal(value: withdrawals.DeliveryWithdrawalAnswer) -> DeliveredWithdrawal:
    """Return a withdrawal with its signer's statements."""
    return DeliveredWithdrawal(
        withdrawal=from_envelope(value.withdrawal),
        organisation=from_envelope(value.organisation),
        member=from_envelope(value.member),
    )


def _from_sent(value: deposits.SenderView) -> SentDelivery:
    return SentDelivery(
        delivery_id=DeliveryId(value.delivery_id),
        invitation_id=InvitationId(value.invitation_id),
        state=DeliveryState(value.state),
        stored_at=value.stored_at,
        notified_at=value.notified_at,
        bounced_at=value.bounced_at,
        fetched_at=value.fetched_at,
        opened_at=value.opened_at,
        withdrawn_at=value.withdrawn_at,
        expired_at=value.expired_at,
        bounce_reason=value.bounce_reason,
        receipt=None if value.receipt is None else from_envelope(value.receipt),
    )


def from_deliveries(value: deliveries.DeliveriesPage) -> DeliveriesPage:
    """Return a page of deliveries."""
    return DeliveriesPage(
        deliveries=tuple(
            ReceivedDelivery(
                delivery_id=DeliveryId(delivery.delivery_id),
                document_id=DocumentId(delivery.document_id),
                state=DeliveryState(delivery.state),
                sealed_length=delivery.sealed_length,
                stored_at=delivery.stored_at,
                fetched_at=delivery.fetched_at,
                opened_at=delivery.opened_at,
                cover_hash=delivery.cover_hash,
            )
            for delivery in value.deliveries
        ),
        next_cursor=value.next,
    )


def checksum_header(sha256: bytes) -> dict[str, str]:
    """Return the headers of a segment."""
    return {
        "X-Checksum-Sha256": base64.b64encode(sha256).decode("ascii"),
        "Content-Type": "application/octet-stream",
    }
