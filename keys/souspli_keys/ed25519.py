"""Ed25519 as libsodium does it, with plain bytes on both sides."""

from nacl import bindings
from nacl.exceptions import CryptoError

from souspli_keys.errors import MisuseError, SignatureError

SEED_BYTES = 32
SIGNATURE_BYTES = 64


def public_key_of(seed: bytes) -> bytes:
    """Return the 32-byte public key of a 32-byte seed."""
    return _key_pair(seed)[0]


def sign(message: bytes, *, seed: bytes) -> bytes:
    """Return the 64-byte signature of `message`."""
    return bindings.crypto_sign(message, _key_pair(seed)[1])[:SIGNATURE_BYTES]


def verify(message: bytes, *, signature: bytes, public_key: bytes) -> bytes:
    """Return `message` if the key signed it; raise SignatureError if not.

    libsodium also refuses public keys of low order, under which one signature holds
    for many messages, and signatures with a second spelling.
    """
    if len(signature) != SIGNATURE_BYTES or len(public_key) != bindings.crypto_sign_PUBLICKEYBYTES:
        raise SignatureError("a signature or key of another length")
    # Outside the prime-order subgroup, libraries differ on which signatures hold: a
    # hostile signer could make an envelope that one reader takes and the other refuses.
    if not bindings.crypto_core_ed25519_is_valid_point(public_key):
        raise SignatureError("not a key that anybody generates")
    try:
        return bindings.crypto_sign_open(signature + message, public_key)
    except CryptoError:
        raise SignatureError("the signature does not hold") from None


def _key_pair(seed: bytes) -> tuple[bytes, bytes]:
    if len(seed) != SEED_BYTES:
        raise MisuseError(f"an Ed25519 seed is {SEED_BYTES} bytes long")
    return bindings.crypto_sign_seed_keypair(seed)
