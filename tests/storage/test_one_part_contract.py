"""What every BlobStore promises about an object of which is said that it has one part."""

import hashlib
import threading
from pathlib import Path

import pytest
from s3_server import PLAIN, VERSIONED, S3Server

from souspli_storage.blobs import BlobStore, Part
from souspli_storage.disk import DiskBlobs
from souspli_storage.errors import (
    ChecksumMismatchError,
    NoSuchObjectError,
    ObjectDiffersError,
    PartDiffersError,
    PartsMissingError,
)
from souspli_storage.memory import MemoryBlobs
from souspli_storage.s3 import open_s3

DATA = b"a sealed letter"
OTHER = b"the same, sealed again"


def only(data: bytes) -> Part:
    return Part(0, len(data), hashlib.sha256(data).digest())


def put(store: BlobStore, key: str, data: bytes) -> None:
    store.put_part(key, 0, data, only(data).sha256, of=1)


@pytest.fixture(params=["disk", "memory", "s3", "s3-versioned"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> BlobStore:
    match request.param:
        case "disk":
            return DiskBlobs(tmp_path / "store")
        case "memory":
            return MemoryBlobs()
        case name:
            server: S3Server = request.getfixturevalue("s3_server")
            blobs = open_s3(server.place(VERSIONED if name == "s3-versioned" else PLAIN))
            blobs.check()
            return blobs


def test_the_object_is_its_part(store: BlobStore, key: str) -> None:
    assert store.begin(key, of=1) == ()
    put(store, key, DATA)
    assert store.begin(key, of=1) == (only(DATA),)
    store.complete(key, [only(DATA)])
    assert store.begin(key, of=1) == store.parts(key) == (only(DATA),)
    assert store.size(key) == len(DATA)
    assert store.read(key, 2, 6) == DATA[2:8]
    assert store.read(key, len(DATA), 6) == b""
    assert list(store.objects()) == [key]
    assert list(store.incomplete()) == []


def test_every_call_may_be_repeated(store: BlobStore, key: str) -> None:
    for _ in range(2):
        store.begin(key, of=1)
    for _ in range(2):
        put(store, key, DATA)
    for _ in range(2):
        store.complete(key, [only(DATA)])
    put(store, key, DATA)
    assert store.read(key, 0, 100) == DATA
    for _ in range(2):
        store.delete(key)


def test_the_first_bytes_that_are_kept_are_the_object(store: BlobStore, key: str) -> None:
    store.begin(key, of=1)
    put(store, key, DATA)
    with pytest.raises(PartDiffersError):
        put(store, key, OTHER)
    with pytest.raises((PartsMissingError, ObjectDiffersError)):
        store.complete(key, [only(OTHER)])
    store.complete(key, [only(DATA)])
    with pytest.raises(PartDiffersError):
        put(store, key, OTHER)
    with pytest.raises(ObjectDiffersError):
        store.complete(key, [only(OTHER)])
    store.abort(key)
    assert store.read(key, 0, 100) == DATA


def test_bytes_that_are_not_those_of_the_checksum_are_refused(store: BlobStore, key: str) -> None:
    store.begin(key, of=1)
    with pytest.raises(ChecksumMismatchError):
        store.put_part(key, 0, DATA, only(OTHER).sha256, of=1)
    assert store.begin(key, of=1) == ()


def test_without_its_part_there_is_no_object(store: BlobStore, key: str) -> None:
    store.begin(key, of=1)
    with pytest.raises(PartsMissingError) as refused:
        store.complete(key, [only(DATA)])
    assert refused.value.missing == (0,)
    with pytest.raises(NoSuchObjectError):
        store.read(key, 0, 1)
    assert list(store.objects()) == []
    put(store, key, DATA)
    store.complete(key, [only(DATA)])


def test_the_part_may_be_empty(store: BlobStore, key: str) -> None:
    store.begin(key, of=1)
    put(store, key, b"")
    store.complete(key, [only(b"")])
    assert (store.size(key), store.read(key, 0, 10)) == (0, b"")


@pytest.mark.parametrize("complete", [False, True])
def test_deleting_leaves_nothing(store: BlobStore, key: str, *, complete: bool) -> None:
    store.begin(key, of=1)
    put(store, key, DATA)
    if complete:
        store.complete(key, [only(DATA)])
    store.delete(key)
    assert [*store.incomplete(), *store.objects()] == []
    for gone in (lambda: store.read(key, 0, 1), lambda: store.parts(key)):
        with pytest.raises(NoSuchObjectError):
            gone()


def test_of_many_that_put_at_once_the_ones_that_are_told_so_put_the_object(
    store: BlobStore, key: str
) -> None:
    store.begin(key, of=1)
    kinds = [bytes([number % 3]) * 10_000 for number in range(6)]
    barrier = threading.Barrier(len(kinds))
    kept: set[bytes] = set()
    unexpected: list[Exception] = []

    def run(data: bytes) -> None:
        barrier.wait()
        try:
            put(store, key, data)
            kept.add(data)
        except PartDiffersError:
            pass
        except Exception as error:  # noqa: BLE001  (whatever it is, the test fails on it)
            unexpected.append(error)

    threads = [threading.Thread(target=run, args=(data,)) for data in kinds]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert unexpected == []
    (data,) = kept
    store.complete(key, [only(data)])
    assert store.read(key, 0, 20_000) == data
