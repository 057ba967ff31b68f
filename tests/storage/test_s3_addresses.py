"""Addresses of parts and objects: what they allow, for how long, and to whom."""

import threading
import urllib.request

import pytest
from s3_parts import FIRST, LAST, ONLY, PARTS, part, small
from s3_server import S3Server, ask, send

from souspli_storage import s3_checksums
from souspli_storage.direct import DirectBlobs
from souspli_storage.errors import NoSuchObjectError, PartDiffersError
from souspli_storage.s3 import S3Blobs, open_s3
from souspli_storage.s3_uploads import MIN_S3_PART_BYTES


def test_the_store_gives_addresses_to_clients(store: S3Blobs) -> None:
    assert isinstance(store, DirectBlobs)


def test_a_client_puts_and_reads_without_the_service(store: S3Blobs, key: str) -> None:
    store.begin(key)
    addresses = store.presign_parts(key, PARTS, seconds=60)
    for address, data in zip(addresses, (FIRST, LAST), strict=True):
        assert send(address, data) == 200
    assert store.parts(key) == PARTS
    store.complete(key, PARTS)
    request = urllib.request.Request(
        store.presign_read(key, seconds=60),
        headers={"Range": f"bytes={MIN_S3_PART_BYTES - 1}-{MIN_S3_PART_BYTES + 2}"},
    )
    with urllib.request.urlopen(request) as answer:
        assert answer.status == 206
        assert answer.read() == b"fthe"
        assert answer.headers["Content-Type"] == "application/octet-stream"
        assert answer.headers["Content-Disposition"] == "attachment"


def test_the_store_refuses_at_an_address_whatever_was_not_signed_for(
    store: S3Blobs, key: str
) -> None:
    store.begin(key)
    (address,) = store.presign_parts(key, ONLY, seconds=60)
    same_length = bytes(len(LAST))
    in_base64 = s3_checksums.base64_sha256(same_length)
    assert send(address, same_length) == 400  # not the bytes of the checksum
    assert send(address, LAST + b"!") == 403  # not the length
    assert send(address, same_length, **{"x-amz-checksum-sha256": in_base64}) == 403
    assert ask(urllib.request.Request(address.url, data=LAST, method="PUT")) == 403
    assert ask(urllib.request.Request(address.url)) == 403  # a permission to put
    assert store.parts(key) == ()
    assert send(address, LAST) == 200
    assert store.parts(key) == ONLY


def test_an_address_is_good_for_its_time_only(store: S3Blobs, key: str) -> None:
    small(store, key)
    address = store.presign_read(key, seconds=1)
    assert ask(urllib.request.Request(address)) == 200
    deadline = threading.Event()
    for _ in range(100):
        if ask(urllib.request.Request(address)) == 403:
            return
        deadline.wait(0.1)
    pytest.fail("still good after ten seconds")


def test_a_number_is_promised_to_one_checksum(store: S3Blobs, key: str) -> None:
    store.begin(key)
    for _ in range(2):
        store.presign_parts(key, ONLY, seconds=60)
    other = part(0, b"other bytes")
    with pytest.raises(PartDiffersError):
        store.presign_parts(key, [other], seconds=60)
    with pytest.raises(PartDiffersError):
        store.presign_parts(key, [part(1, FIRST), part(1, LAST)], seconds=60)
    assert store.parts(key) == ()


def test_there_are_no_addresses_without_an_upload(store: S3Blobs, key: str) -> None:
    with pytest.raises(NoSuchObjectError):
        store.presign_parts(key, ONLY, seconds=60)
    small(store, key)
    assert store.presign_parts(key, ONLY, seconds=60) == ()
    with pytest.raises(PartDiffersError):
        store.presign_parts(key, [part(0, b"other bytes")], seconds=60)


def test_clients_may_reach_the_store_under_another_name(s3_server: S3Server, key: str) -> None:
    place = s3_server.place(client_endpoint="https://store.example", addressing="virtual")
    url = open_s3(place).presign_read(key, seconds=60)
    assert url.startswith(f"https://{place.bucket}.store.example/{place.prefix}documents/{key}?")
