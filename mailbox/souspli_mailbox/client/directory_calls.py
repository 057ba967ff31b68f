"""The ports' `Directory`, one request each."""

from collections.abc import Sequence

from msgspec import UNSET

from souspli_exchange import ports
from souspli_exchange.ids import InvitationId
from souspli_keys.dsse import Envelope
from souspli_mailbox.client import wire
from souspli_mailbox.client.calls import Calls, check_same
from souspli_mailbox.protocol import consents, invitations
from souspli_mailbox.protocol.values import Nothing


class DirectoryCalls(Calls):
    """What its methods promise stands at `ports.Directory`."""

    async def look_up(self, address: str) -> ports.DirectoryEntry:
        answer = await self._transport.ask(
            "POST",
            "/v1/directory/lookup",
            invitations.LookupAnswer,
            body=invitations.LookupRequest(address=address),
        )
        return ports.DirectoryEntry(
            invitation=wire.from_invitation(answer), record=wire.from_envelope(answer.record)
        )

    async def invitation(self, invitation_id: InvitationId) -> ports.InvitationView:
        answer = await self._transport.ask(
            "GET", f"/v1/invitations/{invitation_id}", invitations.InvitationView
        )
        check_same(answer.invitation_id, invitation_id)
        return wire.from_invitation(answer)

    async def publish_invitation(
        self,
        *,
        record: Envelope,
        letter_number: str,
        person_checks: Sequence[bytes],
        address: str,
        consent: Envelope | None = None,
    ) -> ports.InvitationStatus:
        body = invitations.InvitationRequest(
            record=wire.to_envelope(record),
            letter_number=letter_number,
            person_checks=list(person_checks),
            address=address,
            consent=UNSET if consent is None else wire.to_envelope(consent),
        )
        answer = await self._transport.ask(
            "POST", "/v1/invitations", invitations.InvitationAnswer, body=body
        )
        return ports.InvitationStatus(answer.status)

    async def note_consent(self, invitation_id: InvitationId, consent: Envelope) -> None:
        body = consents.ConsentRequest(
            invitation_id=invitation_id, consent=wire.to_envelope(consent)
        )
        await self._transport.ask("POST", "/v1/consents", Nothing, body=body)

    async def attest(self, attestation: Envelope) -> None:
        body = invitations.AttestationRequest(attestation=wire.to_envelope(attestation))
        await self._transport.ask("POST", "/v1/attestations", Nothing, body=body)
