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

from souspli_exchange.age.any_file import (
    decrypt_any_age_file,
    open_any_age_file,
    open_start_of_any_age_file,
    read_binary,
)
from souspli_exchange.age.armor import BEGIN, COLUMNS, END, decode_armor
from souspli_exchange.age.decryptor import PayloadDecryptor
from souspli_exchange.age.errors import (
    AgeError,
    ArmorError,
    HeaderError,
    HmacError,
    NoMatchError,
    PayloadError,
)
from souspli_exchange.age.file import decrypt
from souspli_exchange.age.filekey import FileKey
from souspli_exchange.age.header import authenticated_part, parse_header
from souspli_exchange.age.lengths import CHUNK_BYTES, PAYLOAD_NONCE_BYTES, StreamLayout
from souspli_exchange.age.scrypt import ScryptIdentity
from souspli_exchange.age.stream import PayloadSealer
from souspli_exchange.age.unwrap import HybridIdentity, Identity
from souspli_exchange.age.x25519 import X25519Identity

PACKAGE = Path(__file__).parents[2] / "mailbox/web/node_modules/cctv-age/index.js"
PAGE = Path(__file__).parents[2] / "docs/vectors.md"
ENTRY = re.compile(
    r'^// \.\./testdata/(\S+)\nvar \w+ = __toBinary\("([A-Za-z0-9+/=]*)"\);$', re.MULTILINE
)
FAILURE_TYPES: dict[str, type[AgeError]] = {
    "armor failure": ArmorError,
    "header failure": HeaderError,
    "no match": NoMatchError,
    "HMAC failure": HmacError,
    "payload failure": PayloadError,
}
KNOWN_KEYS = {
    *("expect", "payload", "file key", "identity", "passphrase", "armored"),
    *("compressed", "comment"),
}
NOTHING = hashlib.sha256().hexdigest()


@dataclass(frozen=True)
class Vector:
    name: str
    expect: str
    fields: dict[str, str]
    identities: tuple[str, ...]
    passphrases: tuple[str, ...]
    file: bytes

    @property
    def family(self) -> str:
        return self.name.partition("_")[0]

    @property
    def is_armored(self) -> bool:
        return self.fields.get("armored") == "yes"

    @property
    def payload(self) -> str:
        """The hash of all that may be released, failure or not."""
        return self.fields.get("payload", NOTHING)

    @property
    def binary(self) -> bytes:
        return decode_armor(self.file) if self.is_armored else self.file

    def read_identities(self) -> list[Identity]:
        keys = [parse_identity(text) for text in self.identities]
        return [*keys, *map(ScryptIdentity, self.passphrases)]


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
    return Vector(
        name,
        fields["expect"],
        fields,
        identities=tuple(value for key, value in pairs if key == "identity"),
        passphrases=tuple(value for key, value in pairs if key == "passphrase"),
        file=file,
    )


ALL = [read_vector(*entry.groups()) for entry in ENTRY.finditer(PACKAGE.read_text("ascii"))]
UNARMORED = [vector for vector in ALL if vector.expect != "armor failure"]
SUCCESS = [vector for vector in ALL if vector.expect == "success"]


def each(vectors: list[Vector]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("vector", vectors, ids=lambda vector: vector.name)


def read_all(vector: Vector, released: bytearray) -> None:
    """Put everything that is given out into `released`, then raise or not."""
    for piece in open_any_age_file(vector.file, vector.read_identities()):
        released += piece


def read_in_pieces(vector: Vector, piece_bytes: int, released: bytearray) -> None:
    """The same from a binary file that arrives in pieces of any size."""
    file = vector.binary
    opener, start = open_start_of_any_age_file(file, vector.read_identities())
    decryptor = PayloadDecryptor(opener)
    for at in range(start, len(file), piece_bytes):
        released += decryptor.receive(file[at : at + piece_bytes])
    released += decryptor.finish()


def test_all_143_vectors_are_run_and_nothing_in_them_is_ignored() -> None:
    """A new class or key in a later edition fails here, not in silence."""
    assert len(ALL) == len({vector.name for vector in ALL}) == 143
    assert PACKAGE.read_text("ascii").count("// ../testdata/") == 143
    assert {key for vector in ALL for key in vector.fields} == KNOWN_KEYS
    assert Counter(vector.expect for vector in ALL) == {
        "success": 26,
        "armor failure": 22,
        "header failure": 62,
        "no match": 13,
        "HMAC failure": 1,
        "payload failure": 19,
    }
    assert sum(vector.is_armored for vector in ALL) == 33
    releasing = {vector.expect for vector in ALL if "payload" in vector.fields}
    assert releasing == {"success", "payload failure"}
    # Of 19 payload failures, so many come after something was released.
    some = [v for v in ALL if v.expect == "payload failure" and v.payload != NOTHING]
    assert len(some) == 13


def test_the_page_says_how_many_vectors_of_each_class_are_run() -> None:
    shown = re.findall(
        r"^\| ([a-zA-Z ]+) \| (\d+) \| (\d+) \|", PAGE.read_text("utf-8"), re.MULTILINE
    )
    counts = Counter(vector.expect for vector in ALL)
    assert {(name, int(given), int(run)) for name, given, run in shown} == {
        (expect, count, count) for expect, count in counts.items()
    }


@each(ALL)
def test_a_vector_ends_as_it_should_and_releases_only_what_it_may(vector: Vector) -> None:
    released = bytearray()
    if vector.expect == "success":
        read_all(vector, released)
        assert decrypt_any_age_file(vector.file, vector.read_identities()) == released
    else:
        with pytest.raises(FAILURE_TYPES[vector.expect]):
            read_all(vector, released)
        with pytest.raises(FAILURE_TYPES[vector.expect]):
            decrypt_any_age_file(vector.file, vector.read_identities())
    assert hashlib.sha256(released).hexdigest() == vector.payload


@pytest.mark.parametrize("piece_bytes", [509, CHUNK_BYTES + 1, 1 << 30])
@each(UNARMORED)
def test_it_does_not_matter_in_which_pieces_a_file_arrives(
    vector: Vector, piece_bytes: int
) -> None:
    released = bytearray()
    if vector.expect == "success":
        read_in_pieces(vector, piece_bytes, released)
    else:
        with pytest.raises(FAILURE_TYPES[vector.expect]):
            read_in_pieces(vector, piece_bytes, released)
    assert hashlib.sha256(released).hexdigest() == vector.payload


def test_no_failure_class_is_a_kind_of_another() -> None:
    kinds = FAILURE_TYPES.values()
    assert [(a, b) for a in kinds for b in kinds if a is not b and issubclass(a, b)] == []


@each(UNARMORED)
def test_its_first_byte_tells_an_armored_file_from_a_binary_one(vector: Vector) -> None:
    assert read_binary(vector.file) == vector.binary
    assert (read_binary(vector.file) is vector.file) is not vector.is_armored


@each([vector for vector in SUCCESS if vector.is_armored])
def test_armor_has_one_spelling_but_for_white_space_around_it(vector: Vector) -> None:
    text = base64.b64encode(vector.binary)
    lines = [text[at : at + COLUMNS] for at in range(0, len(text), COLUMNS)]
    spelt = b"\n".join([BEGIN, *lines, END])
    assert vector.file.replace(b"\r\n", b"\n").strip() == spelt


@each(SUCCESS)
def test_the_file_key_is_the_one_that_was_wrapped(vector: Vector) -> None:
    header, _ = parse_header(vector.binary)
    FileKey(bytes.fromhex(vector.fields["file key"])).check_header(header)


@each([vector for vector in UNARMORED if vector.expect != "header failure"])
def test_a_valid_header_is_written_as_it_was_read(vector: Vector) -> None:
    header, length = parse_header(vector.binary)
    assert header.encode() == vector.binary[:length]
    assert authenticated_part(header.stanzas) == header.authenticated


@each(SUCCESS)
def test_any_run_of_chunks_opens_by_itself_and_seals_to_the_same_bytes(vector: Vector) -> None:
    file = vector.binary
    opener, start = open_start_of_any_age_file(file, vector.read_identities())
    stream = memoryview(file)[start:]
    layout = StreamLayout.of_sealed(len(stream))
    file_key = FileKey(bytes.fromhex(vector.fields["file key"]))
    sealer = PayloadSealer.reproduce_for_test_vectors(
        file_key, file[start - PAYLOAD_NONCE_BYTES : start]
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


@each([vector for vector in ALL if vector.family == "hybrid"])
def test_the_product_reads_a_file_only_if_its_one_stanza_is_hybrid(vector: Vector) -> None:
    identity = next(i for i in vector.read_identities() if isinstance(i, HybridIdentity))
    if vector.name == "hybrid":
        payload = decrypt(vector.file, identity)
        assert hashlib.sha256(payload).hexdigest() == vector.fields["payload"]
    elif vector.expect in ("success", "header failure") or vector.name == "hybrid_uppercase":
        with pytest.raises(HeaderError):
            decrypt(vector.file, identity)
    else:
        with pytest.raises(FAILURE_TYPES[vector.expect]):
            decrypt(vector.file, identity)
