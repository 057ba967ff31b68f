"""Documents that are sealed already: sealing is the sender's work, and not the service's."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from typing import Final

import msgspec

from souspli_exchange.cover import Cover
from souspli_exchange.engine import seal_contents
from souspli_exchange.ids import DocumentId, new_document_id, random_hex
from souspli_exchange.manifest import Description, Manifest, Sender, encode_manifest
from souspli_exchange.receipt import Receipt, encode_receipt
from souspli_exchange.sealed import seal_cover
from souspli_exchange.sources import BytesSource
from souspli_keys import dsse
from souspli_keys.dsse import PayloadType
from souspli_keys.identity import Identity

SIZE: Final = 200 * 1024
ORIGIN: Final = "souspli.localhost"
DESCRIPTION: Final = Description(title="Analyses de sang", date="2026-11-28", patient=None)


class Letter(msgspec.Struct, frozen=True):
    """A sealed document of one segment. Its id is drawn at each deposit: none is bound to it."""

    contents: bytes
    cover: bytes
    sender_cover: bytes
    recipient: str
    """Fingerprint of the key that the cover is sealed to."""

    @property
    def sha256(self) -> bytes:
        return hashlib.sha256(self.contents).digest()


@dataclass(frozen=True)
class Sealing:
    """Who seals, and the one identity that all patients of a benchmark share."""

    member: Identity
    organisation: str
    reader: Identity

    def letter(self, *, now: int, size: int = SIZE) -> Letter:
        """Seal one report of random bytes, as the real client does."""
        kept = bytearray()

        class Keep:
            def put(self, index: int, offset: int, sealed: memoryview) -> None:
                del index
                kept[offset : offset + len(sealed)] = sealed

        report = BytesSource(
            name="analyses.pdf", media_type="application/pdf", content=os.urandom(size)
        )
        done = seal_contents([report], created_at=now, sink=Keep(), threads=1)
        covers: list[bytes] = []
        for recipient in (self.reader, self.member):
            manifest = Manifest(
                salt=random_hex(),
                document_id=new_document_id(),
                origin=ORIGIN,
                created_at=now,
                sender=Sender(
                    address="camille.martin@cabinet.example",
                    fingerprint=self.member.public.fingerprint,
                    name="Dr Camille Martin",
                    organisation=self.organisation,  # type: ignore[arg-type]  # its text
                ),
                recipient=recipient.public.fingerprint,
                contents=done.contents,
                document=DESCRIPTION,
            )
            envelope = dsse.sign(PayloadType.MANIFEST, encode_manifest(manifest), self.member)
            covers.append(seal_cover(Cover(done.document_key, envelope), recipient.public))
        return Letter(bytes(kept), covers[0], covers[1], self.reader.public.fingerprint)

    def receipt(self, document_id: str, *, now: int) -> bytes:
        """Sign for a document; the body of the request that brings it."""
        receipt = Receipt(
            document_id=DocumentId(document_id),
            manifest_hash=hashlib.sha256(document_id.encode()).hexdigest(),
            opened_at=now,
            origin=ORIGIN,
            reader=self.reader.public.fingerprint,
            salt=random_hex(),
        )
        envelope = dsse.sign(PayloadType.RECEIPT, encode_receipt(receipt), self.reader)
        return msgspec.json.encode({"receipt": envelope.to_json()})
