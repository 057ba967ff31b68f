"""Every primitive that Python uses, in every back-end that does it.

Through our own functions where they take what a vector gives, through the library
otherwise. A back-end refuses with its own error and no other: anything else fails.
"""

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA65PrivateKey, MLDSA65PublicKey
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from nacl import bindings
from nacl.exceptions import CryptoError
from primitives.wycheproof import Case, Run, Verdict, equal

from souspli_exchange.age import filekey
from souspli_exchange.age.errors import KeyStringError
from souspli_exchange.age.hybrid import is_low_order
from souspli_exchange.age.recipient import HybridRecipient
from souspli_exchange.age.unwrap import HybridIdentity
from souspli_exchange.age.wrap import wrap_file_key
from souspli_keys import dsse, ed25519, vault
from souspli_keys.errors import SignatureError, SpellingError, VaultKeyError
from souspli_keys.public import PublicIdentity

FILE_KEY = filekey.FileKey(bytes(16))
SOMEBODY = HybridIdentity(bytes(32)).recipient


# ChaCha20-Poly1305 and XChaCha20-Poly1305


def cryptography_whole(case: Case) -> Verdict:
    key, nonce, data = (case.bytes(name) for name in ("key", "iv", "aad"))
    plain, sealed = case.bytes("msg"), case.bytes("ct") + case.bytes("tag")
    cipher = ChaCha20Poly1305(key)
    try:
        opened = cipher.decrypt(nonce, sealed, data)
    except (InvalidTag, ValueError):  # ValueError: a nonce of another length
        return Verdict.REFUSED
    equal(cipher.encrypt(nonce, plain, data), sealed)
    return equal(opened, plain)


def cryptography_into(case: Case) -> Verdict:
    """As the payload's chunks are sealed and opened (age/stream.py)."""
    key, nonce, data = (case.bytes(name) for name in ("key", "iv", "aad"))
    plain, sealed = case.bytes("msg"), case.bytes("ct") + case.bytes("tag")
    cipher = ChaCha20Poly1305(key)
    opened, again = bytearray(len(plain)), bytearray(len(sealed))
    try:
        cipher.decrypt_into(nonce, sealed, data, opened)
    except (InvalidTag, ValueError):
        return Verdict.REFUSED
    cipher.encrypt_into(nonce, plain, data, again)
    equal(bytes(again), sealed)
    return equal(bytes(opened), plain)


def pynacl_chacha(case: Case) -> Verdict:
    key, nonce, data = (case.bytes(name) for name in ("key", "iv", "aad"))
    plain, sealed = case.bytes("msg"), case.bytes("ct") + case.bytes("tag")
    try:
        opened = bindings.crypto_aead_chacha20poly1305_ietf_decrypt(sealed, data, nonce, key)
    except (CryptoError, TypeError):  # TypeError: a nonce of another length
        return Verdict.REFUSED
    again = bindings.crypto_aead_chacha20poly1305_ietf_encrypt(plain, data, nonce, key)
    equal(again, sealed)
    return equal(opened, plain)


def pynacl_xchacha(case: Case) -> Verdict:
    """As a profile's files are sealed and opened (souspli_cli)."""
    key, nonce, data = (case.bytes(name) for name in ("key", "iv", "aad"))
    plain, sealed = case.bytes("msg"), case.bytes("ct") + case.bytes("tag")
    try:
        opened = bindings.crypto_aead_xchacha20poly1305_ietf_decrypt(sealed, data, nonce, key)
    except (CryptoError, TypeError):
        return Verdict.REFUSED
    again = bindings.crypto_aead_xchacha20poly1305_ietf_encrypt(plain, data, nonce, key)
    equal(again, sealed)
    return equal(opened, plain)


def vault_seal(case: Case) -> Verdict:
    key, nonce, data = (case.bytes(name) for name in ("key", "iv", "aad"))
    sealed = nonce + case.bytes("ct") + case.bytes("tag")
    try:
        opened = vault._open(sealed, associated=data, key=key)
    except VaultKeyError:
        return Verdict.REFUSED
    again = vault._seal_with_nonce_for_vectors_only(case.bytes("msg"), data, nonce=nonce, key=key)
    equal(again, sealed)
    return equal(opened, case.bytes("msg"))


# HKDF-SHA-256


def cryptography_hkdf(case: Case) -> Verdict:
    salt, info, size = case.bytes("salt"), case.bytes("info"), case.fields["size"]
    try:
        hkdf = HKDF(algorithm=SHA256(), length=size, salt=salt, info=info)
    except ValueError:  # more than 255 blocks
        return Verdict.REFUSED
    return equal(hkdf.derive(case.bytes("ikm")), case.bytes("okm"))


def file_key_hkdf(case: Case) -> Verdict:
    if case.fields["size"] != 32:
        return Verdict.NOT_RUN  # ours derives 32 bytes and nothing else
    salt, info = case.bytes("salt"), case.bytes("info")
    return equal(filekey._hkdf_sha256(case.bytes("ikm"), salt=salt, info=info), case.bytes("okm"))


# X25519. Its `acceptable` vectors are points on the twist, second spellings of a point
# and points of low order. RFC 7748 computes with the first two, and so does age; with
# the last everybody knows the shared secret: refused, as age prescribes.


def is_not_zero(case: Case) -> bool:
    return "ZeroSharedSecret" not in case.flags


def cryptography_x25519(case: Case) -> Verdict:
    private = X25519PrivateKey.from_private_bytes(case.bytes("private"))
    try:
        shared = private.exchange(X25519PublicKey.from_public_bytes(case.bytes("public")))
    except ValueError:
        return Verdict.REFUSED
    return equal(shared, case.bytes("shared"))


def share_check(case: Case) -> Verdict:
    """The check of a stanza's share and of a recipient, which needs no secret."""
    return Verdict.REFUSED if is_low_order(case.bytes("public")) else Verdict.TAKEN


# ML-KEM-768


def cryptography_decapsulate(case: Case) -> Verdict:
    """A changed ciphertext gives another secret, and no error: FIPS 203 wants it so."""
    try:
        key = MLKEM768PrivateKey.from_seed_bytes(case.bytes("seed"))
        shared = key.decapsulate(case.bytes("c"))
    except ValueError:  # a seed or ciphertext of another length
        return Verdict.REFUSED
    equal(key.public_key().public_bytes_raw(), case.bytes("ek"))
    return equal(shared, case.bytes("K"))


def cryptography_key_from_seed(case: Case) -> Verdict:
    key = MLKEM768PrivateKey.from_seed_bytes(case.bytes("seed"))
    return equal(key.public_key().public_bytes_raw(), case.bytes("ek"))


def recipient_check(case: Case) -> Verdict:
    """Whether a key is taken, and can be sealed to.

    The ciphertext is not compared: the library draws its randomness itself. Its values
    are proved in the other direction, by what `cryptography_decapsulate` opens.
    """
    key = case.bytes("ek")
    try:
        recipient = HybridRecipient(key + SOMEBODY.public_bytes[-32:])
    except KeyStringError:
        return Verdict.REFUSED
    wrap_file_key(FILE_KEY, recipient)
    return Verdict.TAKEN


# Ed25519. Its `acceptable` vectors have public keys outside the prime-order subgroup:
# libraries differ on which signatures hold under them, so ours refuses these keys.


def ed25519_verify(case: Case) -> Verdict:
    key = bytes.fromhex(case.group["publicKey"]["pk"])
    message = case.bytes("msg")
    try:
        signed = ed25519.verify(message, signature=case.bytes("sig"), public_key=key)
    except SignatureError:
        return Verdict.REFUSED
    return equal(signed, message)


# ML-DSA-65


def cryptography_ml_dsa_verify(case: Case) -> Verdict:
    context = case.bytes("ctx") if "ctx" in case.fields else None
    try:
        key = MLDSA65PublicKey.from_public_bytes(case.bytes("publicKey"))
        key.verify(case.bytes("sig"), case.bytes("msg"), context)
    except (InvalidSignature, ValueError):  # ValueError: a key or context of another length
        return Verdict.REFUSED
    return Verdict.TAKEN


def envelope_verify(case: Case) -> Verdict:
    """The half of `dsse.verify` that checks this signature, over bytes of any kind."""
    if case.fields.get("ctx"):
        return Verdict.NOT_RUN  # ours signs and verifies with an empty context
    try:
        signer = PublicIdentity(
            recipient=str(SOMEBODY), ed25519=bytes(32), ml_dsa_65=case.bytes("publicKey")
        )
    except SpellingError:
        return Verdict.REFUSED
    holds = dsse._ml_dsa_65_holds(case.bytes("msg"), case.bytes("sig"), signer)
    return Verdict.TAKEN if holds else Verdict.REFUSED


def cryptography_ml_dsa_sign(case: Case) -> Verdict:
    """A seed gives its public key; what was signed with it holds, as does a new signature.

    Not compared: the library's signatures are randomised, as FIPS 204 advises.
    """
    try:
        key = MLDSA65PrivateKey.from_seed_bytes(case.bytes("privateSeed"))
        public = key.public_key()
        if "msg" in case.fields:
            context = case.bytes("ctx") if "ctx" in case.fields else None
            own = key.sign(case.bytes("msg"), context)
            for signature in (own, case.bytes("sig")):
                public.verify(signature, case.bytes("msg"), context)
        else:  # what FIPS 204 calls µ, a hash of the message
            for signature in (key.sign_mu(case.bytes("mu")), case.bytes("sig")):
                public.verify_mu(signature, case.bytes("mu"))
    except (InvalidSignature, ValueError):
        return Verdict.REFUSED
    return equal(public.public_bytes_raw(), case.bytes("publicKey"))


RUNS = (
    Run("chacha20_poly1305_test", "cryptography, `encrypt` and `decrypt`", cryptography_whole),
    Run(
        "chacha20_poly1305_test",
        "cryptography, `encrypt_into` and `decrypt_into`",
        cryptography_into,
    ),
    Run("chacha20_poly1305_test", "PyNaCl", pynacl_chacha),
    Run("xchacha20_poly1305_test", "PyNaCl", pynacl_xchacha),
    Run("xchacha20_poly1305_test", "PyNaCl, in `keys/vault`", vault_seal),
    Run("hkdf_sha256_test", "cryptography", cryptography_hkdf),
    Run("hkdf_sha256_test", "cryptography, in `age/filekey`", file_key_hkdf),
    Run("x25519_test", "cryptography", cryptography_x25519, is_not_zero),
    Run("x25519_test", "cryptography, in `age/hybrid` (low order)", share_check, is_not_zero),
    Run("mlkem_768_keygen_seed_test", "cryptography", cryptography_key_from_seed),
    Run("mlkem_768_test", "cryptography", cryptography_decapsulate),
    Run("mlkem_768_encaps_test", "cryptography, in `age/recipient`", recipient_check),
    Run("ed25519_test", "PyNaCl, in `keys/ed25519`", ed25519_verify),
    Run("mldsa_65_verify_test", "cryptography", cryptography_ml_dsa_verify),
    Run("mldsa_65_verify_test", "cryptography, in `keys/dsse`", envelope_verify),
    Run("mldsa_65_sign_seed_test", "cryptography", cryptography_ml_dsa_sign),
)
