"""Vectors of whole sealed documents and of receipts (sealed-document.md §4–§7).

Everything is assembled by hand from keys that come from names, so that a hostile
sender's documents are sealed and signed as properly as an honest one's.
"""

import base64
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from vectors.cast import DAY, ORIGIN, START, Cast
from vectors.making import SignatureStore, VectorSigner, accept, bytes_for, json_body, refuse
from vectors.reader import Vector

from souspli_exchange.age.filekey import FileKey
from souspli_exchange.age.header import Header, Stanza, authenticated_part
from souspli_exchange.age.lengths import StreamLayout
from souspli_exchange.age.recipient import HybridRecipient
from souspli_exchange.age.stream import PayloadSealer
from souspli_exchange.age.unwrap import HybridIdentity
from souspli_exchange.age.wrap import wrap_file_key
from souspli_exchange.bundle import BLOCK_BYTES, Bundle, BundledFile
from souspli_keys import canonical, dsse
from souspli_keys.dsse import Envelope, PayloadType
from souspli_keys.statements import sign_statement

SENT = START + 20 * DAY
REPORT = ("compte rendu é.pdf", b"%PDF-1.7 invented for a test vector\n" * 30)
NOTES = ("notes.txt", b"a jeun\n")

COVER_PADDING = 8_192

OTHER_HASH = bytes_for("something else").hex()
OTHER_ID = bytes_for("something else", 16).hex()

Json = dict[str, Any]  # manifests, grants and covers are taken apart and altered
Alter = Callable[[Json], object]


def _as_it_is(_: Json) -> None:
    return


class StanzaStore:
    """`mlkem768x25519` stanzas that were made before, so that a vector need not change.

    HPKE draws fresh randomness for each. One is looked up by file key and recipient.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._known: dict[str, str] = {}
        self._used: dict[str, str] = {}
        if path.exists():
            for line in path.read_text(encoding="ascii").splitlines():
                name, _, stanza = line.partition(" ")
                self._known[name] = stanza

    def wrap(self, file_key: FileKey, recipient: HybridRecipient) -> Stanza:
        """Return the stanza kept for this file key and recipient, or a new one."""
        name = sha256(file_key.secret_bytes() + recipient.public_bytes).hexdigest()
        if name in self._known:
            kept, _, body = self._known[name].partition(" ")
            stanza = Stanza("mlkem768x25519", (kept,), base64.b64decode(body))
        else:
            stanza = wrap_file_key(file_key, recipient).to_stanza()
        body = base64.b64encode(stanza.body).decode("ascii")
        self._known[name] = self._used[name] = f"{stanza.arguments[0]} {body}"
        return stanza

    def save(self) -> None:
        """Keep the stanzas that were asked for, and only them."""
        lines = [f"{name} {stanza}\n" for name, stanza in sorted(self._used.items())]
        self._path.write_text("".join(lines), encoding="ascii")


@dataclass(frozen=True)
class Variant:
    """How a document differs from the right one."""

    slug: str
    what: str
    rule: int | None = None
    """Which rule of §7 refuses it; None if it is accepted."""
    files: tuple[tuple[str, bytes], ...] = (REPORT, NOTES)
    tar: Callable[[bytearray], bytes] = bytes
    """What is done to the plaintext of the contents before it is hashed and sealed."""
    manifest: Alter = _as_it_is
    manifest_bytes: Callable[[bytes], bytes] = bytes
    manifest_envelope: Callable[[Json], object] = _as_it_is
    manifest_signer: str = "doctor"
    manifest_recipient: str = "patient"
    manifest_type: PayloadType = PayloadType.MANIFEST
    grants: tuple["GrantMade", ...] = ()
    cover: Alter = _as_it_is
    cover_bytes: Callable[[bytes], bytes] = bytes
    cover_stanzas: str = "patient"
    cover_sealed: Callable[[bytearray], bytes] = bytes
    contents_sealed: Callable[[bytearray], bytes] = bytes
    readers: tuple[str, ...] = ("patient",)
    organisations: tuple[str, ...] = ("practice",)
    member: Alter = _as_it_is
    with_contents: bool = False
    document_id: str = "document"
    key_name: str = "document"


@dataclass(frozen=True)
class GrantMade:
    """A grant of a variant."""

    giver: str
    taker: str
    alter: Alter = _as_it_is
    signer: str | None = None
    reason: str = "claim"
    kind: PayloadType = field(default=PayloadType.GRANT)


class Maker:
    """Assembles documents, right and wrong."""

    def __init__(self, signatures: SignatureStore, stanzas: StanzaStore) -> None:
        self._signatures = signatures
        self._stanzas = stanzas
        self._people: dict[str, VectorSigner] = {}
        self.cast = Cast(signatures)
        self.organisation = sign_statement(self.cast.organisation, self.cast.root)

    def person(self, name: str) -> VectorSigner:
        if name not in self._people:
            self._people[name] = VectorSigner(name, self._signatures)
        return self._people[name]

    def recipient(self, name: str) -> HybridRecipient:
        return HybridRecipient(self.person(name).public.recipient_key)

    def seal(self, plaintext: bytes, recipient: HybridRecipient, name: str) -> bytearray:
        """Return an age file whose every byte comes from `name` and the stanza kept."""
        file_key = FileKey(bytes_for(f"file key {name}", 16))
        return self.seal_with([self._stanzas.wrap(file_key, recipient)], file_key, plaintext, name)

    def seal_with(
        self, stanzas: list[Stanza], file_key: FileKey, plaintext: bytes, name: str
    ) -> bytearray:
        authenticated = authenticated_part(stanzas)
        header = Header(tuple(stanzas), file_key.header_mac(authenticated), authenticated)
        nonce = bytes_for(f"payload nonce {name}", 16)
        sealer = PayloadSealer.reproduce_for_test_vectors(file_key, nonce)
        stream = bytearray(StreamLayout(len(plaintext)).sealed_bytes)
        sealer.seal_segment(plaintext, first_chunk_index=0, last=True, out=stream)
        return bytearray(header.encode() + nonce + stream)

    def stanzas(self, kinds: str, file_key: FileKey) -> list[Stanza]:
        """Return a header's stanzas: names of people, or `x25519`, joined by `+`."""
        found: list[Stanza] = []
        for kind in kinds.split("+"):
            if kind == "x25519":
                # Anybody's: its shape alone is a reason to refuse.
                found.append(Stanza("X25519", ("A" * 43,), bytes(32)))
            else:
                found.append(self._stanzas.wrap(file_key, self.recipient(kind)))
        return found

    def make(self, variant: Variant) -> Vector:
        """Return the vector of one variant."""
        document_key = HybridIdentity(bytes_for(f"document key {variant.key_name}"))
        bundle = Bundle(
            [BundledFile(name, len(content)) for name, content in variant.files],
            created_at=SENT,
        )
        tar = variant.tar(_fill(bundle, variant))
        contents = self.seal(tar, document_key.recipient, f"contents {variant.slug}")
        manifest = self._manifest(variant, bundle, tar, len(contents))
        payload = variant.manifest_bytes(canonical.encode(manifest))
        signer = self.person(variant.manifest_signer)
        envelope = dsse.sign(variant.manifest_type, payload, signer).to_json()
        variant.manifest_envelope(envelope)
        manifest_hash = sha256(payload).hexdigest()
        cover: Json = {
            "document_key": document_key.to_secret_string(),
            "grants": [self._grant(made, manifest_hash).to_json() for made in variant.grants],
            "manifest": envelope,
            "version": 1,
        }
        variant.cover(cover)
        sealed_cover = variant.cover_sealed(self._seal_cover(variant, cover))
        sealed_contents = variant.contents_sealed(contents)
        body: Json = {
            "contents": _base64(sealed_contents) if variant.with_contents else None,
            "cover": _base64(sealed_cover),
            "document_id": bytes_for("document", 16).hex(),
            "identities": [bytes_for(f"identity {name}").hex() for name in variant.readers],
            "member": self._member(variant).to_json(),
            "organisation": self.organisation.to_json(),
            "organisations": [self.person(n).public.fingerprint for n in variant.organisations],
            "origin": ORIGIN,
        }
        name = f"sealed-document/{variant.slug}"
        if variant.rule is not None:
            at = "contents" if variant.rule == 4 else "cover"
            return refuse(name, variant.what, json_body(body), refused_at=at, rule=variant.rule)
        last = variant.grants[-1].taker if variant.grants else variant.manifest_recipient
        headers: dict[str, Any] = {
            "manifest_hash": manifest_hash,
            "effective_recipient": self.person(last).public.fingerprint,
            "grants": len(variant.grants),
        }
        for number, (_, content) in enumerate(variant.files, start=1):
            headers[f"file_{number}"] = sha256(content).digest()
        return accept(name, variant.what, json_body(body), **headers)

    def _manifest(self, variant: Variant, bundle: Bundle, tar: bytes, sealed_length: int) -> Json:
        member = self.cast.member
        manifest: Json = {
            "checkpoint": None,
            "contents": {
                "files": [
                    {
                        "media_type": "application/pdf" if name.endswith("pdf") else "text/plain",
                        "name": name,
                        "sha256": sha256(content).hexdigest(),
                        "size": len(content),
                    }
                    for name, content in variant.files
                ],
                "padded_length": len(tar),
                "sealed_length": sealed_length,
                "tar_length": bundle.tar_length,
                "tree_hash": sha256(b"\0" + tar).hexdigest(),
            },
            "created_at": SENT,
            "document": {
                "date": "2027-02-04",
                "kind": "11502-2",
                "patient": {
                    "birth_date": "1951-02-00",
                    "birth_name": "Le Goff-Œuvrard",
                    "given_names": "Jeanne Marie",
                    "ins": None,
                    "sex": "F",
                },
                "priority": "routine",
                "replaces": None,
                "title": "Compte rendu d’analyses",
                "withdraws": None,
            },
            "document_id": bytes_for(variant.document_id, 16).hex(),
            "origin": ORIGIN,
            "recipient": self.person(variant.manifest_recipient).public.fingerprint,
            "salt": bytes_for("manifest salt", 16).hex(),
            "sender": {
                "address": member.address,
                "fingerprint": member.fingerprint,
                "name": member.name,
                "on_behalf_of": None,
                "organisation": member.organisation,
            },
            "version": 1,
        }
        variant.manifest(manifest)
        return manifest

    def _grant(self, made: GrantMade, manifest_hash: str) -> Envelope:
        grant: Json = {
            "document_id": bytes_for("document", 16).hex(),
            "from": self.person(made.giver).public.to_json(),
            "granted_at": SENT + DAY,
            "manifest_hash": manifest_hash,
            "origin": ORIGIN,
            "reason": made.reason,
            "salt": bytes_for(f"grant salt {made.giver} {made.taker}", 16).hex(),
            "to": self.person(made.taker).public.fingerprint,
            "version": 1,
        }
        made.alter(grant)
        signer = self.person(made.signer or made.giver)
        return dsse.sign(made.kind, canonical.encode(grant), signer)

    def _seal_cover(self, variant: Variant, cover: Json) -> bytearray:
        plaintext = variant.cover_bytes(canonical.encode_padded(cover, multiple=COVER_PADDING))
        name = f"cover {variant.slug}"
        file_key = FileKey(bytes_for(f"file key {name}", 16))
        return self.seal_with(
            self.stanzas(variant.cover_stanzas, file_key), file_key, plaintext, name
        )

    def _member(self, variant: Variant) -> Envelope:
        payload: Json = canonical.decode(self.cast.member.to_payload())
        variant.member(payload)
        return dsse.sign(PayloadType.MEMBER, canonical.encode(payload), self.cast.root)


def _fill(bundle: Bundle, variant: Variant) -> bytearray:
    tar = bytearray(bundle.padded_length)

    def read(index: int, offset: int, out: memoryview) -> None:
        out[:] = variant.files[index][1][offset : offset + len(out)]

    bundle.fill(0, memoryview(tar), read=read)
    return tar


def _base64(value: bytes) -> str:
    return base64.b64encode(value).decode("ascii")


def change(position: int) -> Callable[[bytearray], bytes]:
    """Change one byte; a negative position counts from the end."""

    def alter(data: bytearray) -> bytes:
        data[position] ^= 1
        return bytes(data)

    return alter


def cut(length: int) -> Callable[[bytearray], bytes]:
    """Keep so many bytes; a negative length drops from the end."""
    return lambda data: bytes(data[:length])


def replace_header(at: int, position: int, value: bytes) -> Callable[[bytearray], bytes]:
    """Change a field of the tar header block at `at`, and put its checksum right."""

    def alter(tar: bytearray) -> bytes:
        block = tar[at : at + BLOCK_BYTES]
        block[position : position + len(value)] = value
        block[148:156] = b" " * 8
        block[148:156] = b"%06o\0 " % sum(block)
        tar[at : at + BLOCK_BYTES] = block
        return bytes(tar)

    return alter
