"""A BlobStore in a bucket of any S3 store: SeaweedFS, AWS, OVH, Scaleway, MinIO, Garage, Ceph.

The only file that imports boto3. An object is one multipart upload, a part one of its
parts (`s3_uploads`), or its only part, put in one piece (`s3_pieces`); `s3_names` says
what else lies in the bucket, `s3_deletion` how nothing stays. Clients put parts and read
objects themselves, with addresses that are signed here (`DirectBlobs`).

Two limits are S3's: every part but the last has at least 5 MiB, and there are at most
10,000. ValueError beyond them.
"""

from __future__ import annotations

import datetime
import json
import logging
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

import boto3
from botocore.config import Config

from souspli_storage.blobs import Part, checked_key, checked_part
from souspli_storage.direct import PartAddress
from souspli_storage.disk import LEFTOVER_SECONDS
from souspli_storage.errors import (
    NoSuchObjectError,
    NotDeletedError,
    PartsMissingError,
)
from souspli_storage.s3_addresses import Addresses
from souspli_storage.s3_bucket import Bucket, BucketState
from souspli_storage.s3_check import Tried, check_checksums, try_store
from souspli_storage.s3_cors import cors_json
from souspli_storage.s3_deletion import Deletion
from souspli_storage.s3_errors import AbsentError, translated
from souspli_storage.s3_ledger import S3Ledger
from souspli_storage.s3_location import Addressing, Credentials, S3Location
from souspli_storage.s3_names import Names
from souspli_storage.s3_pieces import Pieces, takes_one_piece
from souspli_storage.s3_uploads import Uploads

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

# Seconds. A store in reach answers at once, or within a few while it puts parts together.
# Whoever waits holds one of the service's few threads, so not for long.
CONNECT_SECONDS: Final = 5.0
ANSWER_SECONDS: Final = 20.0

# In all, with growing pauses (boto3's "standard" mode: also for SlowDown). Callers
# repeat what is temporary as well, so few here.
ATTEMPTS: Final = 3

# Threads that may speak at once: the service lets 32 segments in (settings).
CONNECTIONS: Final = 40


def open_s3(location: S3Location) -> S3Blobs:
    """Return the store at `location`; nothing is asked yet.

    Raises StoreRefusedError if what it says can't be used.
    """
    # At their debug level these write requests, and with them keys and addresses.
    for library in ("boto3", "botocore", "urllib3", "s3transfer"):
        logging.getLogger(library).setLevel(logging.WARNING)
    return S3Blobs(
        client=_client(location, location.endpoint),
        signer=_client(location, location.client_endpoint or location.endpoint),
        bucket=location.bucket,
        prefix=location.prefix,
    )


def make_bucket(location: S3Location) -> None:
    """Make the bucket of `location`, for a store of one's own; StorageError if it can't be."""
    with translated():
        _client(location, location.endpoint).create_bucket(Bucket=location.bucket)


def let_page_in(location: S3Location, *, page_origin: str) -> None:
    """Give the bucket the rule for this page, in place of any other; raises StorageError."""
    rule: Any = json.loads(cors_json(page_origin))
    with translated():
        client = _client(location, location.endpoint)
        client.put_bucket_cors(Bucket=location.bucket, CORSConfiguration=rule)


def open_s3_ledger(location: S3Location) -> S3Ledger:
    """Return the ledger beside the store's objects; raises as `open_s3`."""
    return S3Ledger(
        Bucket(_client(location, location.endpoint), location.bucket), Names(location.prefix)
    )


def _client(location: S3Location, endpoint: str) -> S3Client:
    with translated():
        return _make_client(endpoint, location.region, location.addressing, location.credentials)


@lru_cache(maxsize=4)  # making one takes half a second; any number of threads may share it
def _make_client(
    endpoint: str, region: str, addressing: Addressing, credentials: Credentials | None
) -> S3Client:
    # A session of its own: the default one is not made for threads. And untyped: the
    # stubs know of four hundred services, of which one is installed.
    session: Any = boto3.session.Session()
    client: S3Client = session.client(
        "s3",
        endpoint_url=endpoint,
        region_name=region,
        aws_access_key_id=None if credentials is None else credentials.access_key,
        aws_secret_access_key=None if credentials is None else credentials.secret_key,
        config=Config(
            signature_version="s3v4",
            s3={"addressing_style": addressing},
            # Ours are explicit, and SHA-256. Unasked, boto3 would add a CRC that stores
            # other than AWS refuse.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
            connect_timeout=CONNECT_SECONDS,
            read_timeout=ANSWER_SECONDS,
            retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
            max_pool_connections=CONNECTIONS,
            tcp_keepalive=True,
        ),
    )
    return client


class S3Blobs:
    """See `BlobStore` and `DirectBlobs`."""

    def __init__(self, *, client: S3Client, signer: S3Client, bucket: str, prefix: str) -> None:
        """Use `client` for requests of our own, and `signer` to sign those of others."""
        self._names = Names(prefix)
        self._addresses = Addresses(signer, bucket, self._names)
        self._bucket = Bucket(client, bucket)
        self._uploads = Uploads(self._bucket, self._names)
        self._pieces = Pieces(self._bucket, self._names, self._uploads.object_parts)
        self._takes_one_piece = False

    def __repr__(self) -> str:
        return "S3Blobs(…)"

    def check(self) -> BucketState:
        """Return the bucket's state, having tried that the store compares checksums.

        From here on objects of one part are put in one piece, if the store is found to
        do what that needs. Raises StoreRefusedError if there is no such bucket for us,
        StoreUnsuitableError if parts would be kept unchecked: then no document may be
        entrusted to it.
        """
        state = self.look()
        check_checksums(self._bucket, self._names)
        self._takes_one_piece = takes_one_piece(self._bucket, self._names)
        return state

    def look(self) -> BucketState:
        """Return the bucket's state; StoreRefusedError if there is no such bucket for us."""
        return self._bucket.check()

    def try_out(self, *, page_origin: str) -> Iterator[Tried]:
        """Yield what the store does and does not do (`s3_check`), for who chooses one."""
        return try_store(self, self._bucket, self._names, page_origin=page_origin)

    def begin(self, key: str, *, of: int | None = None) -> tuple[Part, ...]:
        """Open a multipart upload; for an only part, look whether it is there."""
        if self._in_one_piece(of):
            return self._uploads.object_parts(key) or ()
        return self._uploads.begin(key)

    def put_part(
        self, key: str, number: int, data: bytes, sha256: bytes, *, of: int | None = None
    ) -> None:
        """Compare here, since it is cheap, and let the store compare again."""
        part = checked_part(number, data, sha256)
        if self._in_one_piece(of):
            self._pieces.put(key, part, data)
        else:
            self._uploads.put(part, data, key=key)

    def _in_one_piece(self, of: int | None) -> bool:
        return of == 1 and self._takes_one_piece

    def parts(self, key: str) -> tuple[Part, ...]:
        """List parts."""
        return self._uploads.kept(key)

    def complete(self, key: str, parts: Sequence[Part]) -> None:
        """Let the store put the parts together; an only part may be the object already."""
        listed = tuple(parts)
        if self._in_one_piece(len(listed)) and self._pieces.complete(key, listed[0]):
            return
        try:
            self._uploads.complete(checked_key(key), listed)
        except NoSuchObjectError:
            if self._in_one_piece(len(listed)):
                raise PartsMissingError(missing=[0]) from None  # nothing was to begin
            raise

    def abort(self, key: str) -> None:
        """Abort every upload of this name; an object stays."""
        deletion = Deletion(self._bucket, self._names, key)
        if self._bucket.head(self._names.document(key)) is not None:
            deletion.forget_notes()
        else:
            deletion.forget_upload()

    def read(self, key: str, offset: int, length: int) -> bytes:
        """Ask for a range."""
        if offset < 0 or length < 0:
            raise ValueError("offset and length are not negative")
        if length == 0:
            self.size(key)
            return b""
        try:
            return self._bucket.read(self._names.document(key), offset, length)
        except AbsentError:
            raise NoSuchObjectError("no object of this key") from None

    def size(self, key: str) -> int:
        """Ask for the object's head."""
        head = self._bucket.head(self._names.document(key))
        if head is None:
            raise NoSuchObjectError("no object of this key")
        return head.size

    def delete(self, key: str) -> None:
        """Delete all versions of all that is kept under this key."""
        Deletion(self._bucket, self._names, key).delete_all()

    def incomplete(self, prefix: str = "") -> Iterator[str]:
        """List uploads; and lists of parts whose object is gone, or never came.

        These are among the objects, of which there may be millions: hence `prefix`.
        """
        seen: set[str] = set()
        for one in self._bucket.listing(self._names.uploads):
            key = self._names.key_of_upload(one.name)
            if key is not None and key not in seen:
                seen.add(key)
                yield key
        document: str | None = None
        for one in self._bucket.listing(self._names.documents + prefix):
            # By name, so that an object comes right before its list.
            document = self._names.key_of_document(one.name) or document
            key = self._names.key_of_list(one.name)
            if key is not None and key != document and key not in seen:
                yield key

    def objects(self, prefix: str = "") -> Iterator[str]:
        """List objects."""
        for one in self._bucket.listing(self._names.documents + prefix):
            if (key := self._names.key_of_document(one.name)) is not None:
                yield key

    def sweep(self) -> None:
        """Abort uploads that nothing names, and what is noted about objects."""
        old = datetime.datetime.now(datetime.UTC) - datetime.timedelta(seconds=LEFTOVER_SECONDS)
        failures: list[Exception] = []
        for upload in self._bucket.uploads(self._names.documents):
            key = self._names.key_of_document(upload.name)
            if (
                key is None
                or upload.begun_at > old
                or self._uploads.upload_id(key) == upload.upload_id
            ):
                continue
            self._bucket.abort_upload(upload.name, upload.upload_id)
        last: str | None = None
        for note in self._bucket.listing(self._names.uploads):
            key = self._names.key_of_upload(note.name)
            if key is None or key == last or note.modified_at > old:
                continue  # by name: what is noted about one upload stands together
            last = key
            if self._bucket.head(self._names.document(key)) is not None:
                try:
                    Deletion(self._bucket, self._names, key).forget_notes()
                except NotDeletedError as failed:
                    failures += failed.failures
        if failures:
            raise NotDeletedError(failures=failures)

    def presign_parts(
        self, key: str, parts: Sequence[Part], *, seconds: int, of: int | None = None
    ) -> tuple[PartAddress, ...]:
        """Promise the parts, then sign; an only part is put if nothing is there."""
        if self._in_one_piece(of):
            fresh = [part for part in parts if not self._pieces.is_kept(key, part)]
            return tuple(self._addresses.only_part(key, part, seconds=seconds) for part in fresh)
        upload_id = self._uploads.promise(key, parts)
        if upload_id is None:
            return ()
        return tuple(
            self._addresses.part(key, part, upload_id=upload_id, seconds=seconds) for part in parts
        )

    def presign_read(self, key: str, *, seconds: int) -> str:
        """Sign for reading the object."""
        return self._addresses.read(key, seconds=seconds)
