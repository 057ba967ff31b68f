"""The ports' `Directory`, one request each."""

from collections.abc import Sequence

from msgspec import UNSET

from souspli_exchange.ids import InvitationId
from souspli_exchange.port_errors import BrokenAnswerError
from souspli_exchange.ports.directory import DirectoryEntry, InvitationView, OnPaperPage, PurgeView
from souspli_exchange.ports.states import InvitationStatus
from souspli_keys.audit import AuditKey
from souspli_keys.dsse import Envelope
from souspli_keys.errors import FormatError
from souspli_mailbox.client import wire
from souspli_mailbox.client.calls import Calls, check_page, check_same, paging
from souspli_mailbox.protocol import consents, invitations
from souspli_mailbox.protocol.service import ServiceAnswer
from souspli_mailbox.protocol.values import Nothing


class DirectoryCalls(Calls):
    """What its methods promise stands at `ports.directory.Directory`."""

    async def look_up(self, address: str) -> DirectoryEntry:
        answer = await self._transport.ask(
            "POST",
            "/v1/directory/lookup",
            invitations.LookupAnswer,
            body=invitations.LookupRequest(address=address),
        )
        return DirectoryEntry(
            invitation=wire.from_invitation(answer), record=wire.from_envelope(answer.record)
        )

    async def invitation(self, invitation_id: InvitationId) -> InvitationView:
        answer = await self._transport.ask(
            "GET", f"/v1/invitations/{invitation_id}", invitations.InvitationView
        )
        check_same(answer.invitation_id, invitation_id)
        return wire.from_invitation(answer)

    async def audit_key(self) -> AuditKey:
        answer = await self._transport.ask("GET", "/v1/service", ServiceAnswer)
        try:
            return AuditKey(ed25519=answer.audit_key.ed25519, ml_dsa_65=answer.audit_key.ml_dsa_65)
        except FormatError as wrong:
            raise BrokenAnswerError("an audit key that is none") from wrong

    async def purge(self, invitation_id: InvitationId) -> PurgeView:
        answer = await self._transport.ask(
            "GET", f"/v1/invitations/{invitation_id}/purge", invitations.PurgeView
        )
        return PurgeView(
            invitation_id=InvitationId(answer.invitation_id),
            begun_at=answer.begun_at,
            ended_at=answer.ended_at,
            statement=None if answer.statement is None else wire.from_envelope(answer.statement),
        )

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
        body = invitations.InvitationRequest(
            record=wire.to_envelope(record),
            letter_number=letter_number,
            person_checks=list(person_checks),
            address=address,
            # Left out, and not null: a service of before would refuse what it doesn't know.
            phone=UNSET if phone is None else phone,
            consent=UNSET if consent is None else wire.to_envelope(consent),
        )
        answer = await self._transport.ask(
            "POST", "/v1/invitations", invitations.InvitationAnswer, body=body
        )
        return InvitationStatus(answer.status)

    async def note_consent(self, invitation_id: InvitationId, consent: Envelope) -> None:
        body = consents.ConsentRequest(
            invitation_id=invitation_id, consent=wire.to_envelope(consent)
        )
        await self._transport.ask("POST", "/v1/consents", Nothing, body=body)

    async def on_paper(self, *, after: str | None = None, limit: int = 50) -> OnPaperPage:
        answer = await self._transport.ask(
            "GET", "/v1/consents", consents.OnPaperPage, query=paging(after, limit)
        )
        check_page(len(answer.on_paper), next_cursor=answer.next, after=after)
        return OnPaperPage(
            on_paper=tuple(
                (InvitationId(one.invitation_id), one.paper_since) for one in answer.on_paper
            ),
            next_cursor=answer.next,
        )

    async def attest(self, attestation: Envelope) -> None:
        body = invitations.AttestationRequest(attestation=wire.to_envelope(attestation))
        await self._transport.ask("POST", "/v1/attestations", Nothing, body=body)
