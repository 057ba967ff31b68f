"""Vectors of closing.md §1: a patient ends their account."""

import json
from dataclasses import replace

from vectors.cast import ATTESTED, ORIGIN, Cast
from vectors.making import SignatureStore, VectorSigner, accept, json_body, refuse
from vectors.reader import Vector

from souspli_keys import dsse
from souspli_keys.address import Origin
from souspli_keys.dsse import Envelope, PayloadType
from souspli_keys.statements import Closing


def closing_vectors(store: SignatureStore) -> list[Vector]:
    """Return all of them."""
    cast = Cast(store)
    closing = Closing(line=cast.line("closing", issued_at=ATTESTED))
    return [*_payloads(closing), *_closings(cast, closing)]


def _payloads(closing: Closing) -> list[Vector]:
    right = json.loads(closing.to_payload())

    def spelt(**change: object) -> bytes:
        # Not by our own encoder: it may refuse to write what a reader is to refuse.
        return json.dumps(right | change, sort_keys=True, separators=(",", ":")).encode()

    bad = {
        "second": ("a closing that follows another", spelt(sequence=2, previous="ab" * 32)),
        "reason": ("a reason, which has no place there", spelt(reason="x")),
    }
    return [
        accept("statement/closing", "the payload of a closing statement", spelt(), kind="closing"),
        *(
            refuse(f"statement/closing-{name}", f"refused: {what}", payload, kind="closing")
            for name, (what, payload) in bad.items()
        ),
    ]


def _closings(cast: Cast, closing: Closing) -> list[Vector]:
    def sign(
        signer: VectorSigner, payload: Closing = closing, kind: PayloadType = PayloadType.CLOSING
    ) -> Envelope:
        return dsse.sign(kind, payload.to_payload(), signer)

    def body(envelope: Envelope) -> bytes:
        return json_body(
            {"identity": cast.patient.public.to_json(), "envelope": envelope.to_json()}
        )

    def wrong(name: str, what: str, reason: str, envelope: Envelope) -> Vector:
        return refuse(
            f"closing/{name}", f"refused: {what}", body(envelope), reason=reason, origin=ORIGIN
        )

    elsewhere = replace(closing, line=replace(closing.line, origin=Origin("souspli.example")))
    return [
        accept(
            "closing/right",
            "a patient closes their account",
            body(sign(cast.patient)),
            origin=ORIGIN,
            subject=closing.line.subject,
        ),
        wrong("by-stranger", "a closing that a stranger signed", "signature", sign(cast.stranger)),
        wrong("by-practice", "a closing that the practice signed", "signature", sign(cast.doctor)),
        wrong("other-origin", "a closing for another service", "chain", sign(cast.patient, elsewhere)),
        wrong("as-choice", "the same bytes, signed as a choice", "signature", sign(cast.patient, kind=PayloadType.CHOICE)),
    ]  # fmt: skip
