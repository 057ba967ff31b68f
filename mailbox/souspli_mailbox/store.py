"""The store of the settings, opened: objects, and the ledger of tombstones beside them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from souspli_mailbox.settings import Settings
from souspli_storage.disk import DiskBlobs
from souspli_storage.disk_ledger import DiskLedger

if TYPE_CHECKING:
    from souspli_storage.blobs import BlobStore
    from souspli_storage.ledger import Ledger

DOCUMENTS_FOLDER: Final = "documents"
LEDGER_FILE: Final = "tombstones"


def open_blobs(settings: Settings) -> BlobStore:
    """Return the store."""
    return DiskBlobs(settings.data / DOCUMENTS_FOLDER)


def open_ledger(settings: Settings) -> Ledger:
    """Return the ledger, in whatever store the objects are: after `open_blobs`, which makes it.

    Beside them, so that it outlives the database as they do. In a bucket a line is an
    object's name and its content empty: listed in order, read on from where one was.
    """
    return DiskLedger(settings.data / DOCUMENTS_FOLDER / LEDGER_FILE)
