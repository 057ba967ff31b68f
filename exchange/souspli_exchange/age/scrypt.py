"""age's passphrase identity: reading only, to be tested against all of age's vectors.

The product never uses it: whoever keeps a file can try passphrases for as long as
they like. `sealed_header` refuses such files. https://c2sp.org/age (scrypt recipient
stanza), RFC 7914.
"""

import re

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from souspli_exchange.age.errors import HeaderError, KeyStringError
from souspli_exchange.age.filekey import FileKey
from souspli_exchange.age.header import Stanza
from souspli_exchange.age.hybrid import check_wrapped_length
from souspli_exchange.age.rawbase64 import decode_base64
from souspli_exchange.age.unwrap import SCRYPT
from souspli_keys.values import has_lone_surrogate

MAX_WORK_FACTOR = 20
"""The highest base-two logarithm of scrypt's N that is worked for.

Each step doubles time and memory, and whoever wrote the file chooses it before
anything is authenticated: without a limit, 200 bytes stop the machine. 20 takes 1 GiB,
four times what age itself writes (18).
"""

SALT_BYTES = 16
_SALT_LABEL = b"age-encryption.org/v1/scrypt"
_BLOCK_SIZE = 8  # r; fixed by age, as are p = 1 and the nonce
_PARALLELISM = 1
_NONCE = bytes(12)  # each wrap key seals one file key
_WRAP_KEY_BYTES = 32  # ChaCha20-Poly1305

# No sign and no leading zero, so that a number has one spelling; at most two digits,
# so that a line of digits is not made a number of.
_WORK_FACTOR = re.compile(r"[1-9][0-9]?")


class ScryptIdentity:
    """A passphrase, the same characters as when the file was made. Prints as `…`."""

    __slots__ = ("_passphrase",)

    def __init__(self, passphrase: str) -> None:
        """Raises KeyStringError if there is none, or UTF-8 can't hold it."""
        # Asked first: UnicodeEncodeError would carry the passphrase along.
        if not passphrase or has_lone_surrogate(passphrase):
            raise KeyStringError("a passphrase is text, and not empty")
        self._passphrase = passphrase.encode("utf-8")

    def unwrap(self, stanza: Stanza) -> FileKey | None:
        """Return the file key, or None if the passphrase is another one.

        Takes 1 KiB and some microseconds, both doubled as often as the work factor
        says: in a server's event loop, call it in a thread. Raises HeaderError for a
        stanza of type scrypt of the wrong shape or with a work factor over
        MAX_WORK_FACTOR. That it stands alone is for `unwrap_file_key` to check.
        """
        if stanza.recipient_type != SCRYPT:
            return None
        match stanza.arguments:
            case (salt_text, factor_text):
                salt, factor = _read_salt(salt_text), _read_work_factor(factor_text)
            case _:
                raise HeaderError("a scrypt stanza has three arguments")
        wrapped = check_wrapped_length(stanza.body)
        wrap_key = self._wrap_key(salt=salt, work_factor=factor)
        try:
            return FileKey(ChaCha20Poly1305(wrap_key).decrypt(_NONCE, wrapped, None))
        except InvalidTag:
            return None

    def _wrap_key(self, *, salt: bytes, work_factor: int) -> bytes:
        scrypt = Scrypt(
            salt=_SALT_LABEL + salt,
            length=_WRAP_KEY_BYTES,
            n=1 << work_factor,
            r=_BLOCK_SIZE,
            p=_PARALLELISM,
        )
        return scrypt.derive(self._passphrase)

    def __repr__(self) -> str:
        return "ScryptIdentity(…)"


def _read_salt(text: str) -> bytes:
    salt = decode_base64(text.encode("ascii"))
    if len(salt) != SALT_BYTES:
        raise HeaderError(f"a scrypt salt is {SALT_BYTES} bytes long")
    return salt


def _read_work_factor(text: str) -> int:
    if not _WORK_FACTOR.fullmatch(text) or int(text) > MAX_WORK_FACTOR:
        raise HeaderError(f"a work factor is a decimal number from 1 to {MAX_WORK_FACTOR}")
    return int(text)
