"""One bucket, seen through the few operations that the S3 driver is made of.

Each method is one kind of request (listings: as many as there are pages), retried by
boto3 as `s3` has set it up. Raises what `s3_errors.translated` lets out.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from botocore.exceptions import ClientError

from souspli_storage.errors import StorageError, StoreDamagedError, StoreRefusedError
from souspli_storage.s3_checksums import base64_sha256, in_base64, parse_sha256
from souspli_storage.s3_errors import (
    AbsentError,
    NotImplementedHereError,
    PresentError,
    UploadGoneError,
    code_of,
    translated,
)
from souspli_storage.s3_pages import ending

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client
    from types_boto3_s3.type_defs import CompletedPartTypeDef, ObjectIdentifierTypeDef

# What `DeleteObjects` takes at once.
_DELETED_AT_ONCE: Final = 1_000

# Some stores want a Content-MD5 here, which boto3 does not send any more.
_NO_MANY: Final = frozenset({"NotImplemented", "MissingContentMD5", "InvalidRequest"})

OCTETS: Final = "application/octet-stream"

# Of a listing that lacks what every store gives.
_LONG_AGO: Final = datetime.fromtimestamp(0, UTC)


@dataclass(frozen=True, slots=True)
class Head:
    """What the store says about an object. `checksum`: as S3 writes it, of either kind."""

    size: int
    checksum: str | None

    @property
    def sha256(self) -> bytes | None:
        """The SHA-256 of an object that was put in one piece (32 bytes); None for others."""
        return None if self.checksum is None else parse_sha256(self.checksum)


@dataclass(frozen=True, slots=True)
class Listed:
    """An object in a listing."""

    name: str
    modified_at: datetime


@dataclass(frozen=True, slots=True)
class Version:
    """One version of an object, or a mark that it was deleted."""

    name: str
    version_id: str | None
    is_delete_marker: bool


@dataclass(frozen=True, slots=True)
class KeptPart:
    """A part as the store lists it, numbered from 1. Not every store lists its SHA-256."""

    number: int
    size: int
    etag: str
    sha256: bytes | None


@dataclass(frozen=True, slots=True)
class OpenUpload:
    """A multipart upload that is neither complete nor aborted."""

    name: str
    upload_id: str
    begun_at: datetime


@dataclass(frozen=True, slots=True)
class BucketState:
    """What of a bucket's settings matters for deleting. None: the store doesn't say."""

    versioning: bool | None
    object_lock: bool | None
    region: str | None


class Bucket:
    """See the module. Names are whole: what comes before the last slash included."""

    def __init__(self, client: S3Client, bucket: str) -> None:
        """Use `client`, from any number of threads at once."""
        self._client = client
        self._bucket = bucket

    def check(self) -> BucketState:
        """Return the bucket's state; StoreRefusedError if there is none, or not for us."""
        with translated():
            try:
                region = self._client.head_bucket(Bucket=self._bucket).get("BucketRegion")
            except ClientError as refused:
                if code_of(refused) == "404":
                    raise StoreRefusedError("the store has no bucket of this name") from None
                raise
        return BucketState(
            versioning=self._versioning(), object_lock=self._object_lock(), region=region
        )

    def _versioning(self) -> bool | None:
        try:
            with translated():
                answer = self._client.get_bucket_versioning(Bucket=self._bucket)
        except StorageError:
            return None
        # Suspended: older versions are still there.
        return bool(answer.get("Status"))

    def _object_lock(self) -> bool | None:
        try:
            with translated():
                answer = self._client.get_object_lock_configuration(Bucket=self._bucket)
        except AbsentError:
            return False
        except StoreRefusedError as refused:
            return False if "ObjectLockConfigurationNotFound" in str(refused) else None
        except StorageError:
            return None
        return answer["ObjectLockConfiguration"].get("ObjectLockEnabled") == "Enabled"

    def put(self, name: str, body: bytes) -> None:
        """Keep an object in one piece, whatever was there."""
        with translated():
            self._client.put_object(
                Bucket=self._bucket,
                Key=name,
                Body=body,
                ContentType=OCTETS,
                ChecksumSHA256=base64_sha256(body),
            )

    def put_new(self, name: str, body: bytes, sha256: bytes) -> None:
        """Keep an object in one piece if nothing has its name; the store compares the checksum.

        Raises ChecksumMismatchError, PresentError, NotImplementedHereError.
        """
        with translated():
            self._client.put_object(
                Bucket=self._bucket,
                Key=name,
                Body=body,
                ContentType=OCTETS,
                ChecksumSHA256=in_base64(sha256),
                IfNoneMatch="*",
            )

    def put_if_absent(self, name: str, body: bytes) -> bool:
        """Keep an object unless one of this name is there; say whether this one was kept.

        A store that ignores the condition replaces, and one that refuses it is asked
        first: of two at once both may then be told so (docs/storage.md, "Conditions").
        """
        try:
            self.put_new(name, body, hashlib.sha256(body).digest())
        except PresentError:
            return False
        except NotImplementedHereError:
            if self.head(name) is not None:
                return False
            self.put(name, body)
        return True

    def get(self, name: str) -> bytes | None:
        """Return a small object whole; None if there is none."""
        try:
            with translated():
                answer = self._client.get_object(Bucket=self._bucket, Key=name)
                with answer["Body"] as body:
                    return body.read()
        except AbsentError:
            return None

    def read(self, name: str, offset: int, length: int) -> bytes:
        """Return up to `length` (at least 1) bytes from `offset`; AbsentError."""
        wanted = f"bytes={offset}-{offset + length - 1}"
        with translated():
            try:
                answer = self._client.get_object(Bucket=self._bucket, Key=name, Range=wanted)
            except ClientError as refused:
                if code_of(refused) in {"InvalidRange", "416"}:
                    return b""
                raise
            with answer["Body"] as body:
                # A store may answer with the whole object to a range behind its end.
                if answer.get("ContentRange", "").startswith(f"bytes {offset}-"):
                    return body.read()
                size = answer["ContentLength"]
        if offset >= size:
            return b""
        raise StoreDamagedError("the store gave other bytes than were asked for")

    def head(self, name: str) -> Head | None:
        """Return what the store says about an object; None if there is none."""
        try:
            with translated():
                answer = self._client.head_object(
                    Bucket=self._bucket, Key=name, ChecksumMode="ENABLED"
                )
        except AbsentError:
            return None
        return Head(size=answer["ContentLength"], checksum=answer.get("ChecksumSHA256"))

    def listing(self, prefix: str, *, after: str = "") -> Iterator[Listed]:
        """Yield the objects behind a prefix whose names come after `after`, by name."""
        pages = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=prefix, StartAfter=after
        )
        with translated():
            for page in ending(pages, "Contents"):
                for one in page.get("Contents", ()):
                    yield Listed(one.get("Key", ""), one.get("LastModified", _LONG_AGO))

    def versions(self, prefix: str) -> tuple[Version, ...]:
        """Return all versions and delete markers behind a prefix."""
        try:
            with translated():
                return tuple(self._all_versions(prefix))
        except NotImplementedHereError:
            # A store without versions has one of each object, without an id.
            return tuple(
                Version(one.name, None, is_delete_marker=False) for one in self.listing(prefix)
            )

    def _all_versions(self, prefix: str) -> Iterator[Version]:
        pages = self._client.get_paginator("list_object_versions").paginate(
            Bucket=self._bucket, Prefix=prefix
        )
        for page in ending(pages, "Versions", "DeleteMarkers"):
            for one in page.get("Versions", ()):
                yield Version(one.get("Key", ""), one.get("VersionId"), is_delete_marker=False)
            for mark in page.get("DeleteMarkers", ()):
                yield Version(mark.get("Key", ""), mark.get("VersionId"), is_delete_marker=True)

    def delete(self, name: str) -> None:
        """Delete what has this name now; where there are versions, only hide it."""
        with translated():
            self._client.delete_object(Bucket=self._bucket, Key=name)

    def delete_versions(self, versions: Sequence[Version]) -> list[Exception]:
        """Delete all of these for good; return every failure."""
        failures: list[Exception] = []
        for begin in range(0, len(versions), _DELETED_AT_ONCE):
            batch = versions[begin : begin + _DELETED_AT_ONCE]
            try:
                with translated():
                    failures += self._delete_many(batch)
            except StorageError as failed:
                failures.append(failed)
        return failures

    def _delete_many(self, batch: Sequence[Version]) -> list[Exception]:
        try:
            answer = self._client.delete_objects(
                Bucket=self._bucket,
                Delete={"Objects": [_identifier(one) for one in batch], "Quiet": True},
            )
        except ClientError as refused:
            if code_of(refused) not in _NO_MANY:
                raise
            return self._delete_each(batch)
        return [
            StorageError(f"not deleted ({one.get('Code', 'unknown')})")
            for one in answer.get("Errors", ())
        ]

    def _delete_each(self, batch: Sequence[Version]) -> list[Exception]:
        failures: list[Exception] = []
        for one in batch:
            try:
                with translated():
                    if one.version_id is None:
                        self._client.delete_object(Bucket=self._bucket, Key=one.name)
                    else:
                        self._client.delete_object(
                            Bucket=self._bucket, Key=one.name, VersionId=one.version_id
                        )
            except StorageError as failed:
                failures.append(failed)
        return failures

    def begin_upload(self, name: str) -> str:
        """Open a multipart upload whose parts have SHA-256 checksums; return its id."""
        with translated():
            answer = self._client.create_multipart_upload(
                Bucket=self._bucket, Key=name, ContentType=OCTETS, ChecksumAlgorithm="SHA256"
            )
        return answer["UploadId"]

    def put_part(self, name: str, upload_id: str, number: int, data: bytes, sha256: bytes) -> None:
        """Keep a part (numbered from 1); the store compares the checksum.

        Raises ChecksumMismatchError, UploadGoneError.
        """
        with translated():
            self._client.upload_part(
                Bucket=self._bucket,
                Key=name,
                UploadId=upload_id,
                PartNumber=number,
                Body=data,
                ChecksumSHA256=in_base64(sha256),
            )

    def parts(self, name: str, upload_id: str) -> tuple[KeptPart, ...]:
        """Return the parts of an upload, by number; UploadGoneError."""
        pages = self._client.get_paginator("list_parts").paginate(
            Bucket=self._bucket, Key=name, UploadId=upload_id
        )
        kept: list[KeptPart] = []
        with translated():
            for page in ending(pages, "Parts"):
                for part in page.get("Parts", ()):
                    checksum = part.get("ChecksumSHA256")
                    kept.append(
                        KeptPart(
                            number=part.get("PartNumber", 0),
                            size=part.get("Size", 0),
                            etag=part.get("ETag", ""),
                            sha256=None if checksum is None else parse_sha256(checksum),
                        )
                    )
        return tuple(sorted(kept, key=lambda part: part.number))

    def complete_upload(
        self, name: str, upload_id: str, parts: Sequence[tuple[KeptPart, bytes]]
    ) -> str | None:
        """Make the object of these parts, each with its SHA-256 for the store to compare.

        Returns the object's checksum, if the store says it. Raises UploadGoneError,
        PartsRefusedError.
        """
        listed: list[CompletedPartTypeDef] = [
            {
                "PartNumber": part.number,
                "ETag": part.etag,
                "ChecksumSHA256": in_base64(sha256),
            }
            for part, sha256 in parts
        ]
        with translated(completing=True):
            answer = self._client.complete_multipart_upload(
                Bucket=self._bucket, Key=name, UploadId=upload_id, MultipartUpload={"Parts": listed}
            )
        return answer.get("ChecksumSHA256")

    def abort_upload(self, name: str, upload_id: str) -> None:
        """End an upload and delete its parts; what was never there is gone."""
        try:
            with translated():
                self._client.abort_multipart_upload(
                    Bucket=self._bucket, Key=name, UploadId=upload_id
                )
        except UploadGoneError:
            pass

    def uploads(self, prefix: str) -> Iterator[OpenUpload]:
        """Yield the open multipart uploads behind a prefix."""
        pages = self._client.get_paginator("list_multipart_uploads").paginate(
            Bucket=self._bucket, Prefix=prefix
        )
        with translated():
            for page in ending(pages, "Uploads"):
                for one in page.get("Uploads", ()):
                    yield OpenUpload(
                        one.get("Key", ""),
                        one.get("UploadId", ""),
                        one.get("Initiated", _LONG_AGO),
                    )


def _identifier(version: Version) -> ObjectIdentifierTypeDef:
    if version.version_id is None:
        return {"Key": version.name}
    return {"Key": version.name, "VersionId": version.version_id}
