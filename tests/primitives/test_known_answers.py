"""Primitives that Wycheproof has no set for here: what their standards say they give."""

import hashlib
import hmac
import re
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from souspli_keys import argon2, ed25519

PAGE = Path(__file__).parents[2] / "docs/vectors.md"

# FIPS 180-4's examples, and FIPS 202's of no bytes at all.
SHA_256 = {
    b"": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    b"abc": "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    b"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq": (
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
    ),
}
SHAKE_256 = {b"": "46b9dd2b0ba88d13233b3feb743eeb243fcd52ea62b81b82b50c27646ed5762f"}

# RFC 4231 §4.2–4.8; the fifth is cut to 128 bits there.
HMAC_SHA_256 = (
    (
        b"\x0b" * 20,
        b"Hi There",
        "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
    ),
    (
        b"Jefe",
        b"what do ya want for nothing?",
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
    ),
    (
        b"\xaa" * 20,
        b"\xdd" * 50,
        "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe",
    ),
    (
        bytes(range(1, 26)),
        b"\xcd" * 50,
        "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b",
    ),
    (b"\x0c" * 20, b"Test With Truncation", "a3b6167473100ee06e0c796c2955552b"),
    (
        b"\xaa" * 131,
        b"Test Using Larger Than Block-Size Key - Hash Key First",
        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
    ),
    (
        b"\xaa" * 131,
        b"This is a test using a larger than block-size key and a larger than block-size data."
        b" The key needs to be hashed before being used by the HMAC algorithm.",
        "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2",
    ),
)

# RFC 7914 §12, without the one that takes 1 GiB: password, salt, N, r, p.
SCRYPT = (
    (
        (b"", b"", 16, 1, 1),
        "77d6576238657b203b19ca42c18a0497f16b4844e3074ae8dfdffa3fede21442"
        "fcd0069ded0948f8326a753a0fc81f17e8d3e0fb2e0d3628cf35e20c38d18906",
    ),
    (
        (b"password", b"NaCl", 1024, 8, 16),
        "fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b373162"
        "2eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdfa2cc0640",
    ),
    (
        (b"pleaseletmein", b"SodiumChloride", 16_384, 8, 1),
        "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2"
        "d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887",
    ),
)

# RFC 8032 §7.1, TEST 1 to 3: seed, public key, message, signature.
ED25519 = (
    (
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
        "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
        "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
    (
        "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
        "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    ),
)

RFC_9106_ARGON2ID = "0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659"


@pytest.mark.parametrize("message", SHA_256)
def test_sha_256(message: bytes) -> None:
    assert hashlib.sha256(message).hexdigest() == SHA_256[message]


@pytest.mark.parametrize("message", SHAKE_256)
def test_shake_256(message: bytes) -> None:
    assert hashlib.shake_256(message).hexdigest(32) == SHAKE_256[message]


@pytest.mark.parametrize(("key", "message", "mac"), HMAC_SHA_256)
def test_hmac_sha_256(key: bytes, message: bytes, mac: str) -> None:
    assert hmac.digest(key, message, "sha256").hex().startswith(mac)


@pytest.mark.parametrize(("given", "key"), SCRYPT)
def test_scrypt(given: tuple[bytes, bytes, int, int, int], key: str) -> None:
    password, salt, n, r, p = given
    assert Scrypt(salt=salt, length=64, n=n, r=r, p=p).derive(password).hex() == key


@pytest.mark.parametrize(("seed", "public", "message", "signature"), ED25519)
def test_ed25519_signs(seed: str, public: str, message: str, signature: str) -> None:
    assert ed25519.public_key_of(bytes.fromhex(seed)).hex() == public
    assert ed25519.sign(bytes.fromhex(message), seed=bytes.fromhex(seed)).hex() == signature


def test_argon2id_as_rfc_9106_shows_it() -> None:
    """Four lanes, a secret and data, §5.3: libsodium takes none of them, `cryptography` does."""
    stretched = Argon2id(
        salt=b"\x02" * 16,
        length=32,
        iterations=3,
        lanes=4,
        memory_cost=32,
        ad=b"\x04" * 12,
        secret=b"\x03" * 8,
    ).derive(b"\x01" * 32)
    assert stretched.hex() == RFC_9106_ARGON2ID


@pytest.mark.parametrize("secret", [b"x", b"correct horse", "prélèvement".encode(), bytes(300)])
def test_two_libraries_stretch_alike_with_our_parameters(secret: bytes) -> None:
    salt = argon2.salt_of("souspli/v1/test", secret)
    other = Argon2id(
        salt=salt,
        length=argon2.OUTPUT_BYTES,
        iterations=argon2.PASSES,
        lanes=1,
        memory_cost=argon2.MEMORY_BYTES // 1024,
    )
    assert argon2.argon2id(secret, salt=salt) == other.derive(secret)


def test_the_page_says_how_many_known_answers_there_are() -> None:
    section = PAGE.read_text("utf-8").partition("### Known answers in Python")[2]
    shown = re.findall(r"^\| (.*?) \| .* \| (\d+) \|$", section.partition("\n#")[0], re.MULTILINE)
    assert [(name, int(count)) for name, count in shown] == [
        ("SHA-256", len(SHA_256)),
        ("SHAKE256", len(SHAKE_256)),
        ("HMAC-SHA-256", len(HMAC_SHA_256)),
        ("scrypt", len(SCRYPT)),
        ("Argon2id", 1),
        ("Ed25519, signing", len(ED25519)),
        ("HPKE, MLKEM768-X25519", 1),
    ]
