"""The ports' `MembersDesk` and `JoiningDesk`, one request each."""

from souspli_exchange.ids import EnrolmentId
from souspli_exchange.ports.accounts import NewAccount
from souspli_exchange.ports.enrolment import (
    EnrolmentRecord,
    EnrolmentStatus,
    EnrolmentView,
    JoiningEnvelopes,
    MembersPage,
    WaitingEnrolment,
)
from souspli_keys.dsse import Envelope
from souspli_mailbox.client import wire
from souspli_mailbox.client.calls import Calls, check_page, check_same
from souspli_mailbox.protocol import enrolments


class EnrolmentCalls(Calls):
    """What its methods promise stands at the ports."""

    async def publish_enrolment(self, *, record: Envelope, handle: str) -> EnrolmentStatus:
        answer = await self._transport.ask(
            "POST",
            "/v1/enrolments",
            enrolments.EnrolmentAnswer,
            body=enrolments.EnrolmentRequest(record=wire.to_envelope(record), handle=handle),
        )
        return EnrolmentStatus(answer.status)

    async def enrolments(self) -> tuple[WaitingEnrolment, ...]:
        answer = await self._transport.ask("GET", "/v1/enrolments", enrolments.EnrolmentsAnswer)
        return tuple(
            WaitingEnrolment(
                EnrolmentId(one.enrolment_id), EnrolmentStatus(one.status), one.ends_at
            )
            for one in answer.enrolments
        )

    async def enrolment(self, enrolment_id: EnrolmentId) -> EnrolmentView:
        answer = await self._transport.ask(
            "GET", f"/v1/enrolments/{enrolment_id}", enrolments.EnrolmentView
        )
        check_same(answer.enrolment_id, enrolment_id)
        joining, certificate = answer.joining, answer.certificate
        return EnrolmentView(
            enrolment_id=enrolment_id,
            status=EnrolmentStatus(answer.status),
            joining=None
            if joining is None
            else JoiningEnvelopes(
                by_code=wire.from_envelope(joining.by_code),
                by_identity=wire.from_envelope(joining.by_identity),
            ),
            certificate=None if certificate is None else wire.from_envelope(certificate),
        )

    async def certify(self, enrolment_id: EnrolmentId, *, certificate: Envelope) -> None:
        answer = await self._transport.ask(
            "POST",
            f"/v1/enrolments/{enrolment_id}/certificate",
            enrolments.EnrolmentAnswer,
            body=enrolments.CertificateRequest(certificate=wire.to_envelope(certificate)),
        )
        check_same(answer.enrolment_id, enrolment_id)

    async def members(self, *, after: str | None = None) -> MembersPage:
        answer = await self._transport.ask(
            "GET",
            "/v1/members",
            enrolments.MembersPage,
            query={} if after is None else {"after": after},
        )
        check_page(len(answer.members), next_cursor=answer.next, after=after)
        return MembersPage(
            members=tuple(wire.from_envelope(member) for member in answer.members),
            next_cursor=answer.next,
        )

    async def look_up_enrolment(self, handle: str) -> EnrolmentRecord:
        answer = await self._transport.ask(
            "POST",
            "/v1/enrolments/lookup",
            enrolments.EnrolmentMaterial,
            body=enrolments.HandleRequest(handle=handle),
        )
        return EnrolmentRecord(
            record=wire.from_envelope(answer.record),
            organisation=wire.from_envelope(answer.organisation),
            member=wire.from_envelope(answer.member),
        )

    async def join(
        self, enrolment_id: EnrolmentId, *, joining: JoiningEnvelopes, account: NewAccount
    ) -> Envelope | None:
        answer = await self._transport.ask(
            "POST",
            f"/v1/enrolments/{enrolment_id}/joining",
            enrolments.JoiningAnswer,
            body=enrolments.JoiningRequest(
                joining=enrolments.Joining(
                    by_code=wire.to_envelope(joining.by_code),
                    by_identity=wire.to_envelope(joining.by_identity),
                ),
                account=wire.to_account(account),
            ),
        )
        certificate = answer.certificate
        return None if certificate is None else wire.from_envelope(certificate)
