"""The ports' `SenderMailbox`: one request each, two for a segment that goes to the store."""

from collections.abc import Sequence

from msgspec import UNSET

from souspli_exchange.ids import DeliveryId, DocumentId, InvitationId
from souspli_exchange.port_errors import BrokenAnswerError
from souspli_exchange.ports.sender import (
    AddressedCover,
    CompletedDeposit,
    DepositProgress,
    DepositsPage,
    NewDelivery,
    SentDeliveries,
)
from souspli_exchange.ports.states import DepositState
from souspli_keys.dsse import Envelope
from souspli_mailbox.client import wire
from souspli_mailbox.client.calls import Calls, check_page, check_same, paging
from souspli_mailbox.client.store import AlreadyThereError
from souspli_mailbox.protocol import deposits as messages
from souspli_mailbox.protocol.deliveries import ReplaceCoverAnswer, ReplaceCoverRequest
from souspli_mailbox.protocol.withdrawals import WithdrawalAnswer, WithdrawalRequest

# A page of 50 documents to a few people each, every receipt 7 KiB, is a tenth of it.
MAX_DEPOSITS_PAGE_BYTES = 67_108_864


class SenderCalls(Calls):
    """What its methods promise stands at `ports.sender.SenderMailbox`."""

    async def open_deposit(
        self, document_id: DocumentId, *, sealed_length: int, segments: int
    ) -> DepositProgress:
        body = messages.DepositRequest(
            document_id=document_id, sealed_length=sealed_length, segments=segments
        )
        answer = await self._transport.ask(
            "POST", "/v1/deposits", messages.DepositAnswer, body=body
        )
        check_same(answer.document_id, document_id)
        self._store.note_deposit(document_id, takes_segments=answer.uploads is not UNSET)
        return DepositProgress(
            document_id=document_id,
            state=DepositState(answer.state),
            received=frozenset(answer.received),
        )

    async def put_segment(
        self, document_id: DocumentId, index: int, sealed: bytes, *, sha256: bytes
    ) -> None:
        if not self._store.takes_segments_of(document_id):
            # The path is ours, not the answer's `upload`.
            await self._transport.tell(
                "PUT",
                f"/v1/deposits/{document_id}/segments/{index}",
                sealed,
                headers=wire.checksum_header(sha256),
            )
            return
        upload = await self._open_upload(document_id, index, sha256=sha256)
        try:
            if upload is not None:
                await self._store.put(upload, sealed, sha256=sha256)
        except AlreadyThereError:
            # Most likely our own, of which the answer was lost. `document-differs`
            # otherwise; an address again if it was in vain, and then later.
            if await self._open_upload(document_id, index, sha256=sha256) is not None:
                raise

    async def _open_upload(
        self, document_id: DocumentId, index: int, *, sha256: bytes
    ) -> messages.StoreUpload | None:
        """Return where the segment goes; None if it is kept already."""
        answer = await self._transport.ask(
            "POST",
            f"/v1/deposits/{document_id}/uploads",
            messages.UploadsAnswer,
            body=messages.UploadsRequest(
                segments=[messages.SegmentToUpload(number=index, checksum=sha256)]
            ),
        )
        if not answer.uploads:
            return None
        if [upload.number for upload in answer.uploads] != [index]:
            raise BrokenAnswerError("the answer is about something else than what was asked")
        return answer.uploads[0]

    async def complete_deposit(
        self,
        document_id: DocumentId,
        *,
        checksums: Sequence[bytes],
        covers: Sequence[AddressedCover],
        sender_cover: bytes,
    ) -> CompletedDeposit:
        body = messages.CompleteRequest(
            checksums=list(checksums), covers=wire.to_covers(covers), sender_cover=sender_cover
        )
        answer = await self._transport.ask(
            "POST", f"/v1/deposits/{document_id}/complete", messages.CompleteAnswer, body=body
        )
        check_same(answer.document_id, document_id)
        return CompletedDeposit(
            document_id=document_id,
            deliveries=tuple(
                NewDelivery(
                    DeliveryId(delivery.delivery_id),
                    InvitationId(delivery.invitation_id),
                    delivery.letter_ends_at,
                )
                for delivery in answer.deliveries
            ),
        )

    async def deposits(self, *, after: str | None = None, limit: int = 50) -> DepositsPage:
        answer = await self._transport.ask(
            "GET",
            "/v1/deposits",
            messages.DepositsPage,
            query=paging(after, limit),
            max_bytes=MAX_DEPOSITS_PAGE_BYTES,
        )
        check_page(len(answer.deposits), next_cursor=answer.next, after=after)
        return wire.from_deposits(answer)

    async def sender_cover(self, document_id: DocumentId) -> bytes:
        answer = await self._transport.ask(
            "GET", f"/v1/deposits/{document_id}/sender-cover", messages.SenderCoverAnswer
        )
        return answer.cover

    async def own_contents(self, document_id: DocumentId, *, start: int, stop: int) -> bytes:
        if start == stop:
            return b""  # no range says "nothing"
        return await self._transport.fetch(
            f"/v1/deposits/{document_id}/contents", start=start, stop=stop
        )

    async def move_delivery(
        self, delivery_id: DeliveryId, *, replaces: str, cover: bytes, invitation_id: InvitationId
    ) -> str:
        answer = await self._transport.ask(
            "PUT",
            f"/v1/deliveries/{delivery_id}/cover",
            ReplaceCoverAnswer,
            body=ReplaceCoverRequest(replaces=replaces, cover=cover, invitation_id=invitation_id),
        )
        return answer.cover_hash

    async def withdraw(self, document_id: DocumentId, withdrawal: Envelope) -> SentDeliveries:
        answer = await self._transport.ask(
            "POST",
            f"/v1/deposits/{document_id}/withdrawal",
            WithdrawalAnswer,
            body=WithdrawalRequest(withdrawal=wire.to_envelope(withdrawal)),
        )
        check_same(answer.document_id, document_id)
        return wire.from_sent(answer.deliveries)
