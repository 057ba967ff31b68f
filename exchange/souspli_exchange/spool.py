"""Sealed bytes kept until the service has acknowledged them.

docs/specs/sealed-document.md §2: a chunk index is sealed once, so a retry, also one
after a restart, sends the very bytes that were sealed first. All of it is ciphertext
or public: a spool folder tells a thief what the service knows, and no more.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from souspli_exchange.errors import SpoolError
from souspli_exchange.ids import DocumentId, InvitationId
from souspli_exchange.ports.sender import AddressedCover
from souspli_keys.errors import FormatError
from souspli_keys.fields import Fields, read_object
from souspli_keys.public import Fingerprint, read_fingerprint
from souspli_keys.values import decode_base64, encode_base64

VERSION = 1
MAX_COVERS = 100  # of one deposit (mailbox.md §4)

_MOST_SEGMENTS = 1_000_000
_MOST_COVER_CHARACTERS = 1_048_576  # base64 of a sealed cover takes about 700,000


Sealed = bytes | bytearray | memoryview
"""A sealed segment, in whatever holds it."""


@dataclass(frozen=True, slots=True)
class SpooledCover:
    """A cover, whom it is for, and the hash that their receipt will name."""

    invitation_id: InvitationId
    recipient: Fingerprint
    manifest_hash: str
    sealed: bytes = field(repr=False)

    @property
    def addressed(self) -> AddressedCover:
        """The cover as a deposit takes it."""
        return AddressedCover(
            invitation_id=self.invitation_id,
            recipient_fingerprint=self.recipient,
            cover=self.sealed,
        )


@dataclass(frozen=True, slots=True)
class SpooledDocument:
    """A document sealed to its end: everything that depositing it takes, but its segments."""

    document_id: DocumentId
    sealed_length: int
    checksums: tuple[bytes, ...]
    """SHA-256 of every sealed segment, in order."""
    covers: tuple[SpooledCover, ...]
    sender_cover: bytes = field(repr=False)

    def with_cover(self, cover: SpooledCover) -> "SpooledDocument":
        """Return the document with this cover in the place of the same invitation's."""
        covers = tuple(
            cover if old.invitation_id == cover.invitation_id else old for old in self.covers
        )
        return replace(self, covers=covers)


class Spool(Protocol):
    """Where sealed documents wait. Blocking calls; `send` makes them in threads.

    For the implementer: all but `commit` may lose what was written when the machine
    stops. A document whose segments are there without a committed `SpooledDocument`
    was never sealed to its end and is discarded at the next start. One document is
    handled by one program at a time. Raise SpoolError, and nothing else.
    """

    def put_segment(self, document_id: DocumentId, index: int, sealed: Sealed) -> None:
        """Keep a copy of a sealed segment; SpoolError if this one is there already.

        Called in several threads at once, each with another segment, in any order.
        """
        ...

    def commit(self, document: SpooledDocument) -> None:
        """Make the document and all its segments durable; replace an earlier commit.

        In one step: after a crash there is the old one or the new one.
        """
        ...

    def documents(self) -> Sequence[SpooledDocument]:
        """Return all committed documents, oldest first."""
        ...

    def segment(self, document_id: DocumentId, index: int) -> bytes:
        """Return a segment, byte for byte as it was put."""
        ...

    def discard(self, document_id: DocumentId) -> None:
        """Forget a document, committed or not; nothing happens if there is none."""
        ...


def encode_spooled(document: SpooledDocument) -> bytes:
    """Return the JSON that `parse_spooled` reads."""
    return json.dumps(
        {
            "checksums": [encode_base64(checksum) for checksum in document.checksums],
            "covers": [
                {
                    "invitation_id": cover.invitation_id,
                    "manifest_hash": cover.manifest_hash,
                    "recipient": cover.recipient,
                    "sealed": encode_base64(cover.sealed),
                }
                for cover in document.covers
            ],
            "document_id": document.document_id,
            "sealed_length": document.sealed_length,
            "sender_cover": encode_base64(document.sender_cover),
            "version": VERSION,
        }
    ).encode()


def parse_spooled(encoded: bytes) -> SpooledDocument:
    """Return the document that `encode_spooled` wrote; SpoolError if it is damaged."""
    try:
        return read_object(json.loads(encoded), _read_document)
    except (FormatError, ValueError, RecursionError) as refused:
        raise SpoolError("a spooled document is damaged") from refused


def _read_document(fields: Fields) -> SpooledDocument:
    fields.constant("version", VERSION)
    checksums = fields.list("checksums", least=1, most=_MOST_SEGMENTS)
    covers = fields.list("covers", least=1, most=MAX_COVERS)
    return SpooledDocument(
        document_id=DocumentId(fields.id("document_id")),
        sealed_length=fields.integer("sealed_length"),
        checksums=tuple(_read_checksum(checksum) for checksum in checksums),
        covers=tuple(read_object(cover, _read_cover) for cover in covers),
        sender_cover=_read_sealed(fields, "sender_cover"),
    )


def _read_cover(fields: Fields) -> SpooledCover:
    return SpooledCover(
        invitation_id=InvitationId(fields.id("invitation_id")),
        recipient=read_fingerprint(fields, "recipient"),
        manifest_hash=fields.hash("manifest_hash"),
        sealed=_read_sealed(fields, "sealed"),
    )


def _read_sealed(fields: Fields, name: str) -> bytes:
    return decode_base64(fields.text(name, most=_MOST_COVER_CHARACTERS))


def _read_checksum(value: object) -> bytes:
    if not isinstance(value, str):
        raise SpoolError("a spooled document is damaged")
    return decode_base64(value, length=32)
