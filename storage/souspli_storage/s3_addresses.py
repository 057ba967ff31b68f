"""Addresses that the store takes from whoever has them: what is signed, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from souspli_storage.blobs import Part
from souspli_storage.direct import PartAddress
from souspli_storage.s3_bucket import OCTETS
from souspli_storage.s3_checksums import in_base64
from souspli_storage.s3_errors import translated
from souspli_storage.s3_names import Names

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

_UNLESS_THERE: Final = {"If-None-Match": "*"}


class Addresses:
    """Makes them, without asking the store. Each is good for `seconds`."""

    def __init__(self, signer: S3Client, bucket: str, names: Names) -> None:
        """Sign with `signer`, whose endpoint is the one that clients know."""
        self._signer = signer
        self._bucket = bucket
        self._names = names

    def part(self, key: str, part: Part, *, upload_id: str, seconds: int) -> PartAddress:
        """Sign for putting a part of an upload."""
        return self._put(
            "upload_part",
            key,
            part,
            {},
            seconds=seconds,
            UploadId=upload_id,
            PartNumber=part.number + 1,
        )

    def only_part(self, key: str, part: Part, *, seconds: int) -> PartAddress:
        """Sign for putting the object in one piece, if there is none."""
        return self._put("put_object", key, part, _UNLESS_THERE, seconds=seconds, IfNoneMatch="*")

    def _put(
        self,
        operation: str,
        key: str,
        part: Part,
        headers: Mapping[str, str],
        *,
        seconds: int,
        **params: str | int,
    ) -> PartAddress:
        checksum = in_base64(part.sha256)
        with translated():
            url = self._signer.generate_presigned_url(
                operation,
                Params={
                    "Bucket": self._bucket,
                    "Key": self._names.document(key),
                    # Signed headers: the store takes no others, and compares both.
                    "ContentLength": part.size,
                    "ChecksumSHA256": checksum,
                    **params,
                },
                ExpiresIn=seconds,
                HttpMethod="PUT",
            )
        return PartAddress(part, "PUT", url, {"x-amz-checksum-sha256": checksum, **headers})

    def read(self, key: str, *, seconds: int) -> str:
        """Sign for reading the object, as a file to be saved and never shown."""
        with translated():
            return self._signer.generate_presigned_url(
                "get_object",
                Params={
                    "Bucket": self._bucket,
                    "Key": self._names.document(key),
                    "ResponseContentType": OCTETS,
                    "ResponseContentDisposition": "attachment",
                    "ResponseCacheControl": "no-store",
                },
                ExpiresIn=seconds,
                HttpMethod="GET",
            )
