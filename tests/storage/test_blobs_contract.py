"""What every BlobStore promises (souspli_storage/blobs.py), on each driver."""

import hashlib
import secrets
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from souspli_storage.blobs import MAX_PARTS, BlobStore, Part
from souspli_storage.disk import DiskBlobs
from souspli_storage.errors import (
    ChecksumMismatchError,
    NoSuchObjectError,
    ObjectDiffersError,
    PartsMissingError,
)
from souspli_storage.memory import MemoryBlobs

PIECES = (b"first part, a bit longer", b"second", b"", b"last")
WHOLE = b"".join(PIECES)


@pytest.fixture(params=["disk", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> BlobStore:
    drivers: dict[str, Callable[[], BlobStore]] = {
        "disk": lambda: DiskBlobs(tmp_path / "store"),
        "memory": MemoryBlobs,
    }
    return drivers[request.param]()


@pytest.fixture
def key() -> str:
    return secrets.token_hex(16)


def part(number: int, data: bytes) -> Part:
    return Part(number, len(data), hashlib.sha256(data).digest())


PARTS = tuple(part(number, piece) for number, piece in enumerate(PIECES))


def put(store: BlobStore, key: str, number: int, data: bytes) -> None:
    store.put_part(key, number, data, hashlib.sha256(data).digest())


def upload(store: BlobStore, key: str) -> None:
    store.begin(key)
    for number, piece in enumerate(PIECES):
        put(store, key, number, piece)


def complete(store: BlobStore, key: str) -> None:
    upload(store, key)
    store.complete(key, PARTS)


def test_an_object_is_its_parts_in_order(store: BlobStore, key: str) -> None:
    store.begin(key)
    for number in (3, 0, 2, 1):
        put(store, key, number, PIECES[number])
    assert store.parts(key) == PARTS
    store.complete(key, PARTS)
    assert store.read(key, 0, len(WHOLE)) == WHOLE
    assert store.size(key) == len(WHOLE)
    assert store.parts(key) == PARTS


def test_every_range_reads_the_bytes_that_lie_in_it(store: BlobStore, key: str) -> None:
    complete(store, key)
    for offset in range(len(WHOLE) + 3):
        for length in range(len(WHOLE) + 3):
            assert store.read(key, offset, length) == WHOLE[offset : offset + length]


@pytest.mark.parametrize(("offset", "length"), [(-1, 1), (0, -1)])
def test_a_negative_range_is_a_mistake_of_the_caller(
    store: BlobStore, key: str, offset: int, length: int
) -> None:
    complete(store, key)
    with pytest.raises(ValueError, match="negative"):
        store.read(key, offset, length)


def test_bytes_that_are_not_those_of_the_checksum_are_refused(store: BlobStore, key: str) -> None:
    store.begin(key)
    with pytest.raises(ChecksumMismatchError):
        store.put_part(key, 0, b"sent", hashlib.sha256(b"arrived").digest())
    assert store.parts(key) == ()


def test_there_is_no_object_before_it_is_complete(store: BlobStore, key: str) -> None:
    upload(store, key)
    with pytest.raises(NoSuchObjectError):
        store.read(key, 0, 1)
    with pytest.raises(NoSuchObjectError):
        store.size(key)
    assert list(store.objects()) == []
    assert list(store.incomplete()) == [key]


def test_what_was_never_begun_is_nowhere(store: BlobStore, key: str) -> None:
    for call in (
        lambda: put(store, key, 0, b""),
        lambda: store.parts(key),
        lambda: store.complete(key, PARTS),
        lambda: store.read(key, 0, 1),
        lambda: store.size(key),
    ):
        with pytest.raises(NoSuchObjectError):
            call()


def test_complete_names_the_parts_that_are_missing_or_differ(store: BlobStore, key: str) -> None:
    store.begin(key)
    put(store, key, 0, PIECES[0])
    put(store, key, 2, b"other bytes")
    with pytest.raises(PartsMissingError) as refused:
        store.complete(key, PARTS[:3])
    assert refused.value.missing == (1, 2)
    with pytest.raises(NoSuchObjectError):
        store.size(key)
    put(store, key, 1, PIECES[1])
    put(store, key, 2, PIECES[2])
    store.complete(key, PARTS[:3])
    assert store.size(key) == sum(len(piece) for piece in PIECES[:3])


def test_a_size_that_differs_is_a_part_that_differs(store: BlobStore, key: str) -> None:
    upload(store, key)
    lying = [Part(one.number, one.size + 1, one.sha256) for one in PARTS]
    with pytest.raises(PartsMissingError) as refused:
        store.complete(key, lying)
    assert refused.value.missing == (0, 1, 2, 3)


@pytest.mark.parametrize("listed", [(), PARTS[1:], PARTS[::-1]], ids=["none", "gap", "order"])
def test_an_object_has_all_parts_from_zero_on(
    store: BlobStore, key: str, listed: tuple[Part, ...]
) -> None:
    upload(store, key)
    with pytest.raises(PartsMissingError):
        store.complete(key, listed)


def test_parts_that_are_not_listed_are_not_in_the_object(store: BlobStore, key: str) -> None:
    upload(store, key)
    store.complete(key, PARTS[:2])
    assert store.read(key, 0, 1000) == PIECES[0] + PIECES[1]
    assert store.parts(key) == PARTS[:2]


def test_a_part_put_again_replaces_the_one_before(store: BlobStore, key: str) -> None:
    store.begin(key)
    put(store, key, 0, b"a first attempt")
    put(store, key, 0, PIECES[0])
    assert store.parts(key) == PARTS[:1]


def test_every_call_may_be_repeated(store: BlobStore, key: str) -> None:
    for _ in range(2):
        store.begin(key)
    for number, piece in enumerate(PIECES):
        put(store, key, number, piece)
        put(store, key, number, piece)
    for _ in range(2):
        store.complete(key, PARTS)
    # The client that lost its answer begins again, and resends what it has.
    store.begin(key)
    put(store, key, 1, PIECES[1])
    assert store.parts(key) == PARTS
    assert store.read(key, 0, 1000) == WHOLE
    assert list(store.incomplete()) == []
    for _ in range(2):
        store.delete(key)


def test_an_object_never_changes(store: BlobStore, key: str) -> None:
    complete(store, key)
    with pytest.raises(NoSuchObjectError):
        put(store, key, 1, b"too late")
    with pytest.raises(NoSuchObjectError):
        put(store, key, 9, b"one more")
    with pytest.raises(ObjectDiffersError):
        store.complete(key, PARTS[:2])
    store.abort(key)
    assert store.read(key, 0, 1000) == WHOLE


def test_an_aborted_upload_is_gone_and_may_begin_again(store: BlobStore, key: str) -> None:
    upload(store, key)
    for _ in range(2):
        store.abort(key)
    assert list(store.incomplete()) == []
    with pytest.raises(NoSuchObjectError):
        store.parts(key)
    complete(store, key)
    assert store.read(key, 0, 1000) == WHOLE


@pytest.mark.parametrize("until", [upload, complete])
def test_deleting_leaves_nothing(
    store: BlobStore, key: str, until: Callable[[BlobStore, str], None]
) -> None:
    until(store, key)
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
    for one in keys[:5]:
        upload(store, one)
    for one in keys[5:]:
        complete(store, one)
    store.sweep()
    assert sorted(store.incomplete()) == keys[:5]
    assert sorted(store.objects()) == keys[5:]
    prefix = keys[7][:2]
    assert sorted(store.objects(prefix)) == [key for key in keys[5:] if key.startswith(prefix)]


@pytest.mark.parametrize(
    "bad", ["", "../../etc/passwd", "0" * 31, "0" * 33, "A" * 32, "0" * 32 + "\n", "g" * 32]
)
def test_what_is_not_a_key_never_becomes_a_path(store: BlobStore, bad: str) -> None:
    for call in (
        store.begin,
        store.parts,
        store.size,
        store.abort,
        store.delete,
        lambda key: put(store, key, 0, b""),
        lambda key: store.complete(key, PARTS),
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
    store: BlobStore,
) -> None:
    for _ in range(20):
        key = secrets.token_hex(16)
        upload(store, key)
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
            except (NoSuchObjectError, PartsMissingError):
                pass  # the other bytes came too late, or in time: both are told
            except Exception as error:  # noqa: BLE001  (whatever it is, the test fails on it)
                unexpected.append(error)

        acts: list[Callable[[], None]] = [
            lambda key=key: store.complete(key, PARTS),  # type: ignore[misc]  # a default binds the loop's key
            lambda key=key: store.complete(key, PARTS),  # type: ignore[misc]  # the same
            lambda key=key: put(store, key, 1, PIECES[1]),  # type: ignore[misc]  # the same
            lambda key=key: put(store, key, 2, b"other bytes"),  # type: ignore[misc]  # the same
        ]
        threads = [threading.Thread(target=run, args=(act,)) for act in acts]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert unexpected == []
        if key in store.objects():
            assert store.read(key, 0, 1000) == WHOLE
        else:
            assert store.parts(key)[2] == part(2, b"other bytes")
