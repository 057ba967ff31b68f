"""Parts for a store: one of the least length that S3 takes, and a last one, which may be short."""

import hashlib
from typing import Final

from souspli_storage.blobs import BlobStore, Part
from souspli_storage.s3_uploads import MIN_S3_PART_BYTES

FIRST: Final = b"f" * MIN_S3_PART_BYTES
LAST: Final = b"the last part"


def part(number: int, data: bytes) -> Part:
    """The part of these bytes, as its sender tells of it."""
    return Part(number, len(data), hashlib.sha256(data).digest())


PARTS: Final = (part(0, FIRST), part(1, LAST))
ONLY: Final = (part(0, LAST),)


def put(store: BlobStore, key: str, number: int, data: bytes) -> None:
    """Put a part with the checksum of its bytes."""
    store.put_part(key, number, data, hashlib.sha256(data).digest())


def small(store: BlobStore, key: str) -> None:
    """Make an object of the last part alone."""
    store.begin(key)
    put(store, key, 0, LAST)
    store.complete(key, ONLY)
