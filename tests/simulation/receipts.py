"""Receipts as a patient's program signs them."""

from __future__ import annotations

from simulation.quick import Claimant
from souspli_exchange.ids import random_hex
from souspli_exchange.receipt import Receipt, encode_receipt
from souspli_keys import dsse
from souspli_keys.dsse import Envelope, PayloadType
from souspli_keys.identity import Identity


def receipt(patient: Claimant, document_id: str, *, signer: Identity | None = None) -> Envelope:
    """A receipt for a document whose manifest hash is made up."""
    payload = encode_receipt(
        Receipt(
            document_id=document_id,  # type: ignore[arg-type]  # text
            manifest_hash="ab" * 32,
            opened_at=patient.service.clock.now,
            origin="souspli.localhost",
            reader=(signer or patient.identity).public.fingerprint,
            salt=random_hex(),
        )
    )
    return dsse.sign(PayloadType.RECEIPT, payload, signer or patient.identity)
