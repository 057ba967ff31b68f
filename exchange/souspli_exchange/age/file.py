"""Whole sealed files: encrypt to one recipient, decrypt with one identity.

The strict subset of docs/specs/age.md. For a document that does not fit in memory,
`begin_file` and `open_start` give the first bytes and what seals or opens the rest.
Files of any other shape: `any_file`.
"""

from dataclasses import dataclass

from souspli_exchange.age.errors import HeaderIncompleteError
from souspli_exchange.age.filekey import FileKey
from souspli_exchange.age.lengths import PAYLOAD_NONCE_BYTES, StreamLayout
from souspli_exchange.age.recipient import HybridRecipient
from souspli_exchange.age.sealed_header import SEALED_HEADER_BYTES, parse_sealed_header
from souspli_exchange.age.stream import PayloadOpener, PayloadSealer
from souspli_exchange.age.unwrap import HybridIdentity, unwrap_file_key
from souspli_exchange.age.wrap import write_sealed_header

SEALED_START_BYTES = SEALED_HEADER_BYTES + PAYLOAD_NONCE_BYTES
"""Where chunk 0 begins in a sealed file."""


@dataclass(frozen=True, slots=True)
class NewFile:
    """A file begun: its first SEALED_START_BYTES, and what seals the chunks after them."""

    start: bytes
    sealer: PayloadSealer


def begin_file(recipient: HybridRecipient) -> NewFile:
    """Begin a file for `recipient`, with a file key and nonce that nobody else has."""
    file_key = FileKey.generate()
    sealer = PayloadSealer(file_key)
    return NewFile(write_sealed_header(file_key, recipient) + sealer.nonce, sealer)


def sealed_file_bytes(plain_bytes: int) -> int:
    """Return how long the sealed file is that holds so many bytes of plaintext."""
    return SEALED_START_BYTES + StreamLayout(plain_bytes).sealed_bytes


def encrypt(plaintext: bytes, recipient: HybridRecipient) -> bytes:
    """Return a file that only `recipient` can open. For what fits in memory."""
    new = begin_file(recipient)
    sealed = bytearray(sealed_file_bytes(len(plaintext)))
    sealed[:SEALED_START_BYTES] = new.start
    stream = memoryview(sealed)[SEALED_START_BYTES:]
    new.sealer.seal_segment(plaintext, first_chunk_index=0, last=True, out=stream)
    return bytes(sealed)


def open_start(data: bytes, identity: HybridIdentity) -> PayloadOpener:
    """Return what opens the chunks of the sealed file that begins with `data`.

    Chunk 0 begins at SEALED_START_BYTES, and nothing from there on is looked at.
    Raises HeaderIncompleteError if `data` is shorter than that, HeaderError if it is
    not a sealed file, NoMatchError if it is for somebody else, HmacError if its header
    was changed.
    """
    header, _ = parse_sealed_header(data)
    file_key = unwrap_file_key(header, [identity])
    nonce = data[SEALED_HEADER_BYTES:SEALED_START_BYTES]
    if len(nonce) < PAYLOAD_NONCE_BYTES:
        raise HeaderIncompleteError("the file stops before its first chunk")
    return PayloadOpener(file_key, nonce)


def decrypt(data: bytes, identity: HybridIdentity) -> bytes:
    """Return the plaintext of a whole sealed file, or raise and return nothing of it.

    Raises like `open_start`, and PayloadError if the payload is damaged, cut short or
    added to.
    """
    opener = open_start(data, identity)
    stream = memoryview(data)[SEALED_START_BYTES:]
    layout = StreamLayout.of_sealed(len(stream))
    plaintext = bytearray(layout.plain_bytes)
    opener.open_range(stream, layout=layout, first_chunk_index=0, out=plaintext)
    return bytes(plaintext)
