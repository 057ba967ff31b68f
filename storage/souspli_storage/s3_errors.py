"""From what boto3 raises to the errors of this package.

    StorageError
    ├── …                       those of `errors`
    └── AnswerError             meant for the S3 driver, which knows what each means here
        ├── AbsentError         no such object
        ├── UploadGoneError     no such multipart upload: completed or aborted
        ├── PresentError        a conditional write found something
        ├── NotImplementedHereError  a request or header that this store does not know
        └── PartsRefusedError   the store would not put these parts together

A store's own text names bucket and key; none of it is passed on, only its error code.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Generator
from typing import Any, Final

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    HTTPClientError,
    IncompleteReadError,
    NoCredentialsError,
    PartialCredentialsError,
    SSLError,
)
from botocore.exceptions import (
    ConnectionError as NoConnectionError,
)

from souspli_storage.errors import (
    ChecksumMismatchError,
    StorageError,
    StorageFullError,
    StoreRefusedError,
    StoreUnavailableError,
)


class AnswerError(StorageError):
    """Base of the five below."""


class AbsentError(AnswerError):
    """No object of this name."""


class UploadGoneError(AnswerError):
    """No multipart upload of this id any more."""


class PresentError(AnswerError):
    """Something has this name already, or is getting it at this moment."""


class NotImplementedHereError(AnswerError):
    """This store does not know the request, or one of its headers."""


class PartsRefusedError(AnswerError):
    """A part has changed since it was listed, or is not what its checksum says."""


_CODE: Final = re.compile(r"[A-Za-z0-9.]{1,64}", re.ASCII)

# 409: AWS, while another conditional write of this name is under way.
_PRESENT: Final = frozenset({"PreconditionFailed", "ConditionalRequestConflict", "412"})
# HEAD has no body, hence "404".
_ABSENT: Final = frozenset({"NoSuchKey", "NoSuchVersion", "404"})
_CHECKSUM: Final = frozenset({"BadDigest", "XAmzContentChecksumMismatch", "InvalidDigest"})
_PARTS: Final = frozenset({"InvalidPart", "InvalidPartOrder"}) | _CHECKSUM
_UNKNOWN: Final = frozenset({"NotImplemented", "MethodNotAllowed"})
# AWS, MinIO, Ceph: three words for it.
_FULL: Final = frozenset({"XMinioStorageFull", "QuotaExceeded", "InsufficientStorage"})
_TEMPORARY: Final = frozenset(
    {
        "SlowDown",
        "InternalError",
        "OperationAborted",
        "RequestTimeout",
        "ServiceUnavailable",
        "Throttling",
        "ThrottlingException",
        "TooManyRequests",
    }
)


@contextlib.contextmanager
def translated(*, completing: bool = False) -> Generator[None]:
    """Let out errors of this package. `completing`: while parts are put together.

    Causes are cut off: their texts hold addresses, and in these stand keys.
    """
    try:
        yield
    except ClientError as refused:
        raise _refusal(refused, completing=completing) from None
    except (NoCredentialsError, PartialCredentialsError):
        raise StoreRefusedError("no credentials for the store") from None
    except SSLError:
        # Never temporary: somebody may stand between.
        raise StoreRefusedError("the store's certificate can't be verified") from None
    except (NoConnectionError, HTTPClientError, IncompleteReadError) as failed:
        raise StoreUnavailableError(f"the store can't be reached ({_type(failed)})") from None
    except BotoCoreError as failed:
        raise StoreRefusedError(f"the store can't be used ({_type(failed)})") from None


def code_of(failed: ClientError) -> str:
    """Return the store's error code, or `unknown`: nothing but a word is passed on."""
    answer: dict[str, Any] = dict(failed.response)
    code = str(answer.get("Error", {}).get("Code", ""))
    return code if _CODE.fullmatch(code) else "unknown"


def _refusal(refused: ClientError, *, completing: bool) -> StorageError:
    code = code_of(refused)
    answer: dict[str, Any] = dict(refused.response)
    status = int(answer.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    kinds: tuple[tuple[bool, StorageError], ...] = (
        (code in _PRESENT, PresentError("something has this name already")),
        (code in _ABSENT, AbsentError("nothing has this name")),
        (code == "NoSuchUpload", UploadGoneError("no such upload")),
        (completing and code in _PARTS, PartsRefusedError(f"parts refused ({code})")),
        (code in _CHECKSUM, ChecksumMismatchError("the part is not what its checksum names")),
        (code in _UNKNOWN or status == 501, NotImplementedHereError(f"not known there ({code})")),
        (code in _FULL or status == 507, StorageFullError(f"no room in the store ({code})")),
        (
            code in _TEMPORARY or status == 429 or status >= 500,
            StoreUnavailableError(f"the store is not available now ({code})"),
        ),
    )
    # AccessDenied, NoSuchBucket, InvalidAccessKeyId, SignatureDoesNotMatch, a clock that
    # is wrong …: nothing that trying again would change.
    refusal = StoreRefusedError(f"the store refuses ({code}): see docs/storage.md")
    return next((kind for applies, kind in kinds if applies), refusal)


def _type(failed: Exception) -> str:
    return type(failed).__name__
