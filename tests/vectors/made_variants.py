"""Which sealed documents there are vectors of: the right ones, and every way to be wrong."""

import base64
import itertools
from collections.abc import Callable
from typing import Any

from vectors.made_documents import (
    SENT,
    GrantMade,
    Maker,
    Variant,
    change,
    cut,
    replace_header,
)
from vectors.making import accept, bytes_for, json_body, refuse
from vectors.reader import Vector

from souspli_exchange.age.lengths import SEALED_CHUNK_BYTES
from souspli_exchange.age.unwrap import HybridIdentity
from souspli_exchange.bundle import BLOCK_BYTES, Bundle, BundledFile, file_headers
from souspli_exchange.segments import START_BYTES
from souspli_keys import canonical, dsse
from souspli_keys.dsse import PayloadType

Json = dict[str, Any]  # manifests, grants and covers are taken apart and altered

OTHER_HASH = bytes_for("something else").hex()
OTHER_ID = bytes_for("something else", 16).hex()
HANDS = [f"hand {number}" for number in range(1, 10)]


def document_vectors(maker: Maker) -> list[Vector]:
    """Return all sealed documents and receipts."""
    variants = [*_accepted(), *_covers(), *_manifests(), *_grants(), *_contents(), *_tars()]
    return [*map(maker.make, variants), *_receipts(maker)]


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


def _contents() -> list[Variant]:
    two: dict[str, Any] = {
        "files": (("a.bin", bytes_for("a.bin", 70_000)),),
        "with_contents": True,
    }
    whole: dict[str, Any] = {"with_contents": True}
    first = START_BYTES + SEALED_CHUNK_BYTES

    def lie(**changes: object) -> Callable[[Json], object]:
        return lambda manifest: manifest["contents"].update(changes)

    def other_hash(manifest: Json) -> None:
        manifest["contents"]["files"][1]["sha256"] = OTHER_HASH

    def other_size(manifest: Json) -> None:
        manifest["contents"]["files"][1]["size"] += 1

    def swap(manifest: Json) -> None:
        manifest["contents"]["files"].reverse()

    return [
        Variant("contents-changed-header", "a byte of the header", 4,
                contents_sealed=change(500), **whole),
        Variant("contents-changed-nonce", "a byte of the nonce", 4,
                contents_sealed=change(1_630), **whole),
        Variant("contents-changed-chunk", "a byte of a chunk", 4,
                contents_sealed=change(2_000), **whole),
        Variant("contents-changed-tail", "a byte of the padding's chunk", 4,
                contents_sealed=change(-40), **whole),
        Variant("contents-cut-at-chunk", "cut after a whole chunk", 4,
                contents_sealed=cut(first), **two),
        Variant("contents-cut-inside", "cut inside a chunk", 4,
                contents_sealed=cut(first + 1_000), **two),
        Variant("contents-cut-a-byte", "one byte missing", 4, contents_sealed=cut(-1), **whole),
        Variant("contents-added", "one byte more", 4,
                contents_sealed=lambda data: bytes(data) + b"\0", **whole),
        Variant("contents-empty", "no bytes", 4, contents_sealed=cut(0), **whole),
        Variant("contents-chunks-swapped", "two chunks in the other order", 4,
                contents_sealed=lambda d: bytes(d[:START_BYTES] + d[first:] + d[START_BYTES:first]),
                **two),
        Variant("contents-of-another-key", "contents sealed to another document key", 4,
                cover=lambda c: c.update(document_key=_another_key()), **whole),
        Variant("contents-tree-hash", "other contents than were signed", 4,
                manifest=lie(tree_hash=OTHER_HASH), **whole),
        Variant("contents-file-hash", "another file than was signed", 4,
                manifest=other_hash, **whole),
        Variant("contents-file-size", "a file longer than it is", 4, manifest=other_size, **whole),
        Variant("contents-files-swapped", "two files in the other order", 4, manifest=swap, **whole),
        Variant("contents-tar-length", "a wrong tar length", 4,
                manifest=lie(tar_length=4_096), **whole),
        Variant("contents-padded-length", "a wrong padded length", 4,
                manifest=lie(padded_length=65_537), **whole),
        Variant("contents-sealed-length", "a wrong sealed length", 4,
                manifest=lie(sealed_length=67_196), **whole),
    ]  # fmt: skip


def _another_key() -> str:
    return HybridIdentity(bytes_for("another document key")).to_secret_string()


def _tars() -> list[Variant]:
    """Contents that a hostile sender sealed and signed properly, tree hash included."""
    whole: dict[str, Any] = {"with_contents": True}
    accent = 3 * BLOCK_BYTES  # the first name has an extended header of two blocks
    plain = 0

    def put(at: int, value: bytes) -> Callable[[bytearray], bytes]:
        def alter(tar: bytearray) -> bytes:
            tar[at : at + len(value)] = value
            return bytes(tar)

        return alter

    def extra_entry(tar: bytearray) -> bytes:
        hidden = file_headers(BundledFile("hidden.exe", 0), number=2, created_at=SENT)
        end = Bundle([BundledFile("a.txt", 5)], created_at=SENT).tar_length - 2 * BLOCK_BYTES
        tar[end : end + BLOCK_BYTES] = hidden
        return bytes(tar)

    def longer(tar: bytearray) -> bytes:
        return bytes(tar) + bytes(1_024)

    ascii_only: dict[str, Any] = {"files": (("a.txt", b"text\n"),), "with_contents": True}
    return [
        Variant("tar-extra-entry", "an entry that the manifest does not name", 4,
                tar=extra_entry, **ascii_only),
        Variant("tar-other-name", "an entry of another name", 4,
                tar=replace_header(plain, 0, b"b.txt"), **ascii_only),
        Variant("tar-dots", "an entry that leads out of the folder", 4,
                tar=replace_header(plain, 0, b"../a\0"), **ascii_only),
        Variant("tar-absolute", "an entry with an absolute path", 4,
                tar=replace_header(plain, 0, b"/a.tx"), **ascii_only),
        Variant("tar-symbolic-link", "an entry that is a link", 4,
                tar=replace_header(plain, 156, b"2"), **ascii_only),
        Variant("tar-device", "an entry that is a device", 4,
                tar=replace_header(plain, 156, b"3"), **ascii_only),
        Variant("tar-executable", "an entry that may be run", 4,
                tar=replace_header(plain, 100, b"0000755"), **ascii_only),
        Variant("tar-owner", "an entry of somebody", 4,
                tar=replace_header(plain, 108, b"0001750"), **ascii_only),
        Variant("tar-moment", "an entry of another moment", 4,
                tar=replace_header(plain, 136, b"%011o" % (SENT + 1)), **ascii_only),
        Variant("tar-prefix", "an entry with a prefix", 4,
                tar=replace_header(plain, 345, b"up"), **ascii_only),
        Variant("tar-checksum", "a wrong checksum", 4, tar=put(148, b"000000"), **ascii_only),
        Variant("tar-pax-path", "another path in the pax record", 4,
                tar=put(BLOCK_BYTES + 8, b"C"), **whole),
        Variant("tar-name-behind-pax", "another name behind the pax record", 4,
                tar=replace_header(accent - BLOCK_BYTES, 0, b"file-2"), **whole),
        Variant("tar-padding", "a byte after a file's end", 4,
                tar=put(BLOCK_BYTES + 5, b"x"), **ascii_only),
        Variant("tar-tail", "a byte in the padding", 4, tar=put(-1 + 65_536, b"x"), **ascii_only),
        Variant("tar-end", "a byte between the two last blocks", 4,
                tar=put(3 * BLOCK_BYTES, b"x"), **ascii_only),
        Variant("tar-longer", "more padding than Padmé's", 4, tar=longer, **ascii_only),
    ]  # fmt: skip


def _receipts(maker: Maker) -> list[Vector]:
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
