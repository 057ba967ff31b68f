"""Straight to the service's store, at addresses that the service signed (mailbox.md §8).

The service names the address of its store once (`GET /v1/service`), and every other
address must begin with it: over TLS, or on this machine if the service is there too.
What goes there is ciphertext; what comes from there is verified as everything is. The
session's token does not go there, redirects are not followed, and the only headers that
the service may have us send are the checksum that we computed ourselves, and that
nothing may be there already.
"""

import base64
from collections.abc import Mapping
from typing import Final

from msgspec import UNSET
from yarl import URL

from souspli_exchange.ids import DeliveryId, DocumentId
from souspli_exchange.port_errors import (
    BrokenAnswerError,
    ChecksumMismatchError,
    UnavailableError,
)
from souspli_mailbox.client.transport import Transport, is_acceptable
from souspli_mailbox.protocol.deposits import StoreUpload
from souspli_mailbox.protocol.service import ServiceAnswer

CHECKSUM_HEADER: Final = "x-amz-checksum-sha256"
UNLESS_THERE: Final = {"if-none-match": "*"}

# What S3 stores say of bytes that are not those of the checksum; and of a line that
# was too slow, with the same status.
_CHECKSUM_CODES: Final = (b"<Code>BadDigest<", b"<Code>XAmzContentChecksumMismatch<")
_TIMEOUT_CODE: Final = b"<Code>RequestTimeout<"

# Not good any more, or asked too fast: another address, or another moment, may do.
_TEMPORARY: Final = frozenset({403, 404, 408, 429})


class AddressExpiredError(UnavailableError):
    """The store does not take this address any more: ask the service for another."""


class AlreadyThereError(UnavailableError):
    """The store has something there: the service knows whether it is ours."""


class Store:
    """One service's store, and what is known of deposits and deliveries there."""

    def __init__(self, transport: Transport) -> None:
        """Send requests through `transport`."""
        self._transport = transport
        self._announced: str | None = None
        self._deposits: set[DocumentId] = set()
        self._deliveries: dict[DeliveryId, URL] = {}

    def note_deposit(self, document_id: DocumentId, *, takes_segments: bool) -> None:
        """Remember whether the store takes the segments of this document itself."""
        self._deposits.discard(document_id)
        if takes_segments:
            self._deposits.add(document_id)

    def takes_segments_of(self, document_id: DocumentId) -> bool:
        """Say whether segments of this document go to the store."""
        return document_id in self._deposits

    async def put(self, upload: StoreUpload, sealed: bytes, *, sha256: bytes) -> None:
        """Put a segment where the service says; the store compares its checksum.

        Raises ChecksumMismatchError, AlreadyThereError, UnavailableError, BrokenAnswerError.
        """
        headers = {name.lower(): text for name, text in upload.headers.items()}
        ours = {CHECKSUM_HEADER: base64.b64encode(sha256).decode("ascii")}
        if headers not in (ours, ours | UNLESS_THERE):
            raise BrokenAnswerError("the store is to be sent something else than our checksum")
        status, _, body = await self._transport.ask_elsewhere(
            "PUT",
            await self._check(upload.url),
            sealed,
            headers={**headers, "Content-Type": "application/octet-stream"},
            max_bytes=0,
        )
        if status == 412 and headers != ours:
            raise AlreadyThereError("the store has something there already")
        if status == 400 and any(code in body for code in _CHECKSUM_CODES):
            raise ChecksumMismatchError("the store got other bytes than were sent")
        if status != 200:
            raise _refused(status, body)

    async def note_delivery(self, delivery_id: DeliveryId, url: str | None) -> None:
        """Remember where the contents of a delivery are; None: at the service.

        Raises BrokenAnswerError for an address that is not at the store.
        """
        self._deliveries.pop(delivery_id, None)
        if url is not None:
            self._deliveries[delivery_id] = await self._check(url)

    def has(self, delivery_id: DeliveryId) -> bool:
        """Say whether the contents of this delivery are to be read at the store."""
        return delivery_id in self._deliveries

    async def read(
        self, delivery_id: DeliveryId, *, start: int, stop: int, is_fresh: bool = False
    ) -> bytes:
        """Return the contents' bytes start ≤ n < stop, or fewer at their end.

        Raises AddressExpiredError (never for an address that `is_fresh`: the store
        refuses all of them then), BrokenAnswerError, UnavailableError. After the last
        of these the contents are no longer read here: the service has them too, and a
        reader whose network does not let them to the store still gets them.
        """
        try:
            status, headers, body = await self._transport.ask_elsewhere(
                "GET",
                self._deliveries[delivery_id],
                None,
                headers={"Range": f"bytes={start}-{stop - 1}"},
                max_bytes=stop - start,
            )
            if status == 403 and not is_fresh:
                raise AddressExpiredError("the address at the store has expired")
            if status != 206:
                raise _refused(status, body)
        except AddressExpiredError:
            raise
        except UnavailableError:
            self._deliveries.pop(delivery_id, None)
            raise
        return _check_range(body, headers, start=start)

    async def _check(self, text: str) -> URL:
        """Return an address at the store, byte for byte as it was signed."""
        if self._announced is None:
            answer = await self._transport.ask("GET", "/v1/service", ServiceAnswer)
            if answer.store is UNSET or not answer.store.endswith("/"):
                raise BrokenAnswerError("the service has no store to go to")
            self._announced = answer.store
        try:
            url = URL(text, encoded=True)
            acceptable = url.user is None and is_acceptable(
                url, on_this_machine=self._transport.is_on_this_machine()
            )
        except ValueError:
            raise BrokenAnswerError("the address at the store is not an address") from None
        if not acceptable or not text.startswith(self._announced):
            raise BrokenAnswerError("the address is not one at the service's store")
        return url


def _refused(status: int, body: bytes) -> UnavailableError | BrokenAnswerError:
    if status in _TEMPORARY or status >= 500 or (status == 400 and _TIMEOUT_CODE in body):
        return UnavailableError("the store does not answer now")
    return BrokenAnswerError("the store's answer is not one of the protocol")


def _check_range(body: bytes, headers: Mapping[str, str], *, start: int) -> bytes:
    """Return bytes that are where they were asked for: others would look like an attack."""
    if not headers.get("Content-Range", "").startswith(f"bytes {start}-"):
        raise BrokenAnswerError("the store gave other bytes than were asked for")
    return body
