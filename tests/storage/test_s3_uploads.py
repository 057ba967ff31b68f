"""Uploads to a bucket: at once, killed, swept, refused; one object or none comes of each."""

import hashlib
import secrets
import threading
from typing import Any

import pytest
from s3_parts import FIRST, LAST, ONLY, PARTS, part, put, small
from s3_server import S3Server

from souspli_storage import s3
from souspli_storage.errors import (
    NoSuchObjectError,
    ObjectDiffersError,
    PartDiffersError,
    PartsMissingError,
    StoreDamagedError,
)
from souspli_storage.s3 import S3Blobs
from souspli_storage.s3_bucket import Head, KeptPart
from souspli_storage.s3_location import S3Location


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
