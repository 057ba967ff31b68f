"""The one shape of header that Souspli writes and reads.

docs/specs/age.md: exactly one stanza, of type mlkem768x25519. A second stanza
would be a second reader that nobody sees; a classical one would undo the
post-quantum recipient beside it.
"""

from souspli_exchange.age.errors import HeaderError, HeaderIncompleteError
from souspli_exchange.age.header import Header, parse_header
from souspli_exchange.age.hybrid import HybridStanza, parse_hybrid_stanza

# Nothing in such a header varies in length: version line 22; stanza 18 + 1,494 + 1
# (type, enc of 1,120 bytes in base64) + 43 + 1 (wrapped file key); MAC 4 + 43 + 1.
SEALED_HEADER_BYTES = 1_627


def parse_sealed_header(data: bytes) -> tuple[Header, HybridStanza]:
    """Return the sealed header that `data` begins with, and its only stanza.

    It takes SEALED_HEADER_BYTES; whatever follows is left alone. Needs no secret:
    the MAC and the wrapped file key are not checked, the rest is. Raises
    HeaderIncompleteError if `data` is shorter and right so far, HeaderError for
    any other header, one that age allows included.
    """
    try:
        header, _ = parse_header(data)
    except HeaderIncompleteError:
        if len(data) < SEALED_HEADER_BYTES:
            raise
        raise HeaderError("the header is longer than that of a sealed file") from None
    if len(header.stanzas) != 1:
        raise HeaderError("a sealed file has exactly one stanza")
    return header, parse_hybrid_stanza(header.stanzas[0])
