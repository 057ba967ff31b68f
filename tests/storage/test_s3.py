"""What is particular to a bucket: versions, locks, addresses for clients, failures of the store."""

import hashlib
import logging
import secrets
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError
from s3_proxy import Proxy, proxy
from s3_server import VERSIONED, S3Server

from souspli_storage import s3
from souspli_storage.blobs import Part
from souspli_storage.direct import PartAddress
from souspli_storage.errors import (
    NoSuchObjectError,
    NotDeletedError,
    ObjectDiffersError,
    PartDiffersError,
    PartsMissingError,
    StorageError,
    StoreDamagedError,
    StoreRefusedError,
    StoreUnavailableError,
)
from souspli_storage.s3 import S3Blobs, open_s3
from souspli_storage.s3_bucket import Head, KeptPart
from souspli_storage.s3_location import Credentials, S3Location
from souspli_storage.s3_uploads import MIN_S3_PART_BYTES

FIRST = b"f" * MIN_S3_PART_BYTES
LAST = b"the last part"


def part(number: int, data: bytes) -> Part:
    return Part(number, len(data), hashlib.sha256(data).digest())


PARTS = (part(0, FIRST), part(1, LAST))
ONLY = (part(0, LAST),)


@pytest.fixture
def place(s3_server: S3Server) -> S3Location:
    return s3_server.place()


@pytest.fixture
def versioned(s3_server: S3Server) -> S3Location:
    return s3_server.place(VERSIONED)


@pytest.fixture
def store(place: S3Location) -> S3Blobs:
    return open_s3(place)


@pytest.fixture
def line(s3_server: S3Server) -> Iterator[Proxy]:
    with proxy(s3_server.server.endpoint) as running:
        yield running


@pytest.fixture
def key() -> str:
    return secrets.token_hex(16)


def put(store: S3Blobs, key: str, number: int, data: bytes) -> None:
    store.put_part(key, number, data, hashlib.sha256(data).digest())


def small(store: S3Blobs, key: str) -> None:
    store.begin(key)
    put(store, key, 0, LAST)
    store.complete(key, ONLY)


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


def test_of_many_that_begin_at_once_one_upload_remains(
    s3_server: S3Server, place: S3Location, store: S3Blobs, key: str
) -> None:
    barrier = threading.Barrier(4)

    def begin() -> None:
        barrier.wait()
        store.begin(key)

    threads = [threading.Thread(target=begin) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len([one for one in s3_server.listing(place) if one.startswith("Uploads")]) == 1
    put(store, key, 0, LAST)
    store.complete(key, ONLY)


def test_an_upload_that_nothing_names_is_swept_after_a_day(
    s3_server: S3Server,
    place: S3Location,
    store: S3Blobs,
    key: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    store.begin(key)
    nameless: dict[str, Any] = s3_server.client.create_multipart_upload(
        Bucket=place.bucket, Key=f"{place.prefix}documents/{key}", ChecksumAlgorithm="SHA256"
    )
    store.sweep()
    assert str(s3_server.listing(place)).count("Uploads") == 2
    monkeypatch.setattr(s3, "LEFTOVER_SECONDS", -10)
    store.sweep()
    assert str(s3_server.listing(place)).count("Uploads") == 1
    with pytest.raises(s3_server.client.exceptions.NoSuchUpload):
        s3_server.client.list_parts(
            Bucket=place.bucket, Key=nameless["Key"], UploadId=nameless["UploadId"]
        )
    put(store, key, 0, LAST)


def test_an_upload_that_the_bucket_s_rules_ended_begins_again(
    s3_server: S3Server, place: S3Location, store: S3Blobs, key: str
) -> None:
    store.begin(key)
    put(store, key, 0, LAST)
    for upload in s3_server.client.list_multipart_uploads(Bucket=place.bucket, Prefix=place.prefix)[
        "Uploads"
    ]:
        s3_server.client.abort_multipart_upload(
            Bucket=place.bucket, Key=upload["Key"], UploadId=upload["UploadId"]
        )
    with pytest.raises(NoSuchObjectError):
        store.parts(key)
    store.begin(key)
    assert store.parts(key) == ()
    put(store, key, 0, LAST)
    store.complete(key, ONLY)


def test_who_was_killed_after_deciding_completes_with_the_same_parts_only(
    s3_server: S3Server,
    place: S3Location,
    store: S3Blobs,
    key: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    store.begin(key)
    put(store, key, 0, FIRST)
    put(store, key, 1, LAST)

    class KilledError(Exception):
        pass

    def kill(*_: object) -> None:
        raise KilledError

    with monkeypatch.context() as patch:
        patch.setattr("souspli_storage.s3_bucket.Bucket.complete_upload", kill)
        with pytest.raises(KilledError):
            store.complete(key, PARTS)
    with pytest.raises(NoSuchObjectError):
        store.size(key)
    assert list(store.incomplete()) == [key]
    with pytest.raises(ObjectDiffersError):
        store.complete(key, PARTS[:1])
    store.complete(key, PARTS)
    assert store.size(key) == len(FIRST) + len(LAST)
    assert len(s3_server.listing(place)) == 2


def test_who_was_killed_after_completing_leaves_notes_that_a_repeat_or_a_sweep_deletes(
    s3_server: S3Server,
    place: S3Location,
    store: S3Blobs,
    key: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    store.begin(key)
    put(store, key, 0, LAST)
    with monkeypatch.context() as patch:
        patch.setattr("souspli_storage.s3_deletion.Deletion.forget_notes", lambda _: None)
        store.complete(key, ONLY)
    assert store.parts(key) == ONLY
    assert list(store.objects()) == [key]
    put(store, key, 0, LAST)
    monkeypatch.setattr(s3, "LEFTOVER_SECONDS", -10)
    store.sweep()
    assert list(store.incomplete()) == []
    assert len(s3_server.listing(place)) == 2
    store.complete(key, ONLY)


def test_when_the_store_refuses_the_parts_they_are_put_again(
    s3_server: S3Server,
    place: S3Location,
    store: S3Blobs,
    key: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    store.begin(key)
    put(store, key, 0, LAST)

    def other(kept: KeptPart, _: bytes) -> tuple[KeptPart, bytes]:
        return kept, hashlib.sha256(b"other bytes").digest()

    complete = store._bucket.complete_upload
    with monkeypatch.context() as patch:
        patch.setattr(
            store._bucket,
            "complete_upload",
            lambda name, upload, parts: complete(name, upload, [other(*one) for one in parts]),
        )
        with pytest.raises(PartsMissingError) as refused:
            store.complete(key, ONLY)
    assert refused.value.missing == (0,)
    with pytest.raises(NoSuchObjectError):
        store.size(key)
    put(store, key, 0, LAST)
    store.complete(key, ONLY)
    assert store.read(key, 0, 100) == LAST
    assert len(s3_server.listing(place)) == 2


@pytest.mark.parametrize("said", [None, "another checksum"])
def test_an_object_that_is_not_what_its_parts_give_is_destroyed(
    s3_server: S3Server,
    place: S3Location,
    store: S3Blobs,
    monkeypatch: pytest.MonkeyPatch,
    said: str | None,
) -> None:
    """The store says so with its answer, or with the object's head."""
    key = secrets.token_hex(16)
    complete, head = store._bucket.complete_upload, store._bucket.head

    def complete_and_say(*given: Any) -> str | None:
        complete(*given)
        return said

    def other_head(name: str) -> Head | None:
        found = head(name)
        return None if found is None else Head(found.size, "another checksum")

    with monkeypatch.context() as patch:
        patch.setattr(store._bucket, "complete_upload", complete_and_say)
        patch.setattr(store._bucket, "head", other_head)
        store.begin(key)
        put(store, key, 0, LAST)
        with pytest.raises(StoreDamagedError):
            store.complete(key, ONLY)
    assert s3_server.listing(place) == []
    monkeypatch.setattr(store._bucket, "complete_upload", complete_and_say)
    small(store, key)  # the head decides


def test_two_that_promise_one_number_differently_at_once_leave_it_without_a_part(
    s3_server: S3Server, place: S3Location, store: S3Blobs, key: str
) -> None:
    store.begin(key)
    put(store, key, 0, FIRST)
    put(store, key, 1, LAST)
    # What the other one left, which had found nothing promised.
    other = part(1, b"other bytes")
    promise = f"{place.prefix}uploads/{key}.00001-{other.size}-{other.sha256.hex()}"
    s3_server.client.put_object(Bucket=place.bucket, Key=promise, Body=b"")
    assert store.parts(key) == PARTS[:1]
    with pytest.raises(PartDiffersError):
        put(store, key, 1, LAST)
    with pytest.raises(PartsMissingError):
        store.complete(key, PARTS)
    store.delete(key)
    assert s3_server.listing(place) == []


def test_parts_below_five_mebibytes_are_a_mistake_of_the_caller(store: S3Blobs, key: str) -> None:
    store.begin(key)
    put(store, key, 0, b"small")
    put(store, key, 1, LAST)
    with pytest.raises(ValueError, match="MIN_S3_PART_BYTES"):
        store.complete(key, [part(0, b"small"), part(1, LAST)])
    with pytest.raises(ValueError, match="MAX_S3_PARTS"):
        put(store, key, 10_000, b"")


def test_a_line_that_breaks_in_the_middle_of_a_part_costs_nothing(
    s3_server: S3Server, line: Proxy, key: str
) -> None:
    store = open_s3(s3_server.place(endpoint=line.endpoint))
    store.begin(key)
    line.cut_after = 2_000_000
    put(store, key, 0, FIRST)
    assert line.cuts == 0
    sent = [
        one.rpartition(b"partNumber=1")[2].partition(b"\r\n\r\n")[2]
        for one in line.received
        if b"partNumber=1" in one
    ]
    assert len(sent) == 2
    assert len(sent[0]) > 1_000_000
    assert FIRST.startswith(sent[0])  # the same bytes, from the beginning
    assert sent[1][: len(FIRST)] == FIRST
    assert store.parts(key) == PARTS[:1]


def test_a_store_that_asks_for_patience_gets_it(s3_server: S3Server, line: Proxy, key: str) -> None:
    store = open_s3(s3_server.place(endpoint=line.endpoint))
    line.slow_down = 1
    small(store, key)
    assert store.read(key, 0, 100) == LAST


def test_a_store_that_stays_away_is_away_for_now(
    s3_server: S3Server, line: Proxy, key: str
) -> None:
    store = open_s3(s3_server.place(endpoint=line.endpoint))
    line.slow_down = 1_000
    with pytest.raises(StoreUnavailableError, match="SlowDown") as failed:
        store.begin(key)
    assert failed.value.temporary
    line.close()
    with pytest.raises(StoreUnavailableError) as failed:
        store.begin(key)
    assert key not in str(failed.value)
    assert failed.value.__cause__ is None


def test_a_store_without_conditions_and_versions_still_serves(
    s3_server: S3Server,
    place: S3Location,
    store: S3Blobs,
    key: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As Garage, which answers 501 to what it does not know."""
    client = store._bucket._client
    put, paginator = client.put_object, client.get_paginator

    def not_known(name: str) -> ClientError:
        answer: Any = {
            "Error": {"Code": "NotImplemented"},
            "ResponseMetadata": {"HTTPStatusCode": 501},
        }
        return ClientError(answer, name)

    def put_object(**given: Any) -> Any:
        if "IfNoneMatch" in given:
            raise not_known("PutObject")
        return put(**given)

    def get_paginator(name: Any) -> Any:
        if name == "list_object_versions":
            raise not_known("ListObjectVersions")
        return paginator(name)

    with monkeypatch.context() as patch:
        patch.setattr(client, "put_object", put_object)
        patch.setattr(client, "get_paginator", get_paginator)
        for _ in range(2):
            store.begin(key)
        put_again = part(0, LAST)
        store.put_part(key, 0, LAST, put_again.sha256)
        store.complete(key, [put_again])
        assert store.read(key, 0, 100) == LAST
        store.delete(key)
    assert s3_server.listing(place) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"credentials": Credentials("wrong", "wrong-too")},
        {"bucket": "no-such-bucket"},
    ],
    ids=["credentials", "bucket"],
)
def test_a_store_that_refuses_us_says_so_at_once(
    s3_server: S3Server, key: str, changes: dict[str, Any]
) -> None:
    store = open_s3(s3_server.place(**changes))
    with pytest.raises(StoreRefusedError) as refused:
        store.check()
    assert not refused.value.temporary
    with pytest.raises(StorageError) as refused_too:
        store.begin(key)
    assert isinstance(refused_too.value, StoreRefusedError)
    assert key not in str(refused_too.value)


def test_a_bucket_tells_whether_it_keeps_versions(store: S3Blobs, versioned: S3Location) -> None:
    state = store.check()
    assert (state.versioning, state.object_lock) == (False, False)
    assert open_s3(versioned).check().versioning


def test_secrets_are_not_printed(place: S3Location) -> None:
    assert place.credentials is not None
    for value in (place, place.credentials, open_s3(place)):
        assert place.credentials.secret_key not in repr(value)
        assert place.credentials.access_key not in repr(value)
    address = PartAddress(ONLY[0], "PUT", "https://store.example/signed", {"a": "signed"})
    assert "signed" not in repr(address)


def test_boto3_s_logs_of_requests_stay_off(
    store: S3Blobs, key: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        small(store, key)
    assert caplog.records == []
