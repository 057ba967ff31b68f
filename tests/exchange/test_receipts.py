"""A receipt says who opened which document."""

from typing import Any

import pytest
from exchange.people import NOW, ORIGIN, Practice
from exchange.sealed_world import ME, Sent, open_contents, open_own

from souspli_exchange.errors import ReceiptRefusedError
from souspli_exchange.receipt import verify_receipt
from souspli_exchange.receive import sign_receipt
from souspli_keys import dsse
from souspli_keys.dsse import PayloadType
from souspli_keys.identity import Identity


def test_a_receipt_says_which_document_was_opened_by_whom(
    practice: Practice, sent: Sent, other: Sent
) -> None:
    verified, _ = open_contents(open_own(practice, sent.cover, sent), sent.contents)
    envelope = sign_receipt(verified, signer=ME, now=NOW + 60)
    expected: dict[str, Any] = {
        "reader": ME.public,
        "document_id": sent.spooled.document_id,
        "manifest_hash": sent.spooled.covers[0].manifest_hash,
        "origin": ORIGIN,
    }
    assert verify_receipt(envelope, **expected).opened_at == NOW + 60
    somebody = Identity.generate()
    differences: dict[str, Any] = {
        "reader": somebody.public,
        "document_id": other.spooled.document_id,
        "manifest_hash": other.spooled.covers[0].manifest_hash,
        "origin": "other.example",
    }
    for name, value in differences.items():
        with pytest.raises(ReceiptRefusedError):
            verify_receipt(envelope, **(expected | {name: value}))
    forged = dsse.sign(PayloadType.RECEIPT, envelope.payload, somebody)
    with pytest.raises(ReceiptRefusedError):
        verify_receipt(forged, **expected)
