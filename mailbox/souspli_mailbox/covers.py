"""What the service can see of a cover, and checks: its header and its length.

docs/specs/sealed-document.md §4, §7. That it opens, and for whom, only its
recipient can know.
"""

import hashlib

from souspli_exchange.age.errors import AgeError
from souspli_exchange.age.lengths import StreamLayout
from souspli_exchange.age.sealed_header import parse_sealed_header
from souspli_exchange.segments import START_BYTES
from souspli_mailbox.errors import Refusal
from souspli_mailbox.protocol.problems import ProblemKind

PADDED_TO_BYTES = 8_192
MAX_PLAIN_BYTES = 524_288


def check_cover(cover: bytes) -> bytes:
    """Return the cover if it can be one; Refusal `cover-refused` otherwise.

    An age file with one `mlkem768x25519` stanza whose plaintext is a multiple of
    8,192 bytes: a length in between would tell how long the names in it are.
    """
    try:
        parse_sealed_header(cover)
        plain_bytes = StreamLayout.of_sealed(len(cover) - START_BYTES).plain_bytes
    except AgeError:
        raise Refusal(ProblemKind.COVER_REFUSED) from None
    if not 0 < plain_bytes <= MAX_PLAIN_BYTES or plain_bytes % PADDED_TO_BYTES:
        raise Refusal(ProblemKind.COVER_REFUSED)
    return cover


def cover_hash(cover: bytes) -> str:
    """Return what a replacement names: SHA-256 of the cover."""
    return hashlib.sha256(cover).hexdigest()
