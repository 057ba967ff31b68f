"""A mail's documents, sealed in memory: plaintext goes in, nothing of it comes out.

docs/specs/bridge.md §5, sealed-document.md §2. Pure but for the keys that it draws.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from souspli_cli.bridge.slip import DocumentSlip, slip_of
from souspli_exchange.engine import seal_contents
from souspli_exchange.ids import new_document_id
from souspli_exchange.sources import BytesSource

if TYPE_CHECKING:
    from souspli_cli.intake.values import Document, Finding, Mail


@dataclass(frozen=True)
class SealedDocument:
    """A document's slip, and its sealed segments in order."""

    slip: DocumentSlip
    segments: tuple[bytearray, ...] = field(repr=False)


def seal_mail(mail: Mail, *, now: int) -> list[SealedDocument]:
    """Seal each document to a key of its own.

    Raises FileNameError and TooLargeToSendError for what intake must not let out.
    """
    return [_seal(document, mail.findings, now=now) for document in mail.documents]


def _seal(document: Document, findings: frozenset[Finding], *, now: int) -> SealedDocument:
    sources = [BytesSource(file.name, file.media_type, file.content) for file in document.files]
    kept = _Segments()
    # One thread: several mails are sealed side by side already.
    sealed = seal_contents(sources, created_at=now, sink=kept, threads=1)
    segments = kept.in_order()
    slip = slip_of(
        document,
        sealed,
        [hashlib.sha256(segment).digest() for segment in segments],
        document_id=new_document_id(),
        also=findings,
    )
    return SealedDocument(slip, segments)


class _Segments:
    """A `SegmentSink` in memory."""

    def __init__(self) -> None:
        self._segments: dict[int, bytearray] = {}

    def put(self, index: int, offset: int, sealed: memoryview) -> None:
        del offset  # the parts of a segment come in order
        self._segments.setdefault(index, bytearray()).extend(sealed)

    def in_order(self) -> tuple[bytearray, ...]:
        return tuple(self._segments[index] for index in sorted(self._segments))
