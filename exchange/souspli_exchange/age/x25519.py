"""age's classical identity: reading only, to be tested against all of age's vectors.

The product never uses it: a file sealed to an X25519 recipient can be kept today
and opened once quantum computers exist. `sealed_header` refuses such files.
"""

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from souspli_exchange.age.bech32 import decode_bech32
from souspli_exchange.age.errors import HeaderError, KeyStringError
from souspli_exchange.age.filekey import FileKey
from souspli_exchange.age.header import Stanza
from souspli_exchange.age.hybrid import X25519_BYTES, check_wrapped_length
from souspli_exchange.age.rawbase64 import decode_base64

X25519 = "X25519"
"""age's name for the recipient type."""
IDENTITY_PREFIX = "age-secret-key-"
_INFO = b"age-encryption.org/v1/X25519"
_NONCE = bytes(12)  # fixed by age: each wrap key seals one file key
_WRAP_KEY_BYTES = 32  # ChaCha20-Poly1305


class X25519Identity:
    """An X25519 secret key: `AGE-SECRET-KEY-1…`. Prints as `…`."""

    __slots__ = ("_private_key",)

    def __init__(self, secret: bytes) -> None:
        """Raises KeyStringError for another length than 32 bytes."""
        if len(secret) != X25519_BYTES:
            raise KeyStringError(f"an identity is {X25519_BYTES} bytes long")
        self._private_key = X25519PrivateKey.from_private_bytes(secret)

    @classmethod
    def parse(cls, text: str) -> "X25519Identity":
        """Return the identity that `AGE-SECRET-KEY-1…` spells, or raise KeyStringError."""
        return cls(decode_bech32(text, prefix=IDENTITY_PREFIX))

    def unwrap(self, stanza: Stanza) -> FileKey | None:
        """Return the file key, or None if the stanza is for somebody else.

        Raises HeaderError for a stanza of type X25519 of the wrong shape, or whose
        share is a point of low order. https://c2sp.org/age (X25519 recipient stanza).
        """
        if stanza.recipient_type != X25519:
            return None
        if len(stanza.arguments) != 1:
            raise HeaderError("an X25519 stanza has two arguments")
        share = decode_base64(stanza.arguments[0].encode("ascii"))
        wrapped = check_wrapped_length(stanza.body)
        wrap_key = self._wrap_key(share)
        try:
            return FileKey(ChaCha20Poly1305(wrap_key).decrypt(_NONCE, wrapped, None))
        except InvalidTag:
            return None

    def _wrap_key(self, share: bytes) -> bytes:
        try:
            shared_secret = self._private_key.exchange(X25519PublicKey.from_public_bytes(share))
        except ValueError:
            raise HeaderError("the ephemeral share is not 32 bytes long, or of low order") from None
        salt = share + self._private_key.public_key().public_bytes_raw()
        hkdf = HKDF(algorithm=SHA256(), length=_WRAP_KEY_BYTES, salt=salt, info=_INFO)
        return hkdf.derive(shared_secret)

    def __repr__(self) -> str:
        return "X25519Identity(…)"
