"""The last value that is taken and the first that is not, where one more would matter."""

from __future__ import annotations

import pytest

from souspli_keys import canonical, codes, dsse, ed25519
from souspli_keys.address import normalise_address, parse_origin
from souspli_keys.bech32 import decode_bech32
from souspli_keys.errors import (
    AddressError,
    CanonicalError,
    EnvelopeError,
    MisuseError,
    SchemaError,
    SignatureError,
)
from souspli_keys.fields import read_object
from souspli_keys.identity import Identity
from souspli_keys.login import UnlockerKind
from souspli_keys.unlockers import new_device, normalise_password
from souspli_keys.values import encode_base64
from souspli_keys.vault import VaultKey, open_vault, seal_vault
from souspli_keys.vault_contents import KnownUnlocker, Vault


@pytest.mark.parametrize(("value", "taken"), [(2, False), (3, True), (5, True), (6, False)])
def test_an_integer_s_limits_belong_to_it(value: int, taken: bool) -> None:
    def read() -> int:
        return read_object({"n": value}, lambda fields: fields.integer("n", least=3, most=5))

    if taken:
        assert read() == value
        return
    with pytest.raises(SchemaError):
        read()


def test_an_integer_begins_at_0_where_nothing_else_is_said() -> None:
    assert read_object({"n": 0}, lambda fields: fields.integer("n")) == 0
    with pytest.raises(SchemaError):
        read_object({"n": -1}, lambda fields: fields.integer("n"))


@pytest.mark.parametrize("end", [b"X", b"XX", b"\n", b"\t", b"\0"])
def test_only_spaces_pad(end: bytes) -> None:
    padded = canonical.encode_padded({}, multiple=16)
    damaged = padded[:2] + end + padded[2 + len(end) :]
    assert len(damaged) == len(padded)
    with pytest.raises(CanonicalError):
        canonical.decode_padded(damaged, multiple=16)


def test_an_address_has_three_to_254_bytes() -> None:
    assert normalise_address("a@b") == "a@b"
    domain = ".".join(["d" * 61] * 4)
    longest = "l" * (253 - len(domain)) + "@" + domain
    assert len(normalise_address(longest)) == 254
    with pytest.raises(AddressError):
        normalise_address("l" + longest)


@pytest.mark.parametrize("text", ["marie", "@b.example", "a@", "a@b@c.example", "a@b_c.example"])
def test_an_address_is_one_name_and_one_domain(text: str) -> None:
    with pytest.raises(AddressError):
        normalise_address(text)


@pytest.mark.parametrize("character", ["\x1c", "\x1d", "\x1e", "\x1f"])
def test_what_python_alone_takes_for_space_is_not_trimmed(character: str) -> None:
    """`str.strip` knows four separators that are no White_Space in Unicode."""
    with pytest.raises(AddressError):
        normalise_address(f"{character}marie@mail.example{character}")
    assert normalise_password(f"{character}secret{character}") == (
        f"{character}secret{character}".encode()
    )


def test_the_letters_of_a_password_are_never_trimmed() -> None:
    assert normalise_password(" XX marie XX ") == b"XX marie XX"


def test_an_origin_has_253_characters_at_most() -> None:
    longest = ".".join(["d" * 63, "d" * 63, "d" * 63, "d" * 61])
    assert len(longest) == 253
    assert parse_origin(longest) == longest
    with pytest.raises(AddressError):
        parse_origin(longest + "d")


def test_numbers_are_drawn_from_all_there_are() -> None:
    """Of 300 of eight random digits, some begin with each half and none comes twice."""
    drawn = {codes.draw_account_number() for _ in range(300)}
    assert len(drawn) == 300
    assert {number[0] >= "5" for number in drawn} == {True, False}


@pytest.mark.parametrize("index", [0, 1])
@pytest.mark.parametrize("change", [-1, 1])
def test_a_signature_of_another_length_is_no_envelope(index: int, change: int) -> None:
    envelope = dsse.sign(dsse.PayloadType.MANIFEST, b"{}", Identity.generate())
    signatures = [envelope.ed25519, envelope.ml_dsa_65]
    signatures[index] = (signatures[index] + b"\0")[: len(signatures[index]) + change]
    spelled = envelope.to_json() | {"signatures": [{"sig": encode_base64(s)} for s in signatures]}
    with pytest.raises(EnvelopeError):
        dsse.parse(spelled)


def test_a_signature_and_a_key_have_their_length_both() -> None:
    seed = bytes(range(32))
    public_key, signature = ed25519.public_key_of(seed), ed25519.sign(b"said", seed=seed)
    assert ed25519.verify(b"said", signature=signature, public_key=public_key) == b"said"
    for wrong in (
        {"signature": signature + b"\0", "public_key": public_key},
        {"signature": signature[:-1], "public_key": public_key},
        {"signature": signature, "public_key": public_key + b"\0"},
        {"signature": signature, "public_key": public_key[:-1]},
    ):
        with pytest.raises(SignatureError):
            ed25519.verify(b"said", **wrong)


def _vault(generation: int) -> Vault:
    device = new_device()
    return Vault(
        account=codes.draw_account_number(),
        generation=generation,
        identity=Identity.generate(),
        claims=(),
        unlockers=(
            KnownUnlocker(
                unlocker_id="cd" * 16,
                kind=UnlockerKind.DEVICE,
                login_public_key=device.login_key.public_key,
                wrap_key=device.wrap_key,
            ),
        ),
        pinned=(),
        previous=None if generation == 1 else "ab" * 32,
        saved_at=1_800_000_000,
    )


def test_a_vault_s_generations_are_1_to_the_largest_integer() -> None:
    key = VaultKey.generate()
    last = _vault(canonical.MAX_INTEGER)
    sealed = seal_vault(last, vault_key=key)
    opened = open_vault(
        sealed,
        vault_key=key,
        account=last.account,
        generation=canonical.MAX_INTEGER,
        seen_generation=0,
    )
    assert opened.generation == canonical.MAX_INTEGER
    with pytest.raises(MisuseError):
        seal_vault(_vault(0), vault_key=key)


def test_a_recipient_s_key_is_what_its_text_spells() -> None:
    public = Identity.generate().public
    assert public.recipient_key == decode_bech32(public.recipient, prefix="age1pq")
    assert len(public.recipient_key) == 1_216
