"""A sealed file as text: the strict PEM around its bytes. Reading only.

The product neither writes nor reads this form; it is here so that all of age's
vectors can be run (tests/test_floors.py sees that nothing else imports it).
https://c2sp.org/age (ASCII armor), RFC 7468 section 3, Figure 3.
"""

import base64
import binascii

from souspli_exchange.age.errors import ArmorError

BEGIN = b"-----BEGIN AGE ENCRYPTED FILE-----"
END = b"-----END AGE ENCRYPTED FILE-----"
COLUMNS = 64  # RFC 7468

# What mail programs and editors put around a block. Inside it, nothing.
_WHITE_SPACE = b" \t\r\n"


def decode_armor(text: bytes) -> bytes:
    """Return the age file that an armored file holds, whole or not at all.

    A line ends with LF or CRLF, and white space may stand before and after the block.
    Raises ArmorError for any other second spelling: text around the block, headers in
    it, a line that is empty or has the wrong length, base64 that is not canonical. Were
    it accepted, whoever keeps the file could change it unseen.

    The bytes are not looked at: an empty block gives none, and they are no age file.
    """
    first, *rest = text.strip(_WHITE_SPACE).split(b"\n")
    if not rest or first.removesuffix(b"\r") != BEGIN or rest.pop() != END:
        raise ArmorError("an armored file is one block, from its BEGIN line to its END line")
    lines = [line.removesuffix(b"\r") for line in rest]
    if lines and not 0 < len(lines[-1]) <= COLUMNS:
        raise ArmorError(f"the last line of armor has 1 to {COLUMNS} columns")
    if any(len(line) != COLUMNS for line in lines[:-1]):
        raise ArmorError(f"a line of armor has {COLUMNS} columns")
    return _decode_padded_base64(b"".join(lines))


def _decode_padded_base64(text: bytes) -> bytes:
    try:
        value = base64.b64decode(text, validate=True)
    except binascii.Error:
        value = None
    # Python's decoder ignores the bits after the last byte: encoding again does not.
    if value is None or base64.b64encode(value) != text:
        raise ArmorError("not canonical padded base64")
    return value
