"""Receiving: covers verified, contents opened whole, waiting covers sealed again.

docs/specs/sealed-document.md §7 and claim.md §4 step 8. The service never imports
this module (tests/test_floors.py).
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from souspli_exchange.bundle import WriteFile
from souspli_exchange.contents_opener import ContentsOpener, VerifiedContents
from souspli_exchange.errors import ContentsRefusedError, CoverRefusedError, ExchangeError
from souspli_exchange.extraction import Extraction, OpenedDocument
from souspli_exchange.grant import GrantReason
from souspli_exchange.ids import DeliveryId, DocumentId, random_hex
from souspli_exchange.port_errors import CoverChangedError, WithdrawnError
from souspli_exchange.ports.recipient import ReceivedDelivery, RecipientMailbox
from souspli_exchange.receipt import Receipt, encode_receipt
from souspli_exchange.retry import RetryPolicy
from souspli_exchange.sealed import Reader, VerifiedCover, open_cover, reseal_cover
from souspli_exchange.withdrawal import VerifiedWithdrawal, verify_withdrawal
from souspli_keys import dsse
from souspli_keys.dsse import Envelope, PayloadType, Signer
from souspli_keys.identity import Identity

_PAGE = 100


@dataclass(frozen=True, slots=True)
class Receiving:
    """Who reads, from where."""

    reader: Reader
    mailbox: RecipientMailbox
    retry: RetryPolicy = field(default_factory=RetryPolicy)


@dataclass(frozen=True, slots=True)
class FetchedCover:
    """A verified cover, and the hash by which it is replaced."""

    cover: VerifiedCover
    cover_hash: str


@dataclass(frozen=True, slots=True)
class Resealed:
    """The deliveries whose covers were sealed again, and every failure.

    Run again (at the next sign-in), those that remain are tried again.
    """

    deliveries: tuple[DeliveryId, ...]
    failures: tuple[tuple[DeliveryId, ExchangeError], ...]


async def fetch_cover(
    receiving: Receiving, delivery_id: DeliveryId, document_id: DocumentId
) -> FetchedCover:
    """Return the verified cover of a delivery; raises like `sealed.open_cover`."""
    delivered = await receiving.retry.repeat(lambda: receiving.mailbox.delivery_cover(delivery_id))
    if hashlib.sha256(delivered.cover).hexdigest() != delivered.cover_hash:
        raise CoverRefusedError("the cover is not the one that the service names")
    cover = await asyncio.to_thread(
        open_cover,
        delivered.cover,
        reader=receiving.reader,
        document_id=document_id,
        organisation=delivered.organisation,
        member=delivered.member,
    )
    return FetchedCover(cover, delivered.cover_hash)


async def fetch_withdrawal(
    receiving: Receiving, delivery: ReceivedDelivery, cover: VerifiedCover | None
) -> VerifiedWithdrawal:
    """Return the verified withdrawal of a delivery; `cover` where there still is one.

    Raises WithdrawalRefusedError: then that it was withdrawn is the service's word, and
    what can be opened may be. NotFoundError if the service shows none.
    """
    delivered = await receiving.retry.repeat(
        lambda: receiving.mailbox.withdrawal(delivery.delivery_id)
    )
    trusted = receiving.reader.organisations
    if cover is not None:
        trusted = {cover.manifest.sender.organisation}
    return await asyncio.to_thread(
        verify_withdrawal,
        delivered.withdrawal,
        organisation=delivered.organisation,
        member=delivered.member,
        trusted=trusted,
        origin=receiving.reader.origin,
        document_id=delivery.document_id,
    )


async def read_contents(
    receiving: Receiving, delivery_id: DeliveryId, cover: VerifiedCover, *, write: WriteFile
) -> VerifiedContents:
    """Collect a delivery's contents and verify all of them; then return the proof.

    Until this has returned nothing that `write` was given may be released. Raises
    ContentsRefusedError, PortErrors, and what `write` raises.
    """
    opener = ContentsOpener(cover, write=write)
    length = await receiving.retry.repeat(lambda: receiving.mailbox.collect(delivery_id))
    if length != opener.layout.sealed_length:
        raise ContentsRefusedError("the contents were cut short or added to")
    while (where := opener.next_range) is not None:
        read = partial(
            receiving.mailbox.read_contents, delivery_id, start=where.start, stop=where.stop
        )
        sealed = await receiving.retry.repeat(read)
        await asyncio.to_thread(opener.open_next, sealed)
    return opener.finish()


async def open_into_folder(
    receiving: Receiving, delivery_id: DeliveryId, cover: VerifiedCover, folder: Path
) -> OpenedDocument:
    """Open a document into `folder`, which appears with all files in it or not at all.

    Raises what `read_contents` and `Extraction` raise.
    """
    files = cover.manifest.contents.files
    with Extraction(folder, files) as extraction:
        verified = await read_contents(receiving, delivery_id, cover, write=extraction.write)
        paths = await asyncio.to_thread(extraction.release, verified)
    return OpenedDocument(verified, paths)


def sign_receipt(verified: VerifiedContents, *, signer: Signer, now: int) -> Envelope:
    """Return the receipt of a document that was verified to its end and opened.

    `signer` is the account's identity: the sender checks the receipt against it.
    """
    manifest = verified.cover.manifest
    receipt = Receipt(
        document_id=manifest.document_id,
        manifest_hash=verified.cover.manifest_hash,
        opened_at=now,
        origin=manifest.origin,
        reader=signer.public.fingerprint,
        salt=random_hex(),
    )
    return dsse.sign(PayloadType.RECEIPT, encode_receipt(receipt), signer)


async def all_deliveries(receiving: Receiving) -> AsyncIterator[ReceivedDelivery]:
    """Yield every delivery, newest first, page by page."""
    cursor: str | None = None
    while True:
        read = partial(receiving.mailbox.deliveries, after=cursor, limit=_PAGE)
        page = await receiving.retry.repeat(read)
        for delivery in page.deliveries:
            yield delivery
        cursor = page.next_cursor
        if cursor is None:
            return


async def reseal_waiting(receiving: Receiving, account: Identity, *, now: int) -> Resealed:
    """Seal every cover that waits for a claim identity of the reader to the account's.

    Resumable, and done at each sign-in: a sender who has not seen the claim yet may
    have sealed to the claim identity since. One bad cover does not stop the others.
    Raises PortError only if the list can't be read.
    """
    resealed: list[DeliveryId] = []
    failures: list[tuple[DeliveryId, ExchangeError]] = []
    deliveries = [delivery async for delivery in all_deliveries(receiving)]
    for delivery in deliveries:
        try:
            if await _reseal(receiving, delivery, account, now=now):
                resealed.append(delivery.delivery_id)
        except ExchangeError as failure:
            failures.append((delivery.delivery_id, failure))
    return Resealed(tuple(resealed), tuple(failures))


async def _reseal(
    receiving: Receiving, delivery: ReceivedDelivery, account: Identity, *, now: int
) -> bool:
    """Seal one cover again if it is not the account's yet; say whether it had to be."""
    by_fingerprint = {
        identity.public.fingerprint: identity for identity in receiving.reader.identities
    }

    async def reseal_once() -> bool:
        try:
            fetched = await fetch_cover(receiving, delivery.delivery_id, delivery.document_id)
        except WithdrawnError:
            return False  # nothing of it is left that could be sealed again
        holder = fetched.cover.effective_recipient
        if holder == account.public.fingerprint:
            return False
        sealed = await asyncio.to_thread(
            reseal_cover,
            fetched.cover,
            signer=by_fingerprint[holder],
            to=account.public,
            reason=GrantReason.CLAIM,
            now=now,
        )
        replace = partial(
            receiving.mailbox.replace_cover,
            delivery.delivery_id,
            replaces=fetched.cover_hash,
            cover=sealed,
        )
        await receiving.retry.repeat(replace)
        return True

    with suppress(CoverChangedError):
        return await reseal_once()
    # Another window of the same patient was first, most likely: look again, once.
    return await reseal_once()
