"""After a re-issue: what waits for the old claim identity goes to the new one.

docs/specs/claim.md §1. The old letter is lost, so nobody can open these covers any
more; the sender's own cover can still be opened, by the sender.
"""

import asyncio
from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise

from souspli_exchange.binding import OwnCopy
from souspli_exchange.errors import ExchangeError, ExchangeUsageError
from souspli_exchange.grant import GrantReason
from souspli_exchange.ids import DeliveryId, DocumentId, InvitationId
from souspli_exchange.outgoing import SendingMember
from souspli_exchange.port_errors import CoverChangedError
from souspli_exchange.ports.sender import SenderMailbox, SentDelivery
from souspli_exchange.ports.states import DeliveryState
from souspli_exchange.retry import RetryPolicy
from souspli_exchange.sealed import VerifiedCover, reseal_cover

_PAGE = 100
_ENDED = frozenset({DeliveryState.WITHDRAWN, DeliveryState.EXPIRED})


@dataclass(frozen=True, slots=True)
class MovedDelivery:
    """A delivery that now waits for the new letter."""

    delivery_id: DeliveryId
    document_id: DocumentId
    manifest_hash: str
    """Its receipt will name this one: the manifest of the sender's own cover."""


@dataclass(frozen=True, slots=True)
class Reissued:
    """What was moved, and every failure: run again, those that remain are tried again."""

    moved: tuple[MovedDelivery, ...]
    failures: tuple[tuple[DeliveryId, ExchangeError], ...]


async def rekey_waiting(
    member: SendingMember,
    mailbox: SenderMailbox,
    *,
    superseded: OwnCopy,
    successor: OwnCopy,
    earlier: Sequence[OwnCopy] = (),
    now: int,
    retry: RetryPolicy | None = None,
) -> Reissued:
    """Seal all deliveries of the superseded invitation to the successor's claim identity.

    `earlier`: what the superseded one replaced, and so on, the newest first. Documents
    still wait there if whoever was to move them was interrupted. To be called once the
    service has acknowledged the successor. Resumable: what was moved is not found again.
    Raises PortError only if the list can't be read.
    """
    line = (successor, superseded, *earlier)
    if any(new.invitation.supersedes != old.invitation_id for new, old in pairwise(line)):
        raise ExchangeUsageError("the successor replaces another invitation")
    retry = retry or RetryPolicy()
    moved: list[MovedDelivery] = []
    failures: list[tuple[DeliveryId, ExchangeError]] = []
    replaced = {one.invitation_id for one in line[1:]}
    waiting = [found async for found in _waiting(mailbox, replaced, retry)]
    for document_id, delivery in waiting:
        try:
            cover = await _own_cover(member, mailbox, document_id, retry)
            await _move(member, mailbox, delivery, cover, successor, now=now, retry=retry)
        except ExchangeError as failure:
            failures.append((delivery.delivery_id, failure))
        else:
            moved.append(MovedDelivery(delivery.delivery_id, document_id, cover.manifest_hash))
    return Reissued(tuple(moved), tuple(failures))


async def _waiting(
    mailbox: SenderMailbox, invitation_ids: Collection[InvitationId], retry: RetryPolicy
) -> AsyncIterator[tuple[DocumentId, SentDelivery]]:
    cursor: str | None = None
    while True:
        page = await retry.repeat(partial(mailbox.deposits, after=cursor, limit=_PAGE))
        for deposit in page.deposits:
            for delivery in deposit.deliveries:
                # What was withdrawn or purged waits for nobody, and has no cover.
                if delivery.invitation_id in invitation_ids and delivery.state not in _ENDED:
                    yield deposit.document_id, delivery
        cursor = page.next_cursor
        if cursor is None:
            return


async def _own_cover(
    member: SendingMember, mailbox: SenderMailbox, document_id: DocumentId, retry: RetryPolicy
) -> VerifiedCover:
    sealed = await retry.repeat(lambda: mailbox.sender_cover(document_id))
    return await asyncio.to_thread(member.open_own_cover, sealed, document_id)


async def _move(
    member: SendingMember,
    mailbox: SenderMailbox,
    delivery: SentDelivery,
    cover: VerifiedCover,
    successor: OwnCopy,
    *,
    now: int,
    retry: RetryPolicy,
) -> None:
    sealed = await asyncio.to_thread(
        reseal_cover,
        cover,
        signer=member.identity,
        to=successor.invitation.claim_identity,
        reason=GrantReason.REKEY,
        now=now,
    )

    async def move_once() -> None:
        in_place = await retry.repeat(lambda: mailbox.delivery_cover(delivery.delivery_id))
        move = partial(
            mailbox.move_delivery,
            delivery.delivery_id,
            replaces=in_place.cover_hash,
            cover=sealed,
            invitation_id=successor.invitation_id,
        )
        await retry.repeat(move)

    try:
        await move_once()
    except CoverChangedError:
        # A colleague's program was first, perhaps: look again, once.
        await move_once()
