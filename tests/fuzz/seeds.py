"""Where each fuzzer begins: the vectors, read when it starts and never copied."""

import base64
import json
from collections.abc import Iterator

from fuzz.formats import PADDED_MULTIPLE, STATEMENT_KINDS
from vectors.reader import read_vectors

from souspli_exchange.age import armor
from souspli_exchange.age.file import decrypt
from souspli_exchange.age.sealed_header import SEALED_HEADER_BYTES
from souspli_exchange.age.unwrap import HybridIdentity
from souspli_keys import canonical, dsse
from souspli_keys.errors import KeysError
from souspli_keys.identity import Identity

_MOST_SEED_BYTES = 40_000  # the vectors at the limits of length are read by tests
_SMALL_HEADERS = (
    b"age-encryption.org/v1\n-> X25519 TEiF0ypqr+bpvcqXNyCVJpL7OuwPdVwPL7KQEbFDOCc\n"
    b"EmECAEcKN+n/Vs9SbWiV+Hu0r+E8R77DdWYyd83nw7U\n"
    b"--- Vn+54jqiiUCE+WZcEVY3f1sqHjlu/z1LCQ/T7Xm7qI0\n",
    b"age-encryption.org/v1\n-> a\n\n-> b c d\n" + b"A" * 64 + b"\n\n--- " + b"A" * 43 + b"\n",
)


def canonical_json() -> Iterator[bytes]:
    """The vectors of canonical JSON."""
    yield from _bodies("canonical")


def padded_json() -> Iterator[bytes]:
    """The vectors of padding, and of canonical JSON with padding."""
    yield from _bodies("padded")
    for body in _bodies("canonical"):
        yield body + b" " * (-len(body) % PADDED_MULTIPLE)


def age_headers() -> Iterator[bytes]:
    """Two small headers, and those of the sealed vectors."""
    yield from _SMALL_HEADERS
    yield from sealed_headers()


def sealed_headers() -> Iterator[bytes]:
    """The beginnings of the sealed covers: one stanza, and some of what follows, or two."""
    for document in _documents():
        yield base64.b64decode(document["cover"])[: 2 * SEALED_HEADER_BYTES]


def armored() -> Iterator[bytes]:
    """Small files as text, in both kinds of lines, and nothing at all in armor."""
    for content in (b"", b"age", *_SMALL_HEADERS, bytes(47), bytes(48), bytes(49), bytes(96)):
        text = base64.b64encode(content)
        body = [text[at : at + armor.COLUMNS] for at in range(0, len(text), armor.COLUMNS)]
        lines = [armor.BEGIN, *body, armor.END]
        yield b"\n".join(lines) + b"\n"
        yield b"\r\n".join(lines)


def covers() -> Iterator[bytes]:
    """The plaintexts of the covers that open."""
    for document in _documents():
        for root in document["identities"]:
            identity = Identity.from_root(bytes.fromhex(root))
            try:
                plain = decrypt(
                    base64.b64decode(document["cover"]),
                    HybridIdentity(identity.secret_age_seed()),
                )
            except Exception:  # noqa: BLE001, S112  (a vector of something that does not open)
                continue
            yield plain


def manifests() -> Iterator[bytes]:
    """The vectors of manifests."""
    yield from _bodies("manifest")


def envelopes() -> Iterator[bytes]:
    """All envelopes of the vectors, written canonically where that can be done."""
    for vector in read_vectors("dsse"):
        yield from _canonical(json.loads(vector.body)["envelope"])
    for document in _documents():
        yield from _canonical(document["member"])


def statements() -> Iterator[bytes]:
    """The vectors of statements, behind the letter of their kind."""
    letters = {kind.payload_type.value: letter for letter, kind in STATEMENT_KINDS.items()}
    for vector in read_vectors("statement"):
        name = f"application/vnd.souspli.{vector.text('kind')}+json"
        yield letters.get(name, "o").encode() + vector.body
    for vector in read_vectors("purge-payload"):
        yield b"p" + vector.body
    for vector in read_vectors("enrolment-payload"):
        yield (b"n" if vector.text("kind") == "enrolment" else b"j") + vector.body
    for folder in ("consent", "choice", "acceptance"):
        for kind, payload in _payloads(folder):
            if kind in letters:
                yield letters[kind].encode() + payload


def grants_and_receipts() -> Iterator[bytes]:
    """Payloads out of the covers' grants, and the vectors of receipts."""
    for plain in covers():
        try:
            cover = canonical.decode(plain.rstrip(b" "))
            for grant in json.loads(json.dumps(cover))["grants"]:
                yield b"g" + dsse.parse(grant).payload
        except (KeysError, KeyError):
            continue
    for vector in read_vectors("receipt"):
        try:
            yield b"r" + dsse.parse(json.loads(vector.body)["envelope"]).payload
        except KeysError:
            continue
    for kind, payload in _payloads("withdrawal"):
        if kind == dsse.PayloadType.WITHDRAWAL.value:
            yield b"w" + payload


def _payloads(folder: str) -> Iterator[tuple[str, bytes]]:
    """Type and payload of every envelope that stands in these vectors' bodies."""
    for vector in read_vectors(folder):
        for found in json.loads(vector.body).values():
            try:
                envelope = dsse.parse(found)
            except KeysError:
                continue
            yield envelope.payload_type.value, envelope.payload


def identity_files() -> Iterator[bytes]:
    """The vectors of both kinds."""
    yield from _bodies("identity-file")
    yield from _bodies("public-identity-file")


def recipes() -> Iterator[bytes]:
    """A few inputs of those harnesses that read recipes, not formats."""
    yield b""
    yield bytes(range(256))
    yield b"\x00\x6b\x49\xd2\x00" + b"\x02\x0areport.pdf\x02\x00" + b"\x07b.txt..\x00\x00" * 3
    for vector in read_vectors("tar-header"):
        name = bytes.fromhex(vector.text("name"))
        yield b"\x00\x6b\x49\xd2\x00\x00" + bytes([len(name) % 131]) + name + b"\x01\x00"


def _documents() -> Iterator[dict[str, str]]:
    for vector in read_vectors("sealed-document"):
        yield json.loads(vector.body)


def _bodies(group: str) -> Iterator[bytes]:
    for vector in read_vectors(group):
        if len(vector.body) <= _MOST_SEED_BYTES:
            yield vector.body


def _canonical(value: dict[str, object]) -> Iterator[bytes]:
    try:
        yield canonical.encode(value)
    except KeysError:
        return
