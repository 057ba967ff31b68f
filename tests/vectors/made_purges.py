"""Vectors of pending.md §5: the service's audit key, and what it signs about a purge."""

import json
from dataclasses import replace
from typing import Any

from vectors.cast import DAY, INVITED, ORIGIN, Cast
from vectors.making import SignatureStore, VectorSigner, accept, bytes_for, json_body, refuse
from vectors.reader import Vector

from souspli_keys import dsse
from souspli_keys.address import Origin
from souspli_keys.audit import AuditKey
from souspli_keys.canonical import encode
from souspli_keys.dsse import Envelope
from souspli_keys.operator import OperatorKey
from souspli_keys.public import Fingerprint
from souspli_keys.statements import PurgeReason, PurgeStatement

PURGED = INVITED + 31 * DAY


def purge_vectors(store: SignatureStore) -> list[Vector]:
    """Return all of them."""
    return [*_operator_keys(), *_payloads(Cast(store)), *_statements(Cast(store), store)]


def _operator_keys() -> list[Vector]:
    root = bytes_for("operator", 32)
    public = OperatorKey(root).public
    return [
        accept(
            "operator-key/derived",
            "a root gives two signing keys and the fingerprint over both",
            b"",
            root=root.hex(),
            ed25519=public.ed25519.hex(),
            ml_dsa_65=public.ml_dsa_65.hex(),
            fingerprint=public.fingerprint,
        )
    ]


def _purge(cast: Cast) -> PurgeStatement:
    return PurgeStatement(
        line=cast.line("purge", issued_at=PURGED, subject=cast.invitation_id),
        organisation=cast.root.public.fingerprint,
        reason=PurgeReason.NOT_ACTIVATED,
        begun_at=PURGED - 60,
        ended_at=PURGED,
        deliveries=3,
        documents=("0a" * 16, "b0" * 16),
        objects_deleted=1,
        objects_kept=1,
        backups_until=PURGED + 30 * DAY,
    )


def _payloads(cast: Cast) -> list[Vector]:
    right = json.loads(_purge(cast).to_payload())

    def wrong(name: str, what: str, **changed: Any) -> Vector:
        fields = {k: v for k, v in (right | changed).items() if v is not ...}
        return refuse(f"purge-payload/{name}", f"refused: {what}", encode(fields))

    documents = right["documents"]
    return [
        accept("purge-payload/right", "a purge statement has its fields", encode(right)),
        accept(
            "purge-payload/nothing-waited",
            "a letter that nothing waited for is purged as well",
            encode(right | {"deliveries": 0, "documents": [], "objects_deleted": 0}),
        ),
        wrong("unknown-field", "a field that nobody knows", address="jeanne@orange.example"),
        wrong("no-reason", "no reason", reason=...),
        wrong("other-reason", "a reason that is none", reason="because"),
        wrong("second", "a second statement of the line", sequence=2, previous="ab" * 32),
        wrong("ends-first", "a purge that ended before it began", ended_at=right["begun_at"] - 1),
        wrong("backups-first", "backups that end before the purge", backups_until=PURGED - 1),
        wrong("out-of-order", "documents out of order", documents=documents[::-1]),
        wrong("doubled", "a document named twice", documents=[documents[0], documents[0]]),
        wrong("no-id", "a document whose id is none", documents=["0a"]),
        wrong("a-number", "a document whose id is a number", documents=[7]),
        wrong("negative", "less than nothing deleted", objects_deleted=-1),
    ]


def _statements(cast: Cast, store: SignatureStore) -> list[Vector]:
    audit, other = VectorSigner("audit", store), VectorSigner("another audit key", store)
    key = AuditKey(ed25519=audit.public.ed25519, ml_dsa_65=audit.public.ml_dsa_65)
    purge = _purge(cast)
    headers: dict[str, Any] = {
        "organisation": cast.root.public.fingerprint,
        "invitation_id": cast.invitation_id,
        "origin": ORIGIN,
    }

    def signed(statement: PurgeStatement, signer: VectorSigner = audit) -> Envelope:
        return dsse.sign(statement.payload_type, statement.to_payload(), signer)

    def body(envelope: Envelope) -> bytes:
        return json_body({"audit_key": key.to_json(), "statement": envelope.to_json()})

    def wrong(name: str, what: str, reason: str, envelope: Envelope) -> Vector:
        return refuse(f"purge/{name}", f"refused: {what}", body(envelope), reason=reason, **headers)

    elsewhere = replace(purge, line=replace(purge.line, origin=Origin("souspli.example")))
    about = replace(purge, line=replace(purge.line, subject="cd" * 16))
    theirs = replace(purge, organisation=Fingerprint(cast.stranger.public.fingerprint))
    return [
        accept(
            "purge/right",
            "a statement by the pinned key",
            body(signed(purge)),
            ended_at=purge.ended_at,
            audit_key=key.fingerprint,
            **headers,
        ),
        wrong("other-key", "a statement under another key", "signature", signed(purge, other)),
        wrong("by-a-member", "a member signed it", "signature", signed(purge, cast.doctor)),
        wrong("other-letter", "a statement about another letter", "chain", signed(about)),
        wrong("other-organisation", "a statement for another practice", "chain", signed(theirs)),
        wrong("other-origin", "a statement of another service", "chain", signed(elsewhere)),
    ]
