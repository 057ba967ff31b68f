"""A spool in memory."""

from collections.abc import Sequence

from souspli_exchange.errors import SpoolError
from souspli_exchange.ids import DocumentId
from souspli_exchange.spool import SpooledDocument, encode_spooled, parse_spooled


class MemorySpool:
    """A spool in memory. What is not committed is lost by `restart`."""

    def __init__(self) -> None:
        self.segments: dict[tuple[DocumentId, int], bytes] = {}
        self.committed: dict[DocumentId, bytes] = {}

    def put_segment(
        self, document_id: DocumentId, index: int, sealed: bytes | bytearray | memoryview
    ) -> None:
        if (document_id, index) in self.segments:
            raise SpoolError("this segment was put before")
        self.segments[document_id, index] = bytes(sealed)

    def commit(self, document: SpooledDocument) -> None:
        self.committed[document.document_id] = encode_spooled(document)

    def documents(self) -> Sequence[SpooledDocument]:
        return [parse_spooled(encoded) for encoded in self.committed.values()]

    def segment(self, document_id: DocumentId, index: int) -> bytes:
        return self.segments[document_id, index]

    def discard(self, document_id: DocumentId) -> None:
        self.committed.pop(document_id, None)
        self.segments = {key: v for key, v in self.segments.items() if key[0] != document_id}

    def restart(self) -> None:
        """What a crash of the program leaves."""
        for document_id, index in list(self.segments):
            if document_id not in self.committed:
                del self.segments[document_id, index]
