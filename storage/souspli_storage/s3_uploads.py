"""An upload in a bucket: from its beginning to the object, whoever puts the parts.

Parts come through the service, or straight from clients with a presigned address. In
both cases the store compares each with its SHA-256; but not every store tells later
which it was (SeaweedFS lists sizes and ETags only). So a part is *promised* before it
can be put: an empty object whose name says number, size and SHA-256 (`s3_names`). A
part that the store lists and that exactly one promise fits is that part, and no other
is ever promised for its number.

When the parts become an object, the store compares their SHA-256 once more, and the
object's own checksum is compared with the one that these parts must give.

What two calls at once could both do is decided by a conditional write: which multipart
upload is the one (`uploads/<key>`), which parts it is made of (`documents/<key>.parts`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Final

from souspli_storage.blobs import Part, checked_number
from souspli_storage.errors import (
    NoSuchObjectError,
    ObjectDiffersError,
    PartDiffersError,
    PartsMissingError,
    StoreDamagedError,
    StoreUnavailableError,
)
from souspli_storage.s3_bucket import Bucket, KeptPart, Version
from souspli_storage.s3_checksums import multipart_checksum
from souspli_storage.s3_deletion import Deletion
from souspli_storage.s3_errors import PartsRefusedError, UploadGoneError
from souspli_storage.s3_names import Names, encode_list, parse_list

# S3's own limits. 10,000 segments of 8 MiB are 78 GiB.
MAX_S3_PARTS: Final = 10_000
MIN_S3_PART_BYTES: Final = 5_242_880
"""Of every part but the last. A segment has 8 MiB."""

# Whoever loses the race for an upload finds the winner's in the second.
ATTEMPTS_TO_BEGIN: Final = 3


class Uploads:
    """What `BlobStore` promises about uploads, of one bucket."""

    def __init__(self, bucket: Bucket, names: Names) -> None:
        """Keep things in `bucket` under `names`."""
        self._bucket = bucket
        self._names = names

    def begin(self, key: str) -> tuple[Part, ...]:
        """Open a multipart upload and note which it is, or go on with the one there is."""
        document = self._names.document(key)
        for _ in range(ATTEMPTS_TO_BEGIN):
            if (upload_id := self.upload_id(key)) is not None:
                try:
                    return self._kept_parts(key, upload_id)
                except UploadGoneError:
                    pass
            if (parts := self.object_parts(key)) is not None:
                return parts
            if upload_id is not None:
                # Ended by somebody else, such as a rule of the bucket's life cycle. What
                # was put is gone; what was promised still holds.
                self._bucket.delete_versions(self._versions_of_note(key))
            upload_id = self._bucket.begin_upload(document)
            # A crash here leaves an upload that nothing names: `sweep` aborts it.
            if self._bucket.put_if_absent(self._names.upload(key), upload_id.encode("ascii")):
                return ()
            self._bucket.abort_upload(document, upload_id)
        raise StoreUnavailableError("others begin and end this upload all the time")

    def upload_id(self, key: str) -> str | None:
        """Return the id of the upload that parts of this key belong to, if there is one."""
        noted = self._bucket.get(self._names.upload(key))
        return None if noted is None else noted.decode("ascii")

    def _versions_of_note(self, key: str) -> list[Version]:
        name = self._names.upload(key)
        return [one for one in self._bucket.versions(name) if one.name == name]

    def put(self, part: Part, data: bytes, *, key: str) -> None:
        """Promise the part, then put it."""
        number = _s3_number(part.number)
        upload_id = self.upload_id(key)
        if upload_id is None:
            self._check_in_object(key, part)
            return
        # A crash in between leaves a promise: the number is this part's, put or not.
        self._promise(key, [part], self._promised(self._names.promises_of(key, part.number)))
        try:
            self._bucket.put_part(self._names.document(key), upload_id, number, data, part.sha256)
        except UploadGoneError:
            # Completed meanwhile, and what was promised forgotten: so must this be.
            self._forget_promise(key, part)
            self._check_in_object(key, part)

    def promise(self, key: str, parts: Sequence[Part]) -> str | None:
        """Promise parts that clients will put themselves; return the upload's id.

        None if they are in the object already. Raises PartDiffersError, NoSuchObjectError.
        """
        for part in parts:
            _s3_number(part.number)
        upload_id = self.upload_id(key)
        if upload_id is None:
            for part in parts:
                self._check_in_object(key, part)
            return None
        prefix = self._names.promises(key)
        if len(parts) == 1:  # as clients ask; there may be thousands
            prefix = self._names.promises_of(key, parts[0].number)
        self._promise(key, parts, self._promised(prefix))
        return upload_id

    def _promise(
        self, key: str, parts: Sequence[Part], promised: defaultdict[int, list[Part]]
    ) -> None:
        """Promise what of `parts` is not promised yet; PartDiffersError if others are.

        Two that promise one number differently at the same moment both find nothing.
        Then nobody can tell which of the two was kept, and the number has no part any
        more. Only a sender that seals a segment twice does that, which no reader should
        be made to trust; it begins again with another document.
        """
        fresh: list[Part] = []
        for part in parts:
            if any(one != part for one in promised[part.number]):
                raise PartDiffersError("promised with another checksum")
            if not promised[part.number]:
                fresh.append(part)
                promised[part.number] = [part]
        for part in fresh:
            self._bucket.put(self._names.promise(key, part), b"")

    def kept(self, key: str) -> tuple[Part, ...]:
        """Return the parts of the object, or of the upload; NoSuchObjectError."""
        # Between two looks an upload may become an object: hence three.
        if (parts := self.object_parts(key)) is not None:
            return parts
        upload_id = self.upload_id(key)
        if upload_id is not None:
            try:
                return self._kept_parts(key, upload_id)
            except UploadGoneError:
                pass
        if (parts := self.object_parts(key)) is not None:
            return parts
        raise NoSuchObjectError("no upload and no object of this key")

    def complete(self, key: str, listed: tuple[Part, ...]) -> None:
        """Decide, let the store put the parts together, compare, forget the upload."""
        upload_id = self.upload_id(key)
        if upload_id is not None:
            self._complete(key, upload_id, listed)
        elif not self._is_complete(key, listed):
            raise NoSuchObjectError("no upload of this key")
        # Also on a repeat: whoever completed may have been killed before this.
        Deletion(self._bucket, self._names, key).forget_notes()

    def _is_complete(self, key: str, listed: tuple[Part, ...]) -> bool:
        """Say whether the object is there; ObjectDiffersError if it is another."""
        parts = self.object_parts(key)
        if parts is not None and parts != listed:
            raise ObjectDiffersError("complete already, from other parts")
        return parts is not None

    def _complete(self, key: str, upload_id: str, listed: tuple[Part, ...]) -> None:
        document = self._names.document(key)
        try:
            kept = self._check_kept(key, upload_id, listed)
            self._decide(key, listed)
            checksum = self._bucket.complete_upload(document, upload_id, kept)
        except UploadGoneError:
            # Completed or aborted at the same moment, or by whoever was killed before
            # the notes were forgotten.
            if not self._is_complete(key, listed):
                raise NoSuchObjectError("no upload of this key") from None
            return
        except PartsRefusedError:
            # Put again since they were listed, or lost. The list stays: a number has one
            # checksum, so that these parts are the only ones it can ever be made of.
            raise PartsMissingError(missing=[part.number for part in listed]) from None
        # The moment: it is an object now.
        if checksum != multipart_checksum([part.sha256 for part in listed]):
            self._check_object(key, listed)

    def _check_kept(
        self, key: str, upload_id: str, listed: tuple[Part, ...]
    ) -> list[tuple[KeptPart, bytes]]:
        """Return the store's parts for the listed ones; PartsMissingError."""
        kept = self._kept(key, upload_id)
        missing = [
            part.number
            for place, part in enumerate(listed)
            if part.number != place or place not in kept or kept[place][0] != part
        ]
        if missing or not listed:
            raise PartsMissingError(missing=missing)
        if any(part.size < MIN_S3_PART_BYTES for part in listed[:-1]):
            raise ValueError("every part but the last has at least MIN_S3_PART_BYTES")
        return [(kept[part.number][1], part.sha256) for part in listed]

    def _decide(self, key: str, listed: tuple[Part, ...]) -> None:
        """Have this be the list of parts, or raise ObjectDiffersError."""
        if not self._bucket.put_if_absent(self._names.part_list(key), encode_list(listed)):
            decided = self._bucket.get(self._names.part_list(key))
            if decided is not None and parse_list(decided) != listed:
                raise ObjectDiffersError("decided already, for other parts")

    def _check_object(self, key: str, listed: tuple[Part, ...]) -> None:
        """Compare the object with what these parts must give; destroy it if it differs."""
        head = self._bucket.head(self._names.document(key))
        if head is None:
            raise NoSuchObjectError("deleted while it was completed")
        expected = multipart_checksum([part.sha256 for part in listed])
        if head.size != sum(part.size for part in listed) or head.checksum not in {None, expected}:
            # Nobody has been told of it yet: the deposit begins again from nothing.
            Deletion(self._bucket, self._names, key).delete_all()
            raise StoreDamagedError("the store put together other bytes than were listed")

    def object_parts(self, key: str) -> tuple[Part, ...] | None:
        """Return the parts that an object is made of; None if there is no object."""
        head = self._bucket.head(self._names.document(key))
        if head is None:
            return None
        decided = self._bucket.get(self._names.part_list(key))
        if decided is not None:
            return parse_list(decided)
        if head.sha256 is not None:
            return (Part(0, head.size, head.sha256),)  # in one piece: `s3_pieces`
        # Deleted between the two lines, or by hand.
        if self._bucket.head(self._names.document(key)) is None:
            return None
        raise StoreDamagedError("an object without its list of parts")

    def _check_in_object(self, key: str, part: Part) -> None:
        """Take a part that a complete object has already.

        PartDiffersError for others, NoSuchObjectError if there is no object either.
        """
        parts = self.object_parts(key)
        if parts is None:
            raise NoSuchObjectError("no upload and no object of this key")
        if part not in parts:
            raise PartDiffersError("complete already, without this part")

    def _kept_parts(self, key: str, upload_id: str) -> tuple[Part, ...]:
        return tuple(part for part, _ in self._kept(key, upload_id).values())

    def _kept(self, key: str, upload_id: str) -> dict[int, tuple[Part, KeptPart]]:
        """Return what the store has of an upload, by our numbers; UploadGoneError."""
        # In this order: a part is promised before it is put, so each that is listed
        # has its promise in the second answer.
        listed = self._bucket.parts(self._names.document(key), upload_id)
        promised = self._promised(self._names.promises(key))
        kept: dict[int, tuple[Part, KeptPart]] = {}
        for one in listed:
            fitting = promised.get(one.number - 1, [])
            if (
                len(fitting) == 1
                and fitting[0].size == one.size
                and one.sha256 in {None, fitting[0].sha256}
            ):
                kept[one.number - 1] = (fitting[0], one)
        return kept

    def _promised(self, prefix: str) -> defaultdict[int, list[Part]]:
        promised: defaultdict[int, list[Part]] = defaultdict(list)
        for one in self._bucket.listing(prefix):
            if (part := self._names.promised(one.name)) is not None:
                promised[part.number].append(part)
        return promised

    def _forget_promise(self, key: str, part: Part) -> None:
        failures = self._bucket.delete_versions(
            self._bucket.versions(self._names.promise(key, part))
        )
        if failures:
            raise failures[0]


def _s3_number(number: int) -> int:
    if checked_number(number) >= MAX_S3_PARTS:
        raise ValueError("a part number in S3 is less than MAX_S3_PARTS")
    return number + 1
