"""A patient's connection to the service in memory: the claim, then the mailbox."""

import os

from exchange.simulator import Service, StoredDelivery, StoredInvitation, page_of

from souspli_exchange.ids import DeliveryId, InvitationId
from souspli_exchange.port_errors import (
    CodeWrongError,
    GateNotPassedError,
    InvitationExpiredError,
    InvitationSupersededError,
    InvitationUsedError,
    LetterNotValidError,
    NotFoundError,
    PersonWrongError,
    SignatureRefusedError,
    WithdrawnError,
)
from souspli_exchange.ports.accounts import NewAccount
from souspli_exchange.ports.claim import (
    BoundAccount,
    ClaimNonce,
    InvitationRecord,
    LetterLookup,
    MailedCode,
)
from souspli_exchange.ports.delivered import DeliveredCover, DeliveredWithdrawal
from souspli_exchange.ports.recipient import DeliveriesPage, ReceivedDelivery
from souspli_exchange.ports.statements import BindingEnvelopes
from souspli_exchange.ports.states import DeliveryState, InvitationStatus
from souspli_keys.dsse import Envelope
from souspli_keys.errors import LoginRefusedError
from souspli_keys.login import LoginChallenge, LoginPurpose, verify_login


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
        self,
        invitation_id: InvitationId,
        *,
        account: NewAccount,
        binding: BindingEnvelopes,
        acceptance: Envelope | None = None,  # noqa: ARG002  (as the port has it)
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
        if delivery.taken_back:
            raise WithdrawnError("taken back")
        delivery.handed_out = True
        if delivery.state not in {DeliveryState.OPENED, DeliveryState.WITHDRAWN}:
            delivery.state = DeliveryState.FETCHED
        return self.service.deposits[delivery.document_id].sealed_length

    async def read_contents(self, delivery_id: DeliveryId, *, start: int, stop: int) -> bytes:
        document_id = self.service.delivery(delivery_id).document_id
        return self.service.deposits[document_id].contents[start:stop]

    async def post_receipt(self, delivery_id: DeliveryId, receipt: Envelope) -> DeliveryState:
        delivery = self.service.delivery(delivery_id)
        if delivery.taken_back:
            raise WithdrawnError("taken back")
        delivery.receipt = delivery.receipt or receipt
        delivery.handed_out = True
        if delivery.state is not DeliveryState.WITHDRAWN:
            delivery.state = DeliveryState.OPENED
        return DeliveryState.OPENED

    async def withdrawal(self, delivery_id: DeliveryId) -> DeliveredWithdrawal:
        delivery = self.service.delivery(delivery_id)
        withdrawal = self.service.deposits[delivery.document_id].withdrawal
        if withdrawal is None:
            raise NotFoundError("not withdrawn")
        return DeliveredWithdrawal(withdrawal, self.service.organisation, self.service.member)
