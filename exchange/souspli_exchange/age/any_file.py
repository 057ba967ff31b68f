"""Any age v1 file opened: armored or not, for any recipient that age itself defines.

Not for documents, which `file` reads: a file of any shape doesn't say who else can
read it. It exists to be tested against all of age's own vectors, and the product
never imports it (tests/test_floors.py). Identities: `unwrap.HybridIdentity`,
`x25519.X25519Identity`, `scrypt.ScryptIdentity`.
"""

from collections.abc import Iterable, Iterator

from souspli_exchange.age.armor import decode_armor
from souspli_exchange.age.decryptor import PayloadDecryptor
from souspli_exchange.age.errors import HeaderIncompleteError
from souspli_exchange.age.header import VERSION_LINE, parse_header
from souspli_exchange.age.lengths import PAYLOAD_NONCE_BYTES, SEALED_CHUNK_BYTES
from souspli_exchange.age.stream import PayloadOpener
from souspli_exchange.age.unwrap import Identity, unwrap_file_key


def decrypt_any_age_file(data: bytes, identities: Iterable[Identity]) -> bytes:
    """Return the plaintext of a whole file, or raise and return nothing of it.

    Raises ArmorError if it is neither a binary file nor an armored one, HeaderError if
    its header is not what age allows, NoMatchError if it is for somebody else, HmacError
    if its header was changed, PayloadError if its payload is damaged, cut short or
    added to.
    """
    return b"".join(open_any_age_file(data, identities))


def open_any_age_file(data: bytes, identities: Iterable[Identity]) -> Iterator[bytes]:
    """Yield the plaintext piece by piece, each authentic; the last one says it is whole.

    Until the iterator has ended, the end may be missing: what it yielded before a
    PayloadError is authentic, and not the whole file. Everything else that
    `decrypt_any_age_file` raises is raised at once, before anything is yielded.
    """
    binary = read_binary(data)
    opener, start = open_start_of_any_age_file(binary, identities)
    return _open_payload(opener, memoryview(binary)[start:])


def read_binary(data: bytes) -> bytes:
    """Return the binary age file that `data` is, or that it holds in armor.

    Its first byte tells which: a binary file begins with the `a` of its version line,
    and no armored file does. Whatever begins otherwise has to be armor: ArmorError.
    """
    return data if VERSION_LINE.startswith(data[:1]) else decode_armor(data)


def open_start_of_any_age_file(
    data: bytes, identities: Iterable[Identity]
) -> tuple[PayloadOpener, int]:
    """Return what opens the chunks of a binary file, and where chunk 0 begins.

    Raises HeaderIncompleteError if `data` is too short for that, and like
    `decrypt_any_age_file`.
    """
    header, length = parse_header(data)
    file_key = unwrap_file_key(header, identities)
    nonce = data[length : length + PAYLOAD_NONCE_BYTES]
    if len(nonce) < PAYLOAD_NONCE_BYTES:
        raise HeaderIncompleteError("the file stops before its first chunk")
    return PayloadOpener(file_key, nonce), length + PAYLOAD_NONCE_BYTES


def _open_payload(opener: PayloadOpener, stream: memoryview) -> Iterator[bytes]:
    decryptor = PayloadDecryptor(opener)
    for at in range(0, len(stream), SEALED_CHUNK_BYTES):
        yield decryptor.receive(stream[at : at + SEALED_CHUNK_BYTES])
    yield decryptor.finish()
