"""What a store is tried for: at every start the one thing without which no document is safe.

`try_store` tries the rest, for `souspli storage check`: with a small object of its own,
which is gone afterwards.
"""

from __future__ import annotations

import contextlib
import hashlib
import secrets
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Protocol

from souspli_storage.blobs import BlobStore, Part
from souspli_storage.direct import DirectBlobs, PartAddress
from souspli_storage.errors import (
    ChecksumMismatchError,
    NotDeletedError,
    StorageError,
    StoreUnsuitableError,
)
from souspli_storage.s3_bucket import Bucket
from souspli_storage.s3_checksums import multipart_checksum
from souspli_storage.s3_names import Names
from souspli_storage.s3_pieces import takes_one_piece

_DATA: Final = b"not the bytes of the checksum"
_SHA256: Final = hashlib.sha256(_DATA).digest()
_OTHER_SHA256: Final = hashlib.sha256(b"the bytes of the checksum").digest()

# For one small request to the store as a client makes it.
_SECONDS: Final = 30.0


def check_checksums(bucket: Bucket, names: Names) -> None:
    """Raise StoreUnsuitableError if the store takes a part that its checksum doesn't name."""
    name = names.probe(secrets.token_hex(16))
    upload_id = bucket.begin_upload(name)
    try:
        bucket.put_part(name, upload_id, 1, _DATA, _OTHER_SHA256)
    except ChecksumMismatchError:
        return
    finally:
        bucket.abort_upload(name, upload_id)
    raise StoreUnsuitableError("the store does not compare SHA-256 checksums of parts")


class Trial(StrEnum):
    """What is tried, in this order."""

    CHECKSUMS = "checksums"
    """A part that is not what its checksum names is refused."""
    CONDITIONS = "conditions"
    """Of two that write one name only if it is free, one is refused."""
    ONE_PIECE = "one-piece"
    """An object of one part needs one request: checksum and condition are kept to there too."""
    OBJECT = "object"
    """Parts become an object that reads as it was put, by range."""
    WHOLE = "whole"
    """The store gives the object's checksum, and it is the right one."""
    ADDRESSES = "addresses"
    """Clients put and read with signed addresses."""
    CORS = "cors"
    """The page may read there from a browser."""
    DELETION = "deletion"
    """What was deleted is gone, all versions of it."""


NEEDED: Final = frozenset({Trial.CHECKSUMS, Trial.OBJECT, Trial.DELETION})
"""Without these no document may be entrusted to a store."""


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of a trial."""

    trial: Trial
    passed: bool


class _Store(BlobStore, DirectBlobs, Protocol):
    """Both sides of the store under trial."""


def try_store(store: _Store, bucket: Bucket, names: Names, *, page_origin: str) -> Iterator[Tried]:
    """Yield what the store does and does not do. Raises StorageError if it can't be asked."""
    yield Tried(Trial.CHECKSUMS, _compares_checksums(bucket, names))
    yield Tried(Trial.CONDITIONS, _knows_conditions(bucket, names))
    yield Tried(Trial.ONE_PIECE, takes_one_piece(bucket, names))
    key = secrets.token_hex(16)
    part = Part(0, len(_DATA), _SHA256)
    try:
        store.begin(key)
        (address,) = store.presign_parts(key, [part], seconds=60)
        took = _put(address, _DATA) == 200
        store.put_part(key, 0, _DATA, _SHA256)
        store.complete(key, [part])
        yield Tried(Trial.OBJECT, store.read(key, 4, 9) == _DATA[4:13])
        head = bucket.head(names.document(key))
        whole = None if head is None else head.checksum
        yield Tried(Trial.WHOLE, whole == multipart_checksum([_SHA256]))
        url = store.presign_read(key, seconds=60)
        yield Tried(Trial.ADDRESSES, took and _reads(url))
        yield Tried(Trial.CORS, _lets_in(url, page_origin))
    finally:
        deleted = _deletes(store, key)
    yield Tried(Trial.DELETION, deleted)


def _compares_checksums(bucket: Bucket, names: Names) -> bool:
    try:
        check_checksums(bucket, names)
    except StoreUnsuitableError:
        return False
    return True


def _knows_conditions(bucket: Bucket, names: Names) -> bool:
    name = names.probe(secrets.token_hex(16))
    try:
        return bucket.put_if_absent(name, b"first") and not bucket.put_if_absent(name, b"second")
    except StorageError:
        return False  # a store that refuses conditions outright
    finally:
        bucket.delete_versions(bucket.versions(name))


def _deletes(store: BlobStore, key: str) -> bool:
    try:
        store.delete(key)
    except NotDeletedError:
        return False
    return True


def _put(address: PartAddress, data: bytes) -> int:
    request = urllib.request.Request(  # noqa: S310  (the store's own address, signed here)
        address.url, data=data, method=address.method, headers=dict(address.headers)
    )
    return _ask(request)[0]


def _reads(url: str) -> bool:
    request = urllib.request.Request(url, headers={"Range": "bytes=4-12"})  # noqa: S310  (likewise)
    status, _, body = _ask(request)
    return (status, body) == (206, _DATA[4:13])


def _lets_in(url: str, page_origin: str) -> bool:
    """Ask as a browser does, first whether it may and then for a range."""
    asked = {
        "Origin": page_origin,
        "Access-Control-Request-Method": "GET",
        "Access-Control-Request-Headers": "range",
    }
    before = urllib.request.Request(url, method="OPTIONS", headers=asked)  # noqa: S310  (likewise)
    reading = urllib.request.Request(  # noqa: S310  (likewise)
        url, headers={"Origin": page_origin, "Range": "bytes=4-12"}
    )
    for request in (before, reading):
        status, headers, _ = _ask(request)
        if status >= 300 or headers.get("access-control-allow-origin") not in {page_origin, "*"}:
            return False
    exposed = headers.get("access-control-expose-headers", "").lower()
    return "content-range" in exposed or exposed == "*"


def _ask(request: urllib.request.Request) -> tuple[int, dict[str, str], bytes]:
    """Return status, headers by small name and body; status 0 for no answer."""
    try:
        with contextlib.closing(urllib.request.urlopen(request, timeout=_SECONDS)) as answer:  # noqa: S310  (likewise)
            headers = {name.lower(): text for name, text in answer.headers.items()}
            return answer.status, headers, answer.read()
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code, {}, b""
    except OSError:
        return 0, {}, b""
