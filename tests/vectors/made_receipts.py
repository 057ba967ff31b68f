"""Vectors of receipts (sealed-document.md §6)."""

from vectors.made_documents import OTHER_HASH, OTHER_ID, SENT, Json, Maker
from vectors.making import accept, bytes_for, json_body, refuse
from vectors.reader import Vector

from souspli_keys import canonical, dsse
from souspli_keys.dsse import PayloadType


def receipt_vectors(maker: Maker) -> list[Vector]:
    """Return a receipt, and every way to be none."""
    good: Json = {
        "checkpoint": None,
        "document_id": bytes_for("document", 16).hex(),
        "manifest_hash": bytes_for("manifest hash").hex(),
        "opened_at": SENT,
        "origin": maker.cast.organisation.line.origin,
        "reader": maker.person("patient").public.fingerprint,
        "salt": bytes_for("receipt salt", 16).hex(),
        "version": 1,
    }

    def made(
        changes: Json, *, signer: str = "patient", kind: PayloadType = PayloadType.RECEIPT
    ) -> tuple[bytes, Json]:
        payload = {key: value for key, value in (good | changes).items() if value != "left out"}
        envelope = dsse.sign(kind, canonical.encode(payload), maker.person(signer))
        body = {
            "envelope": envelope.to_json(),
            "reader": maker.person("patient").public.to_json(),
        }
        expected = {name: good[name] for name in ("document_id", "manifest_hash", "origin")}
        return json_body(body), expected

    body, expected = made({})
    found = [accept("receipt/whole", "a receipt", body, opened_at=SENT, **expected)]
    refused: dict[str, tuple[str, tuple[bytes, Json]]] = {
        "another-document": ("of another document", made({"document_id": OTHER_ID})),
        "another-manifest": ("for another manifest", made({"manifest_hash": OTHER_HASH})),
        "another-service": ("of another service", made({"origin": "other.example"})),
        "another-reader": (
            "that names another reader",
            made({"reader": maker.person("stranger").public.fingerprint}),
        ),
        "by-a-stranger": ("signed by a stranger", made({}, signer="stranger")),
        "signed-as-grant": ("signed for another purpose", made({}, kind=PayloadType.GRANT)),
        "version-2": ("of an unknown version", made({"version": 2})),
        "unknown-field": ("with an unknown field", made({"note": ""})),
        "missing-field": ("without a checkpoint field", made({"checkpoint": "left out"})),
        "moment-text": ("whose moment is a text", made({"opened_at": str(SENT)})),
    }
    for slug, (what, (body, expected)) in refused.items():
        found.append(refuse(f"receipt/{slug}", f"a receipt {what}", body, **expected))
    return found
