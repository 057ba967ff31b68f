"""The `mlkem768x25519` stanza and its HPKE suite: the public half of wrapping.

https://c2sp.org/age (MLKEM768-X25519), RFC 9180. Checks here need no secret, so
the service can make them too, before it keeps a file.
"""

from dataclasses import dataclass
from typing import Final

from cryptography.hazmat.primitives import hpke
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from souspli_exchange.age.errors import HeaderError
from souspli_exchange.age.header import Stanza
from souspli_exchange.age.rawbase64 import decode_base64, encode_base64

MLKEM768X25519: Final = "mlkem768x25519"
"""age's name for the recipient type."""

HPKE_SUITE: Final = hpke.Suite(
    hpke.KEM.MLKEM768_X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.CHACHA20_POLY1305
)
HPKE_INFO: Final = b"age-encryption.org/mlkem768x25519"

X25519_BYTES = 32
MLKEM768_PUBLIC_BYTES = 1_184  # FIPS 203, encapsulation key
MLKEM768_CIPHERTEXT_BYTES = 1_088  # FIPS 203
ENC_BYTES = MLKEM768_CIPHERTEXT_BYTES + X25519_BYTES
WRAPPED_FILE_KEY_BYTES = 32  # 16 bytes of file key, 16 of Poly1305 tag

# Any scalar does: X25519 clamps each to a multiple of the cofactor that is no
# multiple of the group's order, so exactly the points of low order give zero.
_ANY_SCALAR: Final = X25519PrivateKey.from_private_bytes(bytes(X25519_BYTES))


@dataclass(frozen=True, slots=True)
class HybridStanza:
    """A file key sealed with HPKE to one mlkem768x25519 recipient."""

    enc: bytes
    """HPKE's encapsulated key: ML-KEM-768 ciphertext, then X25519 share."""
    wrapped_file_key: bytes

    def to_stanza(self) -> Stanza:
        """Return the stanza that says this in a header."""
        return Stanza(
            recipient_type=MLKEM768X25519,
            arguments=(encode_base64(self.enc).decode("ascii"),),
            body=self.wrapped_file_key,
        )


def parse_hybrid_stanza(stanza: Stanza) -> HybridStanza:
    """Return what a stanza of type mlkem768x25519 holds, its shape fully checked.

    Raises HeaderError if the type is another, there is not exactly one argument
    after it, a length is wrong, or the X25519 share is a point of low order.
    """
    if stanza.recipient_type != MLKEM768X25519:
        raise HeaderError(f"the stanza is not of type {MLKEM768X25519}")
    if len(stanza.arguments) != 1:
        raise HeaderError(f"a {MLKEM768X25519} stanza has two arguments")
    enc = decode_base64(stanza.arguments[0].encode("ascii"))
    if len(enc) != ENC_BYTES:
        raise HeaderError(f"the encapsulated key is {len(enc)} bytes long, not {ENC_BYTES}")
    wrapped_file_key = check_wrapped_length(stanza.body)
    if is_low_order(enc[MLKEM768_CIPHERTEXT_BYTES:]):
        raise HeaderError("the encapsulated key holds an X25519 point of low order")
    return HybridStanza(enc=enc, wrapped_file_key=wrapped_file_key)


def check_wrapped_length(body: bytes) -> bytes:
    """Return a stanza's body if a sealed file key has this length; raise HeaderError if not.

    For every recipient type, before any decryption: one long ciphertext can be made to
    open under many keys, which turns a reader into an oracle that sorts keys out.
    """
    if len(body) != WRAPPED_FILE_KEY_BYTES:
        raise HeaderError("the wrapped file key has the wrong length")
    return body


def is_low_order(x25519_point: bytes) -> bool:
    """Say whether X25519 with this point gives zero whatever the secret.

    HPKE's open reports such a point like a stanza for somebody else. It is an
    attack, or a fault, and has to be told apart (CCTV hybrid_low_order).
    """
    point = X25519PublicKey.from_public_bytes(x25519_point)
    try:
        _ANY_SCALAR.exchange(point)
    except ValueError:
        return True
    return False
