"""Buckets with versions and with locks: what is deleted is gone, or it is said that it is not."""

import secrets

import pytest
from s3_parts import FIRST, LAST, PARTS, put, small
from s3_server import VERSIONED, S3Server

from souspli_storage.errors import NoSuchObjectError, NotDeletedError
from souspli_storage.s3 import S3Blobs, open_s3
from souspli_storage.s3_location import S3Location
from souspli_storage.s3_uploads import MIN_S3_PART_BYTES


@pytest.fixture
def versioned(s3_server: S3Server) -> S3Location:
    return s3_server.place(VERSIONED)


def test_without_versions_an_object_comes_and_goes_without_a_trace(
    s3_server: S3Server, place: S3Location, store: S3Blobs, key: str
) -> None:
    store.begin(key)
    put(store, key, 1, LAST)
    put(store, key, 0, FIRST)
    store.complete(key, PARTS)
    assert store.read(key, MIN_S3_PART_BYTES - 1, 4) == b"fthe"
    names = s3_server.listing(place)
    assert names == [f"Versions {place.prefix}documents/{key}{end}" for end in ("", ".parts")]
    store.delete(key)
    assert s3_server.listing(place) == []


def test_with_versions_nothing_is_left_either(
    s3_server: S3Server, versioned: S3Location, key: str
) -> None:
    store = open_s3(versioned)
    small(store, key)
    # Somebody's hand: another version, hidden by a mark.
    name = {"Bucket": versioned.bucket, "Key": f"{versioned.prefix}documents/{key}"}
    s3_server.client.put_object(**name, Body=b"newer")
    s3_server.client.delete_object(**name)
    assert len(s3_server.listing(versioned)) == 4
    store.delete(key)
    assert s3_server.listing(versioned) == []


def test_an_upload_leaves_no_versions_of_its_notes(
    s3_server: S3Server, versioned: S3Location, key: str
) -> None:
    store = open_s3(versioned)
    store.begin(key)
    put(store, key, 0, LAST)
    put(store, key, 0, LAST)
    store.abort(key)
    assert s3_server.listing(versioned) == []


def test_what_a_lock_holds_is_an_error_and_out_of_sight(s3_server: S3Server, key: str) -> None:
    bucket = f"locked-{secrets.token_hex(4)}"
    s3_server.client.create_bucket(Bucket=bucket, ObjectLockEnabledForBucket=True)
    place = s3_server.place(bucket)
    store = open_s3(place)
    assert store.check().object_lock
    small(store, key)
    held = {"Bucket": bucket, "Key": f"{place.prefix}documents/{key}"}
    version = s3_server.client.head_object(**held)["VersionId"]
    hold = {**held, "VersionId": version}
    s3_server.client.put_object_legal_hold(**hold, LegalHold={"Status": "ON"})
    with pytest.raises(NotDeletedError) as refused:
        store.delete(key)
    assert refused.value.failures
    assert key not in f"{refused.value} {refused.value.failures}"
    with pytest.raises(NoSuchObjectError):
        store.read(key, 0, 1)
    assert list(store.incomplete()) == list(store.incomplete(key[:2])) == [key]
    # Looked for among its like alone: there may be millions of others.
    assert list(store.incomplete(f"{int(key[:2], 16) ^ 1:02x}")) == []
    assert list(store.objects()) == []
    s3_server.client.put_object_legal_hold(**hold, LegalHold={"Status": "OFF"})
    store.delete(key)
    assert s3_server.listing(place) == []


def test_a_bucket_tells_whether_it_keeps_versions(store: S3Blobs, versioned: S3Location) -> None:
    state = store.check()
    assert (state.versioning, state.object_lock) == (False, False)
    assert open_s3(versioned).check().versioning
