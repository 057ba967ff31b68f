"""The C2SP/CCTV vectors of age, failure class by failure class.

They come with the npm package `cctv-age`, a development dependency of the browser
client, and are read where npm has put them: `python hatch_build.py npm ci`.
"""

import base64
import hashlib
import re
import zlib
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest

from souspli_exchange.age.decryptor import PayloadDecryptor
from souspli_exchange.age.errors import (
    AgeError,
    HeaderError,
    HmacError,
    NoMatchError,
    PayloadError,
)
from souspli_exchange.age.file import decrypt, open_start_of_any_age_file
from souspli_exchange.age.filekey import FileKey
from souspli_exchange.age.header import authenticated_part, parse_header
from souspli_exchange.age.lengths import CHUNK_BYTES, PAYLOAD_NONCE_BYTES, StreamLayout
from souspli_exchange.age.stream import PayloadSealer
from souspli_exchange.age.unwrap import HybridIdentity, Identity
from souspli_exchange.age.x25519 import X25519Identity

PACKAGE = Path(__file__).parents[2] / "mailbox/web/node_modules/cctv-age/index.js"
ENTRY = re.compile(
    r'^// \.\./testdata/(\S+)\nvar \w+ = __toBinary\("([A-Za-z0-9+/=]*)"\);$', re.MULTILINE
)
FAILURE_TYPES: dict[str, type[AgeError]] = {
    "no match": NoMatchError,
    "HMAC failure": HmacError,
    "header failure": HeaderError,
    "payload failure": PayloadError,
}
KNOWN_KEYS = {"expect", "payload", "file key", "identity", "compressed", "comment"}


@dataclass(frozen=True)
class Vector:
    name: str
    expect: str
    fields: dict[str, str]
    identities: tuple[str, ...]
    file: bytes

    @property
    def family(self) -> str:
        return self.name.partition("_")[0]

    def parse_identities(self) -> list[Identity]:
        return [parse_identity(text) for text in self.identities]


def parse_identity(text: str) -> Identity:
    if text.startswith("AGE-SECRET-KEY-PQ-1"):
        return HybridIdentity.parse(text)
    return X25519Identity.parse(text)


def read_vector(name: str, encoded: str) -> Vector:
    text, _, file = base64.b64decode(encoded).partition(b"\n\n")
    pairs = [line.partition(": ")[::2] for line in text.decode().splitlines()]
    fields = dict(pairs)
    if fields.get("compressed") == "zlib":
        file = zlib.decompress(file)
    identities = tuple(value for key, value in pairs if key == "identity")
    return Vector(name, fields["expect"], fields, identities, file)


ALL = [read_vector(*entry.groups()) for entry in ENTRY.finditer(PACKAGE.read_text("ascii"))]
# Passphrases and armor come with the rest of age v1.
BINARY = [vector for vector in ALL if vector.fields.keys() <= KNOWN_KEYS]
SUCCESS = [vector for vector in BINARY if vector.expect == "success"]

each_vector = pytest.mark.parametrize("vector", BINARY, ids=lambda vector: vector.name)
each_success = pytest.mark.parametrize("vector", SUCCESS, ids=lambda vector: vector.name)
each_hybrid = pytest.mark.parametrize(
    "vector", [v for v in BINARY if v.family == "hybrid"], ids=lambda vector: vector.name
)


def read_all(vector: Vector, piece_bytes: int, released: bytearray) -> None:
    """Put everything that a streaming reader releases into `released`, then raise or not."""
    opener, start = open_start_of_any_age_file(vector.file, vector.parse_identities())
    decryptor = PayloadDecryptor(opener)
    for at in range(start, len(vector.file), piece_bytes):
        released += decryptor.receive(vector.file[at : at + piece_bytes])
    released += decryptor.finish()


def test_no_vector_is_missing() -> None:
    assert len(ALL) == 143
    families = Counter(vector.family for vector in BINARY)
    assert families["hybrid"] == 18
    assert families["stream"] == 28
    assert len(BINARY) == 85
    expected = Counter(vector.expect for vector in BINARY)
    assert set(expected) == {"success", *FAILURE_TYPES}


@pytest.mark.parametrize("piece_bytes", [509, CHUNK_BYTES + 1, 1 << 30])
@each_vector
def test_a_vector_ends_as_it_should_and_releases_only_what_it_may(
    vector: Vector, piece_bytes: int
) -> None:
    released = bytearray()
    if vector.expect == "success":
        read_all(vector, piece_bytes, released)
    else:
        with pytest.raises(FAILURE_TYPES[vector.expect]):
            read_all(vector, piece_bytes, released)
    if "payload" in vector.fields:
        assert hashlib.sha256(released).hexdigest() == vector.fields["payload"]
    else:
        assert not released


@each_success
def test_the_file_key_is_the_one_that_was_wrapped(vector: Vector) -> None:
    header, _ = parse_header(vector.file)
    FileKey(bytes.fromhex(vector.fields["file key"])).check_header(header)


@pytest.mark.parametrize(
    "vector", [v for v in BINARY if v.expect != "header failure"], ids=lambda v: v.name
)
def test_a_valid_header_is_written_as_it_was_read(vector: Vector) -> None:
    header, length = parse_header(vector.file)
    assert header.encode() == vector.file[:length]
    assert authenticated_part(header.stanzas) == header.authenticated


@each_success
def test_any_run_of_chunks_opens_by_itself_and_seals_to_the_same_bytes(vector: Vector) -> None:
    opener, start = open_start_of_any_age_file(vector.file, vector.parse_identities())
    stream = memoryview(vector.file)[start:]
    layout = StreamLayout.of_sealed(len(stream))
    file_key = FileKey(bytes.fromhex(vector.fields["file key"]))
    sealer = PayloadSealer.reproduce_for_test_vectors(
        file_key, vector.file[start - PAYLOAD_NONCE_BYTES : start]
    )
    plain = bytearray(layout.plain_bytes)
    for first in reversed(range(0, layout.chunk_count, 3)):
        count = min(3, layout.chunk_count - first)
        sealed = stream[layout.sealed_range(first, count).start :][
            : len(layout.sealed_range(first, count))
        ]
        place = layout.plain_range(first, count)
        run = memoryview(plain)[place.start : place.stop]
        opener.open_range(sealed, layout=layout, first_chunk_index=first, out=run)
        again = bytearray(len(sealed))
        last = layout.is_last(first, count)
        sealer.seal_segment(run, first_chunk_index=first, last=last, out=again)
        assert again == sealed
    assert hashlib.sha256(plain).hexdigest() == vector.fields["payload"]


@each_hybrid
def test_the_product_reads_a_file_only_if_its_one_stanza_is_hybrid(vector: Vector) -> None:
    identity = next(i for i in vector.parse_identities() if isinstance(i, HybridIdentity))
    if vector.name == "hybrid":
        payload = decrypt(vector.file, identity)
        assert hashlib.sha256(payload).hexdigest() == vector.fields["payload"]
    elif vector.expect in ("success", "header failure") or vector.name == "hybrid_uppercase":
        with pytest.raises(HeaderError):
            decrypt(vector.file, identity)
    else:
        with pytest.raises(FAILURE_TYPES[vector.expect]):
            decrypt(vector.file, identity)
