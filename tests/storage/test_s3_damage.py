"""A bucket that somebody else has deleted from, and a store whose listings leave things out."""

import hashlib
import itertools
import secrets
from typing import Any

import pytest
from s3_server import VERSIONED, S3Server

from souspli_storage.errors import NotDeletedError, StoreDamagedError
from souspli_storage.s3 import open_s3, open_s3_ledger
from souspli_storage.s3_ledger import S3Ledger
from souspli_storage.s3_location import S3Location

LINES = ["000000000001.first", "000000000002.second", "000000000003.third"]


@pytest.fixture
def ledger(place: S3Location) -> S3Ledger:
    made = open_s3_ledger(place)
    for line in LINES:
        made.append([line])
    return made


def entry(place: S3Location, number: int) -> dict[str, str]:
    return {"Bucket": place.bucket, "Key": f"{place.prefix}ledger/{number:012d}"}


@pytest.mark.parametrize("number", [0, 1])
def test_a_ledger_that_lacks_an_entry_is_not_read_as_if_it_were_whole(
    s3_server: S3Server, place: S3Location, ledger: S3Ledger, number: int
) -> None:
    (first, *_) = ledger.read()
    s3_server.client.delete_object(**entry(place, number))
    with pytest.raises(StoreDamagedError):
        list(ledger.read())
    if number == 1:
        with pytest.raises(StoreDamagedError):
            list(ledger.read(first.position))
    # Who knows, and has no copy, puts an empty one there.
    s3_server.client.put_object(**entry(place, number), Body=b"")
    assert [one.line for one in ledger.read()] == [*LINES[:number], *LINES[number + 1 :]]


def test_an_entry_that_is_listed_and_absent_is_damage(
    ledger: S3Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger._bucket, "get", lambda _: None)
    with pytest.raises(StoreDamagedError):
        list(ledger.read())


@pytest.mark.parametrize("bucket", ["documents", VERSIONED])
def test_an_object_that_is_still_there_is_not_deleted_whatever_is_listed(
    s3_server: S3Server, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = open_s3(s3_server.place(bucket))
    store.check()
    key = secrets.token_hex(16)
    data = b"a sealed letter"
    store.begin(key, of=1)
    store.put_part(key, 0, data, hashlib.sha256(data).digest(), of=1)
    with monkeypatch.context() as patch:
        patch.setattr(store._bucket, "versions", lambda _: ())
        with pytest.raises(NotDeletedError):
            store.delete(key)
    store.delete(key)


@pytest.mark.parametrize(
    ("request_name", "tokens"),
    [
        ("list_objects_v2", ["NextContinuationToken"]),
        ("list_object_versions", ["NextKeyMarker", "NextVersionIdMarker"]),
        ("list_multipart_uploads", ["NextKeyMarker", "NextUploadIdMarker"]),
        ("list_parts", ["NextPartNumberMarker"]),
    ],
)
def test_a_listing_that_never_says_what_more_there_is_ends(
    place: S3Location, monkeypatch: pytest.MonkeyPatch, request_name: str, tokens: list[str]
) -> None:
    store = open_s3(place)
    counted = itertools.count()

    def answer(**_: Any) -> Any:
        number = next(counted)
        assert number < 2_000, "asked for ever"
        return {"IsTruncated": True, **dict.fromkeys(tokens, str(number))}

    monkeypatch.setattr(store._bucket._client, request_name, answer)
    calls = {
        "list_objects_v2": lambda: list(store.objects()),
        "list_object_versions": lambda: store._bucket.versions("x"),
        "list_multipart_uploads": lambda: list(store._bucket.uploads("x")),
        "list_parts": lambda: store._bucket.parts("x", "an upload"),
    }
    with pytest.raises(StoreDamagedError):
        calls[request_name]()
