"""A store that is slow, away, or poorer than others; and what of it is never printed."""

import logging
from typing import Any

import pytest
from botocore.exceptions import ClientError
from s3_parts import FIRST, LAST, ONLY, PARTS, part, put, small
from s3_proxy import Proxy
from s3_server import S3Server

from souspli_storage.direct import PartAddress
from souspli_storage.errors import StorageError, StoreRefusedError, StoreUnavailableError
from souspli_storage.s3 import S3Blobs, open_s3
from souspli_storage.s3_location import Credentials, S3Location


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
