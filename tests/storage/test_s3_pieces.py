"""Objects in one piece: what they cost, what their addresses allow, when they are not made."""

import dataclasses
import hashlib
from typing import Any

import pytest
from botocore.exceptions import ClientError
from s3_proxy import Proxy
from s3_server import S3Server, send

from souspli_storage.blobs import Part
from souspli_storage.direct import PartAddress
from souspli_storage.errors import PartDiffersError, StoreUnavailableError
from souspli_storage.s3 import S3Blobs, open_s3
from souspli_storage.s3_errors import PresentError
from souspli_storage.s3_location import S3Location
from souspli_storage.s3_uploads import MIN_S3_PART_BYTES

DATA = b"a sealed letter"
OTHER = b"the same, sealed again"
ONLY = Part(0, len(DATA), hashlib.sha256(DATA).digest())
ANOTHER = Part(0, len(OTHER), hashlib.sha256(OTHER).digest())


@pytest.fixture
def store(place: S3Location) -> S3Blobs:
    blobs = open_s3(place)
    blobs.check()
    return blobs


def keep(store: S3Blobs, key: str) -> None:
    store.begin(key, of=1)
    store.put_part(key, 0, DATA, ONLY.sha256, of=1)
    store.complete(key, [ONLY])


@pytest.fixture
def requests(store: S3Blobs) -> list[str]:
    """What the store is asked, as it is asked."""
    asked: list[str] = []
    client: Any = store._bucket._client
    client.meta.events.register("before-send.s3", lambda request, **_: asked.append(request.method))
    return asked


def test_an_object_in_one_piece_costs_three_requests_and_leaves_nothing_else(
    s3_server: S3Server, place: S3Location, store: S3Blobs, key: str, requests: list[str]
) -> None:
    requests.clear()
    keep(store, key)
    assert requests == ["HEAD", "PUT", "HEAD"]
    assert s3_server.listing(place) == [f"Versions {place.prefix}documents/{key}"]
    store.delete(key)
    assert s3_server.listing(place) == []


def test_a_client_puts_it_at_an_address_if_nothing_is_there(store: S3Blobs, key: str) -> None:
    store.begin(key, of=1)
    first, same = (store.presign_parts(key, [ONLY], seconds=60, of=1)[0] for _ in range(2))
    (other,) = store.presign_parts(key, [ANOTHER], seconds=60, of=1)
    assert send(first, DATA) == 200
    assert send(same, DATA) == 412
    assert send(other, OTHER) == 412
    assert store.presign_parts(key, [ONLY], seconds=60, of=1) == ()
    with pytest.raises(PartDiffersError):
        store.presign_parts(key, [ANOTHER], seconds=60, of=1)
    store.complete(key, [ONLY])
    assert send(other, OTHER) == 412
    assert store.read(key, 0, 100) == DATA


def test_an_upload_costs_eleven_requests_and_four_for_each_part(
    place: S3Location, key: str, requests: list[str]
) -> None:
    store = open_s3(place)  # which shares the client
    first = b"f" * MIN_S3_PART_BYTES
    parts = [
        Part(0, len(first), hashlib.sha256(first).digest()),
        dataclasses.replace(ONLY, number=1),
    ]
    requests.clear()
    store.begin(key, of=2)
    store.put_part(key, 0, first, parts[0].sha256, of=2)
    (address,) = store.presign_parts(key, parts[1:], seconds=60, of=2)
    assert send(address, DATA) == 200
    store.complete(key, parts)
    counted = len(requests)
    requests.clear()
    store.delete(key)
    assert (counted, len(requests)) == (11 + 4 + 3, 9)


def test_put_by_a_client_it_costs_the_service_three_requests(
    store: S3Blobs, key: str, requests: list[str]
) -> None:
    requests.clear()
    store.begin(key, of=1)
    (address,) = store.presign_parts(key, [ONLY], seconds=60, of=1)
    assert send(address, DATA) == 200
    store.complete(key, [ONLY])
    assert requests == ["HEAD"] * 3


def test_the_store_refuses_at_an_address_whatever_was_not_signed_for(
    store: S3Blobs, key: str
) -> None:
    (address,) = store.presign_parts(key, [ONLY], seconds=60, of=1)
    assert send(address, bytes(len(DATA))) == 400  # not the bytes of the checksum
    assert send(address, DATA + b"!") == 403  # not the length
    assert send(address, DATA, **{"If-None-Match": '"other"'}) == 403
    without = dict(address.headers)
    del without["If-None-Match"]
    assert send(PartAddress(ONLY, "PUT", address.url, without), DATA) == 403
    assert store.begin(key, of=1) == ()
    assert send(address, DATA) == 200


def test_what_comes_at_an_address_after_the_deletion_is_an_orphan_that_a_sweep_sees(
    store: S3Blobs, key: str
) -> None:
    (address,) = store.presign_parts(key, [ONLY], seconds=60, of=1)
    assert send(address, DATA) == 200
    store.delete(key)
    assert send(address, DATA) == 200
    assert list(store.objects(key[:2])) == [key]
    store.delete(key)
    assert list(store.objects()) == []


def test_an_answer_that_was_lost_costs_nothing(s3_server: S3Server, line: Proxy, key: str) -> None:
    store = open_s3(s3_server.place(endpoint=line.endpoint))
    store.check()
    answers = line.lost_answers = 1
    store.put_part(key, 0, DATA, ONLY.sha256, of=1)
    assert (answers, line.lost_answers) == (1, 0)
    store.complete(key, [ONLY])
    assert store.read(key, 0, 100) == DATA


def test_whoever_is_told_that_another_is_about_to_put_it_comes_again(
    store: S3Blobs, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """AWS says so (409); the other may still fail."""

    def conflict(*_: object) -> None:
        raise PresentError("getting it at this moment")

    with monkeypatch.context() as patch:
        patch.setattr(store._bucket, "put_new", conflict)
        with pytest.raises(StoreUnavailableError):
            store.put_part(key, 0, DATA, ONLY.sha256, of=1)
    keep(store, key)


def test_what_was_begun_as_an_upload_is_completed_as_one(
    s3_server: S3Server, place: S3Location, store: S3Blobs, key: str
) -> None:
    """By another process, to which the store had refused the condition."""
    other = open_s3(place)
    other.begin(key, of=1)
    other.put_part(key, 0, DATA, ONLY.sha256, of=1)
    for _ in range(2):
        store.complete(key, [ONLY])
        assert store.begin(key, of=1) == other.begin(key, of=1) == (ONLY,)
        store.put_part(key, 0, DATA, ONLY.sha256, of=1)
        assert other.parts(key) == (ONLY,)
    store.delete(key)
    assert s3_server.listing(place) == []


def test_who_makes_uploads_finds_an_object_in_one_piece(
    place: S3Location, store: S3Blobs, key: str
) -> None:
    keep(store, key)
    other = open_s3(place)
    assert other.begin(key, of=1) == (ONLY,)
    other.put_part(key, 0, DATA, ONLY.sha256, of=1)
    with pytest.raises(PartDiffersError):
        other.put_part(key, 0, OTHER, ANOTHER.sha256, of=1)
    assert other.presign_parts(key, [ONLY], seconds=60, of=1) == ()
    other.complete(key, [ONLY])


@pytest.mark.parametrize("lacking", ["condition", "checksum", "head", "not-known", "refused"])
def test_a_store_that_lacks_what_it_needs_gets_uploads(
    s3_server: S3Server,
    place: S3Location,
    key: str,
    monkeypatch: pytest.MonkeyPatch,
    lacking: str,
) -> None:
    store = open_s3(place)
    client: Any = store._bucket._client
    put, head = client.put_object, client.head_object

    def put_object(**given: Any) -> Any:
        if "IfNoneMatch" in given and lacking in {"not-known", "refused"}:
            code = "NotImplemented" if lacking == "not-known" else "InvalidArgument"
            raise ClientError({"Error": {"Code": code}}, "PutObject")
        if lacking == "condition":
            given.pop("IfNoneMatch", None)
        if lacking == "checksum":
            given.pop("ChecksumSHA256", None)
        return put(**given)

    def head_object(**given: Any) -> Any:
        answer = head(**given)
        if lacking == "head":
            answer.pop("ChecksumSHA256", None)
        return answer

    monkeypatch.setattr(client, "put_object", put_object)
    monkeypatch.setattr(client, "head_object", head_object)
    store.check()
    if lacking == "refused":
        monkeypatch.undo()
    keep(store, key)
    names = s3_server.listing(place)
    assert names == [f"Versions {place.prefix}documents/{key}{end}" for end in ("", ".parts")]
    assert store.parts(key) == (ONLY,)
