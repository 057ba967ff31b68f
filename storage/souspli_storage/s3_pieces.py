"""An object in one piece: the only part of a document, put under the object's own name.

Most documents are shorter than a segment. Of these a multipart upload makes fifteen
requests, and this makes three: is it there, put it unless it is, is it there. Nothing is
noted about it, and nothing is left to be cleared away.

It rests on two things that every start tries (`takes_one_piece`): the store compares
the SHA-256 that comes with the bytes and tells it again with the object's head; and it
keeps nothing under a name that is taken, even of two that come at once. So the bytes
that arrive first are the object, and none change it. Where a store lacks one of the
two, objects of one part are made as all others are (`s3_uploads`).

A client that puts at an address after the object was deleted makes it anew; nobody is
told of it, and no row names it: it is an orphan, for the sweep.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from typing import Final

from souspli_storage.blobs import Part
from souspli_storage.errors import (
    ChecksumMismatchError,
    ObjectDiffersError,
    PartDiffersError,
    StoreRefusedError,
    StoreUnavailableError,
)
from souspli_storage.s3_bucket import Bucket
from souspli_storage.s3_errors import AnswerError, PresentError
from souspli_storage.s3_names import Names

_TRIED: Final = b"one piece"
_OTHER: Final = b"another"


class Pieces:
    """Objects of one part, in one bucket."""

    def __init__(
        self, bucket: Bucket, names: Names, object_parts: Callable[[str], tuple[Part, ...] | None]
    ) -> None:
        """Keep them in `bucket` under `names`; `object_parts` knows objects of every kind."""
        self._bucket = bucket
        self._names = names
        self._object_parts = object_parts

    def is_kept(self, key: str, part: Part) -> bool:
        """Say whether this is the object; PartDiffersError if there is another."""
        head = self._bucket.head(self._names.document(key))
        if head is None:
            return False
        if (head.size, head.sha256) == (part.size, part.sha256):
            return True
        # Another; or the same, from a multipart upload, whose checksum is of a different
        # kind: its list says.
        if self._object_parts(key) != (part,):
            raise PartDiffersError("the object is another part")
        return True

    def put(self, key: str, part: Part, data: bytes) -> None:
        """Keep the object, or find it kept. A crash leaves one or the other."""
        try:
            self._bucket.put_new(self._names.document(key), data, part.sha256)
        except PresentError:
            if not self.is_kept(key, part):
                # Somebody else is about to put it, and may fail.
                raise StoreUnavailableError("the part is being put by somebody else") from None

    def complete(self, key: str, part: Part) -> bool:
        """Say whether the object is there; ObjectDiffersError if another is."""
        try:
            return self.is_kept(key, part)
        except PartDiffersError:
            raise ObjectDiffersError("complete already, from another part") from None


def takes_one_piece(bucket: Bucket, names: Names) -> bool:
    """Try with a small object, gone afterwards, whether the store does what is needed here."""
    name = names.probe(secrets.token_hex(16))
    try:
        return _compares(bucket, name) and _keeps_the_first(bucket, name)
    except (AnswerError, StoreRefusedError):
        return False  # it does not know these headers at all
    finally:
        # What a lock holds stays, as everything does there: nine bytes of no meaning.
        bucket.delete_versions(bucket.versions(name))


def _compares(bucket: Bucket, name: str) -> bool:
    try:
        bucket.put_new(name, _OTHER, hashlib.sha256(_TRIED).digest())
    except ChecksumMismatchError:
        return True
    return False


def _keeps_the_first(bucket: Bucket, name: str) -> bool:
    sha256 = hashlib.sha256(_TRIED).digest()
    bucket.put_new(name, _TRIED, sha256)
    try:
        bucket.put_new(name, _OTHER, hashlib.sha256(_OTHER).digest())
    except PresentError:
        head = bucket.head(name)
        return head is not None and (head.size, head.sha256) == (len(_TRIED), sha256)
    return False
