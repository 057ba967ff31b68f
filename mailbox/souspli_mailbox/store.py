"""The store of the settings, opened: the one place where its kinds are told apart."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Final

import structlog

from souspli_mailbox.settings import Settings
from souspli_storage.disk import DiskBlobs
from souspli_storage.disk_ledger import DiskLedger
from souspli_storage.errors import NoSuchObjectError
from souspli_storage.regions import is_allowed

if TYPE_CHECKING:
    from souspli_mailbox.store_settings import StoreSettings
    from souspli_storage.blobs import BlobStore
    from souspli_storage.ledger import Ledger
    from souspli_storage.s3_bucket import BucketState

DOCUMENTS_FOLDER: Final = "documents"
LEDGER_FILE: Final = "tombstones"

# Keys are random: this one is no object's.
NO_OBJECT: Final = "0" * 32

_log: structlog.typing.FilteringBoundLogger = structlog.get_logger("souspli.mailbox")


def open_blobs(settings: Settings) -> BlobStore:
    """Return the store, tried and found usable.

    Raises SettingsError (credentials), StorageError: StoreRefusedError and
    StoreUnsuitableError for what the operator has to change, StoreUnavailableError
    for a store that is away, without which there is nothing to serve.
    """
    match settings.store.kind:
        case "disk":
            return DiskBlobs(settings.data / DOCUMENTS_FOLDER)
        case "s3":
            from souspli_storage.s3 import open_s3  # noqa: PLC0415  (boto3 takes a third of a second)

            blobs = open_s3(settings.store.location())
            _warn(settings.store, blobs.check())
            return blobs


def open_ledger(settings: Settings) -> Ledger:
    """Return the ledger of tombstones: always beside the objects, in whatever store they are.

    Raises SettingsError and StorageError as `open_blobs` does.
    """
    match settings.store.kind:
        case "disk":
            return DiskLedger(settings.data / DOCUMENTS_FOLDER / LEDGER_FILE)
        case "s3":
            from souspli_storage.s3 import open_s3_ledger  # noqa: PLC0415  (as above)

            return open_s3_ledger(settings.store.location())


def reach_store(blobs: BlobStore) -> None:
    """Ask the store for an object that no upload was ever given the key of."""
    with contextlib.suppress(NoSuchObjectError):
        blobs.size(NO_OBJECT)


def _warn(store: StoreSettings, state: BucketState) -> None:
    """Say once, at the start, what an operator should know of the bucket."""
    for region in {store.region, state.region} - {None}:
        if not is_allowed(str(region), allowed=store.allowed_regions):
            # Where patients' data may lie is law, and nobody but the operator knows.
            _log.warning("store-region-not-allowed", region=region)
    if state.object_lock:
        _log.warning("store-locks-objects", consequence="deletions will fail")
    if state.object_lock is None or state.versioning is None:
        _log.info("store-state-unknown", versioning=state.versioning, lock=state.object_lock)
