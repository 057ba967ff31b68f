"""The outbox: sealed documents in a folder until the service has acknowledged them.

``outbox/<document id>/``: ``segment-<n>`` as they were sealed, ``document.json`` once
the document is sealed to its end, ``lock``. Ciphertext only. A folder without
``document.json`` that nobody holds was left by a crash: its segments can't be
continued (an index is sealed once) and are removed.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import threading
from typing import TYPE_CHECKING

from souspli_cli import files
from souspli_exchange.durable import create_private, sync_file, write_at
from souspli_exchange.errors import SpoolError
from souspli_exchange.ids import ID_PATTERN, DocumentId
from souspli_exchange.spool import SpooledDocument, encode_spooled, parse_spooled

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence
    from pathlib import Path
    from types import TracebackType

    from souspli_exchange.spool import Sealed

_DOCUMENT = "document.json"
# 100 covers of 512 KiB in base64, and as much room again for what stands around them.
MAX_DOCUMENT_BYTES = 134_217_728
# A segment: 8 MiB and a tag for each of its 128 chunks, the first one the age header.
MAX_SEGMENT_BYTES = 8_454_144


class FolderSpool:
    """A `Spool` in the profile's outbox; holds the documents that it has touched.

    A context: what it holds is let go at its end. Two programs never work on the same
    document: whoever comes second does not see it.
    """

    def __init__(self, outbox: Path) -> None:
        self._outbox = outbox
        self._held: dict[DocumentId, int] = {}
        self._beginning = threading.Lock()

    def __enter__(self) -> FolderSpool:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for descriptor in self._held.values():
            os.close(descriptor)
        self._held.clear()

    def put_segment(self, document_id: DocumentId, index: int, sealed: Sealed) -> None:
        """Keep a sealed segment; `SpoolError` if this one is there already."""
        with _as_spool_errors():
            with self._beginning:  # several threads put the first segments at once
                if document_id not in self._held:
                    self._begin(document_id)
            descriptor = create_private(self._folder(document_id) / f"segment-{index}")
            try:
                # Durable with `commit`, not before: a folder without it is thrown away.
                write_at(descriptor, 0, memoryview(sealed))
            finally:
                os.close(descriptor)

    def commit(self, document: SpooledDocument) -> None:
        """Make the document and its segments durable, in one step."""
        folder = self._folder(document.document_id)
        with _as_spool_errors():
            if not (folder / _DOCUMENT).exists():
                for index in range(len(document.checksums)):
                    sync_file(folder / f"segment-{index}")
            files.write_atomically(folder / _DOCUMENT, encode_spooled(document))

    def documents(self) -> Sequence[SpooledDocument]:
        """Return and hold all committed documents that nobody else holds, oldest first.

        What a crash left unfinished is removed. Raises SpoolError if one is damaged.
        """
        documents, damaged = self.take_all()
        if damaged:
            raise SpoolError("a spooled document is damaged")
        return documents

    def take_all(self) -> tuple[list[SpooledDocument], list[DocumentId]]:
        """Like `documents`, with the ids of those that are damaged."""
        found: list[SpooledDocument] = []
        damaged: list[DocumentId] = []
        with _as_spool_errors():
            for folder in self._hold_all():
                encoded = files.read(folder / _DOCUMENT, limit=MAX_DOCUMENT_BYTES)
                try:
                    found.append(_same_id(parse_spooled(encoded), folder.name))
                except SpoolError:
                    damaged.append(DocumentId(folder.name))
        return found, damaged

    def count(self) -> int:
        """Say how many committed documents wait, whoever holds them."""
        with _as_spool_errors():
            return sum(1 for _ in self._outbox.glob(f"*/{_DOCUMENT}"))

    def holds_documents(self) -> bool:
        """Whether a committed document is in this spool's hands."""
        return any((self._folder(held) / _DOCUMENT).exists() for held in self._held)

    def segment(self, document_id: DocumentId, index: int) -> bytes:
        """Return a segment, byte for byte as it was put."""
        with _as_spool_errors():
            path = self._folder(document_id) / f"segment-{index}"
            return files.read(path, limit=MAX_SEGMENT_BYTES)

    def discard(self, document_id: DocumentId) -> None:
        """Forget a document; nothing happens if there is none."""
        with _as_spool_errors():
            folder = self._folder(document_id)
            # First what makes it a document: a crash in between leaves nothing to send.
            (folder / _DOCUMENT).unlink(missing_ok=True)
            shutil.rmtree(folder, ignore_errors=True)
            files.sync_folder(self._outbox)
        descriptor = self._held.pop(document_id, None)
        if descriptor is not None:
            os.close(descriptor)

    def _folder(self, document_id: DocumentId) -> Path:
        if not ID_PATTERN.fullmatch(document_id):
            raise SpoolError("not the id of a document")
        return self._outbox / document_id

    def _begin(self, document_id: DocumentId) -> None:
        # Under the outbox's lock, or another program could take the folder that is
        # not held yet for one that a crash left.
        with files.locked(self._outbox / "lock"):
            folder = self._folder(document_id)
            folder.mkdir(mode=files.PRIVATE_FOLDER)
            if not self._hold(document_id):
                raise SpoolError("another program works on this document")
        files.sync_folder(self._outbox)

    def _hold_all(self) -> list[Path]:
        found: list[Path] = []
        with files.locked(self._outbox / "lock"):
            for folder in self._outbox.iterdir():
                document_id = DocumentId(folder.name)
                if not ID_PATTERN.fullmatch(document_id) or not self._hold(document_id):
                    continue
                if (folder / _DOCUMENT).exists():
                    found.append(folder)
                else:
                    self.discard(document_id)
        # The first segment is written once; document.json may be written again.
        return sorted(found, key=_sealed_at)

    def _hold(self, document_id: DocumentId) -> bool:
        if document_id in self._held:
            return True
        path = self._folder(document_id) / "lock"
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, files.PRIVATE_FILE)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return False
        self._held[document_id] = descriptor
        return True


def _sealed_at(folder: Path) -> int:
    first = folder / "segment-0"
    return first.stat().st_mtime_ns if first.exists() else 0


def _same_id(document: SpooledDocument, name: str) -> SpooledDocument:
    if document.document_id != name:
        raise SpoolError("a spooled document lies in the folder of another")
    return document


@contextlib.contextmanager
def _as_spool_errors() -> Generator[None]:
    """Let nothing out but `SpoolError`, as the port says; the cause tells a full disk."""
    try:
        yield
    except OSError as failure:
        raise SpoolError("the outbox can't be read or written") from failure
