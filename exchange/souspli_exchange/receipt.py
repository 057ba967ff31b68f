"""Receipts: the reader's signature that a document was verified whole and opened.

docs/specs/sealed-document.md §6.
"""

from dataclasses import dataclass

from souspli_exchange.errors import ReceiptRefusedError
from souspli_exchange.ids import DocumentId
from souspli_exchange.manifest import MAX_ORIGIN_CHARACTERS
from souspli_keys import canonical, dsse
from souspli_keys.dsse import Envelope, PayloadType
from souspli_keys.errors import FormatError, SignatureError
from souspli_keys.fields import Fields, read_object
from souspli_keys.public import Fingerprint, PublicIdentity, read_fingerprint

VERSION = 1


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a reader says by signing: I opened this, then."""

    document_id: DocumentId
    manifest_hash: str
    opened_at: int
    origin: str
    reader: Fingerprint
    salt: str


def encode_receipt(receipt: Receipt) -> bytes:
    """Return the payload to sign. `receive.sign_receipt` is the only one to make one."""
    return canonical.encode(
        {
            "checkpoint": None,
            "document_id": receipt.document_id,
            "manifest_hash": receipt.manifest_hash,
            "opened_at": receipt.opened_at,
            "origin": receipt.origin,
            "reader": receipt.reader,
            "salt": receipt.salt,
            "version": VERSION,
        }
    )


def verify_receipt(
    envelope: Envelope,
    *,
    reader: PublicIdentity,
    document_id: DocumentId,
    manifest_hash: str,
    origin: str,
) -> Receipt:
    """Return the receipt if `reader` signed it for just this document.

    `reader` is the identity that the sender verified for the delivery, `manifest_hash`
    the one it kept for it. Raises ReceiptRefusedError for anything else.
    """
    try:
        payload = dsse.verify(envelope, payload_type=PayloadType.RECEIPT, signer=reader)
        receipt = read_object(canonical.decode(payload), _read_receipt)
    except (FormatError, SignatureError) as refused:
        raise ReceiptRefusedError("not a receipt signed by this reader") from refused
    says = (receipt.reader, receipt.document_id, receipt.manifest_hash, receipt.origin)
    if says != (reader.fingerprint, document_id, manifest_hash, origin):
        raise ReceiptRefusedError("a receipt for another document")
    return receipt


def _read_receipt(fields: Fields) -> Receipt:
    fields.constant("version", VERSION)
    fields.constant("checkpoint", None)
    return Receipt(
        document_id=DocumentId(fields.id("document_id")),
        manifest_hash=fields.hash("manifest_hash"),
        opened_at=fields.integer("opened_at"),
        origin=fields.text("origin", most=MAX_ORIGIN_CHARACTERS),
        reader=read_fingerprint(fields, "reader"),
        salt=fields.id("salt"),
    )
