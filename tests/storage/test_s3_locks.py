"""A bucket that locks objects: what it holds is not deleted, and nobody says that it is."""

from __future__ import annotations

import hashlib
import secrets
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from s3_server import LOCKED

from souspli_storage.blobs import Part
from souspli_storage.errors import NotDeletedError
from souspli_storage.s3 import open_s3

if TYPE_CHECKING:
    from collections.abc import Callable

    from s3_server import S3Server

    from souspli_storage.s3_location import S3Location

DATA = b"sealed"
PART = Part(0, len(DATA), hashlib.sha256(DATA).digest())


def tomorrow() -> datetime:
    return datetime.now(UTC) + timedelta(days=1)


def retain(client: Any, version: dict[str, str], mode: str) -> None:
    client.put_object_retention(**version, Retention={"Mode": mode, "RetainUntilDate": tomorrow()})


def hold(client: Any, version: dict[str, str], status: str = "ON") -> None:
    client.put_object_legal_hold(**version, LegalHold={"Status": status})


LOCKS: dict[str, Callable[[Any, dict[str, str]], None]] = {
    "governance": lambda client, version: retain(client, version, "GOVERNANCE"),
    "compliance": lambda client, version: retain(client, version, "COMPLIANCE"),
    "legal hold": hold,
}


def lies_there(server: S3Server, place: S3Location) -> str:
    """Put an object as the service does; return its key."""
    blobs = open_s3(place)
    key = secrets.token_hex(16)
    blobs.begin(key)
    blobs.put_part(key, 0, DATA, PART.sha256)
    blobs.complete(key, [PART])
    return key


@pytest.mark.parametrize("lock", LOCKS)
def test_what_a_lock_holds_is_not_deleted_and_that_is_an_error_each_time(
    s3_server: S3Server, lock: str
) -> None:
    place = s3_server.locked()
    key = lies_there(s3_server, place)
    for version in s3_server.versions(place, "documents/"):
        LOCKS[lock](s3_server.client, version)
    blobs = open_s3(place)
    for _ in range(2):
        with pytest.raises(NotDeletedError):
            blobs.delete(key)
        assert s3_server.versions(place, "documents/")


def test_under_a_rule_of_the_bucket_no_document_is_taken(s3_server: S3Server) -> None:
    """What is noted about an upload is held as well: refused each time, never half taken."""
    place = s3_server.locked()
    client, rule = s3_server.client, {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 1}}
    enabled: dict[str, Any] = {"ObjectLockEnabled": "Enabled"}
    client.put_object_lock_configuration(
        Bucket=LOCKED, ObjectLockConfiguration={**enabled, "Rule": rule}
    )
    try:
        with pytest.raises(NotDeletedError):
            lies_there(s3_server, place)
    finally:
        client.put_object_lock_configuration(Bucket=LOCKED, ObjectLockConfiguration=enabled)


def test_once_the_lock_is_gone_all_goes_with_the_marks_of_earlier_tries(
    s3_server: S3Server,
) -> None:
    place = s3_server.locked()
    key = lies_there(s3_server, place)
    versions = s3_server.versions(place, "documents/")
    for version in versions:
        hold(s3_server.client, version)
    blobs = open_s3(place)
    with pytest.raises(NotDeletedError):
        blobs.delete(key)
    for version in versions:
        hold(s3_server.client, version, "OFF")
    blobs.delete(key)
    assert s3_server.listing(place) == []
