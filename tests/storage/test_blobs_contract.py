"""What every BlobStore promises (souspli_storage/blobs.py), on each driver."""

import hashlib
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from pathlib import Path

import pytest
from s3_parts import part, put
from s3_server import VERSIONED, S3Server

from souspli_storage.blobs import MAX_PARTS, BlobStore, Part
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
from souspli_storage.s3_uploads import MIN_S3_PART_BYTES

# As odd as parts can be; and what S3 takes: 5 MiB at least, but for the last.
TINY = (b"first part, a bit longer", b"second", b"", b"last")
LARGE = (
    b"a" * MIN_S3_PART_BYTES + b"first part, a bit longer",
    b"b" * MIN_S3_PART_BYTES,
    b"c" * (MIN_S3_PART_BYTES + 1),
    b"last",
)


@dataclass(frozen=True)
class Driver:
    """A store, and four pieces that it takes as parts."""

    store: BlobStore
    pieces: tuple[bytes, ...]
    rounds: int = 20
    """How often a race is run."""

    @cached_property
    def parts(self) -> tuple[Part, ...]:
        return tuple(part(number, piece) for number, piece in enumerate(self.pieces))

    @cached_property
    def whole(self) -> bytes:
        return b"".join(self.pieces)

    def upload(self, key: str) -> None:
        self.store.begin(key)
        for number, piece in enumerate(self.pieces):
            put(self.store, key, number, piece)

    def read(self, key: str) -> bytes:
        return self.store.read(key, 0, len(self.whole) + 1)

    def complete(self, key: str) -> None:
        self.upload(key)
        self.store.complete(key, self.parts)


@pytest.fixture(params=["disk", "memory", "s3"])
def driver(request: pytest.FixtureRequest, tmp_path: Path) -> Driver:
    match request.param:
        case "disk":
            return Driver(DiskBlobs(tmp_path / "store"), TINY)
        case "memory":
            return Driver(MemoryBlobs(), TINY)
        case _:
            # With versions, which are harder to get rid of; without: test_s3.
            server: S3Server = request.getfixturevalue("s3_server")
            return Driver(open_s3(server.place(VERSIONED)), LARGE, rounds=2)


@pytest.fixture
def store(driver: Driver) -> BlobStore:
    return driver.store


def test_an_object_is_its_parts_in_order(driver: Driver, store: BlobStore, key: str) -> None:
    store.begin(key)
    for number in (3, 0, 2, 1):
        put(store, key, number, driver.pieces[number])
    assert store.parts(key) == driver.parts
    store.complete(key, driver.parts)
    assert store.read(key, 0, len(driver.whole)) == driver.whole
    assert store.size(key) == len(driver.whole)
    assert store.parts(key) == driver.parts


def test_every_range_reads_the_bytes_that_lie_in_it(
    driver: Driver, store: BlobStore, key: str
) -> None:
    driver.complete(key)
    edges = [0, *accumulate(len(piece) for piece in driver.pieces)]
    for edge in edges:
        for offset in range(max(0, edge - 2), edge + 3):
            for length in range(5):
                assert store.read(key, offset, length) == driver.whole[offset : offset + length]
    middle = len(driver.pieces[0]) - 1
    assert store.read(key, middle, len(driver.whole)) == driver.whole[middle:]


@pytest.mark.parametrize(("offset", "length"), [(-1, 1), (0, -1)])
def test_a_negative_range_is_a_mistake_of_the_caller(
    driver: Driver, store: BlobStore, key: str, offset: int, length: int
) -> None:
    driver.complete(key)
    with pytest.raises(ValueError, match="negative"):
        store.read(key, offset, length)


def test_bytes_that_are_not_those_of_the_checksum_are_refused(store: BlobStore, key: str) -> None:
    store.begin(key)
    with pytest.raises(ChecksumMismatchError):
        store.put_part(key, 0, b"sent", hashlib.sha256(b"arrived").digest())
    assert store.parts(key) == ()


def test_there_is_no_object_before_it_is_complete(
    driver: Driver, store: BlobStore, key: str
) -> None:
    driver.upload(key)
    with pytest.raises(NoSuchObjectError):
        store.read(key, 0, 1)
    with pytest.raises(NoSuchObjectError):
        store.size(key)
    assert list(store.objects()) == []
    assert list(store.incomplete()) == [key]


def test_what_was_never_begun_is_nowhere(driver: Driver, store: BlobStore, key: str) -> None:
    for call in (
        lambda: put(store, key, 0, b""),
        lambda: store.parts(key),
        lambda: store.complete(key, driver.parts),
        lambda: store.read(key, 0, 1),
        lambda: store.size(key),
    ):
        with pytest.raises(NoSuchObjectError):
            call()


def test_complete_names_the_parts_that_are_missing_or_differ(
    driver: Driver, store: BlobStore, key: str
) -> None:
    store.begin(key)
    put(store, key, 0, driver.pieces[0])
    put(store, key, 2, driver.pieces[2])
    sealed_again = part(2, b"other bytes")
    with pytest.raises(PartsMissingError) as refused:
        store.complete(key, [*driver.parts[:2], sealed_again])
    assert refused.value.missing == (1, 2)
    with pytest.raises(NoSuchObjectError):
        store.size(key)
    put(store, key, 1, driver.pieces[1])
    store.complete(key, driver.parts[:3])
    assert store.size(key) == sum(len(piece) for piece in driver.pieces[:3])


def test_a_size_that_differs_is_a_part_that_differs(
    driver: Driver, store: BlobStore, key: str
) -> None:
    driver.upload(key)
    lying = [Part(one.number, one.size + 1, one.sha256) for one in driver.parts]
    with pytest.raises(PartsMissingError) as refused:
        store.complete(key, lying)
    assert refused.value.missing == (0, 1, 2, 3)


@pytest.mark.parametrize(
    "listed", [slice(0, 0), slice(1, None), slice(None, None, -1)], ids=["none", "gap", "order"]
)
def test_an_object_has_all_parts_from_zero_on(
    driver: Driver, store: BlobStore, key: str, listed: slice
) -> None:
    driver.upload(key)
    with pytest.raises(PartsMissingError):
        store.complete(key, driver.parts[listed])


def test_parts_that_are_not_listed_are_not_in_the_object(
    driver: Driver, store: BlobStore, key: str
) -> None:
    driver.upload(key)
    store.complete(key, driver.parts[:2])
    assert driver.read(key) == driver.pieces[0] + driver.pieces[1]
    assert store.parts(key) == driver.parts[:2]


def test_a_number_stands_for_one_checksum(driver: Driver, store: BlobStore, key: str) -> None:
    store.begin(key)
    put(store, key, 0, driver.pieces[0])
    with pytest.raises(PartDiffersError):
        put(store, key, 0, b"sealed a second time")
    put(store, key, 0, driver.pieces[0])
    assert store.parts(key) == store.begin(key) == driver.parts[:1]


def test_every_call_may_be_repeated(driver: Driver, store: BlobStore, key: str) -> None:
    for _ in range(2):
        store.begin(key)
    for number, piece in enumerate(driver.pieces):
        put(store, key, number, piece)
        put(store, key, number, piece)
    for _ in range(2):
        store.complete(key, driver.parts)
    # The client that lost its answer begins again, and resends what it has.
    assert store.begin(key) == driver.parts
    put(store, key, 1, driver.pieces[1])
    assert store.parts(key) == driver.parts
    assert driver.read(key) == driver.whole
    assert list(store.incomplete()) == []
    for _ in range(2):
        store.delete(key)


def test_an_object_never_changes(driver: Driver, store: BlobStore, key: str) -> None:
    driver.complete(key)
    with pytest.raises(PartDiffersError):
        put(store, key, 1, b"too late")
    with pytest.raises(PartDiffersError):
        put(store, key, 9, b"one more")
    with pytest.raises(ObjectDiffersError):
        store.complete(key, driver.parts[:2])
    store.abort(key)
    assert driver.read(key) == driver.whole


def test_an_aborted_upload_is_gone_and_may_begin_again(
    driver: Driver, store: BlobStore, key: str
) -> None:
    driver.upload(key)
    for _ in range(2):
        store.abort(key)
    assert list(store.incomplete()) == []
    with pytest.raises(NoSuchObjectError):
        store.parts(key)
    driver.complete(key)
    assert driver.read(key) == driver.whole


@pytest.mark.parametrize("until", [Driver.upload, Driver.complete])
def test_deleting_leaves_nothing(
    driver: Driver, store: BlobStore, key: str, until: Callable[[Driver, str], None]
) -> None:
    until(driver, key)
    store.delete(key)
    assert [*store.incomplete(), *store.objects()] == []
    with pytest.raises(NoSuchObjectError):
        store.read(key, 0, 1)
    with pytest.raises(NoSuchObjectError):
        store.parts(key)


def test_deleting_what_was_never_there_is_fine(store: BlobStore, key: str) -> None:
    store.delete(key)
    store.abort(key)


def test_sweeps_see_every_object_and_upload(store: BlobStore) -> None:
    keys = sorted(secrets.token_hex(16) for _ in range(12))
    for one in keys:
        store.begin(one)
        put(store, one, 0, b"bytes")
    for one in keys[5:]:
        store.complete(one, [part(0, b"bytes")])
    store.sweep()
    assert sorted(store.incomplete()) == sorted(store.incomplete("00")) == keys[:5]
    assert sorted(store.objects()) == keys[5:]
    prefix = keys[7][:2]
    assert sorted(store.objects(prefix)) == [key for key in keys[5:] if key.startswith(prefix)]


@pytest.mark.parametrize("pieces", [(b"",), (b"a" * MIN_S3_PART_BYTES, b"")], ids=["only", "last"])
def test_a_part_may_be_empty(store: BlobStore, key: str, pieces: tuple[bytes, ...]) -> None:
    store.begin(key)
    for number, piece in enumerate(pieces):
        put(store, key, number, piece)
    store.complete(key, [part(number, piece) for number, piece in enumerate(pieces)])
    assert store.size(key) == len(b"".join(pieces))
    assert store.read(key, store.size(key), 10) == b""


@pytest.mark.parametrize(
    "bad", ["", "../../etc/passwd", "0" * 31, "0" * 33, "A" * 32, "0" * 32 + "\n", "g" * 32]
)
def test_what_is_not_a_key_never_becomes_a_path(driver: Driver, store: BlobStore, bad: str) -> None:
    for call in (
        store.begin,
        store.parts,
        store.size,
        store.abort,
        store.delete,
        lambda key: put(store, key, 0, b""),
        lambda key: store.complete(key, driver.parts),
        lambda key: store.read(key, 0, 1),
    ):
        with pytest.raises(ValueError, match="hexadecimal"):
            call(bad)


@pytest.mark.parametrize("number", [-1, MAX_PARTS])
def test_a_part_number_out_of_bounds_is_a_mistake_of_the_caller(
    store: BlobStore, key: str, number: int
) -> None:
    store.begin(key)
    with pytest.raises(ValueError, match="part number"):
        put(store, key, number, b"")


def test_no_error_tells_the_key(store: BlobStore, key: str) -> None:
    with pytest.raises(NoSuchObjectError) as refused:
        store.read(key, 0, 1)
    assert key not in str(refused.value)


def test_of_many_that_complete_and_put_at_once_the_object_comes_out_whole(
    driver: Driver,
    store: BlobStore,
) -> None:
    for _ in range(driver.rounds):
        key = secrets.token_hex(16)
        driver.upload(key)
        barrier = threading.Barrier(4)
        unexpected: list[Exception] = []

        def run(
            act: Callable[[], None],
            barrier: threading.Barrier = barrier,
            unexpected: list[Exception] = unexpected,
        ) -> None:
            barrier.wait()
            try:
                act()
            except PartDiffersError:
                pass  # the other bytes came before the object or after: both are told
            except Exception as error:  # noqa: BLE001  (whatever it is, the test fails on it)
                unexpected.append(error)

        acts: list[Callable[[], None]] = [
            lambda key=key: store.complete(key, driver.parts),  # type: ignore[misc]  # a default binds the loop's key
            lambda key=key: store.complete(key, driver.parts),  # type: ignore[misc]  # the same
            lambda key=key: put(store, key, 1, driver.pieces[1]),  # type: ignore[misc]  # the same
            lambda key=key: put(store, key, 2, b"other bytes"),  # type: ignore[misc]  # the same
        ]
        threads = [threading.Thread(target=run, args=(act,)) for act in acts]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert unexpected == []
        assert driver.read(key) == driver.whole
