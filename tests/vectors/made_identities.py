"""Vectors of keys.md §1 and encoding.md §4: identities, public halves, envelopes."""

import base64
from collections.abc import Callable
from copy import deepcopy
from hashlib import sha256
from typing import Any

from vectors.making import (
    SignatureStore,
    VectorSigner,
    accept,
    bytes_for,
    json_body,
    refuse,
)
from vectors.reader import Vector

from souspli_keys import dsse
from souspli_keys.agekey import spell_age_identity
from souspli_keys.bech32 import decode_bech32, encode_bech32
from souspli_keys.dsse import Envelope, PayloadType
from souspli_keys.identity import Identity
from souspli_keys.public import PublicIdentity

Json = dict[str, Any]  # bodies are taken apart and altered


def identity_vectors(store: SignatureStore) -> list[Vector]:
    """Return all of them."""
    return [*_identities(), *_publics(), *_envelopes(store)]


def _identities() -> list[Vector]:
    def identity(name: str, what: str, root: bytes) -> Vector:
        made = Identity.from_root(root)
        public = made.public
        parts = (
            b"souspli/v1/fingerprint",
            decode_bech32(public.recipient, prefix="age1pq"),
            public.ed25519,
            public.ml_dsa_65,
        )
        framed = b"".join(len(part).to_bytes(4, "big") + part for part in parts)
        fingerprint = sha256(framed).hexdigest()
        return accept(
            f"identity/{name}",
            what,
            root=root,
            age_seed=made.secret_age_seed(),
            age_identity=spell_age_identity(made.secret_age_seed()),
            recipient=public.recipient,
            ed25519=public.ed25519,
            ml_dsa_65=public.ml_dsa_65,
            fingerprint=fingerprint,
            shown=" ".join(fingerprint[start : start + 4] for start in range(0, 64, 4)),
        )

    return [
        identity("first", "all keys of an identity come from its root", bytes_for("root")),
        identity("zeros", "the root of zeros is a root like any other", bytes(32)),
    ]


def _publics() -> list[Vector]:
    public = Identity.from_root(bytes_for("root")).public
    right: Json = public.to_json()
    recipient = public.recipient
    key = decode_bech32(recipient, prefix="age1pq")
    misspelt = recipient[:100] + ("q" if recipient[100] != "q" else "p") + recipient[101:]
    spellings = {
        "recipient-capitals": ("a recipient in capitals", recipient.upper()),
        "recipient-misspelt": ("a misspelt recipient", misspelt),
        "recipient-cut": ("a recipient that is cut off", recipient[:-1]),
        "recipient-short": ("a recipient of 1,215 bytes", encode_bech32("age1pq", key[:-1])),
        "recipient-x25519": ("age's classical recipient", encode_bech32("age", key[-32:])),
        "recipient-other-prefix": ("a recipient under another prefix", encode_bech32("age1pr", key)),
        "recipient-space": ("a recipient with a space behind it", recipient + " "),
        "recipient-kelvin": ("a recipient with the Kelvin sign for a k", recipient.replace("k", "\u212a", 1)),
    }  # fmt: skip
    changes: dict[str, tuple[str, Json]] = {
        "missing-field": ("a missing field", {k: v for k, v in right.items() if k != "ed25519"}),
        "unknown-field": ("an unknown field", right | {"x25519": right["ed25519"]}),
        "ed25519-short": ("an Ed25519 key of 31 bytes", right | {"ed25519": _base64(public.ed25519[:31])}),
        "ml-dsa-65-long": ("an ML-DSA-65 key of 1,953 bytes", right | {"ml_dsa_65": _base64(public.ml_dsa_65 + b"\0")}),
        "ed25519-hex": ("an Ed25519 key in hexadecimal", right | {"ed25519": public.ed25519.hex()}),
        "ed25519-no-padding": ("a key without padding", right | {"ed25519": right["ed25519"].rstrip("=")}),
        "ed25519-null": ("null for a key", right | {"ed25519": None}),
        **{name: (what, right | {"recipient": text}) for name, (what, text) in spellings.items()},
    }  # fmt: skip
    return [
        accept(
            "public/right",
            "the public half of an identity, as JSON",
            json_body(right),
            fingerprint=public.fingerprint,
        ),
        *(
            refuse(f"public/{name}", f"{what} is refused", json_body(value))
            for name, (what, value) in changes.items()
        ),
        refuse("public/array", "an array is no public half", json_body([right])),
    ]


def _envelopes(store: SignatureStore) -> list[Vector]:
    signer, other = VectorSigner("signer", store), VectorSigner("another signer", store)
    kind = PayloadType.RECEIPT
    payload = b'{"version":1}'
    right = dsse.sign(kind, payload, signer)
    others = dsse.sign(kind, payload, other)
    altered = Envelope(kind, b'{"version":2}', right.ed25519, right.ml_dsa_65)

    def body(envelope: Json, by: PublicIdentity = signer.public) -> bytes:
        return json_body({"envelope": envelope, "signer": by.to_json()})

    def changed(change: Callable[[Json], object]) -> bytes:
        envelope: Json = deepcopy(right.to_json())
        change(envelope)
        return body(envelope)

    def signatures(*entries: object) -> bytes:
        return body(right.to_json() | {"signatures": list(entries)})

    first: Json = {"sig": _base64(right.ed25519)}
    second: Json = {"sig": _base64(right.ml_dsa_65)}
    others_first: Json = {"sig": _base64(others.ed25519)}
    others_second: Json = {"sig": _base64(others.ml_dsa_65)}
    ed25519_of_payload = signer.sign_ed25519(payload)
    with_context = b"DSSEv1 %d %b %d %b" % (len(kind), kind.encode(), len(payload), payload)
    low_order = PublicIdentity(
        recipient=signer.public.recipient,
        ed25519=b"\x01" + bytes(31),
        ml_dsa_65=signer.public.ml_dsa_65,
    )
    fits_all = Envelope(kind, payload, low_order.ed25519 + bytes(32), right.ml_dsa_65)

    def sig(value: bytes) -> Json:
        return {"sig": _base64(value)}

    refused: dict[str, tuple[str, bytes]] = {
        "ed25519-only": ("the ML-DSA-65 signature is missing", signatures(first)),
        "ml-dsa-65-only": ("the Ed25519 signature is missing", signatures(second)),
        "no-signature": ("both signatures are missing", signatures()),
        "third-signature": ("a third signature", signatures(first, second, others_first)),
        "swapped": ("the signatures in the other order", signatures(second, first)),
        "ed25519-doubled": ("the Ed25519 signature twice", signatures(first, first)),
        "ml-dsa-65-doubled": ("the ML-DSA-65 signature twice", signatures(second, second)),
        "ed25519-wrong": ("an Ed25519 signature that does not hold", signatures(sig(_flip(right.ed25519)), second)),
        "ml-dsa-65-wrong": ("an ML-DSA-65 signature that does not hold", signatures(first, sig(_flip(right.ml_dsa_65)))),
        "ed25519-by-other": ("the Ed25519 signature of another identity", signatures(others_first, second)),
        "ml-dsa-65-by-other": ("the ML-DSA-65 signature of another identity", signatures(first, others_second)),
        "ed25519-zeros": ("64 zeros for an Ed25519 signature", signatures(sig(bytes(64)), second)),
        "ml-dsa-65-zeros": ("3,309 zeros for an ML-DSA-65 signature", signatures(first, sig(bytes(3_309)))),
        "ed25519-empty": ("an empty Ed25519 signature", signatures({"sig": ""}, second)),
        "ed25519-short": ("an Ed25519 signature of 63 bytes", signatures(sig(right.ed25519[:63]), second)),
        "ml-dsa-65-short": ("an ML-DSA-65 signature of 3,308 bytes", signatures(first, sig(right.ml_dsa_65[:-1]))),
        "ml-dsa-65-long": ("an ML-DSA-65 signature of 3,310 bytes", signatures(first, sig(right.ml_dsa_65 + b"\0"))),
        "over-bare-payload": ("an Ed25519 signature over the payload without its type", signatures(sig(ed25519_of_payload), second)),
        "low-order-key": ("an Ed25519 key of low order, under which one signature fits all", body(fits_all.to_json(), low_order)),
        "keyid": ("a keyid, though DSSE allows it", signatures(first | {"keyid": ""}, second)),
        "sig-null": ("null for a signature", signatures({"sig": None}, second)),
        "sig-missing": ("an entry without its signature", signatures({}, second)),
        "sig-no-padding": ("a signature without padding", signatures({"sig": first["sig"].rstrip("=")}, second)),
        "sig-unused-bits": ("a signature with unused bits that are not zero", signatures({"sig": first["sig"][:-3] + _next(first["sig"][-3]) + "=="}, second)),
        "sig-url-alphabet": ("a signature in the URL alphabet", signatures(first, {"sig": second["sig"].replace("+", "-").replace("/", "_")})),
        "sig-line-feed": ("a signature with a line feed", signatures({"sig": first["sig"] + "\n"}, second)),
        "by-other": ("an envelope by another identity than the expected", body(right.to_json(), other.public)),
        "payload-altered": ("a payload that was altered", body(altered.to_json())),
        "payload-no-padding": ("a payload without padding", changed(lambda e: e.update(payload=e["payload"].rstrip("=")))),
        "payload-missing": ("an envelope without payload", changed(lambda e: e.pop("payload"))),
        "payload-null": ("null for a payload", changed(lambda e: e.update(payload=None))),
        "type-other": ("a payload type that was exchanged", changed(lambda e: e.update(payloadType=PayloadType.GRANT.value))),
        "type-unknown": ("an unknown payload type", changed(lambda e: e.update(payloadType="application/vnd.souspli.other+json"))),
        "type-short": ("a payload type without its beginning", changed(lambda e: e.update(payloadType="receipt"))),
        "type-missing": ("an envelope without payload type", changed(lambda e: e.pop("payloadType"))),
        "unknown-field": ("an unknown field", changed(lambda e: e.update(version=1))),
        "signatures-object": ("an object of signatures", changed(lambda e: e.update(signatures={"0": first, "1": second}))),
    }  # fmt: skip
    return [
        accept(
            "dsse/right",
            "two signatures by one identity over one payload",
            body(right.to_json()),
            payload_type=kind.value,
            payload=payload,
            signed=with_context,
            payload_hash=sha256(payload).hexdigest(),
        ),
        accept(
            "dsse/empty-payload",
            "whether a payload is canonical JSON is another question",
            body(dsse.sign(kind, b"", signer).to_json()),
            payload_type=kind.value,
            signed=b"DSSEv1 %d %b 0 " % (len(kind), kind.encode()),
            payload_hash=sha256(b"").hexdigest(),
        ),
        *(
            refuse(f"dsse/{name}", f"refused: {what}", content, payload_type=kind.value)
            for name, (what, content) in refused.items()
        ),
        refuse(
            "dsse/other-purpose",
            "an envelope for another purpose than the expected is refused",
            body(right.to_json()),
            payload_type=PayloadType.GRANT.value,
        ),
    ]


def _base64(value: bytes) -> str:
    return base64.b64encode(value).decode("ascii")


def _flip(value: bytes) -> bytes:
    return value[:-1] + bytes([value[-1] ^ 1])


def _next(symbol: str) -> str:
    """Return a base64 symbol whose lowest bit is set, the others being the same."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    return alphabet[alphabet.index(symbol) | 1]
