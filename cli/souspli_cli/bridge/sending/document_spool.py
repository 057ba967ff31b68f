"""One document of the spool, as the exchange deposits it.

Its segments rest in its mail's file. Its covers are made when it is sent, and rest in a
file of their own before anything of them leaves: ciphertext, in the outbox's format.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from souspli_cli import files
from souspli_cli.bridge.errors import SpoolDamagedError
from souspli_cli.spool import MAX_DOCUMENT_BYTES
from souspli_exchange.errors import SpoolError
from souspli_exchange.spool import SpooledDocument, encode_spooled, parse_spooled

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from souspli_cli.bridge.spool import MailSpool, SpooledMail
    from souspli_exchange.ids import DocumentId
    from souspli_exchange.spool import Sealed

_COVERS: Final = ".covers"


class DocumentSpool:
    """A `Spool` that holds one document."""

    def __init__(self, spool: MailSpool, mail: SpooledMail, number: int) -> None:
        self._spool = spool
        self._mail = mail
        self._number = number
        self.slip = mail.documents[number]
        self._path = covers_path(spool.folder, self.slip.document_id)

    def put_segment(self, document_id: DocumentId, index: int, sealed: Sealed) -> None:
        """Refuse: its segments were sealed when the mail was accepted."""
        del document_id, index, sealed
        raise SpoolError("this document is sealed")

    def commit(self, document: SpooledDocument) -> None:
        """Keep the covers, durably; replace those that are there."""
        try:
            files.write_atomically(self._path, encode_spooled(document))
        except OSError as failure:
            raise SpoolError("the spool can't be written") from failure

    def committed(self) -> SpooledDocument | None:
        """Give the document with its covers, if they were made; raises SpoolError."""
        try:
            kept = parse_spooled(files.read(self._path, limit=MAX_DOCUMENT_BYTES))
        except FileNotFoundError:
            return None
        except OSError as failure:
            raise SpoolError("the spool can't be read") from failure
        if kept.document_id != self.slip.document_id:
            raise SpoolError("covers of another document")
        return kept

    def documents(self) -> Sequence[SpooledDocument]:
        """Give the document, if its covers were made."""
        kept = self.committed()
        return () if kept is None else (kept,)

    def segment(self, document_id: DocumentId, index: int) -> bytes:
        """Return a segment, byte for byte as it was sealed."""
        if document_id != self.slip.document_id:
            raise SpoolError("another document's segment")
        try:
            return self._spool.segment(self._mail, self._number, index)
        except (OSError, SpoolDamagedError) as failure:
            raise SpoolError("the spool can't be read") from failure

    def discard(self, document_id: DocumentId) -> None:
        """Leave everything: the ledger says first that the document was delivered."""
        del document_id

    def remove_covers(self) -> None:
        """Forget the covers; nothing happens if there are none."""
        self._path.unlink(missing_ok=True)


def begun(folder: Path) -> set[str]:
    """Give the ids of documents whose covers were made: any of them may have left."""
    return {path.stem for path in folder.glob(f"*{_COVERS}")}


def covers_path(folder: Path, document_id: str) -> Path:
    """Give where a document's covers are kept."""
    return folder / f"{document_id}{_COVERS}"
