"""The ports' `RecipientMailbox`, one request each."""

from msgspec import UNSET

from souspli_exchange.ids import DeliveryId
from souspli_exchange.ports.delivered import DeliveredCover, DeliveredWithdrawal
from souspli_exchange.ports.recipient import DeliveriesPage, PatientsOrganisation
from souspli_exchange.ports.states import DeliveryState
from souspli_keys.dsse import Envelope
from souspli_mailbox.client import wire
from souspli_mailbox.client.calls import Calls, check_page, paging
from souspli_mailbox.client.store import AddressExpiredError
from souspli_mailbox.protocol import consents
from souspli_mailbox.protocol import deliveries as messages
from souspli_mailbox.protocol.values import Nothing
from souspli_mailbox.protocol.withdrawals import DeliveryWithdrawalAnswer


class RecipientCalls(Calls):
    """What its methods promise stands at `ports.recipient.RecipientMailbox`."""

    async def deliveries(self, *, after: str | None = None, limit: int = 50) -> DeliveriesPage:
        answer = await self._transport.ask(
            "GET", "/v1/deliveries", messages.DeliveriesPage, query=paging(after, limit)
        )
        check_page(len(answer.deliveries), next_cursor=answer.next, after=after)
        return wire.from_deliveries(answer)

    async def delivery_cover(self, delivery_id: DeliveryId) -> DeliveredCover:
        answer = await self._transport.ask(
            "GET", f"/v1/deliveries/{delivery_id}/cover", messages.CoverAnswer
        )
        return wire.from_cover(answer)

    async def replace_cover(self, delivery_id: DeliveryId, *, replaces: str, cover: bytes) -> str:
        answer = await self._transport.ask(
            "PUT",
            f"/v1/deliveries/{delivery_id}/cover",
            messages.ReplaceCoverAnswer,
            body=messages.ReplaceCoverRequest(replaces=replaces, cover=cover),
        )
        return answer.cover_hash

    async def collect(self, delivery_id: DeliveryId) -> int:
        answer = await self._transport.ask(
            "POST",
            f"/v1/deliveries/{delivery_id}/collect",
            messages.CollectAnswer,
            body=Nothing(),
        )
        await self._store.note_delivery(
            delivery_id, None if answer.expires_at is UNSET else answer.url
        )
        return answer.sealed_length

    async def read_contents(self, delivery_id: DeliveryId, *, start: int, stop: int) -> bytes:
        if start == stop:
            return b""  # no range says "nothing"
        if self._store.has(delivery_id):
            try:
                return await self._store.read(delivery_id, start=start, stop=stop)
            except AddressExpiredError:
                # Reading a long document takes longer than an address is good for.
                await self.collect(delivery_id)
                return await self._store.read(delivery_id, start=start, stop=stop, is_fresh=True)
        return await self._transport.fetch(
            f"/v1/deliveries/{delivery_id}/contents", start=start, stop=stop
        )

    async def post_receipt(self, delivery_id: DeliveryId, receipt: Envelope) -> DeliveryState:
        answer = await self._transport.ask(
            "PUT",
            f"/v1/deliveries/{delivery_id}/receipt",
            messages.ReceiptAnswer,
            body=messages.ReceiptRequest(receipt=wire.to_envelope(receipt)),
        )
        return DeliveryState(answer.state)

    async def withdrawal(self, delivery_id: DeliveryId) -> DeliveredWithdrawal:
        answer = await self._transport.ask(
            "GET", f"/v1/deliveries/{delivery_id}/withdrawal", DeliveryWithdrawalAnswer
        )
        return wire.from_withdrawal(answer)

    async def choices(self) -> tuple[PatientsOrganisation, ...]:
        """Return what was said for each organisation of the account; unverified."""
        answer = await self._transport.ask("GET", "/v1/choices", consents.ChoicesAnswer)
        return tuple(
            PatientsOrganisation(
                organisation=wire.from_envelope(one.organisation),
                consent=None if one.consent is None else wire.from_noted(one.consent),
                choice=None if one.choice is None else wire.from_envelope(one.choice),
            )
            for one in answer.organisations
        )

    async def choose(self, organisation: str, choice: Envelope) -> None:
        """Say electronic or paper to an organisation.

        Raises ConflictError if it does not follow the newest choice: look again.
        """
        body = consents.ChoiceRequest(choice=wire.to_envelope(choice))
        await self._transport.ask("PUT", f"/v1/choices/{organisation}", Nothing, body=body)
