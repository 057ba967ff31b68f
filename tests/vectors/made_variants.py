"""Which sealed documents there are vectors of: the right ones, and every way to be wrong."""

import base64
import itertools
from collections.abc import Callable
from typing import Any

from vectors.made_altered_contents import altered_contents, hostile_tars
from vectors.made_documents import (
    OTHER_HASH,
    OTHER_ID,
    SENT,
    GrantMade,
    Json,
    Maker,
    Variant,
    change,
    cut,
)
from vectors.made_receipts import receipt_vectors
from vectors.making import bytes_for
from vectors.reader import Vector

from souspli_keys.dsse import PayloadType

HANDS = [f"hand {number}" for number in range(1, 10)]


def document_vectors(maker: Maker) -> list[Vector]:
    """Return all sealed documents and receipts."""
    variants = [
        *_accepted(),
        *_covers(),
        *_manifests(),
        *_grants(),
        *altered_contents(),
        *hostile_tars(),
    ]
    return [*map(maker.make, variants), *receipt_vectors(maker)]


def _accepted() -> list[Variant]:
    claimed = GrantMade("claim", "patient")
    return [
        Variant("whole", "a document with two files", with_contents=True),
        Variant(
            "one-empty-file",
            "a document whose only file is empty",
            files=(("empty.txt", b""),),
            with_contents=True,
        ),
        Variant(
            "two-chunks",
            "contents of more than one chunk",
            files=(("a.bin", bytes_for("a.bin", 70_000)),),
            with_contents=True,
        ),
        Variant(
            "claimed",
            "a document re-sealed by the reader's own claim identity",
            manifest_recipient="claim",
            grants=(claimed,),
            readers=("patient", "claim"),
        ),
        Variant(
            "for-the-claim-identity",
            "a document that still waits for the claim identity",
            manifest_recipient="claim",
            cover_stanzas="claim",
            readers=("patient", "claim"),
        ),
        Variant(
            "rekeyed-and-claimed",
            "a document that the sender re-sealed for a new letter",
            manifest_recipient="doctor",
            grants=(GrantMade("doctor", "claim", reason="rekey"), claimed),
            readers=("patient", "claim"),
        ),
        Variant(
            "eight-grants",
            "eight grants, the last by the reader's other identity",
            manifest_recipient=HANDS[0],
            grants=_chain([*HANDS[:7], "claim", "patient"]),
            readers=("patient", "claim"),
        ),
    ]


def _chain(people: list[str]) -> tuple[GrantMade, ...]:
    return tuple(
        GrantMade(giver, taker, reason="share") for giver, taker in itertools.pairwise(people)
    )


def _covers() -> list[Variant]:
    def drop(name: str) -> Callable[[Json], object]:
        return lambda cover: cover.pop(name)

    def lower_key(cover: Json) -> None:
        cover["document_key"] = cover["document_key"].lower()

    return [
        Variant("cover-changed-version", "the first line", 1, cover_sealed=change(3)),
        Variant("cover-changed-stanza", "a stanza's byte", 1, cover_sealed=change(200)),
        Variant("cover-changed-mac", "a byte of the MAC", 1, cover_sealed=change(1_600)),
        Variant("cover-changed-nonce", "a byte of the nonce", 1, cover_sealed=change(1_630)),
        Variant("cover-changed-chunk", "a byte of the chunk", 1, cover_sealed=change(5_000)),
        Variant("cover-changed-tag", "the last byte", 1, cover_sealed=change(-1)),
        Variant("cover-cut", "a cover cut short by a byte", 1, cover_sealed=cut(-1)),
        Variant("cover-cut-header", "half a header", 1, cover_sealed=cut(800)),
        Variant("cover-empty", "no bytes", 1, cover_sealed=cut(0)),
        Variant("cover-added", "a byte more", 1, cover_sealed=lambda data: bytes(data) + b"\0"),
        Variant(
            "cover-two-stanzas",
            "a second stanza is a second reader",
            1,
            cover_stanzas="patient+stranger",
        ),
        Variant(
            "cover-x25519-beside",
            "a classical stanza beside the right one",
            1,
            cover_stanzas="patient+x25519",
        ),
        Variant("cover-x25519", "a classical stanza alone", 1, cover_stanzas="x25519"),
        Variant("cover-not-mine", "a cover for somebody else", 1, cover_stanzas="stranger"),
        Variant("cover-version-2", "an unknown version", 1, cover=lambda c: c.update(version=2)),
        Variant("cover-unknown-field", "an unknown field", 1, cover=lambda c: c.update(note="")),
        Variant("cover-no-grants", "a field left out", 1, cover=drop("grants")),
        Variant("cover-no-key", "no document key", 1, cover=drop("document_key")),
        Variant("cover-lower-case-key", "a key in lower case", 1, cover=lower_key),
        Variant(
            "cover-classical-key",
            "a document key of another kind",
            1,
            cover=lambda c: c.update(
                document_key="AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX"
            ),
        ),
        Variant(
            "cover-tabs",
            "padding that is not spaces",
            1,
            cover_bytes=lambda data: data[:-1] + b"\t",
        ),
        Variant("cover-unpadded", "no padding", 1, cover_bytes=lambda data: data.rstrip(b" ")),
        Variant(
            "cover-padded-further",
            "8,192 spaces too many",
            1,
            cover_bytes=lambda data: data + b" " * 8_192,
        ),
        Variant(
            "cover-white-space",
            "JSON that is not canonical",
            1,
            cover_bytes=lambda data: data.replace(b'"version":1}  ', b'"version": 1} '),
        ),
        Variant("cover-not-json", "no JSON", 1, cover_bytes=lambda data: b"x" * len(data)),
    ]


def _manifests() -> list[Variant]:
    def signatures(alter: Callable[[list[Any]], list[Any]]) -> Callable[[Json], object]:
        return lambda envelope: envelope.update(signatures=alter(envelope["signatures"]))

    def spoil(index: int) -> Callable[[Json], object]:
        def alter(envelope: Json) -> None:
            entry = envelope["signatures"][index]
            signature = bytearray(base64.b64decode(entry["sig"]))
            signature[10] ^= 1
            entry["sig"] = base64.b64encode(signature).decode()

        return alter

    return [
        Variant(
            "sender-not-trusted",
            "an organisation that the reader does not know",
            2,
            organisations=("stranger",),
        ),
        Variant(
            "sender-membership-over",
            "signed after the membership ended",
            2,
            member=lambda m: m.update(not_after=SENT - 1),
        ),
        Variant(
            "sender-not-yet-a-member",
            "signed before the membership began",
            2,
            member=lambda m: m.update(not_before=SENT + 1),
        ),
        Variant(
            "sender-statement-of-elsewhere",
            "a member statement for another service",
            2,
            member=lambda m: m.update(origin="other.example"),
        ),
        Variant("manifest-unsigned", "no signature", 2, manifest_envelope=signatures(lambda _: [])),
        Variant(
            "manifest-one-signature",
            "the ML-DSA-65 signature is missing",
            2,
            manifest_envelope=signatures(lambda s: s[:1]),
        ),
        Variant(
            "manifest-three-signatures",
            "a signature is there twice",
            2,
            manifest_envelope=signatures(lambda s: [*s, s[1]]),
        ),
        Variant(
            "manifest-doubled-signature",
            "the Ed25519 signature in both places",
            2,
            manifest_envelope=signatures(lambda s: [s[0], s[0]]),
        ),
        Variant(
            "manifest-swapped-signatures",
            "the signatures in the other order",
            2,
            manifest_envelope=signatures(lambda s: s[::-1]),
        ),
        Variant("manifest-wrong-ed25519", "a wrong Ed25519", 2, manifest_envelope=spoil(0)),
        Variant("manifest-wrong-ml-dsa-65", "a wrong ML-DSA-65", 2, manifest_envelope=spoil(1)),
        Variant(
            "manifest-keyid",
            "an envelope with a keyid",
            2,
            manifest_envelope=signatures(lambda s: [s[0] | {"keyid": "x"}, s[1]]),
        ),
        Variant(
            "manifest-by-a-stranger",
            "signed by somebody who is not the sender",
            2,
            manifest_signer="stranger",
        ),
        Variant(
            "manifest-signed-as-grant",
            "a signature for another purpose",
            2,
            manifest_type=PayloadType.GRANT,
        ),
        Variant(
            "manifest-not-canonical",
            "signed bytes that are not canonical",
            2,
            manifest_bytes=lambda data: data.replace(b'"version":1', b'"version": 1'),
        ),
        Variant(
            "manifest-version-2",
            "an unknown version",
            2,
            manifest=lambda m: m.update(version=2),
        ),
        Variant(
            "manifest-unknown-field",
            "an unknown field",
            2,
            manifest=lambda m: m.update(note=""),
        ),
        Variant(
            "manifest-of-elsewhere",
            "a document of another service",
            2,
            manifest=lambda m: m.update(origin="other.example"),
        ),
        Variant(
            "manifest-of-another-document",
            "another document id than the one asked for",
            2,
            document_id="another document",
        ),
        *(
            Variant(
                f"manifest-another-{field}",
                f"the manifest's sender {field} is not the certified one",
                2,
                manifest=_other_sender(field, value),
            )
            for field, value in {
                "name": "Dr Claire d'Alençon",
                "address": "claire@tilleuls.example.org",
                "organisation": OTHER_HASH,
                "fingerprint": OTHER_HASH,
            }.items()
        ),
    ]


def _other_sender(field: str, value: str) -> Callable[[Json], object]:
    return lambda manifest: manifest["sender"].update({field: value})


def _grants() -> list[Variant]:
    def one(giver: str, taker: str, **changes: Any) -> tuple[GrantMade, ...]:
        return (GrantMade(giver, taker, **changes),)

    def altered(**changes: object) -> tuple[GrantMade, ...]:
        return one("claim", "patient", alter=lambda grant: grant.update(changes))

    mine: dict[str, Any] = {"manifest_recipient": "claim", "readers": ("patient", "claim")}
    return [
        Variant(
            "recipient-not-me",
            "sealed to me, and for somebody else",
            3,
            manifest_recipient="stranger",
        ),
        Variant(
            "grant-to-somebody-else",
            "the last grant is to somebody else",
            3,
            grants=one("claim", "stranger"),
            **mine,
        ),
        Variant(
            "grant-by-a-stranger",
            "the last grant is by a key that is not verified",
            3,
            manifest_recipient="stranger",
            grants=one("stranger", "patient"),
        ),
        Variant(
            "grant-by-nobody-granted",
            "the first grant is not by the recipient or the sender",
            3,
            grants=one("stranger", "patient"),
            **mine,
        ),
        Variant(
            "grant-chain-broken",
            "the second grant is not by whom the first one is to",
            3,
            manifest_recipient="hand 1",
            grants=(GrantMade("hand 1", "hand 2"), GrantMade("claim", "patient")),
            readers=("patient", "claim"),
        ),
        Variant(
            "grant-sender-late",
            "the sender grants after somebody else did",
            3,
            grants=(GrantMade("claim", "hand 1"), GrantMade("doctor", "patient")),
            **mine,
        ),
        Variant(
            "nine-grants",
            "nine grants",
            3,
            manifest_recipient=HANDS[0],
            grants=_chain([*HANDS[:8], "claim", "patient"]),
            readers=("patient", "claim"),
        ),
        Variant(
            "grant-of-another-document",
            "a grant of another document",
            3,
            grants=altered(document_id=OTHER_ID),
            **mine,
        ),
        Variant(
            "grant-of-another-manifest",
            "a grant of another manifest",
            3,
            grants=altered(manifest_hash=OTHER_HASH),
            **mine,
        ),
        Variant(
            "grant-of-elsewhere",
            "a grant of another service",
            3,
            grants=altered(origin="other.example"),
            **mine,
        ),
        Variant("grant-version-2", "an unknown version", 3, grants=altered(version=2), **mine),
        Variant(
            "grant-unknown-reason", "an unknown reason", 3, grants=altered(reason="sale"), **mine
        ),
        Variant("grant-unknown-field", "an unknown field", 3, grants=altered(note=""), **mine),
        Variant(
            "grant-signed-by-another",
            "not signed by whom it is from",
            3,
            grants=one("claim", "patient", signer="stranger"),
            **mine,
        ),
        Variant(
            "grant-signed-as-receipt",
            "a signature for another purpose",
            3,
            grants=one("claim", "patient", kind=PayloadType.RECEIPT),
            **mine,
        ),
    ]
