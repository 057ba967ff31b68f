"""The file key: the secret that opens one file, and the two keys made from it.

https://c2sp.org/age (File key, Header MAC, Payload).
"""

import hmac
import os

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from souspli_exchange.age.errors import AgeUsageError, HmacError
from souspli_exchange.age.header import Header

FILE_KEY_BYTES = 16
_DERIVED_KEY_BYTES = 32  # HMAC-SHA-256's and ChaCha20-Poly1305's


class FileKey:
    """Sixteen secret bytes, used for one file and never again. Prints as `…`."""

    __slots__ = ("_secret",)

    def __init__(self, secret: bytes) -> None:
        """Hold a file key that was unwrapped; a new file takes `generate`.

        Raises AgeUsageError for another length than 16 bytes.
        """
        if len(secret) != FILE_KEY_BYTES:
            raise AgeUsageError(f"a file key is {FILE_KEY_BYTES} bytes long")
        self._secret = bytes(secret)

    @classmethod
    def generate(cls) -> "FileKey":
        """Return a new file key from the system's random source."""
        return cls(os.urandom(FILE_KEY_BYTES))

    def secret_bytes(self) -> bytes:
        """Return the secret, to be wrapped for a recipient and for nothing else."""
        return self._secret

    def header_mac(self, authenticated: bytes) -> bytes:
        """Return the MAC of a header, over its bytes up to and including `---`."""
        key = _hkdf_sha256(self._secret, salt=b"", info=b"header")
        return hmac.digest(key, authenticated, "sha256")

    def check_header(self, header: Header) -> Header:
        """Return `header` if whoever wrote it knew this file key; raise HmacError if not.

        Covers all stanzas: none was added, removed or changed by anybody else.
        """
        if not hmac.compare_digest(self.header_mac(header.authenticated), header.mac):
            raise HmacError("the header was changed after it was written")
        return header

    def payload_key(self, nonce: bytes) -> bytes:
        """Return the 32-byte key of the payload that begins with this nonce."""
        return _hkdf_sha256(self._secret, salt=nonce, info=b"payload")

    def __repr__(self) -> str:
        return "FileKey(…)"


def _hkdf_sha256(secret: bytes, *, salt: bytes, info: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=_DERIVED_KEY_BYTES, salt=salt, info=info).derive(secret)
