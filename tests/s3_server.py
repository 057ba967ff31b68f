"""The one SeaweedFS of a test run, places in its buckets, and what a client asks there."""

from __future__ import annotations

import contextlib
import secrets
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from souspli_cli.seaweedfs import SeaweedFS
from souspli_storage.direct import PartAddress
from souspli_storage.s3_location import Credentials, S3Location

REGION = "eu-west-3"
PLAIN = "documents"
VERSIONED = "documents-versioned"
LOCKED = "documents-locked"


@dataclass(frozen=True)
class S3Server:
    """A running server with two buckets, of which one keeps versions."""

    server: SeaweedFS
    client: Any
    """boto3's, as whoever owns the buckets: to look, and to spoil things."""

    def place(self, bucket: str = PLAIN, **changes: Any) -> S3Location:
        """Return a place of its own: each test has its prefix, since new buckets are slow."""
        given = {
            "endpoint": self.server.endpoint,
            "region": REGION,
            "bucket": bucket,
            "prefix": f"{secrets.token_hex(4)}/",
            "credentials": Credentials(self.server.access_key, self.server.secret_key),
        }
        return S3Location(**{**given, **changes})

    def locked(self) -> S3Location:
        """Return a place in a bucket that can lock objects, made by the first who asks."""
        with contextlib.suppress(self.client.exceptions.BucketAlreadyOwnedByYou):
            self.client.create_bucket(Bucket=LOCKED, ObjectLockEnabledForBucket=True)
        return self.place(LOCKED)

    def versions(self, place: S3Location, under: str) -> list[dict[str, str]]:
        """Return every version below a folder of the place, as requests name it."""
        asked = {"Bucket": place.bucket, "Prefix": f"{place.prefix}{under}"}
        return [
            {"Bucket": place.bucket, "Key": one["Key"], "VersionId": one["VersionId"]}
            for one in self.client.list_object_versions(**asked).get("Versions", ())
        ]

    def listing(self, place: S3Location) -> list[str]:
        """Return everything behind the place's prefix: names, versions, marks, uploads."""
        asked = {"Bucket": place.bucket, "Prefix": place.prefix}
        versions = self.client.list_object_versions(**asked)
        uploads = self.client.list_multipart_uploads(**asked)
        return [
            f"{kind} {one['Key']}"
            for answer, kind in (
                (versions, "Versions"),
                (versions, "DeleteMarkers"),
                (uploads, "Uploads"),
            )
            for one in answer.get(kind, ())
        ]


@contextlib.contextmanager
def start(folder: Path) -> Iterator[S3Server]:
    """Start a server with its two buckets."""
    with SeaweedFS(folder) as server:
        client = boto3.session.Session().client(
            "s3",
            endpoint_url=server.endpoint,
            region_name=REGION,
            aws_access_key_id=server.access_key,
            aws_secret_access_key=server.secret_key,
            config=Config(request_checksum_calculation="when_required"),
        )
        client.create_bucket(Bucket=PLAIN)
        client.create_bucket(Bucket=VERSIONED)
        client.put_bucket_versioning(
            Bucket=VERSIONED, VersioningConfiguration={"Status": "Enabled"}
        )
        yield S3Server(server, client)


def send(address: PartAddress, data: bytes, **headers: str) -> int:
    """Put bytes at an address as a client does; return the status."""
    return ask(
        urllib.request.Request(
            address.url, data=data, method=address.method, headers={**address.headers, **headers}
        )
    )


def ask(request: urllib.request.Request) -> int:
    """Return the status of the store's answer."""
    try:
        with urllib.request.urlopen(request) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as refused:
        refused.close()
        return refused.code
