"""Joining items so that no two lists of items give the same bytes (encoding.md §1)."""

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from souspli_keys.errors import MisuseError
from souspli_keys.values import has_lone_surrogate

LABEL_PREFIX = "souspli/v1/"
DERIVED_BYTES = 32

_LENGTH_BYTES = 4


def frame(label: str, *items: bytes | str) -> bytes:
    """Return label and items, each behind its length; text is UTF-8.

    `label` says what the result is for, `souspli/v1/<purpose>`: nothing hashed or
    signed for one purpose can stand for another. Raises MisuseError without it, or
    for text that UTF-8 can't hold.
    """
    return b"".join(
        len(item).to_bytes(_LENGTH_BYTES, "big") + item
        for item in (_to_bytes(item) for item in (_check_label(label), *items))
    )


def derive(key: bytes, label: str) -> bytes:
    """Return the 32 bytes that `key` gives for one purpose (HKDF-SHA256).

    `key` is 32 bytes of full strength: a root, an unlocker's secret, the output of
    Argon2id; never a password or a code. Raises MisuseError for another length.
    """
    if len(key) != DERIVED_BYTES:
        raise MisuseError(f"a key to derive from is {DERIVED_BYTES} bytes long")
    info = _check_label(label).encode("ascii")
    return HKDF(algorithm=SHA256(), length=DERIVED_BYTES, salt=b"", info=info).derive(key)


def _check_label(label: str) -> str:
    if not label.startswith(LABEL_PREFIX) or not label.isascii() or label == LABEL_PREFIX:
        raise MisuseError(f"a label is {LABEL_PREFIX}<purpose>")
    return label


def _to_bytes(item: bytes | str) -> bytes:
    if isinstance(item, bytes):
        return item
    # Asked first: UnicodeEncodeError would carry the text along, maybe a secret.
    if has_lone_surrogate(item):
        raise MisuseError("a text item with a lone surrogate")
    return item.encode("utf-8")
