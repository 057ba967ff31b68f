"""The ports' `ClaimDesk`, one request each."""

from msgspec import UNSET

from souspli_exchange.ids import InvitationId
from souspli_exchange.ports.accounts import NewAccount
from souspli_exchange.ports.claim import (
    BoundAccount,
    ClaimNonce,
    InvitationRecord,
    LetterLookup,
    MailedCode,
)
from souspli_exchange.ports.statements import BindingEnvelopes
from souspli_keys.dsse import Envelope
from souspli_mailbox.client import wire
from souspli_mailbox.client.calls import Calls, check_same
from souspli_mailbox.protocol import claims
from souspli_mailbox.protocol.values import Nothing


class ClaimCalls(Calls):
    """What its methods promise stands at `ports.claim.ClaimDesk`."""

    async def look_up_letter(self, letter_number: str) -> LetterLookup:
        answer = await self._transport.ask(
            "POST",
            "/v1/claims/lookup",
            claims.LetterAnswer,
            body=claims.LetterRequest(letter_number=letter_number),
        )
        return LetterLookup(InvitationId(answer.invitation_id), answer.organisation)

    async def claim_record(self, invitation_id: InvitationId) -> InvitationRecord:
        answer = await self._transport.ask(
            "GET", f"/v1/claims/{invitation_id}", claims.ClaimMaterial
        )
        return wire.from_material(answer)

    async def claim_nonce(self, invitation_id: InvitationId) -> ClaimNonce:
        answer = await self._transport.ask(
            "POST", f"/v1/claims/{invitation_id}/nonce", claims.ClaimNonceAnswer, body=Nothing()
        )
        return ClaimNonce(answer.nonce, answer.expires_at)

    async def prove(self, invitation_id: InvitationId, *, nonce: bytes, signature: bytes) -> str:
        answer = await self._transport.ask(
            "POST",
            f"/v1/claims/{invitation_id}/prove",
            claims.ProveAnswer,
            body=claims.ProveRequest(nonce=nonce, signature=signature, client="program"),
        )
        self._transport.use_token(answer.token)
        return answer.masked_address

    async def send_email_code(self, invitation_id: InvitationId) -> MailedCode:
        answer = await self._transport.ask(
            "POST", f"/v1/claims/{invitation_id}/email-code", claims.EmailCodeAnswer, body=Nothing()
        )
        return MailedCode(answer.masked_address, answer.expires_at, answer.mails_left)

    async def check_email_code(self, invitation_id: InvitationId, *, code: str) -> None:
        await self._transport.ask(
            "POST",
            f"/v1/claims/{invitation_id}/email-code/check",
            Nothing,
            body=claims.EmailCodeCheckRequest(code=code),
        )

    async def check_person(self, invitation_id: InvitationId, *, person_check: bytes) -> None:
        await self._transport.ask(
            "POST",
            f"/v1/claims/{invitation_id}/person",
            Nothing,
            body=claims.PersonRequest(person_check=person_check),
        )

    async def bind(
        self,
        invitation_id: InvitationId,
        *,
        account: NewAccount,
        binding: BindingEnvelopes,
        acceptance: Envelope | None = None,
    ) -> BoundAccount:
        answer = await self._transport.ask(
            "POST",
            f"/v1/claims/{invitation_id}/bind",
            claims.BindAnswer,
            body=claims.BindRequest(
                account=wire.to_account(account),
                binding=wire.to_binding(binding),
                acceptance=UNSET if acceptance is None else wire.to_envelope(acceptance),
                client="program",
            ),
        )
        check_same(answer.account_number, account.account_number)
        self._transport.use_token(answer.token)
        return BoundAccount(answer.account_number, answer.expires_at)
