"""The store in memory breaks each write twice: not applied, and applied but reported failed."""

import hashlib

import pytest

from souspli_storage.blobs import Part
from souspli_storage.errors import (
    NoSuchObjectError,
    StorageFullError,
    StoreUnavailableError,
)
from souspli_storage.memory import Fault, MemoryBlobs

KEY = "0" * 32
DATA = b"bytes"
PART = Part(0, len(DATA), hashlib.sha256(DATA).digest())


def store_failing(operation: str, fault: Fault) -> MemoryBlobs:
    store = MemoryBlobs()
    store.begin(KEY)
    store.put_part(KEY, 0, DATA, PART.sha256)
    store.fault = lambda asked: fault if asked == operation else None
    return store


@pytest.mark.parametrize("fault", [Fault.BEFORE, Fault.FULL])
def test_a_write_that_was_not_applied_leaves_things_as_they_were(fault: Fault) -> None:
    store = store_failing("complete", fault)
    with pytest.raises((StoreUnavailableError, StorageFullError)):
        store.complete(KEY, [PART])
    store.fault = lambda _: None
    with pytest.raises(NoSuchObjectError):
        store.size(KEY)


def test_a_write_reported_as_failed_may_have_been_applied() -> None:
    store = store_failing("complete", Fault.AFTER)
    with pytest.raises(StoreUnavailableError) as failed:
        store.complete(KEY, [PART])
    assert failed.value.temporary
    store.fault = lambda _: None
    assert store.size(KEY) == len(DATA)
    store.complete(KEY, [PART])
