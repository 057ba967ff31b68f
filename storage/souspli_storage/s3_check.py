"""What a store is tried for: at every start the one thing without which no document is safe.

`try_store` tries the rest, for `souspli storage check`: each finding is something that
the store does or does not, with the consequence told in the command's own words.
"""

from __future__ import annotations

import hashlib
import secrets

from souspli_storage.errors import ChecksumMismatchError, StoreUnsuitableError
from souspli_storage.s3_bucket import Bucket
from souspli_storage.s3_names import Names

_DATA = b"not the bytes of the checksum"
_OTHER_SHA256 = hashlib.sha256(b"the bytes of the checksum").digest()


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
